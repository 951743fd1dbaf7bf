#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data_hdf5_sample.h"

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
  labels.file_type = H5T_C_S1;
  refuse(folder, TRAIN_LABELS_AT, &labels, "/train/labels is of a type that is no number in 1");
  labels.file_type = H5T_STD_I32LE;
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

/* A file in which only the first of ten million items has been written. */
static void write_first_only(char path[NNT_PATH_SIZE], const char *folder, content set[CONTENTS],
                             size_t at)
{
  hsize_t const first[3] = {0};
  hsize_t const one[3] = {1, 2, 3};
  set[at].values = NULL;
  set[at].compressed = true;
  set[at].sizes[0] = 10000000;
  write_set(path, folder, set);
  hid_t const file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  hid_t const dataset = H5Dopen2(file, paths[at], H5P_DEFAULT);
  hid_t const here = H5Screate_simple(set[at].dimensions, one, NULL);
  hid_t const there = H5Dget_space(dataset);
  CU_ASSERT(H5Sselect_hyperslab(there, H5S_SELECT_SET, first, NULL, one, NULL) >= 0);
  CU_ASSERT(H5Dwrite(dataset, H5T_NATIVE_UCHAR, here, there, H5P_DEFAULT, bytes_of_images) >= 0);
  CU_ASSERT(H5Dget_storage_size(dataset) > 0);
  (void)H5Sclose(there);
  (void)H5Sclose(here);
  (void)H5Dclose(dataset);
  CU_ASSERT(H5Fclose(file) >= 0);
}

static void one_item_is_not_ten_millions(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  folder_make(folder);
  good_set(set);
  write_first_only(path, folder, set, TRAIN_IMAGES_AT);
  expect_failure(path, NNT_EDATA, "/train/images was announced, but never written");

  good_set(set);
  unsigned char *const images = room_for(10000000);
  set[TEST_IMAGES_AT].values = images;
  set[TEST_IMAGES_AT].dimensions = set[TRAIN_IMAGES_AT].dimensions = 2;
  set[TEST_IMAGES_AT].sizes[0] = 10000000;
  set[TEST_IMAGES_AT].sizes[1] = set[TRAIN_IMAGES_AT].sizes[1] = 1;
  write_first_only(path, folder, set, TEST_LABELS_AT);
  expect_failure(path, NNT_EDATA, "/test/labels was announced, but never written");
  free(images);
  folder_remove(folder);
}

static void pixels_that_are_no_numbers_are_refused(void)
{
  double const bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 1e300};
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

/* Neither a single value nor none is a list; nor is a group a dataset. */
static void what_has_no_extent_is_refused(void)
{
  static H5S_class_t const kinds[] = {H5S_SCALAR, H5S_NULL};
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  folder_make(folder);
  good_set(set);
  for (size_t k = 0; k < (size_t)2 * CONTENTS; k++) {
    size_t const at = k / 2;
    write_set(path, folder, set);
    hid_t const file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t const space = H5Screate(kinds[k % 2]);
    CU_ASSERT(H5Ldelete(file, paths[at], H5P_DEFAULT) >= 0);
    hid_t const dataset = H5Dcreate2(file, paths[at], set[at].file_type, space, H5P_DEFAULT,
                                     H5P_DEFAULT, H5P_DEFAULT);
    CU_ASSERT(dataset >= 0);
    (void)H5Dclose(dataset);
    (void)H5Sclose(space);
    CU_ASSERT(H5Fclose(file) >= 0);
    expect_failure(path, NNT_EDATA,
                   at % 2 == 0 ? "/images has shape ()" : "/labels is int32 in 0 dimensions");
  }
  hid_t const file = file_new(path, folder);
  hid_t const links = H5Pcreate(H5P_LINK_CREATE);
  CU_ASSERT(H5Pset_create_intermediate_group(links, 1) >= 0);
  CU_ASSERT(H5Gclose(H5Gcreate2(file, paths[0], links, H5P_DEFAULT, H5P_DEFAULT)) >= 0);
  (void)H5Pclose(links);
  CU_ASSERT(H5Fclose(file) >= 0);
  expect_failure(path, NNT_EDATA, "has no dataset /train/images");
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
    {"labels out of range are refused", labels_out_of_range_are_refused},
    {"labels of the wrong kind are refused", labels_of_the_wrong_kind_are_refused},
    {"images of the wrong kind are refused", images_of_the_wrong_kind_are_refused},
    {"images of the wrong shape are refused", images_of_the_wrong_shape_are_refused},
    {"images must have been written", images_must_have_been_written},
    {"one item is not ten millions", one_item_is_not_ten_millions},
    {"pixels that are no numbers are refused", pixels_that_are_no_numbers_are_refused},
    {"missing datasets are named", missing_datasets_are_named},
    {"what has no extent is refused", what_has_no_extent_is_refused},
    {"files that are cut short are refused", files_that_are_cut_short_are_refused},
    {"damaged values are refused", damaged_values_are_refused},
    {"failures print nothing", failures_print_nothing},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("data hdf5 refused", tests);
