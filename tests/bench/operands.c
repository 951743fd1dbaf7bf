#include "operands.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/supply.h"
#include "layers/layer.h"

enum { MARGIN = 4, RUN_MIN = 3, RUN_MAX = 5, LEVELS = 256 };

/* Numerical Recipes' quick generator: any numbers will do, if they are neither 0 nor tiny. */
static uint32_t draw(uint32_t *state)
{
  *state = *state * 1664525U + 1013904223U;
  return *state >> 8U;
}

static void fill(float *x, size_t count)
{
  uint32_t state = 1;
  for (size_t i = 0; i < count; i++) {
    x[i] = (float)draw(&state) / (float)(1U << 24U) - 0.5F;
  }
}

/* The arrays of the sparse rows, while they are filled. */
typedef struct pixels {
  uint64_t *start;
  uint16_t *column;
  uint8_t *level;
  float *value;
} pixels;

/* Without a base, only counts. */
static pixels place(operands *data, nnt_supply *from)
{
  size_t const in = nnt_padded(data->in);
  data->x = nnt_supply_take(from, data->rows * data->x_stride, sizeof *data->x);
  data->w = nnt_supply_take(from, in * data->y_stride, sizeof *data->w);
  data->bias = nnt_supply_take(from, data->y_stride, sizeof *data->bias);
  data->y = nnt_supply_take(from, data->rows * data->y_stride, sizeof *data->y);
  size_t const images = data->in == PIXELS ? data->rows : 0;
  data->sample = nnt_supply_take(from, images, sizeof *data->sample);
  size_t const room = images == 0 ? 0 : nnt_index_room(images / LEAVES, data->groups);
  for (size_t l = 0; l < LEAVES; l++) {
    data->index[l] = (nnt_group_index){
        .start = nnt_supply_take(from, images == 0 ? 0 : data->groups + 1, sizeof(uint32_t)),
        .entry = nnt_supply_take(from, room, sizeof(uint64_t))};
  }
  data->scratch =
      nnt_supply_take(from, images == 0 ? 0 : nnt_index_scratch(images / LEAVES, data->groups), 1);
  pixels it;
  it.start = nnt_supply_take(from, images == 0 ? 0 : images + 1, sizeof *it.start);
  it.column = nnt_supply_take(from, images * PIXELS, sizeof *it.column);
  it.level = nnt_supply_take(from, images * PIXELS, sizeof *it.level);
  it.value = nnt_supply_take(from, images == 0 ? 0 : LEVELS, sizeof *it.value);
  return it;
}

/* A run of non-zeros that begins in the first half of the columns given; returns the new end. */
static uint64_t draw_run(const pixels *it, uint64_t end, size_t first, uint32_t *state)
{
  size_t const half = (IMAGE_SIDE - 2 * MARGIN) / 4;
  size_t const begin = first + draw(state) % (half + 1);
  size_t const length = RUN_MIN + draw(state) % (RUN_MAX - RUN_MIN + 1);
  for (size_t i = begin; i < begin + length; i++) {
    it->column[end] = (uint16_t)i;
    it->level[end++] = (uint8_t)(1 + draw(state) % (LEVELS - 1));
  }
  return end;
}

static void draw_images(operands *data, const pixels *it)
{
  size_t const middle = IMAGE_SIDE / 2;
  uint32_t state = 2;
  uint64_t end = 0;
  for (size_t level = 0; level < LEVELS; level++) {
    it->value[level] = (float)level / (float)(LEVELS - 1);
  }
  for (size_t row = 0; row < data->rows; row++) {
    data->sample[row] = row;
    it->start[row] = end;
    for (size_t line = MARGIN; line < IMAGE_SIDE - MARGIN; line++) {
      end = draw_run(it, end, line * IMAGE_SIDE + MARGIN, &state);
      end = draw_run(it, end, line * IMAGE_SIDE + middle, &state);
    }
  }
  it->start[data->rows] = end;
  data->images = (nnt_sparse){it->start, it->column, it->level, it->value};
}

nnt_status operands_create(operands *out, size_t rows, size_t in, size_t out_count)
{
  *out = (operands){.rows = rows,
                    .in = in,
                    .out = out_count,
                    .x_stride = nnt_row_stride(in),
                    .y_stride = nnt_row_stride(out_count),
                    .groups = nnt_groups(in),
                    .leaves = {LEAVES, out->first_row}};
  nnt_supply counted = {.fits = true};
  (void)place(out, &counted);
  NNT_TRY(nnt_memory_create(&out->memory, counted.used, 1, "the operands"));
  nnt_supply from = {.base = out->memory, .fits = true};
  pixels const it = place(out, &from);
  fill(out->x, rows * out->x_stride);
  fill(out->w, nnt_padded(in) * out->y_stride);
  fill(out->bias, out->y_stride);
  fill(out->y, rows * out->y_stride);
  for (size_t l = 0; l <= LEAVES; l++) {
    out->first_row[l] = l * (rows / LEAVES);
  }
  if (in != PIXELS) return NNT_OK;
  draw_images(out, &it);
  operands_index(out, nnt_kernels_of(NNT_ISA_BASELINE));
  return NNT_OK;
}

void operands_clear(operands *data) { free(data->memory); }

void operands_index(const operands *data, const nnt_kernels *kernels)
{
  for (size_t l = 0; l < LEAVES; l++) {
    size_t const row = data->first_row[l];
    kernels->sparse_index(&data->images, data->sample + row, data->first_row[l + 1] - row, row,
                          data->groups, data->scratch, &data->index[l]);
  }
}

size_t operands_nonzeros(const operands *data) { return data->images.start[data->rows]; }

size_t operands_entries(const operands *data)
{
  size_t entries = 0;
  for (size_t l = 0; l < LEAVES; l++) {
    entries += data->index[l].start[data->groups];
  }
  return entries;
}
