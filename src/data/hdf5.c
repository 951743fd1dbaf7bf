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

/* Values must lie in this file: not in external ones, and not virtual. */
static bool is_stored_here(hid_t dataset)
{
  hid_t const properties = H5Dget_create_plist(dataset);
  if (properties < 0) return false;
  bool const here =
      H5Pget_external_count(properties) == 0 && H5Pget_layout(properties) != H5D_VIRTUAL;
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
    return nnt_fail(NNT_EDATA, "%s: the values of /%s are outside of the file", source->path, path);
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
 * what compression may save. */
static bool size_is_plausible(hid_t dataset, size_t values)
{
  enum { RATIO_MAX = 1100 };
  return H5Dget_storage_size(dataset) >= values / RATIO_MAX;
}

static nnt_status check_pixels(const hdf5_source *source, hid_t dataset, int part, nnt_pixel *out)
{
  hid_t const type = H5Dget_type(dataset);
  H5T_class_t const class = H5Tget_class(type);
  bool const is_byte =
      class == H5T_INTEGER && H5Tget_size(type) == 1 && H5Tget_sign(type) == H5T_SGN_NONE;
  (void)H5Tclose(type);
  if (!is_byte && class != H5T_FLOAT) {
    return nnt_fail(NNT_EDATA, "%s: /%s/images is neither uint8 nor a float type", source->path,
                    groups[part]);
  }
  *out = is_byte ? NNT_PIXEL_UINT8 : NNT_PIXEL_FLOAT32;
  return NNT_OK;
}

static nnt_status open_images(hdf5_source *source, int part)
{
  NNT_TRY(open_dataset(source, part, "images", &source->images[part]));
  hid_t const dataset = source->images[part];
  size_t extents[NNT_DIMENSIONS_MAX + 1] = {0};
  size_t const count = extents_of(dataset, extents);
  nnt_pixel pixel = NNT_PIXEL_UINT8;
  NNT_TRY(check_pixels(source, dataset, part, &pixel));
  size_t const pixels = count < 2 ? 0 : nnt_shape_size(extents + 1, count - 1);
  if (pixels == 0 || extents[0] == 0 || extents[0] > NNT_SAMPLES_MAX ||
      !size_is_plausible(dataset, extents[0] * pixels)) {
    return nnt_fail(NNT_EDATA,
                    "%s: /%s/images must have 1 to %d samples of 1 to %d dimensions, all written",
                    source->path, groups[part], NNT_SAMPLES_MAX, NNT_DIMENSIONS_MAX);
  }
  if (part == NNT_TEST &&
      (source->dimensions != count - 1 || source->pixel != pixel ||
       memcmp(source->shape, extents + 1, (count - 1) * sizeof *extents) != 0)) {
    return nnt_fail(NNT_EDATA, "%s: training and test images differ in shape or type",
                    source->path);
  }
  source->count[part] = extents[0];
  source->dimensions = count - 1;
  source->pixel = pixel;
  memcpy(source->shape, extents + 1, (count - 1) * sizeof *extents);
  return NNT_OK;
}

/* Reads labels of any integer type as 64-bit numbers and narrows them. */
static nnt_status narrow_labels(const hdf5_source *source, hid_t dataset, int part, nnt_part *out)
{
  size_t const count = source->count[part];
  void *wide = NULL;
  void *narrow = NULL;
  NNT_TRY(nnt_memory_create(&wide, count, sizeof(long long), "the labels"));
  nnt_status status = nnt_memory_create(&narrow, count, sizeof(uint16_t), "the labels");
  if (status == NNT_OK &&
      H5Dread(dataset, H5T_NATIVE_LLONG, H5S_ALL, H5S_ALL, H5P_DEFAULT, wide) < 0) {
    status = nnt_fail(NNT_EDATA, "%s: /%s/labels cannot be read: the file is damaged", source->path,
                      groups[part]);
  }
  long long const *const labels = wide;
  uint16_t *const values = narrow;
  for (size_t i = 0; i < count && status == NNT_OK; i++) {
    if (labels[i] < 0 || labels[i] >= NNT_CLASSES_MAX) {
      status = nnt_fail(NNT_EDATA, "%s: /%s/labels: label %lld of sample %zu is not within 0..%d",
                        source->path, groups[part], labels[i], i, NNT_CLASSES_MAX - 1);
    } else {
      values[i] = (uint16_t)labels[i];
    }
  }
  free(wide);
  out->labels = narrow;
  return status;
}

static nnt_status read_labels(const hdf5_source *source, int part, nnt_part *out)
{
  hid_t dataset = H5I_INVALID_HID;
  NNT_TRY(open_dataset(source, part, "labels", &dataset));
  size_t extents[NNT_DIMENSIONS_MAX + 1] = {0};
  size_t const dimensions = extents_of(dataset, extents);
  hid_t const type = H5Dget_type(dataset);
  bool const is_integer = H5Tget_class(type) == H5T_INTEGER;
  (void)H5Tclose(type);
  nnt_status status = NNT_OK;
  if (!is_integer || dimensions != 1) {
    status =
        nnt_fail(NNT_EDATA, "%s: /%s/labels is not a list of integers", source->path, groups[part]);
  } else if (extents[0] != source->count[part]) {
    status = nnt_fail(NNT_EDATA, "%s: /%s has %zu images, but %zu labels", source->path,
                      groups[part], source->count[part], extents[0]);
  }
  if (status == NNT_OK) status = narrow_labels(source, dataset, part, out);
  (void)H5Dclose(dataset);
  out->count = source->count[part];
  out->name = source->path;
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
  source->file = H5Fopen(source->path, H5F_ACC_RDONLY, H5P_DEFAULT);
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
