/** Sparse rows for tests of the kernels. */
#ifndef UNIT_SPARSE_SAMPLE_H
#define UNIT_SPARSE_SAMPLE_H

#include "kernel_sample.h"

/** Rows with their zeros and without. Row 0 is empty, row 1 full, a group of columns is zero in all
 *  others. */
typedef struct sparse_rows {
  size_t count;
  size_t inputs;
  float *dense; /* (count, inputs) */
  uint64_t *start;
  uint16_t *column;
  uint8_t *level; /* NULL: values are not taken from a table */
  float *value;
  size_t *sample; /* all rows, from the last to the first */
  nnt_sparse x;
} sparse_rows;

static inline void *array_create(size_t count, size_t size)
{
  void *memory = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_memory_create(&memory, count + 1, size, "an array"), NNT_OK);
  return memory;
}

static inline bool is_zero(size_t row, size_t column, size_t inputs)
{
  if (row == 0 || (row > 1 && column / 4 == 1)) return true;
  return row > 1 && test_number(7, row * inputs + column) < 0.2;
}

static inline void add_element(sparse_rows *rows, size_t row, size_t column, uint64_t *k)
{
  size_t const at = row * rows->inputs + column;
  if (is_zero(row, column, rows->inputs)) return;
  rows->column[*k] = (uint16_t)column;
  if (rows->level != NULL) {
    rows->level[*k] = (uint8_t)(1 + at % 255);
  } else {
    rows->value[*k] = rough_number(8, at);
  }
  rows->dense[at] = rows->level != NULL ? rows->value[1 + at % 255] : rows->value[*k];
  ++*k;
}

static inline sparse_rows rows_create(size_t count, size_t inputs, bool levels)
{
  size_t const places = count * inputs;
  sparse_rows rows = {.count = count,
                      .inputs = inputs,
                      .dense = array_create(places, sizeof(float)),
                      .start = array_create(count, sizeof(uint64_t)),
                      .column = array_create(places, sizeof(uint16_t)),
                      .level = levels ? array_create(places, 1) : NULL,
                      .value = array_create(levels ? 256 : places, sizeof(float)),
                      .sample = array_create(count, sizeof(size_t))};
  for (size_t i = 0; levels && i < 256; i++) {
    rows.value[i] = (float)i / 255.0F;
  }
  uint64_t k = 0;
  for (size_t row = 0; row < count; row++) {
    rows.start[row] = k;
    rows.sample[row] = count - 1 - row;
    for (size_t column = 0; column < inputs; column++) {
      add_element(&rows, row, column, &k);
    }
  }
  rows.start[count] = k;
  rows.x = (nnt_sparse){rows.start, rows.column, rows.level, rows.value};
  return rows;
}

static inline void rows_destroy(const sparse_rows *rows)
{
  free(rows->dense);
  free(rows->start);
  free(rows->column);
  free(rows->level);
  free(rows->value);
  free(rows->sample);
}

/** The value of a column in the i-th row of `sample`. */
static inline double value_at(const sparse_rows *rows, size_t i, size_t column)
{
  return (double)rows->dense[rows->sample[i] * rows->inputs + column];
}

enum { GAP = 32 };
static size_t const input_counts[] = {1, 2, 3, 17, 64, 101};
static size_t const widths[] = {16, 32, 48, 64};
enum { INPUT_COUNTS = 6, WIDTHS = 4 };

#endif
