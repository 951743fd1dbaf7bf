/* HDF5 files with /train/images, /train/labels, /test/images and /test/labels. */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/private.h"

static char const *const groups[2] = {"train", "test"};

typedef struct hdf5_source {
  char path[NNT_PATH_SIZE];
  hid_t file;
  hid_t images[2];
  size_t count[2];
  size_t dimensions;
  size_t shape[NNT_DIMENSIONS_MAX];
  nnt_pixel pixel;
} hdf5_source;

bool nnt_hdf5_recognises(const char *path)
{
  /* HDF5 prints a page for each failure; here each gets one line of ours. */
  (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  return H5Fis_hdf5(path) > 0;
}

/* Only links that stay within the file: others could name any file that the user may read. */
static bool is_hard_link(hid_t file, const char *group, const char *name)
{
  H5L_info_t info;
  char path[64];
  if (H5Lget_info(file, group, &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_HARD) return false;
  (void)snprintf(path, sizeof path, "%s/%s", group, name);
  return H5Lget_info(file, path, &info, H5P_DEFAULT) >= 0 && info.type == H5L_TYPE_HARD;
}

/* A chunk is decompressed as a whole, so its size is a request for memory. */
static bool has_small_chunks(hid_t dataset, hid_t properties)
{
  size_t const bytes_max = (size_t)1 << 30U;
  if (H5Pget_layout(properties) != H5D_CHUNKED) return true;
  hsize_t chunk[H5S_MAX_RANK] = {0};
  int const rank = H5Pget_chunk(properties, H5S_MAX_RANK, chunk);
  hid_t const type = H5Dget_type(dataset);
  hsize_t bytes = H5Tget_size(type);
  (void)H5Tclose(type);
  for (int i = 0; i < rank && bytes <= bytes_max; i++) {
    bytes *= chunk[i];
  }
  return rank > 0 && bytes <= bytes_max;
}

/* Values must lie in this file: not in external ones, and not virtual. */
static bool is_stored_here(hid_t dataset)
{
  hid_t const properties = H5Dget_create_plist(dataset);
  if (properties < 0) return false;
  bool const here = H5Pget_external_count(properties) == 0 &&
                    H5Pget_layout(properties) != H5D_VIRTUAL &&
                    has_small_chunks(dataset, properties);
  (void)H5Pclose(properties);
  return here;
}

static nnt_status open_dataset(const hdf5_source *source, int part, const char *name, hid_t *out)
{
  char path[64];
  (void)snprintf(path, sizeof path, "%s/%s", groups[part], name);
  hid_t dataset = H5I_INVALID_HID;
  if (is_hard_link(source->file, groups[part], name)) {
    dataset = H5Dopen2(source->file, path, H5P_DEFAULT);
  }
  if (dataset < 0) {
    return nnt_fail(NNT_EDATA,
                    "%s has no dataset /%s; /train/images, /train/labels, /test/images and "
                    "/test/labels are expected",
                    source->path, path);
  }
  if (!is_stored_here(dataset)) {
    (void)H5Dclose(dataset);
    return nnt_fail(
        NNT_EDATA, "%s: the values of /%s are outside of the file, or in chunks of more than 1 GiB",
        source->path, path);
  }
  *out = dataset;
  return NNT_OK;
}

/* Extents of a dataset, at least 1 and at most NNT_DIMENSIONS_MAX + 1 of them; 0 if it has others.
 */
static size_t extents_of(hid_t dataset, size_t extents[NNT_DIMENSIONS_MAX + 1])
{
  hid_t const space = H5Dget_space(dataset);
  int const dimensions = H5Sget_simple_extent_ndims(space);
  size_t count = 0;
  if (dimensions >= 1 && dimensions <= NNT_DIMENSIONS_MAX + 1) {
    hsize_t sizes[NNT_DIMENSIONS_MAX + 1];
    (void)H5Sget_simple_extent_dims(space, sizes, NULL);
    count = (size_t)dimensions;
    for (size_t i = 0; i < count; i++) {
      extents[i] = sizes[i] > SIZE_MAX ? 0 : (size_t)sizes[i];
    }
  }
  (void)H5Sclose(space);
  return count;
}

/* A dataset that was never written may announce any size: it must have room in the file, but for
 * what deflate, the strongest usual compression, may save. */
static bool is_written(hid_t dataset, size_t values, size_t value_size)
{
  enum { RATIO_MAX = 1100 };
  hsize_t const stored = H5Dget_storage_size(dataset);
  return stored > 0 && stored >= values / RATIO_MAX * value_size;
}

/* "int16", "float64", or "of a type that is no number". */
static void type_text(hid_t type, char *out, size_t size)
{
  size_t const bits = 8 * H5Tget_size(type);
  H5T_class_t const class = H5Tget_class(type);
  if (class == H5T_INTEGER) {
    (void)snprintf(out, size, "%sint%zu", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", bits);
  } else if (class == H5T_FLOAT) {
    (void)snprintf(out, size, "float%zu", bits);
  } else {
    (void)snprintf(out, size, "of a type that is no number");
  }
}

static nnt_status check_pixels(const hdf5_source *source, hid_t dataset, int part, nnt_pixel *pixel,
                               size_t *size)
{
  hid_t const type = H5Dget_type(dataset);
  H5T_class_t const class = H5Tget_class(type);
  char text[40];
  type_text(type, text, sizeof text);
  *size = H5Tget_size(type);
  bool const is_byte = class == H5T_INTEGER && *size == 1 && H5Tget_sign(type) == H5T_SGN_NONE;
  (void)H5Tclose(type);
  if (!is_byte && class != H5T_FLOAT) {
    return nnt_fail(NNT_EDATA, "%s: /%s/images is %s; uint8 or a float type is expected",
                    source->path, groups[part], text);
  }
  *pixel = is_byte ? NNT_PIXEL_UINT8 : NNT_PIXEL_FLOAT32;
  return NNT_OK;
}

/* Training and test images must be of one kind. */
static nnt_status check_same(const hdf5_source *source, const size_t *shape, size_t dimensions,
                             nnt_pixel pixel)
{
  if (source->dimensions == dimensions && source->pixel == pixel &&
      memcmp(source->shape, shape, dimensions * sizeof *shape) == 0) {
    return NNT_OK;
  }
  static char const *const names[] = {"uint8", "float"};
  char shapes[2][NNT_SHAPE_TEXT_SIZE];
  nnt_shape_text(source->shape, source->dimensions, shapes[NNT_TRAIN]);
  nnt_shape_text(shape, dimensions, shapes[NNT_TEST]);
  return nnt_fail(NNT_EDATA, "%s: /test/images are %s of shape %s, but /train/images %s of %s",
                  source->path, names[pixel], shapes[NNT_TEST], names[source->pixel],
                  shapes[NNT_TRAIN]);
}

static nnt_status open_images(hdf5_source *source, int part)
{
  NNT_TRY(open_dataset(source, part, "images", &source->images[part]));
  hid_t const dataset = source->images[part];
  size_t extents[NNT_DIMENSIONS_MAX + 1] = {0};
  size_t const count = extents_of(dataset, extents);
  nnt_pixel pixel = NNT_PIXEL_UINT8;
  size_t size = 0;
  NNT_TRY(check_pixels(source, dataset, part, &pixel, &size));
  size_t const pixels = count < 2 ? 0 : nnt_shape_size(extents + 1, count - 1);
  if (pixels == 0 || extents[0] == 0 || extents[0] > NNT_SAMPLES_MAX) {
    char shape[NNT_SHAPE_TEXT_SIZE];
    nnt_shape_text(extents, count, shape);
    return nnt_fail(NNT_EDATA,
                    "%s: /%s/images has shape (%s); 1 to %d samples of 1 to %d dimensions and at "
                    "most 2^28 pixels are expected",
                    source->path, groups[part], shape, NNT_SAMPLES_MAX, NNT_DIMENSIONS_MAX);
  }
  if (!is_written(dataset, extents[0] * pixels, size)) {
    return nnt_fail(NNT_EDATA, "%s: /%s/images was announced, but never written", source->path,
                    groups[part]);
  }
  if (part == NNT_TEST) NNT_TRY(check_same(source, extents + 1, count - 1, pixel));
  source->count[part] = extents[0];
  source->dimensions = count - 1;
  source->pixel = pixel;
  memcpy(source->shape, extents + 1, (count - 1) * sizeof *extents);
  return NNT_OK;
}

static bool read_label_block(hid_t dataset, size_t first, size_t count, long long *out)
{
  hsize_t const start = first;
  hsize_t const extent = count;
  hid_t const file_space = H5Dget_space(dataset);
  hid_t const memory_space = H5Screate_simple(1, &extent, NULL);
  bool const read =
      H5Sselect_hyperslab(file_space, H5S_SELECT_SET, &start, NULL, &extent, NULL) >= 0 &&
      H5Dread(dataset, H5T_NATIVE_LLONG, memory_space, file_space, H5P_DEFAULT, out) >= 0;
  (void)H5Sclose(memory_space);
  (void)H5Sclose(file_space);
  return read;
}

static nnt_status narrow_block(const hdf5_source *source, int part, size_t first,
                               const long long *block, size_t count, uint16_t *out)
{
  for (size_t i = 0; i < count; i++) {
    if (block[i] < 0 || block[i] >= NNT_CLASSES_MAX) {
      return nnt_fail(NNT_EDATA, "%s: /%s/labels: label %lld of sample %zu is not within 0..%d",
                      source->path, groups[part], block[i], first + i, NNT_CLASSES_MAX - 1);
    }
    out[first + i] = (uint16_t)block[i];
  }
  return NNT_OK;
}

/* Reads labels of any integer type as 64-bit numbers and narrows them, block by block. HDF5 turns a
 * number that is too large for 64 bits into the largest one, so that it is refused as well. */
static nnt_status narrow_labels(const hdf5_source *source, hid_t dataset, int part, uint16_t *out)
{
  size_t const most = (size_t)1 << 17U;
  void *block = NULL;
  NNT_TRY(nnt_memory_create(&block, most, sizeof(long long), "a block of labels"));
  nnt_status status = NNT_OK;
  for (size_t first = 0; first < source->count[part] && status == NNT_OK; first += most) {
    size_t const left = source->count[part] - first;
    size_t const count = left < most ? left : most;
    if (read_label_block(dataset, first, count, block)) {
      status = narrow_block(source, part, first, block, count, out);
    } else {
      status = nnt_fail(NNT_EDATA, "%s: /%s/labels cannot be read: the file is damaged",
                        source->path, groups[part]);
    }
  }
  free(block);
  return status;
}

static nnt_status check_labels(const hdf5_source *source, hid_t dataset, int part)
{
  size_t extents[NNT_DIMENSIONS_MAX + 1] = {0};
  size_t const dimensions = extents_of(dataset, extents);
  hid_t const type = H5Dget_type(dataset);
  bool const is_integer = H5Tget_class(type) == H5T_INTEGER;
  size_t const size = H5Tget_size(type);
  char text[40];
  type_text(type, text, sizeof text);
  (void)H5Tclose(type);
  if (!is_integer || dimensions != 1) {
    return nnt_fail(NNT_EDATA,
                    "%s: /%s/labels is %s in %zu dimensions; a list of integers is "
                    "expected",
                    source->path, groups[part], text, dimensions);
  }
  if (extents[0] != source->count[part]) {
    return nnt_fail(NNT_EDATA, "%s: /%s has %zu images, but %zu labels", source->path, groups[part],
                    source->count[part], extents[0]);
  }
  if (!is_written(dataset, extents[0], size)) {
    return nnt_fail(NNT_EDATA, "%s: /%s/labels was announced, but never written", source->path,
                    groups[part]);
  }
  return NNT_OK;
}

static nnt_status read_labels(const hdf5_source *source, int part, nnt_part *out)
{
  hid_t dataset = H5I_INVALID_HID;
  void *memory = NULL;
  NNT_TRY(open_dataset(source, part, "labels", &dataset));
  nnt_status status = check_labels(source, dataset, part);
  if (status == NNT_OK) {
    status = nnt_memory_create(&memory, source->count[part], sizeof(uint16_t), "the labels");
  }
  if (status == NNT_OK) status = narrow_labels(source, dataset, part, memory);
  (void)H5Dclose(dataset);
  out->labels = memory;
  out->count = source->count[part];
  (void)snprintf(out->name, sizeof out->name, "%s: /%s/labels", source->path, groups[part]);
  return status;
}

/* float32 pixels must be numbers: one NaN would spoil the whole training. */
static nnt_status check_finite(const hdf5_source *source, int part, const float *pixels,
                               size_t count)
{
  size_t const size = nnt_shape_size(source->shape, source->dimensions);
  for (size_t i = 0; i < count * size; i++) {
    if (!isfinite(pixels[i])) {
      return nnt_fail(NNT_EDATA, "%s: /%s/images: sample %zu has a value that is not finite",
                      source->path, groups[part], i / size);
    }
  }
  return NNT_OK;
}

static nnt_status read_images(void *self, int part, size_t count, void *out)
{
  hdf5_source const *const source = self;
  bool const bytes = source->pixel == NNT_PIXEL_UINT8;
  hsize_t start[NNT_DIMENSIONS_MAX + 1] = {0};
  hsize_t extents[NNT_DIMENSIONS_MAX + 1] = {count};
  for (size_t i = 0; i < source->dimensions; i++) {
    extents[i + 1] = source->shape[i];
  }
  hid_t const file_space = H5Dget_space(source->images[part]);
  hid_t const memory_space = H5Screate_simple((int)source->dimensions + 1, extents, NULL);
  herr_t const selected =
      H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, extents, NULL);
  herr_t const read =
      selected < 0 ? selected
                   : H5Dread(source->images[part], bytes ? H5T_NATIVE_UCHAR : H5T_NATIVE_FLOAT,
                             memory_space, file_space, H5P_DEFAULT, out);
  (void)H5Sclose(memory_space);
  (void)H5Sclose(file_space);
  if (read < 0) {
    return nnt_fail(NNT_EDATA, "%s: /%s/images cannot be read: the file is damaged", source->path,
                    groups[part]);
  }
  return bytes ? NNT_OK : check_finite(source, part, out, count);
}

static void destroy(void *self)
{
  hdf5_source *const source = self;
  for (int part = 0; part < 2; part++) {
    if (source->images[part] >= 0) (void)H5Dclose(source->images[part]);
  }
  if (source->file >= 0) (void)H5Fclose(source->file);
  free(source);
}

static nnt_reader_table const table = {read_images, destroy};

static nnt_status open_parts(nnt_reader *out, hdf5_source *source)
{
  /* Some file systems of clusters cannot lock files; reading does not depend on it. */
  hid_t const access = H5Pcreate(H5P_FILE_ACCESS);
  (void)H5Pset_file_locking(access, true, true);
  source->file = H5Fopen(source->path, H5F_ACC_RDONLY, access);
  (void)H5Pclose(access);
  if (source->file < 0) {
    return nnt_fail(NNT_EDATA, "%s cannot be opened as HDF5: it is damaged or cut short",
                    source->path);
  }
  for (int part = 0; part < 2; part++) {
    NNT_TRY(open_images(source, part));
    NNT_TRY(read_labels(source, part, &out->parts[part]));
  }
  return NNT_OK;
}

nnt_status nnt_hdf5_open(nnt_reader *out, const char *path)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, 1, sizeof(hdf5_source), "a data source"));
  hdf5_source *const source = memory;
  source->file = source->images[NNT_TRAIN] = source->images[NNT_TEST] = H5I_INVALID_HID;
  (void)snprintf(source->path, sizeof source->path, "%s", path);
  out->table = &table;
  out->self = source;
  nnt_status const status = open_parts(out, source);
  if (status != NNT_OK) {
    nnt_reader_close(out);
    return status;
  }
  out->dimensions = source->dimensions;
  memcpy(out->shape, source->shape, sizeof out->shape);
  out->pixel = source->pixel;
  (void)snprintf(out->description, sizeof out->description, "HDF5 file %.200s", path);
  return NNT_OK;
}
