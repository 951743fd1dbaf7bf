#include <fcntl.h>
#include <hdf5.h>
#include <math.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data_sample.h"

/* A dataset to write: what may be wrong with it is said here. */
typedef struct content {
  hid_t file_type;
  hid_t memory_type;
  void const *values; /* NULL: announced, not written */
  hsize_t sizes[6];
  int dimensions;
  bool compressed;
} content;

enum { TRAIN_IMAGES_AT, TRAIN_LABELS_AT, TEST_IMAGES_AT, TEST_LABELS_AT, CONTENTS };

static char const *const paths[CONTENTS] = {"train/images", "train/labels", "test/images",
                                            "test/labels"};
static unsigned char const bytes_of_images[24] = {
    0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 250, 251, 252, 253, 254, 255, 7, 8, 9, 1, 2, 3};
static int const train_labels[3] = {0, 2, 1};
static int const test_labels[2] = {1, 0};

/* 3 and 2 images of 2x3, uint8, and 32-bit labels. */
static void good_set(content set[CONTENTS])
{
  content const images = {.file_type = H5T_STD_U8LE,
                          .memory_type = H5T_NATIVE_UCHAR,
                          .dimensions = 3,
                          .sizes = {3, 2, 3},
                          .values = bytes_of_images};
  content const labels = {.file_type = H5T_STD_I32LE,
                          .memory_type = H5T_NATIVE_INT,
                          .dimensions = 1,
                          .sizes = {3},
                          .values = train_labels};
  set[TRAIN_IMAGES_AT] = set[TEST_IMAGES_AT] = images;
  set[TRAIN_LABELS_AT] = set[TEST_LABELS_AT] = labels;
  set[TEST_IMAGES_AT].sizes[0] = set[TEST_LABELS_AT].sizes[0] = 2;
  set[TEST_LABELS_AT].values = test_labels;
}

static void write_content(hid_t file, const char *path, const content *it)
{
  hid_t const links = H5Pcreate(H5P_LINK_CREATE);
  hid_t const properties = H5Pcreate(H5P_DATASET_CREATE);
  hid_t const space = H5Screate_simple(it->dimensions, it->sizes, NULL);
  (void)H5Pset_create_intermediate_group(links, 1);
  if (it->compressed) {
    hsize_t const chunk[6] = {2, 1, 1, 1, 1, 1};
    (void)H5Pset_chunk(properties, it->dimensions, chunk);
    (void)H5Pset_shuffle(properties);
    (void)H5Pset_deflate(properties, 6);
    (void)H5Pset_fletcher32(properties);
  }
  hid_t const dataset =
      H5Dcreate2(file, path, it->file_type, space, links, properties, H5P_DEFAULT);
  CU_ASSERT(dataset >= 0);
  if (it->values != NULL) {
    CU_ASSERT(H5Dwrite(dataset, it->memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, it->values) >= 0);
  }
  (void)H5Dclose(dataset);
  (void)H5Sclose(space);
  (void)H5Pclose(properties);
  (void)H5Pclose(links);
}

static hid_t file_new(char path[NNT_PATH_SIZE], const char *folder)
{
  path_in(path, folder, "data.h5");
  hid_t const file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  CU_ASSERT_FATAL(file >= 0);
  return file;
}

static void write_set(char path[NNT_PATH_SIZE], const char *folder, const content set[CONTENTS])
{
  hid_t const file = file_new(path, folder);
  for (size_t i = 0; i < CONTENTS; i++) {
    write_content(file, paths[i], &set[i]);
  }
  CU_ASSERT(H5Fclose(file) >= 0);
}

static void expect_labels(const loaded *data)
{
  for (size_t i = 0; i < 3; i++) {
    CU_ASSERT_EQUAL(data->train.labels[i], train_labels[i]);
  }
  for (size_t i = 0; i < 2; i++) {
    CU_ASSERT_EQUAL(data->test.labels[i], test_labels[i]);
  }
}

static void bytes_are_read(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  folder_make(folder);
  for (int compressed = 0; compressed < 2; compressed++) {
    loaded data;
    good_set(set);
    for (size_t i = 0; i < CONTENTS; i++) {
      set[i].compressed = compressed != 0;
    }
    write_set(path, folder, set);
    CU_ASSERT_EQUAL_FATAL(load(&data, path), NNT_OK);
    CU_ASSERT_EQUAL(data.info.pixel, NNT_PIXEL_UINT8);
    CU_ASSERT_EQUAL(data.info.dimensions, 2);
    CU_ASSERT_EQUAL(data.info.shape[0], 2);
    CU_ASSERT_EQUAL(data.info.shape[1], 3);
    CU_ASSERT_EQUAL(data.info.classes, 3);
    CU_ASSERT_EQUAL(data.info.train_count, 3);
    CU_ASSERT_EQUAL(data.info.test_count, 2);
    CU_ASSERT_EQUAL(memcmp(data.train.images, bytes_of_images, 18), 0);
    CU_ASSERT_EQUAL(memcmp(data.test.images, bytes_of_images, 12), 0);
    expect_labels(&data);
    free(data.memory);
  }
  folder_remove(folder);
}

/* 0.1 as float64 becomes the nearest float32; the others are exact in half precision. */
static void floats_of_any_size_are_read_as_float32(void)
{
  double values[18];
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  hid_t const half = H5Tcopy(H5T_IEEE_F32LE);
  CU_ASSERT_FATAL(H5Tset_fields(half, 15, 10, 5, 0, 10) >= 0 && H5Tset_size(half, 2) >= 0 &&
                  H5Tset_ebias(half, 15) >= 0);
  hid_t const types[] = {H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_IEEE_F32BE, H5T_IEEE_F64BE, half};
  folder_make(folder);
  for (size_t i = 0; i < 18; i++) {
    values[i] = (double)i / 16.0 - 0.5;
  }
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    loaded data;
    values[17] = types[t] == half ? 0.25 : 0.1;
    good_set(set);
    set[TRAIN_IMAGES_AT].file_type = set[TEST_IMAGES_AT].file_type = types[t];
    set[TRAIN_IMAGES_AT].memory_type = set[TEST_IMAGES_AT].memory_type = H5T_NATIVE_DOUBLE;
    set[TRAIN_IMAGES_AT].values = set[TEST_IMAGES_AT].values = values;
    write_set(path, folder, set);
    CU_ASSERT_EQUAL_FATAL(load(&data, path), NNT_OK);
    CU_ASSERT_EQUAL(data.info.pixel, NNT_PIXEL_FLOAT32);
    float const *const read = data.train.images;
    for (size_t i = 0; i < 18; i++) {
      CU_ASSERT_EQUAL(read[i], (float)values[i]);
    }
    expect_labels(&data);
    free(data.memory);
  }
  (void)H5Tclose(half);
  folder_remove(folder);
}

static void labels_of_any_width_are_read(void)
{
  hid_t const types[] = {H5T_STD_I8LE,  H5T_STD_U8BE,  H5T_STD_I16BE, H5T_STD_U16LE,
                         H5T_STD_U32BE, H5T_STD_I64LE, H5T_STD_U64BE};
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  folder_make(folder);
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    loaded data;
    good_set(set);
    set[TRAIN_LABELS_AT].file_type = types[t];
    set[TEST_LABELS_AT].file_type = types[sizeof types / sizeof *types - 1 - t];
    write_set(path, folder, set);
    CU_ASSERT_EQUAL_FATAL(load(&data, path), NNT_OK);
    expect_labels(&data);
    free(data.memory);
  }
  folder_remove(folder);
}

static void images_have_one_to_four_dimensions(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  folder_make(folder);
  for (int dimensions = 1; dimensions <= 4; dimensions++) {
    loaded data;
    good_set(set);
    for (size_t i = TRAIN_IMAGES_AT; i <= TEST_IMAGES_AT; i += TEST_IMAGES_AT - TRAIN_IMAGES_AT) {
      hsize_t const sizes[6] = {set[i].sizes[0], 2, 1, 2, 1, 0};
      set[i].dimensions = dimensions + 1;
      memcpy(set[i].sizes, sizes, sizeof sizes);
    }
    write_set(path, folder, set);
    CU_ASSERT_EQUAL_FATAL(load(&data, path), NNT_OK);
    CU_ASSERT_EQUAL(data.info.dimensions, (size_t)dimensions);
    CU_ASSERT_EQUAL(data.info.features, dimensions < 3 ? 2 : 4);
    free(data.memory);
  }
  folder_remove(folder);
}

static void there_may_be_65535_classes(void)
{
  static unsigned short const labels[3] = {0, 65534, 7};
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  loaded data;
  folder_make(folder);
  good_set(set);
  set[TRAIN_LABELS_AT].file_type = H5T_STD_U16LE;
  set[TRAIN_LABELS_AT].memory_type = H5T_NATIVE_USHORT;
  set[TRAIN_LABELS_AT].values = labels;
  write_set(path, folder, set);
  CU_ASSERT_EQUAL_FATAL(load(&data, path), NNT_OK);
  CU_ASSERT_EQUAL(data.info.classes, 65535);
  CU_ASSERT_EQUAL(data.train.labels[1], 65534);
  free(data.memory);
  folder_remove(folder);
}

/* Puts another dataset in place of a good one and expects a refusal. */
static void refuse(const char *folder, int at, const content *other, const char *said)
{
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  good_set(set);
  set[at] = *other;
  write_set(path, folder, set);
  expect_failure(path, NNT_EDATA, said);
}

static void labels_out_of_range_are_refused(void)
{
  static long long const negative[3] = {0, 1, -1};
  static long long const large[3] = {0, 65535, 1};
  static long long const beyond[2] = {1, 3};
  static unsigned long long const largest[3] = {UINT64_MAX, 0, 1};
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  content labels = {.file_type = H5T_STD_I64LE,
                    .memory_type = H5T_NATIVE_LLONG,
                    .dimensions = 1,
                    .sizes = {3},
                    .values = negative};
  refuse(folder, TRAIN_LABELS_AT, &labels, "/train/labels: label -1 of sample 2 is not");
  labels.values = large;
  refuse(folder, TRAIN_LABELS_AT, &labels, "/train/labels: label 65535 of sample 1 is not");
  labels.file_type = H5T_STD_U64LE;
  labels.memory_type = H5T_NATIVE_ULLONG;
  labels.values = largest;
  refuse(folder, TRAIN_LABELS_AT, &labels, "of sample 0 is not within 0..65534");
  labels.file_type = H5T_STD_I64LE;
  labels.memory_type = H5T_NATIVE_LLONG;
  labels.sizes[0] = 2;
  labels.values = beyond;
  refuse(folder, TEST_LABELS_AT, &labels,
         "/test/labels: label 3 of sample 1 is out of range: the training labels end at 2");
  folder_remove(folder);
}

static void labels_of_the_wrong_kind_are_refused(void)
{
  static double const reals[6] = {0.0, 1.0, 2.0, 0.0, 1.0, 2.0};
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  content labels = {.file_type = H5T_IEEE_F64LE,
                    .memory_type = H5T_NATIVE_DOUBLE,
                    .dimensions = 1,
                    .sizes = {3, 2},
                    .values = reals};
  refuse(folder, TRAIN_LABELS_AT, &labels, "/train/labels is float64 in 1 dimensions");
  labels.file_type = H5T_STD_I32LE;
  labels.dimensions = 2;
  refuse(folder, TRAIN_LABELS_AT, &labels, "/train/labels is int32 in 2 dimensions");
  labels.dimensions = 1;
  labels.sizes[0] = 4;
  refuse(folder, TRAIN_LABELS_AT, &labels, "/train has 3 images, but 4 labels");
  labels.sizes[0] = 3;
  labels.values = NULL;
  refuse(folder, TRAIN_LABELS_AT, &labels, "/train/labels was announced, but never written");
  folder_remove(folder);
}

static void images_of_the_wrong_kind_are_refused(void)
{
  char folder[NNT_PATH_SIZE];
  content set[CONTENTS];
  folder_make(folder);
  good_set(set);
  content images = set[TRAIN_IMAGES_AT];
  images.file_type = H5T_STD_I16LE;
  refuse(folder, TRAIN_IMAGES_AT, &images, "/train/images is int16; uint8 or a float type");
  images.file_type = H5T_STD_I8LE;
  refuse(folder, TRAIN_IMAGES_AT, &images, "/train/images is int8; uint8 or a float type");
  images.file_type = H5T_STD_U64BE;
  refuse(folder, TEST_IMAGES_AT, &images, "/test/images is uint64; uint8 or a float type");
  images.file_type = H5T_C_S1;
  images.values = NULL;
  refuse(folder, TRAIN_IMAGES_AT, &images, "of a type that is no number; uint8 or a float");
  folder_remove(folder);
}

static void images_of_the_wrong_shape_are_refused(void)
{
  char folder[NNT_PATH_SIZE];
  content set[CONTENTS];
  folder_make(folder);
  good_set(set);
  content images = set[TEST_IMAGES_AT];
  images.sizes[1] = 3;
  images.sizes[2] = 2;
  refuse(folder, TEST_IMAGES_AT, &images,
         "/test/images are uint8 of shape 3x2, but /train/images uint8 of 2x3");
  images = set[TEST_IMAGES_AT];
  images.file_type = H5T_IEEE_F32LE;
  refuse(folder, TEST_IMAGES_AT, &images, "/test/images are float of shape 2x3");
  images = set[TRAIN_IMAGES_AT];
  images.dimensions = 1;
  refuse(folder, TRAIN_IMAGES_AT, &images, "/train/images has shape (3); 1 to");
  images.dimensions = 6;
  images.sizes[3] = images.sizes[4] = images.sizes[5] = 1;
  refuse(folder, TRAIN_IMAGES_AT, &images, "/train/images has shape ()");
  images = set[TRAIN_IMAGES_AT];
  images.sizes[0] = 0;
  refuse(folder, TRAIN_IMAGES_AT, &images, "/train/images has shape (0x2x3); 1 to");
  folder_remove(folder);
}

/* Announcing costs an attacker nothing: ten million images in a file of a few kilobytes. */
static void images_must_have_been_written(void)
{
  char folder[NNT_PATH_SIZE];
  content set[CONTENTS];
  folder_make(folder);
  good_set(set);
  content images = set[TRAIN_IMAGES_AT];
  images.values = NULL;
  refuse(folder, TRAIN_IMAGES_AT, &images, "/train/images was announced, but never written");
  images.sizes[0] = 10000000;
  images.sizes[1] = images.sizes[2] = 28;
  images.compressed = true;
  refuse(folder, TRAIN_IMAGES_AT, &images, "/train/images was announced, but never written");
  images.sizes[0] = (hsize_t)1 << 40U;
  refuse(folder, TRAIN_IMAGES_AT, &images, "/train/images has shape (1099511627776x28x28)");
  images.sizes[0] = 3;
  images.sizes[1] = images.sizes[2] = (hsize_t)1 << 31U;
  refuse(folder, TRAIN_IMAGES_AT, &images, "(3x2147483648x2147483648)");
  folder_remove(folder);
}

static void pixels_that_are_no_numbers_are_refused(void)
{
  double const bad[] = {NAN, INFINITY, -INFINITY, 1e300};
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    double values[18] = {0.0};
    char path[NNT_PATH_SIZE];
    content set[CONTENTS];
    values[13] = bad[i]; /* of 18: in the third of the training images */
    good_set(set);
    set[TRAIN_IMAGES_AT].file_type = set[TEST_IMAGES_AT].file_type = H5T_IEEE_F64LE;
    set[TRAIN_IMAGES_AT].memory_type = set[TEST_IMAGES_AT].memory_type = H5T_NATIVE_DOUBLE;
    set[TRAIN_IMAGES_AT].values = set[TEST_IMAGES_AT].values = values;
    write_set(path, folder, set);
    expect_failure(path, NNT_EDATA, "/train/images: sample 2 has a value that is not finite");
  }
  folder_remove(folder);
}

static void missing_datasets_are_named(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  folder_make(folder);
  for (size_t i = 0; i < CONTENTS; i++) {
    char said[64];
    good_set(set);
    write_set(path, folder, set);
    hid_t const file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    CU_ASSERT(H5Ldelete(file, paths[i], H5P_DEFAULT) >= 0);
    CU_ASSERT(H5Fclose(file) >= 0);
    (void)snprintf(said, sizeof said, "has no dataset /%s; /train/images,", paths[i]);
    expect_failure(path, NNT_EDATA, said);
  }
  CU_ASSERT(H5Fclose(file_new(path, folder)) >= 0);
  expect_failure(path, NNT_EDATA, "has no dataset /train/images");
  folder_remove(folder);
}

/* A good file beside it, to which links could lead. */
static void store_secret(const char *folder)
{
  char path[NNT_PATH_SIZE];
  char moved[NNT_PATH_SIZE];
  content set[CONTENTS];
  good_set(set);
  write_set(path, folder, set);
  path_in(moved, folder, "secret.h5");
  CU_ASSERT_EQUAL(rename(path, moved), 0);
}

static void links_out_of_the_file_are_not_followed(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  store_secret(folder);
  hid_t file = file_new(path, folder);
  CU_ASSERT(H5Lcreate_external("secret.h5", "/train", file, "train", H5P_DEFAULT, H5P_DEFAULT) >=
            0);
  CU_ASSERT(H5Lcreate_external("secret.h5", "/test", file, "test", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  CU_ASSERT(H5Fclose(file) >= 0);
  expect_failure(path, NNT_EDATA, "has no dataset /train/images");

  file = file_new(path, folder);
  hid_t const group = H5Gcreate2(file, "train", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  CU_ASSERT(H5Lcreate_external("secret.h5", "/train/images", group, "images", H5P_DEFAULT,
                               H5P_DEFAULT) >= 0);
  CU_ASSERT(H5Gclose(group) >= 0);
  CU_ASSERT(H5Fclose(file) >= 0);
  expect_failure(path, NNT_EDATA, "has no dataset /train/images");
  folder_remove(folder);
}

/* Replaces train/images by a dataset whose values are elsewhere, as `properties` say. */
static void store_elsewhere(char path[NNT_PATH_SIZE], const char *folder, hid_t properties)
{
  content set[CONTENTS];
  hsize_t const sizes[3] = {3, 2, 3};
  good_set(set);
  write_set(path, folder, set);
  hid_t const file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  hid_t const space = H5Screate_simple(3, sizes, NULL);
  CU_ASSERT(H5Ldelete(file, "train/images", H5P_DEFAULT) >= 0);
  hid_t const dataset =
      H5Dcreate2(file, "train/images", H5T_STD_U8LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  CU_ASSERT(dataset >= 0);
  (void)H5Dclose(dataset);
  (void)H5Sclose(space);
  CU_ASSERT(H5Fclose(file) >= 0);
}

static void values_outside_of_the_file_are_not_read(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  char secret[NNT_PATH_SIZE];
  hsize_t const sizes[3] = {3, 2, 3};
  folder_make(folder);
  store_secret(folder);
  path_in(secret, folder, "secret.h5");

  hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  CU_ASSERT(H5Pset_external(properties, secret, 0, 18) >= 0);
  store_elsewhere(path, folder, properties);
  (void)H5Pclose(properties);
  expect_failure(path, NNT_EDATA, "the values of /train/images are outside of the file");

  hid_t const space = H5Screate_simple(3, sizes, NULL);
  properties = H5Pcreate(H5P_DATASET_CREATE);
  CU_ASSERT(H5Pset_virtual(properties, space, secret, "train/images", space) >= 0);
  store_elsewhere(path, folder, properties);
  (void)H5Pclose(properties);
  (void)H5Sclose(space);
  expect_failure(path, NNT_EDATA, "the values of /train/images are outside of the file");
  folder_remove(folder);
}

static void files_that_are_cut_short_are_refused(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  struct stat about;
  folder_make(folder);
  good_set(set);
  write_set(path, folder, set);
  CU_ASSERT_EQUAL(stat(path, &about), 0);
  for (off_t size = about.st_size - 1; size > 8; size -= 97) {
    CU_ASSERT_EQUAL(truncate(path, size), 0);
    expect_failure(path, NNT_EDATA, path);
  }
  CU_ASSERT_EQUAL(truncate(path, 0), 0);
  expect_failure(path, NNT_EDATA, "data.h5 is not HDF5, although its name says so");
  folder_remove(folder);
}

/* Overwrites the stored bytes of a compressed dataset, which carries checksums. */
static void damaged_values_are_refused(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  for (size_t at = 0; at < CONTENTS; at++) {
    content set[CONTENTS];
    char said[64];
    haddr_t place = 0;
    hsize_t size = 0;
    hsize_t const first[3] = {0};
    unsigned mask = 0;
    good_set(set);
    set[at].compressed = true;
    write_set(path, folder, set);
    hid_t const file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t const dataset = H5Dopen2(file, paths[at], H5P_DEFAULT);
    CU_ASSERT(H5Dget_chunk_info_by_coord(dataset, first, &mask, &place, &size) >= 0);
    (void)H5Dclose(dataset);
    (void)H5Fclose(file);
    int const bytes = open(path, O_WRONLY);
    CU_ASSERT_EQUAL(pwrite(bytes, "\xAA\x55\xAA", 3, (off_t)(place + size - 4)), 3);
    (void)close(bytes);
    (void)snprintf(said, sizeof said, "/%s cannot be read: the file is damaged", paths[at]);
    expect_failure(path, NNT_EDATA, said);
  }
  folder_remove(folder);
}

/* HDF5 by itself prints a page for each failure. */
static void failures_print_nothing(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  char spoken[NNT_PATH_SIZE];
  content set[CONTENTS];
  loaded data;
  struct stat about;
  folder_make(folder);
  good_set(set);
  write_set(path, folder, set);
  CU_ASSERT_EQUAL(truncate(path, 1000), 0);
  path_in(spoken, folder, "spoken");
  (void)fflush(stderr);
  int const kept = dup(STDERR_FILENO);
  int const file = open(spoken, O_CREAT | O_WRONLY, 0600);
  CU_ASSERT_FATAL(kept >= 0 && file >= 0);
  CU_ASSERT(dup2(file, STDERR_FILENO) >= 0);
  nnt_status const status = load(&data, path);
  (void)fflush(stderr);
  CU_ASSERT(dup2(kept, STDERR_FILENO) >= 0);
  (void)close(kept);
  (void)close(file);
  CU_ASSERT_EQUAL(status, NNT_EDATA);
  CU_ASSERT_EQUAL(stat(spoken, &about), 0);
  CU_ASSERT_EQUAL(about.st_size, 0);
  folder_remove(folder);
}

static CU_TestInfo tests[] = {
    {"bytes are read", bytes_are_read},
    {"floats of any size are read as float32", floats_of_any_size_are_read_as_float32},
    {"labels of any width are read", labels_of_any_width_are_read},
    {"images have one to four dimensions", images_have_one_to_four_dimensions},
    {"there may be 65535 classes", there_may_be_65535_classes},
    {"labels out of range are refused", labels_out_of_range_are_refused},
    {"labels of the wrong kind are refused", labels_of_the_wrong_kind_are_refused},
    {"images of the wrong kind are refused", images_of_the_wrong_kind_are_refused},
    {"images of the wrong shape are refused", images_of_the_wrong_shape_are_refused},
    {"images must have been written", images_must_have_been_written},
    {"pixels that are no numbers are refused", pixels_that_are_no_numbers_are_refused},
    {"missing datasets are named", missing_datasets_are_named},
    {"links out of the file are not followed", links_out_of_the_file_are_not_followed},
    {"values outside of the file are not read", values_outside_of_the_file_are_not_read},
    {"files that are cut short are refused", files_that_are_cut_short_are_refused},
    {"damaged values are refused", damaged_values_are_refused},
    {"failures print nothing", failures_print_nothing},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("data hdf5", tests);
