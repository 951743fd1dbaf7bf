/* The built-in digits: strokes of a pen with a different hand for every sample. Sample i is a pure
 * function of i. Made so that a net trained on them reads real handwriting: shape, slant, width and
 * centring follow what MNIST's documentation says of its images (20x20 box, centre of mass). */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/digit_shapes.h"
#include "data/private.h"

enum { SIDE = NNT_DIGIT_SIDE, PIXELS = SIDE * SIDE };
enum { POINTS_MAX = 16, SPANS = 5, LINES_MAX = 96 };
static uint64_t const digits_seed = 20070315;

/* The random numbers of one sample, in the order in which they are drawn. */
typedef struct hand {
  uint64_t sample;
  uint64_t drawn;
  nnt_random_words words;
} hand;

static uint64_t next_word(hand *self)
{
  uint64_t const k = self->drawn++;
  if (k % 4 == 0) {
    self->words = nnt_random(digits_seed, NNT_FOR_DIGITS, self->sample, k / 4, 0, 0);
  }
  return self->words.word[k % 4];
}

static double between(hand *self, double low, double high)
{
  return low + (high - low) * nnt_random_uniform(next_word(self));
}

/* Roughly normal, never beyond 3 deviations: the sum of four uniform numbers. */
static double spread(hand *self, double deviation)
{
  double sum = 0.0;
  for (int i = 0; i < 4; i++) {
    sum += between(self, -1.0, 1.0);
  }
  return sum * deviation * 0.8660254037844386;
}

typedef struct point {
  double x;
  double y;
} point;

/* A piece of a stroke, with the radius of the pen. */
typedef struct line {
  point from;
  point to;
  double radius;
} line;

typedef struct drawing {
  line lines[LINES_MAX];
  size_t count;
} drawing;

/* Catmull and Rom 1974: the curve through b and c, between their neighbours a and d. */
static point on_curve(point a, point b, point c, point d, double t)
{
  double const u = t * t;
  double const v = u * t;
  double const wa = -0.5 * v + u - 0.5 * t;
  double const wb = 1.5 * v - 2.5 * u + 1.0;
  double const wc = -1.5 * v + 2.0 * u + 0.5 * t;
  double const wd = 0.5 * v - 0.5 * u;
  return (point){wa * a.x + wb * b.x + wc * c.x + wd * d.x,
                 wa * a.y + wb * b.y + wc * c.y + wd * d.y};
}

static void add_line(drawing *out, point from, point to)
{
  if (out->count < LINES_MAX) out->lines[out->count++] = (line){.from = from, .to = to};
}

static void add_stroke(drawing *out, const point *points, size_t count)
{
  for (size_t i = 0; i + 1 < count; i++) {
    point const a = points[i == 0 ? 0 : i - 1];
    point const d = points[i + 2 < count ? i + 2 : count - 1];
    point at = points[i];
    size_t const spans = count == 2 ? 1 : SPANS;
    for (size_t k = 1; k <= spans; k++) {
      double const t = (double)k / (double)spans;
      point const to = on_curve(a, points[i], points[i + 1], d, t);
      add_line(out, at, to);
      at = to;
    }
  }
}

/* Draws the strokes of one way to write a digit, each point a little off. Powers of the coordinates
 * vary the proportions: a small or large upper loop, a belly to the left or right. */
static void write_shape(hand *self, const nnt_digit_shape *shape, drawing *out)
{
  double const unsteady = between(self, 0.02, 0.08);
  double const across = exp(spread(self, 0.15));
  double const down = exp(spread(self, 0.2));
  out->count = 0;
  for (size_t s = 0; s < shape->stroke_count; s++) {
    nnt_digit_stroke const *const stroke = &shape->strokes[s];
    point points[POINTS_MAX];
    for (size_t i = 0; i < stroke->count; i++) {
      points[i].x = pow((double)stroke->points[i][0] / 100.0, across) + spread(self, unsteady);
      points[i].y = pow((double)stroke->points[i][1] / 100.0, down) + spread(self, unsteady);
    }
    add_stroke(out, points, stroke->count);
  }
}

/* Applies f to both ends of all lines. */
static void map_points(drawing *out, point (*f)(point p, const double *settings),
                       const double *settings)
{
  for (size_t i = 0; i < out->count; i++) {
    out->lines[i].from = f(out->lines[i].from, settings);
    out->lines[i].to = f(out->lines[i].to, settings);
  }
}

/* Slow waves across the whole digit: settings are two amplitudes, two frequencies, two phases. */
static point bend(point p, const double *s)
{
  return (point){p.x + s[0] * sin(s[2] * p.y + s[4]), p.y + s[1] * sin(s[3] * p.x + s[5])};
}

/* x' = s0 x + s1 y + s2, y' = s3 x + s4 y + s5 */
static point affine(point p, const double *s)
{
  return (point){s[0] * p.x + s[1] * p.y + s[2], s[3] * p.x + s[4] * p.y + s[5]};
}

static void distort(hand *self, drawing *out)
{
  double const waves[6] = {spread(self, 0.05),        spread(self, 0.05),
                           between(self, 2.0, 6.0),   between(self, 2.0, 6.0),
                           between(self, 0.0, 6.283), between(self, 0.0, 6.283)};
  map_points(out, bend, waves);
  /* Narrow, then slanted to the right as a rule, then turned. */
  double const width = between(self, 0.6, 1.15);
  double const slant = 0.15 + spread(self, 0.3);
  double const angle = spread(self, 0.15);
  double const c = cos(angle);
  double const s = sin(angle);
  double const all[6] = {c * width, -c * slant - s, 0.0, s * width, c - s * slant, 0.0};
  map_points(out, affine, all);
}

static void grow_box(const drawing *in, double box[4])
{
  box[0] = box[1] = DBL_MAX;
  box[2] = box[3] = -DBL_MAX;
  for (size_t i = 0; i < in->count; i++) {
    point const ends[2] = {in->lines[i].from, in->lines[i].to};
    for (size_t k = 0; k < 2; k++) {
      box[0] = fmin(box[0], ends[k].x);
      box[1] = fmin(box[1], ends[k].y);
      box[2] = fmax(box[2], ends[k].x);
      box[3] = fmax(box[3], ends[k].y);
    }
  }
}

/* Into a box of 20 by 20 pixels, pen included, in the middle of the image. */
static void fit(hand *self, drawing *out)
{
  double const radius = between(self, 0.6, 1.9);
  double box[4];
  grow_box(out, box);
  double const extent = fmax(fmax(box[2] - box[0], box[3] - box[1]), 0.1);
  double const scale = (20.0 - 2.0 * radius) * between(self, 0.9, 1.0) / extent;
  double const middle = (double)SIDE / 2.0;
  double const all[6] = {scale, 0.0,   middle - scale * (box[0] + box[2]) / 2.0,
                         0.0,   scale, middle - scale * (box[1] + box[3]) / 2.0};
  map_points(out, affine, all);
  double const uneven = between(self, 0.0, 0.25);
  double const phase = between(self, 0.0, 6.283);
  for (size_t i = 0; i < out->count; i++) {
    out->lines[i].radius = radius * (1.0 + uneven * sin(phase + 0.35 * (double)i));
  }
}

/* The square of the distance of (x, y) from a line. */
static double square_distance(const line *l, double x, double y)
{
  double const dx = l->to.x - l->from.x;
  double const dy = l->to.y - l->from.y;
  double const length = dx * dx + dy * dy;
  double t = 0.0;
  if (length > 0.0) t = ((x - l->from.x) * dx + (y - l->from.y) * dy) / length;
  t = fmin(fmax(t, 0.0), 1.0);
  double const ex = x - l->from.x - t * dx;
  double const ey = y - l->from.y - t * dy;
  return ex * ex + ey * ey;
}

static int clamp_pixel(double value)
{
  if (value < 0.0) return 0;
  return value > SIDE - 1 ? SIDE - 1 : (int)value;
}

/* Ink is full within the radius and fades over a pixel: 1 at radius - 0.5, 0 at radius + 0.5. */
static void ink_line(const line *l, double shift_x, double shift_y, double ink[PIXELS])
{
  double const reach = l->radius + 0.5;
  line const at = {.from = {l->from.x + shift_x, l->from.y + shift_y},
                   .to = {l->to.x + shift_x, l->to.y + shift_y}};
  int const top = clamp_pixel(floor(fmin(at.from.y, at.to.y) - reach));
  int const bottom = clamp_pixel(ceil(fmax(at.from.y, at.to.y) + reach));
  int const left = clamp_pixel(floor(fmin(at.from.x, at.to.x) - reach));
  int const right = clamp_pixel(ceil(fmax(at.from.x, at.to.x) + reach));
  for (int y = top; y <= bottom; y++) {
    for (int x = left; x <= right; x++) {
      double const square = square_distance(&at, (double)x + 0.5, (double)y + 0.5);
      if (square >= reach * reach) continue;
      double const value = fmin(reach - sqrt(square), 1.0);
      if (value > ink[y * SIDE + x]) ink[y * SIDE + x] = value;
    }
  }
}

static void ink_all(const drawing *in, double shift_x, double shift_y, double ink[PIXELS])
{
  memset(ink, 0, PIXELS * sizeof *ink);
  for (size_t i = 0; i < in->count; i++) {
    ink_line(&in->lines[i], shift_x, shift_y, ink);
  }
}

/* How far the centre of mass is from the middle. */
static point off_centre(const double ink[PIXELS])
{
  double mass = 1e-9;
  point sum = {0.0, 0.0};
  for (int i = 0; i < PIXELS; i++) {
    mass += ink[i];
    sum.x += ink[i] * ((double)(i % SIDE) + 0.5);
    sum.y += ink[i] * ((double)(i / SIDE) + 0.5);
  }
  double const middle = (double)SIDE / 2.0;
  return (point){sum.x / mass - middle, sum.y / mass - middle};
}

uint16_t nnt_digit_draw(uint64_t sample, unsigned char *pixels)
{
  hand self = {.sample = sample};
  uint16_t const digit = (uint16_t)(next_word(&self) % 10);
  nnt_digit_variants const *const variants = &nnt_digit_variants_of[digit];
  nnt_digit_shape const *const shape = &variants->shapes[next_word(&self) % variants->count];
  drawing out;
  double ink[PIXELS];
  write_shape(&self, shape, &out);
  distort(&self, &out);
  fit(&self, &out);
  ink_all(&out, 0.0, 0.0, ink);
  /* MNIST moves images by whole pixels, so a part of a pixel stays off. */
  point const off = off_centre(ink);
  ink_all(&out, -off.x + between(&self, -0.7, 0.7), -off.y + between(&self, -0.7, 0.7), ink);
  double const darkness = between(&self, 230.0, 275.0);
  for (int i = 0; i < PIXELS; i++) {
    double const grain = ink[i] > 0.0 ? spread(&self, 6.0) : 0.0;
    pixels[i] = (unsigned char)fmin(fmax(ink[i] * darkness + grain, 0.0), 255.0);
  }
  return digit;
}

/* Test samples follow the 60,000 training samples, however many of these are used. */
static uint64_t sample_number(int part, size_t i) { return (part == NNT_TRAIN ? 0 : 60000) + i; }

static nnt_status read_images(void *self, int part, size_t count, void *out)
{
  (void)self;
  unsigned char *const pixels = out;
  for (size_t i = 0; i < count; i++) {
    (void)nnt_digit_draw(sample_number(part, i), pixels + i * PIXELS);
  }
  return NNT_OK;
}

static nnt_reader_table const table = {read_images, NULL};

/* A sample's digit is its first random number, so labels cost no drawing. */
static nnt_status make_labels(nnt_part *out, int part, size_t count)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, count, sizeof(uint16_t), "the labels"));
  out->labels = memory;
  out->count = count;
  out->name = "the built-in digits";
  for (size_t i = 0; i < count; i++) {
    hand self = {.sample = sample_number(part, i)};
    out->labels[i] = (uint16_t)(next_word(&self) % 10);
  }
  return NNT_OK;
}

nnt_status nnt_digits_open(nnt_reader *out, size_t train_count, size_t test_count)
{
  static char const description[] = "built-in digits (not MNIST)";
  out->table = &table;
  out->generated = true;
  out->dimensions = 2;
  out->shape[0] = out->shape[1] = SIDE;
  out->pixel = NNT_PIXEL_UINT8;
  memcpy(out->description, description, sizeof description);
  nnt_status status = make_labels(&out->parts[NNT_TRAIN], NNT_TRAIN, train_count);
  if (status == NNT_OK) status = make_labels(&out->parts[NNT_TEST], NNT_TEST, test_count);
  if (status != NNT_OK) nnt_reader_close(out);
  return status;
}
