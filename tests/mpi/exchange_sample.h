/** What tests of the exchange share: numbers, the tree, and cuts into tiles. */
#ifndef MPI_EXCHANGE_SAMPLE_H
#define MPI_EXCHANGE_SAMPLE_H

#include <math.h>
#include <stdlib.h>

#include "comm/exchange.h"
#include "suite.h"

/** A leaf's gradient: numbers of very different size, so that another order of addition shows. */
static inline float leaf_gradient(size_t leaf, size_t i)
{
  uint32_t const mixed = (uint32_t)(leaf * 2654435761U + i * 40503U + 12345U) * 2246822519U;
  float const unit = (float)(mixed >> 8U) / 16777216.0F - 0.5F;
  return ldexpf(unit, (int)(mixed % 23U) - 11);
}

/** The definition of the tree, written once more: split at the largest power of two below n. */
static inline size_t half_of(size_t n)
{
  size_t power = 1;
  while (2 * power < n) {
    power *= 2;
  }
  return power;
}

enum { TILE = 4096 };
static size_t const parameter_counts[] = {1, 7, 4096, 4097, 20000};
enum { PARAMETER_COUNTS = sizeof parameter_counts / sizeof *parameter_counts };

/** How parameters are cut into tiles. */
typedef enum cut { CUT_EVEN, CUT_UNEVEN, CUT_ONE } cut;

/** Where tile t begins: every 4096 floats; after 1, 2, 4, ... floats, so that half of them are in
 *  the last tile; or nowhere but at the beginning. */
static inline size_t tile_begin(cut how, size_t t)
{
  if (t == 0) return 0;
  if (how == CUT_ONE) return SIZE_MAX;
  return how == CUT_EVEN ? t * TILE : (size_t)1 << (t - 1);
}

/** Fills in (*tiles + 1) places. The caller frees them. */
static inline size_t *tiles_create(cut how, size_t parameters, size_t *tiles)
{
  size_t *const first = calloc(parameters + 1, sizeof *first);
  *tiles = 0;
  while (tile_begin(how, *tiles) < parameters) {
    first[*tiles] = tile_begin(how, *tiles);
    ++*tiles;
  }
  first[*tiles] = parameters;
  return first;
}

/** Collective. */
static inline nnt_status exchange_create(nnt_exchange **out, nnt_exchange_kind kind,
                                         size_t parameters, cut how, size_t microbatches)
{
  size_t tiles = 0;
  size_t *const first = tiles_create(how, parameters, &tiles);
  nnt_exchange_shape const shape = {
      .kind = kind, .tiles = tiles, .tile_first = first, .microbatches = microbatches};
  nnt_status const status = nnt_exchange_create(out, test_comm, &shape);
  free(first);
  return status;
}

#endif
