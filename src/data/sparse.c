/* The sparse form of a data set: only non-zero pixels, as float32. */
#include <string.h>

#include "base/supply.h"
#include "data/private.h"

uint64_t nnt_samples_nonzeros(const nnt_samples *samples)
{
  size_t const pixels = samples->count * samples->features;
  uint64_t nonzeros = 0;
  if (samples->pixel == NNT_PIXEL_UINT8) {
    unsigned char const *const images = samples->images;
    for (size_t i = 0; i < pixels; i++) {
      nonzeros += images[i] != 0;
    }
  } else {
    float const *const images = samples->images;
    for (size_t i = 0; i < pixels; i++) {
      nonzeros += images[i] != 0.0F;
    }
  }
  return nonzeros;
}

/* Every pixel is written, and counts only if it is not zero: no branch to mispredict. One element
 * more than the non-zeros is touched. */
static size_t add_bytes(const unsigned char *image, size_t features, uint16_t *column,
                        uint8_t *level)
{
  size_t count = 0;
  for (size_t i = 0; i < features; i++) {
    column[count] = (uint16_t)i;
    level[count] = image[i];
    count += image[i] != 0;
  }
  return count;
}

static size_t add_floats(const float *image, size_t features, uint16_t *column, float *value)
{
  size_t count = 0;
  for (size_t i = 0; i < features; i++) {
    column[count] = (uint16_t)i;
    value[count] = image[i];
    count += image[i] != 0.0F;
  }
  return count;
}

/* The arrays, one behind the other; `level` is NULL for float32. */
typedef struct arrays {
  uint64_t *start;
  uint16_t *labels;
  uint16_t *column;
  float *value;
  uint8_t *level;
} arrays;

static arrays place(const nnt_samples *samples, uint64_t nonzeros, nnt_supply *from)
{
  bool const bytes = samples->pixel == NNT_PIXEL_UINT8;
  size_t const places = (size_t)nonzeros + 1;
  arrays it;
  it.start = nnt_supply_take(from, samples->count + 1, sizeof *it.start);
  it.labels = nnt_supply_take(from, samples->count, sizeof *it.labels);
  it.column = nnt_supply_take(from, places, sizeof *it.column);
  it.value = nnt_supply_take(from, bytes ? 256 : places, sizeof *it.value);
  it.level = nnt_supply_take(from, bytes ? places : 0, sizeof *it.level);
  return it;
}

size_t nnt_sparse_bytes(const nnt_samples *samples, uint64_t nonzeros)
{
  nnt_supply counted = {.fits = true};
  (void)place(samples, nonzeros, &counted);
  return counted.used;
}

void nnt_sparse_build(const nnt_samples *samples, uint64_t nonzeros, void *memory)
{
  nnt_supply from = {.base = memory, .fits = true};
  arrays const it = place(samples, nonzeros, &from);
  if (it.level != NULL) nnt_pixel_values(it.value);
  memcpy(it.labels, samples->labels, samples->count * sizeof *it.labels);
  size_t at = 0;
  it.start[0] = 0;
  for (size_t i = 0; i < samples->count; i++) {
    size_t const first = i * samples->features;
    at += it.level != NULL ? add_bytes((unsigned char const *)samples->images + first,
                                       samples->features, it.column + at, it.level + at)
                           : add_floats((float const *)samples->images + first, samples->features,
                                        it.column + at, it.value + at);
    it.start[i + 1] = at;
  }
}

nnt_samples nnt_sparse_view(const nnt_samples *plain, uint64_t nonzeros, void *memory)
{
  nnt_supply from = {.base = memory, .fits = true};
  arrays const it = place(plain, nonzeros, &from);
  nnt_samples view = *plain;
  view.images = NULL;
  view.labels = it.labels;
  view.sparse = (nnt_sparse){it.start, it.column, it.level, it.value};
  return view;
}
