/** What the tests of IDX files share: the four files, compressed or not. */
#ifndef UNIT_IDX_SAMPLE_H
#define UNIT_IDX_SAMPLE_H

#include <zlib.h>

#include "data_sample.h"

static char const *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                    "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

#define BYTES(text) text, sizeof(text) - 1

static struct {
  char const *bytes;
  size_t size;
} const good[] = {
    {BYTES(TRAIN_IMAGES)}, {BYTES(TRAIN_LABELS)}, {BYTES(TEST_IMAGES)}, {BYTES(TEST_LABELS)}};

static inline void remove_in(const char *folder, const char *name)
{
  char path[NNT_PATH_SIZE];
  path_in(path, folder, name);
  CU_ASSERT_EQUAL(remove(path), 0);
}

static inline void gzip_store(const char *folder, const char *name, const void *data, size_t bytes)
{
  char path[NNT_PATH_SIZE];
  path_in(path, folder, name);
  gzFile file = gzopen(path, "wb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL(gzwrite(file, data, (unsigned)bytes), (int)bytes);
  CU_ASSERT_EQUAL(gzclose(file), Z_OK);
}

/* The small set, as data_sample.h has it. */
static inline void check_small_set(const char *folder)
{
  static unsigned char const train[18] = {0,  1,  2,  3,   4,   5,   10,  11,  12,
                                          13, 14, 15, 250, 251, 252, 253, 254, 255};
  static unsigned char const test[12] = {32, 33, 34, 35, 36, 37, 48, 49, 50, 51, 52, 53};
  static uint16_t const train_labels[3] = {0, 2, 1};
  static uint16_t const test_labels[2] = {1, 0};
  loaded data;
  CU_ASSERT_EQUAL_FATAL(load(&data, folder), NNT_OK);
  CU_ASSERT_EQUAL(data.info.train_count, 3);
  CU_ASSERT_EQUAL(data.info.test_count, 2);
  CU_ASSERT_EQUAL(data.info.dimensions, 2);
  CU_ASSERT_EQUAL(data.info.shape[0], 2);
  CU_ASSERT_EQUAL(data.info.shape[1], 3);
  CU_ASSERT_EQUAL(data.info.features, 6);
  CU_ASSERT_EQUAL(data.info.classes, 3);
  CU_ASSERT_EQUAL(data.info.pixel, NNT_PIXEL_UINT8);
  CU_ASSERT_FALSE(data.info.generated);
  CU_ASSERT_EQUAL(memcmp(data.train.images, train, sizeof train), 0);
  CU_ASSERT_EQUAL(memcmp(data.test.images, test, sizeof test), 0);
  CU_ASSERT_EQUAL(memcmp(data.train.labels, train_labels, sizeof train_labels), 0);
  CU_ASSERT_EQUAL(memcmp(data.test.labels, test_labels, sizeof test_labels), 0);
  free(data.memory);
}

#endif
