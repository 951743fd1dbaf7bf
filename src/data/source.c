#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/memory.h"
#include "data/private.h"

struct nnt_source {
  nnt_reader reader;
  nnt_data_info info;
};

enum { DIGITS_TRAIN = 60000, DIGITS_TEST = 10000 };

/* Where the parts lie in the memory: training images, test images, then the labels. */
typedef struct layout {
  size_t images[2];
  size_t labels[2];
  size_t bytes;
} layout;

static size_t pixel_size(nnt_pixel pixel)
{
  return pixel == NNT_PIXEL_UINT8 ? sizeof(uint8_t) : sizeof(float);
}

/* Cannot overflow: nnt_shape_size() and NNT_SAMPLES_MAX bound the factors. */
static layout layout_of(const nnt_data_info *info)
{
  enum { ALIGNMENT = 64 };
  size_t const counts[2] = {info->train_count, info->test_count};
  layout places = {.bytes = 0};
  for (int part = 0; part < 2; part++) {
    places.images[part] = places.bytes;
    places.bytes += counts[part] * info->features * pixel_size(info->pixel);
    places.bytes = (places.bytes / ALIGNMENT + 1) * ALIGNMENT;
  }
  for (int part = 0; part < 2; part++) {
    places.labels[part] = places.bytes;
    places.bytes += counts[part] * sizeof(uint16_t);
    places.bytes = (places.bytes / ALIGNMENT + 1) * ALIGNMENT;
  }
  return places;
}

size_t nnt_shape_size(const size_t *shape, size_t dimensions)
{
  size_t const most = (size_t)1 << 28U;
  size_t size = 1;
  for (size_t i = 0; i < dimensions; i++) {
    if (shape[i] == 0 || shape[i] > most / size) return 0;
    size *= shape[i];
  }
  return size;
}

void nnt_shape_text(const size_t *shape, size_t dimensions, char out[NNT_SHAPE_TEXT_SIZE])
{
  size_t used = 0;
  out[0] = '\0';
  for (size_t i = 0; i < dimensions && used < NNT_SHAPE_TEXT_SIZE; i++) {
    int const length =
        snprintf(out + used, NNT_SHAPE_TEXT_SIZE - used, "%s%zu", i == 0 ? "" : "x", shape[i]);
    if (length < 0) return;
    used += (size_t)length;
  }
}

void nnt_reader_close(nnt_reader *reader)
{
  if (reader->table != NULL && reader->table->destroy != NULL) reader->table->destroy(reader->self);
  free(reader->parts[NNT_TRAIN].labels);
  free(reader->parts[NNT_TEST].labels);
  memset(reader, 0, sizeof *reader);
}

static bool is_folder(const char *path)
{
  struct stat about;
  return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* Opens what the user has named: failing is an error. */
static nnt_status open_named(nnt_reader *reader, const char *path)
{
  struct stat about;
  if (stat(path, &about) != 0) {
    return nnt_fail(NNT_EDATA,
                    "cannot open the data in %s: %s; a folder of IDX files or an HDF5 file is "
                    "expected there",
                    path, strerror(errno));
  }
  if (S_ISDIR(about.st_mode)) return nnt_idx_open(reader, path);
  /* Anything but a plain file, for instance a pipe, could make the reader wait for ever. */
  if (S_ISREG(about.st_mode) && nnt_hdf5_recognises(path)) return nnt_hdf5_open(reader, path);
  char const *const ending = strrchr(path, '.');
  bool const named_hdf5 =
      ending != NULL && (strcmp(ending, ".h5") == 0 || strcmp(ending, ".hdf5") == 0);
  return nnt_fail(NNT_EDATA, "%s is %s; a folder of IDX files or an HDF5 file is expected there",
                  path,
                  named_hdf5 ? "not HDF5, although its name says so: it is damaged or mislabelled"
                             : "neither (of MNIST, name the folder that holds the files)");
}

static nnt_status open_reader(nnt_reader *reader, const nnt_source_options *options)
{
  if (options->path[0] != '\0') return open_named(reader, options->path);
  char const *const variable = getenv("NNTRAIN_DATA");
  if (variable != NULL && variable[0] != '\0') return open_named(reader, variable);
  static char const *const usual[] = {"datasets/mnist", NNTRAIN_SHARE_DIR "/mnist"};
  for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
    if (is_folder(usual[i])) return open_named(reader, usual[i]);
  }
  uint64_t const train = options->train_samples;
  uint64_t const test = options->test_samples;
  bool const fewer_train = train != 0 && train < DIGITS_TRAIN;
  bool const fewer_test = test != 0 && test < DIGITS_TEST;
  return nnt_digits_open(reader, fewer_train ? (size_t)train : DIGITS_TRAIN,
                         fewer_test ? (size_t)test : DIGITS_TEST);
}

/* The largest label of the training part decides; a test label beyond it cannot be learned. */
static nnt_status count_classes(const nnt_reader *reader, size_t *out)
{
  nnt_part const *const train = &reader->parts[NNT_TRAIN];
  nnt_part const *const test = &reader->parts[NNT_TEST];
  size_t classes = 2;
  for (size_t i = 0; i < train->count; i++) {
    if (train->labels[i] >= NNT_CLASSES_MAX) {
      return nnt_fail(NNT_EDATA, "%s: label %u of sample %zu is larger than %d", train->name,
                      train->labels[i], i, NNT_CLASSES_MAX - 1);
    }
    if (train->labels[i] >= classes) classes = (size_t)train->labels[i] + 1;
  }
  for (size_t i = 0; i < test->count; i++) {
    if (test->labels[i] >= classes) {
      return nnt_fail(NNT_EDATA,
                      "%s: label %u of sample %zu is out of range: the training labels end at %zu",
                      test->name, test->labels[i], i, classes - 1);
    }
  }
  *out = classes;
  return NNT_OK;
}

static nnt_status limit(size_t *count, uint64_t wanted, size_t have, const char *option)
{
  if (wanted > have) {
    return nnt_fail(NNT_EUSAGE, "--%s %llu: there are only %zu", option, (unsigned long long)wanted,
                    have);
  }
  *count = wanted == 0 ? have : (size_t)wanted;
  return NNT_OK;
}

static nnt_status describe(nnt_data_info *info, const nnt_reader *reader,
                           const nnt_source_options *options)
{
  bool const generated = reader->generated;
  size_t const train = generated ? DIGITS_TRAIN : reader->parts[NNT_TRAIN].count;
  size_t const test = generated ? DIGITS_TEST : reader->parts[NNT_TEST].count;
  memset(info, 0, sizeof *info);
  NNT_TRY(limit(&info->train_count, options->train_samples, train, "train-samples"));
  NNT_TRY(limit(&info->test_count, options->test_samples, test, "test-samples"));
  info->dimensions = reader->dimensions;
  memcpy(info->shape, reader->shape, sizeof info->shape);
  info->features = nnt_shape_size(reader->shape, reader->dimensions);
  NNT_TRY(count_classes(reader, &info->classes));
  info->pixel = reader->pixel;
  info->generated = generated;
  memcpy(info->description, reader->description, sizeof info->description);
  info->bytes = layout_of(info).bytes;
  return NNT_OK;
}

nnt_status nnt_source_open(nnt_source **out, nnt_data_info *info, const nnt_source_options *options)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, 1, sizeof(nnt_source), "a data source"));
  nnt_source *const source = memory;
  nnt_status status = open_reader(&source->reader, options);
  if (status == NNT_OK) status = describe(&source->info, &source->reader, options);
  if (status != NNT_OK) {
    nnt_source_destroy(source);
    return status;
  }
  *info = source->info;
  *out = source;
  return NNT_OK;
}

void nnt_source_destroy(nnt_source *source)
{
  if (source == NULL) return;
  nnt_reader_close(&source->reader);
  free(source);
}

/* Adds images or labels of both parts, training first. */
static nnt_status digest_both(nnt_digest *digest, const nnt_data_info *info, const char *memory,
                              const size_t places[2], size_t sample_size)
{
  NNT_TRY(nnt_digest_add(digest, memory + places[NNT_TRAIN], info->train_count * sample_size));
  return nnt_digest_add(digest, memory + places[NNT_TEST], info->test_count * sample_size);
}

static nnt_status digest_data(const nnt_data_info *info, const void *memory,
                              char out[NNT_SHA256_TEXT_SIZE])
{
  uint64_t head[4 + NNT_DIMENSIONS_MAX] = {info->train_count, info->test_count,
                                           (uint64_t)info->pixel, info->dimensions};
  for (size_t i = 0; i < info->dimensions; i++) {
    head[4 + i] = info->shape[i];
  }
  layout const places = layout_of(info);
  size_t const image_size = info->features * pixel_size(info->pixel);
  unsigned char sum[NNT_SHA256_SIZE];
  nnt_digest *digest = NULL;
  NNT_TRY(nnt_digest_create(&digest));
  nnt_status status = nnt_digest_add(digest, head, sizeof head);
  if (status == NNT_OK) status = digest_both(digest, info, memory, places.images, image_size);
  if (status == NNT_OK) status = digest_both(digest, info, memory, places.labels, sizeof(uint16_t));
  if (status == NNT_OK) status = nnt_digest_end(digest, sum);
  if (status == NNT_OK) nnt_digest_text(sum, out);
  nnt_digest_destroy(digest);
  return status;
}

nnt_status nnt_source_load(nnt_source *source, void *memory, char digest[NNT_SHA256_TEXT_SIZE])
{
  nnt_data_info const *const info = &source->info;
  nnt_reader *const reader = &source->reader;
  layout const places = layout_of(info);
  size_t const counts[2] = {info->train_count, info->test_count};
  char *const bytes = memory;
  for (int part = 0; part < 2; part++) {
    NNT_TRY(
        reader->table->read_images(reader->self, part, counts[part], bytes + places.images[part]));
    memcpy(bytes + places.labels[part], reader->parts[part].labels,
           counts[part] * sizeof(uint16_t));
  }
  return digest_data(info, memory, digest);
}

static nnt_samples part_of(const nnt_data_info *info, const void *memory, int part)
{
  layout const places = layout_of(info);
  char const *const bytes = memory;
  return (nnt_samples){
      .count = part == NNT_TRAIN ? info->train_count : info->test_count,
      .features = info->features,
      .pixel = info->pixel,
      .images = bytes + places.images[part],
      .labels = (uint16_t const *)(void const *)(bytes + places.labels[part]),
  };
}

nnt_samples nnt_data_train(const nnt_data_info *info, const void *memory)
{
  return part_of(info, memory, NNT_TRAIN);
}

nnt_samples nnt_data_test(const nnt_data_info *info, const void *memory)
{
  return part_of(info, memory, NNT_TEST);
}

nnt_samples nnt_samples_part(const nnt_samples *samples, nnt_range range)
{
  nnt_samples part = *samples;
  part.count = range.count;
  part.labels = samples->labels + range.first;
  if (samples->images == NULL) {
    part.sparse.start = samples->sparse.start + range.first;
  } else {
    part.images = (char const *)samples->images +
                  range.first * samples->features * pixel_size(samples->pixel);
  }
  return part;
}

void nnt_pixel_values(float value[256])
{
  /* Division, not multiplication by 1/255: only that gives Keras's 256 values. */
  for (int i = 0; i < 256; i++) {
    value[i] = (float)i / 255.0F;
  }
}

static void gather_bytes(const nnt_samples *samples, const size_t *index, size_t n, float *out,
                         size_t stride)
{
  float value[256];
  nnt_pixel_values(value);
  unsigned char const *const images = samples->images;
  for (size_t row = 0; row < n; row++) {
    unsigned char const *const image = images + index[row] * samples->features;
    for (size_t i = 0; i < samples->features; i++) {
      out[row * stride + i] = value[image[i]];
    }
  }
}

void nnt_samples_gather(const nnt_samples *samples, const size_t *index, size_t n, float *out,
                        size_t stride)
{
  if (samples->pixel == NNT_PIXEL_UINT8) {
    gather_bytes(samples, index, n, out, stride);
    return;
  }
  float const *const images = samples->images;
  for (size_t row = 0; row < n; row++) {
    memcpy(out + row * stride, images + index[row] * samples->features,
           samples->features * sizeof *out);
  }
}
