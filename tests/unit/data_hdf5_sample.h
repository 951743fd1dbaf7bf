/** What the tests of HDF5 data sets share: a good set, to be spoiled and written. */
#ifndef UNIT_DATA_HDF5_SAMPLE_H
#define UNIT_DATA_HDF5_SAMPLE_H

#include <hdf5.h>
#include <stdbool.h>

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
static inline void good_set(content set[CONTENTS])
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

static inline void write_content(hid_t file, const char *path, const content *it)
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

static inline hid_t file_new(char path[NNT_PATH_SIZE], const char *folder)
{
  path_in(path, folder, "data.h5");
  hid_t const file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  CU_ASSERT_FATAL(file >= 0);
  return file;
}

static inline void write_set(char path[NNT_PATH_SIZE], const char *folder,
                             const content set[CONTENTS])
{
  hid_t const file = file_new(path, folder);
  for (size_t i = 0; i < CONTENTS; i++) {
    write_content(file, paths[i], &set[i]);
  }
  CU_ASSERT(H5Fclose(file) >= 0);
}

#endif
