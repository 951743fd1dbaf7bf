/* The built-in digits: strokes of a pen with a different hand for every sample. Sample i is a pure
 * function of i, to the bit on any machine: only +, -, *, /, sqrt and floor, no libm functions
 * whose last bit depends on the processor. The pictures are scaled and centred as MNIST's are
 * (20x20 box, centre of mass). */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "data/digit_shapes.h"
#include "data/private.h"

enum { SIDE = NNT_DIGIT_SIDE, PIXELS = SIDE * SIDE };
enum { SPANS = 4, POINTS_MAX = NNT_STROKES * (NNT_STROKE_POINTS - 1) * SPANS + NNT_STROKES };
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

/* Roughly normal, never beyond 3.5 deviations: the sum of four 16-bit numbers of one word. */
static double spread(hand *self, double deviation)
{
  uint64_t const word = next_word(self);
  uint64_t const sum =
      (word & 0xFFFFU) + (word >> 16U & 0xFFFFU) + (word >> 32U & 0xFFFFU) + (word >> 48U);
  /* The sum has mean 2 * 65535 and deviation 65536 / sqrt(3). */
  return ((double)sum - 131070.0) * deviation * (1.7320508075688772 / 65536.0);
}

/* Looks like sin(2 pi t), by two parabolas. */
static double wave(double t)
{
  double const phase = t - floor(t);
  double const u = phase < 0.5 ? phase : phase - 0.5;
  double const arc = 16.0 * u * (0.5 - u);
  return phase < 0.5 ? arc : -arc;
}

/* A corner of the pen's way; it is joined to the corner before it, unless the pen was lifted. */
typedef struct corner {
  double x;
  double y;
  double radius; /* of the pen */
  bool joined;
} corner;

typedef struct drawing {
  size_t count;
  corner corners[POINTS_MAX];
} drawing;

/* Catmull and Rom 1974: the curve through b and c, between their neighbours a and d. */
static corner on_curve(const corner *a, const corner *b, const corner *c, const corner *d, double t)
{
  double const u = t * t;
  double const v = u * t;
  double const wa = -0.5 * v + u - 0.5 * t;
  double const wb = 1.5 * v - 2.5 * u + 1.0;
  double const wc = -1.5 * v + 2.0 * u + 0.5 * t;
  double const wd = 0.5 * v - 0.5 * u;
  return (corner){.x = wa * a->x + wb * b->x + wc * c->x + wd * d->x,
                  .y = wa * a->y + wb * b->y + wc * c->y + wd * d->y,
                  .joined = true};
}

static void add_stroke(drawing *out, const corner *points, size_t count)
{
  out->corners[out->count++] = points[0];
  for (size_t i = 0; i + 1 < count; i++) {
    corner const *const a = &points[i == 0 ? 0 : i - 1];
    corner const *const d = &points[i + 2 < count ? i + 2 : count - 1];
    for (size_t k = 1; k <= SPANS; k++) {
      out->corners[out->count++] =
          on_curve(a, &points[i], &points[i + 1], d, (double)k / (double)SPANS);
    }
  }
}

/* Draws the strokes of one way to write a digit, each point a little off. */
static void write_shape(hand *self, const nnt_digit_shape *shape, drawing *out)
{
  double const unsteady = between(self, 0.02, 0.08);
  out->count = 0;
  for (size_t s = 0; s < shape->stroke_count; s++) {
    nnt_digit_stroke const *const stroke = &shape->strokes[s];
    corner points[NNT_STROKE_POINTS] = {{.joined = false}};
    for (size_t i = 0; i < stroke->count; i++) {
      points[i].x = (double)stroke->points[i][0] / 100.0 - 0.5 + spread(self, unsteady);
      points[i].y = (double)stroke->points[i][1] / 100.0 - 0.5 + spread(self, unsteady);
    }
    add_stroke(out, points, stroke->count);
  }
}

/* A slow wave across the plane, of random direction, length and height. */
typedef struct swell {
  double height;
  double per_x;
  double per_y;
  double phase;
} swell;

static double swell_at(const swell *it, double x, double y)
{
  return it->height * wave(it->per_x * x + it->per_y * y + it->phase);
}

/* Bends the whole digit by slow waves, and makes top or bottom the larger or wider half. */
static void bend(hand *self, drawing *out)
{
  enum { SWELLS = 4 };
  swell swells[SWELLS];
  for (size_t i = 0; i < SWELLS; i++) {
    swells[i].height = spread(self, 0.06);
    swells[i].per_x = between(self, -1.0, 1.0);
    swells[i].per_y = between(self, -1.0, 1.0);
    swells[i].phase = between(self, 0.0, 1.0);
  }
  double const taper = spread(self, 0.35);
  double const middle = spread(self, 0.15);
  for (size_t i = 0; i < out->count; i++) {
    double const x = out->corners[i].x;
    double const y = out->corners[i].y;
    out->corners[i].x =
        x * (1.0 + taper * y) + swell_at(&swells[0], x, y) + swell_at(&swells[1], x, y);
    out->corners[i].y =
        y + middle * (0.25 - y * y) + swell_at(&swells[2], x, y) + swell_at(&swells[3], x, y);
  }
}

/* Narrow, then slanted to the right as a rule, then turned. */
static void slant(hand *self, drawing *out)
{
  double const width = between(self, 0.6, 1.05);
  double const shear = 0.2 + spread(self, 0.25);
  double const turn = spread(self, 0.08); /* tangent of half the angle */
  double const c = (1.0 - turn * turn) / (1.0 + turn * turn);
  double const s = 2.0 * turn / (1.0 + turn * turn);
  for (size_t i = 0; i < out->count; i++) {
    double const x = out->corners[i].x * width - out->corners[i].y * shear;
    double const y = out->corners[i].y;
    out->corners[i].x = c * x - s * y;
    out->corners[i].y = s * x + c * y;
  }
}

/* The pen: one width for the digit, a little uneven along the way. */
static double choose_pen(hand *self, drawing *out)
{
  double const radius = between(self, 0.7, 2.0);
  double const uneven = between(self, 0.0, 0.25);
  double const phase = between(self, 0.0, 1.0);
  for (size_t i = 0; i < out->count; i++) {
    out->corners[i].radius = radius * (1.0 + uneven * wave(phase + 0.05 * (double)i));
  }
  return radius;
}

static double larger(double a, double b) { return a > b ? a : b; }
static double smaller(double a, double b) { return a < b ? a : b; }

/* The factor that fits the drawing into a box of 20 by 20 pixels, pen included. */
static double scale_of(hand *self, const drawing *in, double radius)
{
  double left = DBL_MAX;
  double right = -DBL_MAX;
  double top = DBL_MAX;
  double bottom = -DBL_MAX;
  for (size_t i = 0; i < in->count; i++) {
    left = smaller(left, in->corners[i].x);
    right = larger(right, in->corners[i].x);
    top = smaller(top, in->corners[i].y);
    bottom = larger(bottom, in->corners[i].y);
  }
  double const extent = larger(larger(right - left, bottom - top), 0.1);
  return (20.0 - 2.0 * radius) * between(self, 0.9, 1.0) / extent;
}

/* Puts the centre of the ink into the middle of the image. MNIST moves images by whole pixels, so a
 * part of a pixel stays off. */
static void fit(hand *self, drawing *out, double radius)
{
  double const scale = scale_of(self, out, radius);
  double mass = DBL_MIN;
  double x = 0.0;
  double y = 0.0;
  for (size_t i = 1; i < out->count; i++) {
    corner const *const from = &out->corners[i - 1];
    corner const *const to = &out->corners[i];
    if (!to->joined) continue;
    double const dx = to->x - from->x;
    double const dy = to->y - from->y;
    double const ink = sqrt(dx * dx + dy * dy) * (from->radius + to->radius);
    mass += ink;
    x += ink * (from->x + to->x) / 2.0;
    y += ink * (from->y + to->y) / 2.0;
  }
  double const shift_x = (double)SIDE / 2.0 + between(self, -1.6, 1.6) - scale * x / mass;
  double const shift_y = (double)SIDE / 2.0 + between(self, -1.6, 1.6) - scale * y / mass;
  for (size_t i = 0; i < out->count; i++) {
    out->corners[i].x = scale * out->corners[i].x + shift_x;
    out->corners[i].y = scale * out->corners[i].y + shift_y;
  }
}

static int clamp_pixel(double value)
{
  if (value < 0.0) return 0;
  return value > (double)(SIDE - 1) ? SIDE - 1 : (int)value;
}

/* Ink is full within the radius and fades over a pixel: 1 at radius - 0.5, 0 at radius + 0.5. */
static void ink_line(const corner *from, const corner *to, double ink[PIXELS])
{
  double const reach = (from->radius + to->radius) / 2.0 + 0.5;
  double const dx = to->x - from->x;
  double const dy = to->y - from->y;
  double const per_length = 1.0 / larger(dx * dx + dy * dy, DBL_MIN);
  int const top = clamp_pixel(smaller(from->y, to->y) - reach);
  int const bottom = clamp_pixel(larger(from->y, to->y) + reach);
  int const left = clamp_pixel(smaller(from->x, to->x) - reach);
  int const right = clamp_pixel(larger(from->x, to->x) + reach);
  for (int row = top; row <= bottom; row++) {
    for (int column = left; column <= right; column++) {
      double *const pixel = &ink[row * SIDE + column];
      if (*pixel >= 1.0) continue;
      double const x = (double)column + 0.5 - from->x;
      double const y = (double)row + 0.5 - from->y;
      double const t = smaller(larger((x * dx + y * dy) * per_length, 0.0), 1.0);
      double const off_x = x - t * dx;
      double const off_y = y - t * dy;
      double const square = off_x * off_x + off_y * off_y;
      if (square < reach * reach) *pixel = larger(*pixel, reach - sqrt(square));
    }
  }
}

/* Bytes from ink: darker or lighter as a whole, with some grain. */
static void develop(hand *self, const double ink[PIXELS], unsigned char *pixels)
{
  double const darkness = between(self, 235.0, 285.0);
  uint64_t grain = 0;
  size_t inked = 0;
  for (size_t i = 0; i < PIXELS; i++) {
    pixels[i] = 0;
    if (ink[i] <= 0.0) continue;
    grain = inked % 8 == 0 ? next_word(self) : grain >> 8U;
    inked++;
    double const value = smaller(ink[i], 1.0) * darkness + ((double)(grain & 255U) - 127.5) * 0.08;
    pixels[i] = (unsigned char)smaller(larger(value, 0.0), 255.0);
  }
}

static const nnt_digit_shape *choose_shape(hand *self, uint16_t digit)
{
  nnt_digit_variants const *const variants = &nnt_digit_variants_of[digit];
  unsigned total = variants->shapes[0].share;
  for (size_t i = 1; i < variants->count; i++) {
    total += variants->shapes[i].share;
  }
  uint64_t left = next_word(self) % total;
  size_t chosen = 0;
  while (left >= variants->shapes[chosen].share) {
    left -= variants->shapes[chosen].share;
    chosen++;
  }
  return &variants->shapes[chosen];
}

/* A sample's digit is its first random number, so labels cost no drawing. */
static uint16_t choose_digit(hand *self) { return (uint16_t)(next_word(self) % 10); }

uint16_t nnt_digit_draw(uint64_t sample, unsigned char *pixels)
{
  hand self = {.sample = sample};
  uint16_t const digit = choose_digit(&self);
  drawing out;
  double ink[PIXELS] = {0.0};
  write_shape(&self, choose_shape(&self, digit), &out);
  bend(&self, &out);
  slant(&self, &out);
  fit(&self, &out, choose_pen(&self, &out));
  for (size_t i = 1; i < out.count; i++) {
    if (out.corners[i].joined) ink_line(&out.corners[i - 1], &out.corners[i], ink);
  }
  develop(&self, ink, pixels);
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

static nnt_status make_labels(nnt_part *out, int part, size_t count)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, count, sizeof(uint16_t), "the labels"));
  out->labels = memory;
  out->count = count;
  (void)snprintf(out->name, sizeof out->name, "the built-in digits");
  for (size_t i = 0; i < count; i++) {
    hand self = {.sample = sample_number(part, i)};
    out->labels[i] = choose_digit(&self);
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
