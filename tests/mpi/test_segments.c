/* Segments of parameters, and what is brought together or spread along them. */
#include <math.h>
#include <stdlib.h>

#include "exchange_sample.h"
#include "suite.h"

/* The segments of all ranks, in order, are the parameters; those of tiles are the tiles, and whole
 * tiles they are. */
static void check_segments(nnt_exchange_kind kind, size_t parameters, cut how)
{
  enum { RANKS_MAX = 64 };
  nnt_exchange *exchange = NULL;
  size_t tiles = 0;
  size_t *const first = tiles_create(how, parameters, &tiles);
  nnt_status const status = exchange_create(&exchange, kind, parameters, how, 8);
  int const rank = nnt_comm_rank(test_comm);
  int const size = nnt_comm_size(test_comm);
  int64_t counts[2][RANKS_MAX] = {{0}, {0}};
  nnt_range segment = {0, 0};
  nnt_range own = {0, 0};
  if (status == NNT_OK) {
    segment = nnt_exchange_segment(exchange);
    own = nnt_exchange_tiles(exchange);
    counts[0][rank] = (int64_t)segment.count;
    counts[1][rank] = (int64_t)own.count;
  }
  nnt_exchange_destroy(exchange);
  nnt_comm_sum_integers(test_comm, counts[0], RANKS_MAX);
  nnt_comm_sum_integers(test_comm, counts[1], RANKS_MAX);
  size_t floats = 0;
  size_t before = 0;
  for (int r = 0; r < size; r++) {
    bool const replica = kind == NNT_EXCHANGE_ALLREDUCE;
    if (r == rank) {
      CU_ASSERT_EQUAL(segment.first, replica ? 0 : floats);
      CU_ASSERT_EQUAL(own.first, replica ? 0 : before);
      CU_ASSERT_EQUAL(segment.first, first[own.first]);
      CU_ASSERT_EQUAL(segment.first + segment.count, first[own.first + own.count]);
    }
    floats += (size_t)counts[0][r];
    before += (size_t)counts[1][r];
  }
  size_t const copies = kind == NNT_EXCHANGE_ALLREDUCE ? (size_t)size : 1;
  CU_ASSERT_EQUAL(status, NNT_OK);
  CU_ASSERT_EQUAL(floats, copies * parameters);
  CU_ASSERT_EQUAL(before, copies * tiles);
  free(first);
}

static void segments_are_whole_tiles(void)
{
  for (size_t p = 0; p < PARAMETER_COUNTS; p++) {
    for (int how = CUT_EVEN; how <= CUT_ONE; how++) {
      check_segments(NNT_EXCHANGE_TREE, parameter_counts[p], (cut)how);
      check_segments(NNT_EXCHANGE_ALLREDUCE, parameter_counts[p], (cut)how);
    }
  }
}

/* The value of a tile, again such that another order of addition shows. */
static double tile_value(size_t t) { return (double)leaf_gradient(t, 5) / 3.0; }

static double expected_tile_sum(size_t first, size_t n)
{
  if (n == 1) return tile_value(first);
  size_t const half = half_of(n);
  double const left = expected_tile_sum(first, half);
  return left + expected_tile_sum(first + half, n - half);
}

static void check_tile_sum(nnt_exchange_kind kind, size_t parameters, cut how)
{
  nnt_exchange *exchange = NULL;
  size_t tiles = 0;
  size_t *const first = tiles_create(how, parameters, &tiles);
  nnt_status const status = exchange_create(&exchange, kind, parameters, how, 8);
  double *const values = calloc(tiles, sizeof *values);
  double sum = 0.0;
  size_t wrong = 0;
  if (status == NNT_OK) {
    nnt_range const own = nnt_exchange_tiles(exchange);
    for (size_t t = 0; t < tiles; t++) {
      bool const is_own = t >= own.first && t < own.first + own.count;
      values[t] = is_own ? tile_value(t) : (double)NAN;
    }
    sum = nnt_exchange_sum_tiles(exchange, values);
    for (size_t t = 0; t < tiles; t++) {
      wrong += values[t] != tile_value(t);
    }
  }
  nnt_exchange_destroy(exchange);
  CU_ASSERT_EQUAL(status, NNT_OK);
  CU_ASSERT_EQUAL(wrong, 0);
  CU_ASSERT_EQUAL(sum, expected_tile_sum(0, tiles));
  free(first);
  free(values);
}

static void sums_over_tiles_are_those_of_the_tree(void)
{
  for (size_t p = 0; p < PARAMETER_COUNTS; p++) {
    for (int how = CUT_EVEN; how <= CUT_ONE; how++) {
      check_tile_sum(NNT_EXCHANGE_TREE, parameter_counts[p], (cut)how);
      check_tile_sum(NNT_EXCHANGE_ALLREDUCE, parameter_counts[p], (cut)how);
    }
  }
}

static void check_spread(nnt_exchange_kind kind, cut how)
{
  enum { PARAMETERS = 2 * TILE + 3 };
  nnt_exchange *exchange = NULL;
  nnt_status const status = exchange_create(&exchange, kind, PARAMETERS, how, 8);
  bool const root = nnt_comm_rank(test_comm) == 0;
  float *const all = calloc(PARAMETERS, sizeof *all);
  float *const back = calloc(PARAMETERS, sizeof *back);
  float *const segment = calloc(PARAMETERS, sizeof *segment);
  for (size_t i = 0; i < PARAMETERS; i++) {
    all[i] = (float)i + 0.5F;
  }
  size_t wrong = 0;
  if (status == NNT_OK) {
    nnt_exchange_distribute(exchange, root ? all : NULL, segment);
    nnt_range const mine = nnt_exchange_segment(exchange);
    for (size_t i = 0; i < mine.count; i++) {
      wrong += segment[i] != all[mine.first + i];
    }
    nnt_exchange_collect(exchange, segment, root ? back : NULL);
    for (size_t i = 0; root && i < PARAMETERS; i++) {
      wrong += back[i] != all[i];
    }
  }
  nnt_exchange_destroy(exchange);
  free(all);
  free(back);
  free(segment);
  CU_ASSERT_EQUAL(status, NNT_OK);
  CU_ASSERT_EQUAL(wrong, 0);
}

static void state_is_spread_and_collected(void)
{
  for (int how = CUT_EVEN; how <= CUT_ONE; how++) {
    check_spread(NNT_EXCHANGE_TREE, (cut)how);
    check_spread(NNT_EXCHANGE_ALLREDUCE, (cut)how);
  }
}

static CU_TestInfo tests[] = {
    {"segments are whole tiles", segments_are_whole_tiles},
    {"sums over tiles are those of the tree", sums_over_tiles_are_those_of_the_tree},
    {"state is spread and collected", state_is_spread_and_collected},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("segments", tests);
