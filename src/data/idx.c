/* Folders of IDX files, plain or compressed by gzip.
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section "File formats": two zero
 * bytes, type, number of dimensions, the dimensions as big-endian 32-bit numbers, then the values.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/memory.h"
#include "data/private.h"

enum { TYPE_UINT8 = 8, HEADER_MAX = 4 + 4 * (NNT_DIMENSIONS_MAX + 1) };

/* gzip cannot make more than this out of a byte. */
enum { RATIO_MAX = 1032 };

typedef struct idx_file {
  char path[NNT_PATH_SIZE];
  gzFile stream; /* NULL: closed */
  size_t count;
  size_t dimensions; /* of an item: 0 for labels */
  size_t shape[NNT_DIMENSIONS_MAX];
} idx_file;

/* The two files with images stay open until their pixels are read. */
typedef struct idx_source {
  idx_file images[2];
} idx_source;

static char const advice[] = "fetch the files again, for instance with datasets/fetch_mnist.sh";

static void close_file(idx_file *file)
{
  if (file->stream != NULL) (void)gzclose(file->stream);
  file->stream = NULL;
}

/* Finds <folder>/<name>, plain or .gz, also in the spelling with a dot that some mirrors use. */
static nnt_status find_file(idx_file *file, const char *folder, const char *name,
                            struct stat *about)
{
  static char const *const endings[] = {"", ".gz"};
  char dotted[64];
  (void)snprintf(dotted, sizeof dotted, "%s", name);
  char *const dash = strstr(dotted, "-idx");
  if (dash != NULL) *dash = '.';
  char const *const spellings[] = {name, dotted};
  for (size_t i = 0; i < 4; i++) {
    int const length = snprintf(file->path, sizeof file->path, "%s/%s%s", folder, spellings[i / 2],
                                endings[i % 2]);
    if (length < 0 || (size_t)length >= sizeof file->path) {
      return nnt_fail(NNT_EDATA, "the path of the data is too long: %.100s...", folder);
    }
    if (stat(file->path, about) == 0) return NNT_OK;
    if (errno != ENOENT) {
      return nnt_fail(NNT_EIO, "cannot open %s: %s", file->path, strerror(errno));
    }
  }
  return nnt_fail(NNT_EDATA, "%s holds no %s, plain or .gz; %s", folder, name, advice);
}

/* What went wrong in the middle of a file. */
static nnt_status read_failure(const idx_file *file)
{
  int code = Z_OK;
  char const *text = gzerror(file->stream, &code);
  if (code == Z_ERRNO) return nnt_fail(NNT_EIO, "cannot read %s: %s", file->path, strerror(errno));
  if (code == Z_OK || code == Z_BUF_ERROR) {
    return nnt_fail(NNT_EDATA, "%s is cut short; %s", file->path, advice);
  }
  /* zlib puts the path in front. */
  size_t const length = strlen(file->path);
  if (strncmp(text, file->path, length) == 0 && text[length] == ':') text += length + 2;
  return nnt_fail(NNT_EDATA, "%s is damaged (%.100s); %s", file->path, text, advice);
}

static nnt_status read_bytes(const idx_file *file, void *out, size_t bytes)
{
  enum { PIECE = 1 << 30 };
  unsigned char *at = out;
  while (bytes > 0) {
    unsigned const piece = bytes < PIECE ? (unsigned)bytes : PIECE;
    int const got = gzread(file->stream, at, piece);
    if (got <= 0) return read_failure(file);
    at += got;
    bytes -= (size_t)got;
  }
  return NNT_OK;
}

/* Nothing may follow; reading up to the end also makes zlib compare its checksum. */
static nnt_status expect_end(const idx_file *file)
{
  unsigned char byte = 0;
  int const got = gzread(file->stream, &byte, 1);
  if (got > 0) {
    return nnt_fail(NNT_EDATA, "%s goes on behind its %zu items; %s", file->path, file->count,
                    advice);
  }
  /* A compressed file that lacks its checksum looks like a whole one, but for the error code. */
  int code = Z_OK;
  (void)gzerror(file->stream, &code);
  return got == 0 && code == Z_OK ? NNT_OK : read_failure(file);
}

static size_t big_endian(const unsigned char *bytes)
{
  return (size_t)bytes[0] << 24U | (size_t)bytes[1] << 16U | (size_t)bytes[2] << 8U | bytes[3];
}

static nnt_status read_header(idx_file *file, bool labels)
{
  unsigned char head[HEADER_MAX];
  NNT_TRY(read_bytes(file, head, 4));
  size_t const dimensions = head[3];
  size_t const most = labels ? 1 : NNT_DIMENSIONS_MAX + 1;
  if (head[0] != 0 || head[1] != 0 || head[2] != TYPE_UINT8 || dimensions < (labels ? 1 : 2) ||
      dimensions > most) {
    return nnt_fail(NNT_EDATA, "%s begins with %02x%02x%02x%02x instead of %s; %s", file->path,
                    head[0], head[1], head[2], head[3],
                    labels ? "00000801 (IDX, labels of one unsigned byte)"
                           : "00000802 to 00000805 (IDX, images of unsigned bytes)",
                    advice);
  }
  NNT_TRY(read_bytes(file, head + 4, 4 * dimensions));
  file->count = big_endian(head + 4);
  file->dimensions = dimensions - 1;
  for (size_t i = 0; i < file->dimensions; i++) {
    file->shape[i] = big_endian(head + 8 + 4 * i);
  }
  if (file->count == 0) return nnt_fail(NNT_EDATA, "%s is empty: it holds no items", file->path);
  if (file->count > NNT_SAMPLES_MAX || nnt_shape_size(file->shape, file->dimensions) == 0) {
    char shape[NNT_SHAPE_TEXT_SIZE];
    nnt_shape_text(file->shape, file->dimensions, shape);
    return nnt_fail(NNT_EDATA, "%s announces %zu items of shape %s, which cannot be right; %s",
                    file->path, file->count, shape, advice);
  }
  return NNT_OK;
}

/* Compares the announced size with that of the file, before memory is allocated for it. */
static nnt_status check_size(const idx_file *file, size_t have)
{
  size_t const items = nnt_shape_size(file->shape, file->dimensions) * file->count;
  size_t const announced = items + 4 + 4 * (file->dimensions + 1);
  if (gzdirect(file->stream) == 0) {
    if (announced / RATIO_MAX <= have) return NNT_OK;
    return nnt_fail(NNT_EDATA, "%s is too small for the %zu bytes it announces; %s", file->path,
                    announced, advice);
  }
  if (announced == have) return NNT_OK;
  return nnt_fail(NNT_EDATA, "%s has %zu bytes instead of %zu: it is %s; %s", file->path, have,
                  announced, have < announced ? "cut short" : "too long", advice);
}

static nnt_status open_stream(idx_file *file, const struct stat *about)
{
  if (!S_ISREG(about->st_mode)) return nnt_fail(NNT_EDATA, "%s is not a file", file->path);
  file->stream = gzopen(file->path, "rb");
  if (file->stream == NULL) {
    return nnt_fail(NNT_EIO, "cannot open %s: %s", file->path, strerror(errno));
  }
  (void)gzbuffer(file->stream, 1U << 17U);
  size_t const length = strlen(file->path);
  bool const named_gz = length > 3 && strcmp(file->path + length - 3, ".gz") == 0;
  if (named_gz && gzdirect(file->stream) != 0) {
    return nnt_fail(NNT_EDATA, "%s is not compressed by gzip, although its name says so; %s",
                    file->path, advice);
  }
  return NNT_OK;
}

static nnt_status open_file(idx_file *file, const char *folder, const char *name, bool labels)
{
  struct stat about = {.st_mode = 0};
  NNT_TRY(find_file(file, folder, name, &about));
  nnt_status status = open_stream(file, &about);
  if (status == NNT_OK) status = read_header(file, labels);
  if (status == NNT_OK) status = check_size(file, (size_t)about.st_size);
  if (status != NNT_OK) close_file(file);
  return status;
}

static nnt_status read_labels(nnt_part *part, idx_file *file)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, file->count, sizeof(uint16_t), "the labels"));
  part->labels = memory;
  part->count = file->count;
  /* Bytes first, into the upper half of the room; then each becomes two, from the front. */
  unsigned char *const bytes = (unsigned char *)memory + file->count;
  NNT_TRY(read_bytes(file, bytes, file->count));
  for (size_t i = 0; i < file->count; i++) {
    part->labels[i] = bytes[i];
  }
  return expect_end(file);
}

static nnt_status read_images(void *self, int part, size_t count, void *out)
{
  idx_source *const source = self;
  idx_file *const file = &source->images[part];
  size_t const pixels = nnt_shape_size(file->shape, file->dimensions);
  NNT_TRY(read_bytes(file, out, count * pixels));
  return count == file->count ? expect_end(file) : NNT_OK;
}

static void destroy(void *self)
{
  idx_source *const source = self;
  close_file(&source->images[NNT_TRAIN]);
  close_file(&source->images[NNT_TEST]);
  free(source);
}

static nnt_reader_table const table = {read_images, destroy};

static nnt_status open_part(nnt_reader *reader, idx_source *source, const char *folder, int part)
{
  static char const *const image_names[] = {"train-images-idx3-ubyte", "t10k-images-idx3-ubyte"};
  static char const *const label_names[] = {"train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"};
  idx_file *const images = &source->images[part];
  NNT_TRY(open_file(images, folder, image_names[part], false));
  idx_file labels = {.stream = NULL};
  NNT_TRY(open_file(&labels, folder, label_names[part], true));
  nnt_status status = NNT_OK;
  if (labels.count != images->count) {
    status = nnt_fail(NNT_EDATA, "%s holds %zu labels, but there are %zu images beside it; %s",
                      labels.path, labels.count, images->count, advice);
  }
  if (status == NNT_OK) status = read_labels(&reader->parts[part], &labels);
  close_file(&labels);
  (void)snprintf(reader->parts[part].name, sizeof reader->parts[part].name, "%s", labels.path);
  return status;
}

static nnt_status check_shapes(const idx_source *source)
{
  idx_file const *const train = &source->images[NNT_TRAIN];
  idx_file const *const test = &source->images[NNT_TEST];
  bool same = train->dimensions == test->dimensions;
  for (size_t i = 0; i < train->dimensions && same; i++) {
    same = train->shape[i] == test->shape[i];
  }
  if (same) return NNT_OK;
  char shapes[2][NNT_SHAPE_TEXT_SIZE];
  nnt_shape_text(train->shape, train->dimensions, shapes[NNT_TRAIN]);
  nnt_shape_text(test->shape, test->dimensions, shapes[NNT_TEST]);
  return nnt_fail(NNT_EDATA, "%s has images of shape %s, but the training images have %s: %s",
                  test->path, shapes[NNT_TEST], shapes[NNT_TRAIN], advice);
}

nnt_status nnt_idx_open(nnt_reader *out, const char *folder)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, 1, sizeof(idx_source), "a data source"));
  idx_source *const source = memory;
  out->table = &table;
  out->self = source;
  nnt_status status = open_part(out, source, folder, NNT_TRAIN);
  if (status == NNT_OK) status = open_part(out, source, folder, NNT_TEST);
  if (status == NNT_OK) status = check_shapes(source);
  if (status != NNT_OK) {
    nnt_reader_close(out);
    return status;
  }
  idx_file const *const train = &source->images[NNT_TRAIN];
  out->dimensions = train->dimensions;
  memcpy(out->shape, train->shape, sizeof out->shape);
  out->pixel = NNT_PIXEL_UINT8;
  (void)snprintf(out->description, sizeof out->description, "IDX files in %.200s", folder);
  return NNT_OK;
}
