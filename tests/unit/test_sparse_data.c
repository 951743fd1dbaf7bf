/* The sparse form of a data set against its pixels. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "definitions.h"
#include "nntrain/data.h"
#include "suite.h"

enum { ROWS_MAX = 8 };
static uint16_t const labels[ROWS_MAX] = {3, 1, 4, 1, 5, 9, 2, 6};
static size_t const feature_counts[] = {1, 2, 17, 784, NNT_SPARSE_FEATURES_MAX};
enum { FEATURE_COUNTS = sizeof feature_counts / sizeof *feature_counts };

/* Samples and their sparse form. */
typedef struct both {
  nnt_samples plain;
  void *images;
  uint64_t nonzeros;
  char *memory;
  nnt_samples sparse;
} both;

static void *memory_create(size_t bytes)
{
  void *memory = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_memory_create(&memory, bytes + 1, 1, "memory"), NNT_OK);
  return memory;
}

/* Row 0 is empty, row 1 full, the others have both. */
static bool is_zero(size_t row, size_t i)
{
  if (row < 2) return row == 0;
  return test_number(1, row * 100003 + i) < 0.3;
}

static void *images_create(nnt_pixel pixel, size_t rows, size_t features)
{
  if (pixel == NNT_PIXEL_UINT8) {
    unsigned char *const images = memory_create(rows * features);
    for (size_t i = 0; i < rows * features; i++) {
      images[i] = is_zero(i / features, i % features) ? 0 : (unsigned char)(1 + i % 255);
    }
    return images;
  }
  float *const images = memory_create(rows * features * sizeof(float));
  for (size_t i = 0; i < rows * features; i++) {
    /* Minus zero is a zero, and the least number is none. */
    images[i] = (float)(0.5 + test_number(2, i));
    if (i % 5 == 0) images[i] = 0x1p-149F;
    if (is_zero(i / features, i % features)) images[i] = i % 2 == 0 ? 0.0F : -0.0F;
  }
  return images;
}

enum { GUARD = 64 };

static both both_create(nnt_pixel pixel, size_t rows, size_t features)
{
  both b = {.images = images_create(pixel, rows, features)};
  b.plain = (nnt_samples){
      .count = rows, .features = features, .pixel = pixel, .images = b.images, .labels = labels};
  b.nonzeros = nnt_samples_nonzeros(&b.plain);
  size_t const bytes = nnt_sparse_bytes(&b.plain, b.nonzeros);
  b.memory = memory_create(bytes + GUARD);
  memset(b.memory, 0x5A, bytes + GUARD);
  nnt_sparse_build(&b.plain, b.nonzeros, b.memory);
  b.sparse = nnt_sparse_view(&b.plain, b.nonzeros, b.memory);
  for (size_t i = 0; i < GUARD; i++) {
    CU_ASSERT_EQUAL_FATAL(b.memory[bytes + i], 0x5A);
  }
  return b;
}

static void both_destroy(const both *b)
{
  free(b->images);
  free(b->memory);
}

static bool is_pixel_zero(const both *b, size_t at)
{
  if (b->plain.pixel == NNT_PIXEL_UINT8) return ((unsigned char const *)b->plain.images)[at] == 0;
  return ((float const *)b->plain.images)[at] == 0.0F;
}

/* How many entries are not those of the pixels of one sample. */
static size_t wrong_in_row(const both *b, size_t row, const float *pixels)
{
  nnt_sparse const *const x = &b->sparse.sparse;
  uint64_t k = x->start[row];
  size_t wrong = 0;
  for (size_t i = 0; i < b->plain.features; i++) {
    if (is_pixel_zero(b, row * b->plain.features + i)) continue;
    float const value = nnt_sparse_value(x, k);
    wrong += x->column[k] != i || !same_bits(&value, &pixels[i], 1);
    k++;
  }
  return wrong + (k != x->start[row + 1]);
}

static void check(nnt_pixel pixel, size_t rows, size_t features)
{
  both const b = both_create(pixel, rows, features);
  uint64_t nonzeros = 0;
  for (size_t i = 0; i < rows * features; i++) {
    nonzeros += !is_pixel_zero(&b, i);
  }
  CU_ASSERT_EQUAL(b.nonzeros, nonzeros);
  CU_ASSERT_EQUAL(b.sparse.count, rows);
  CU_ASSERT_EQUAL(b.sparse.features, features);
  CU_ASSERT_PTR_NULL(b.sparse.images);
  CU_ASSERT_EQUAL(memcmp(b.sparse.labels, labels, rows * sizeof *labels), 0);
  CU_ASSERT_EQUAL(b.sparse.sparse.start[0], 0);
  CU_ASSERT_EQUAL(b.sparse.sparse.start[rows], nonzeros);
  CU_ASSERT_EQUAL(b.sparse.sparse.level == NULL, pixel == NNT_PIXEL_FLOAT32);
  float *const pixels = memory_create(features * sizeof *pixels);
  for (size_t row = 0; row < rows; row++) {
    nnt_samples_gather(&b.plain, &row, 1, pixels, features);
    CU_ASSERT_EQUAL(wrong_in_row(&b, row, pixels), 0);
  }
  free(pixels);
  both_destroy(&b);
}

static void the_sparse_form_has_the_pixels_that_are_not_zero(void)
{
  for (size_t i = 0; i < FEATURE_COUNTS; i++) {
    for (size_t rows = 1; rows <= ROWS_MAX; rows += 7) {
      check(NNT_PIXEL_UINT8, rows, feature_counts[i]);
      check(NNT_PIXEL_FLOAT32, rows, feature_counts[i]);
    }
    check(NNT_PIXEL_UINT8, 2, feature_counts[i]);
    check(NNT_PIXEL_FLOAT32, 2, feature_counts[i]);
  }
}

/* The last column number of all must not wrap around. */
static void the_last_column_has_its_number(void)
{
  both const b = both_create(NNT_PIXEL_UINT8, 2, NNT_SPARSE_FEATURES_MAX);
  CU_ASSERT_EQUAL(b.nonzeros, NNT_SPARSE_FEATURES_MAX);
  CU_ASSERT_EQUAL(b.sparse.sparse.column[b.nonzeros - 1], UINT16_MAX);
  both_destroy(&b);
}

/* uint8 takes 3 bytes a non-zero, float32 6, besides 8 + 2 bytes a sample, the table of values and
 * the ends of cache lines. */
static void the_sparse_form_takes_little_memory(void)
{
  nnt_samples samples = {.count = 60000, .features = 784, .pixel = NNT_PIXEL_UINT8};
  uint64_t const nonzeros = 8994156; /* of MNIST's training images */
  size_t const of_samples = samples.count * 10 + 2048;
  CU_ASSERT(nnt_sparse_bytes(&samples, nonzeros) <= 3 * nonzeros + of_samples);
  CU_ASSERT(nnt_sparse_bytes(&samples, nonzeros) >= 3 * nonzeros);
  samples.pixel = NNT_PIXEL_FLOAT32;
  CU_ASSERT(nnt_sparse_bytes(&samples, nonzeros) <= 6 * nonzeros + of_samples);
  CU_ASSERT(nnt_sparse_bytes(&samples, nonzeros) >= 6 * nonzeros);
}

/* A part begins with its own rows, and other ranks see the same through their own addresses. */
static void parts_and_copies_are_views(void)
{
  both const b = both_create(NNT_PIXEL_FLOAT32, ROWS_MAX, 17);
  nnt_samples const part = nnt_samples_part(&b.sparse, (nnt_range){3, 2});
  CU_ASSERT_EQUAL(part.count, 2);
  CU_ASSERT_EQUAL(part.labels[0], labels[3]);
  CU_ASSERT_EQUAL(part.sparse.start[0], b.sparse.sparse.start[3]);
  CU_ASSERT_EQUAL(part.sparse.start[2], b.sparse.sparse.start[5]);
  CU_ASSERT_PTR_EQUAL(part.sparse.column, b.sparse.sparse.column);

  size_t const bytes = nnt_sparse_bytes(&b.plain, b.nonzeros);
  char *const copy = memory_create(bytes);
  memcpy(copy, b.memory, bytes);
  nnt_samples known = b.plain;
  known.images = NULL;
  known.labels = NULL;
  nnt_samples const seen = nnt_sparse_view(&known, b.nonzeros, copy);
  size_t const n = (size_t)b.nonzeros;
  CU_ASSERT(same_bits(seen.sparse.value, b.sparse.sparse.value, n));
  CU_ASSERT_EQUAL(memcmp(seen.sparse.column, b.sparse.sparse.column, n * sizeof(uint16_t)), 0);
  CU_ASSERT_EQUAL(seen.labels[7], labels[7]);
  free(copy);
  both_destroy(&b);
}

static CU_TestInfo tests[] = {
    {"the sparse form has the pixels that are not zero",
     the_sparse_form_has_the_pixels_that_are_not_zero},
    {"the last column has its number", the_last_column_has_its_number},
    {"the sparse form takes little memory", the_sparse_form_takes_little_memory},
    {"parts and copies are views", parts_and_copies_are_views},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("sparse data", tests);
