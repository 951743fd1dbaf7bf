/* The exchange against sums worked out here, on every rank, from a formula for the leaves. */
#include "comm/exchange.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

/* A leaf's gradient: numbers of very different size, so that another order of addition shows. */
static float leaf_gradient(size_t leaf, size_t i)
{
  uint32_t const mixed = (uint32_t)(leaf * 2654435761U + i * 40503U + 12345U) * 2246822519U;
  float const unit = (float)(mixed >> 8U) / 16777216.0F - 0.5F;
  return ldexpf(unit, (int)(mixed % 23U) - 11);
}

static nnt_tally leaf_tally(size_t leaf)
{
  return (nnt_tally){(double)leaf_gradient(leaf, 999) / 3.0, (int64_t)leaf * 5 + 1};
}

/* The definition of the tree, written once more: split at the largest power of two below n. */
static size_t half_of(size_t n)
{
  size_t power = 1;
  while (2 * power < n) {
    power *= 2;
  }
  return power;
}

static float expected_gradient(size_t first, size_t n, size_t i)
{
  if (n == 1) return leaf_gradient(first, i);
  size_t const half = half_of(n);
  float const left = expected_gradient(first, half, i);
  return left + expected_gradient(first + half, n - half, i);
}

static nnt_tally expected_tally(size_t first, size_t n)
{
  if (n == 1) return leaf_tally(first);
  size_t const half = half_of(n);
  nnt_tally const left = expected_tally(first, half);
  nnt_tally const right = expected_tally(first + half, n - half);
  return (nnt_tally){left.loss + right.loss, left.correct + right.correct};
}

enum { TILE = 4096 };

typedef struct outcome {
  nnt_status status;
  size_t wrong; /* numbers that are not what they should be */
  nnt_tally total;
  nnt_wishes wishes;
} outcome;

static void fill(nnt_exchange *exchange, size_t parameters, nnt_tally *tallies)
{
  for (size_t k = 0; k < nnt_exchange_subtree_count(exchange); k++) {
    nnt_range const node = nnt_exchange_subtree(exchange, k);
    float *const gradient = nnt_exchange_gradient(exchange, k);
    for (size_t i = 0; i < parameters; i++) {
      gradient[i] = expected_gradient(node.first, node.count, i);
    }
    tallies[k] = expected_tally(node.first, node.count);
  }
}

static bool near(float a, float b, double scale) { return fabs((double)(a - b)) <= scale; }

/* Collective: one step; counts wrong sums, then wrong parameters after the gathering. */
static outcome play_step(nnt_exchange *exchange, size_t parameters, size_t microbatches,
                         double tolerance, nnt_status local)
{
  nnt_tally tallies[128];
  float *sum = NULL;
  int const rank = nnt_comm_rank(test_comm);
  outcome seen = {.wrong = 0,
                  .wishes = {.stop = rank == nnt_comm_size(test_comm) - 1, .save = rank == 0}};
  fill(exchange, parameters, tallies);
  seen.status = nnt_exchange_reduce(exchange, tallies, &seen.wishes, local, &seen.total, &sum);
  if (seen.status != NNT_OK) return seen;
  nnt_range const segment = nnt_exchange_segment(exchange);
  float *const all = calloc(parameters, sizeof *all);
  for (size_t i = 0; i < segment.count; i++) {
    float const expected = expected_gradient(0, microbatches, segment.first + i);
    bool const right = tolerance > 0.0 ? near(sum[i], expected, tolerance) : sum[i] == expected;
    seen.wrong += !right;
    all[segment.first + i] = (float)(segment.first + i);
  }
  nnt_exchange_gather(exchange, all);
  for (size_t i = 0; i < parameters; i++) {
    seen.wrong += all[i] != (float)i;
  }
  free(all);
  return seen;
}

/* Collective: creates an exchange whose tiles are all as large as the one before them, but for a
 * shorter last one. */
static nnt_status exchange_create(nnt_exchange **out, nnt_exchange_kind kind, size_t parameters,
                                  size_t tile, size_t microbatches)
{
  size_t const tiles = (parameters + tile - 1) / tile;
  size_t *const first = calloc(tiles + 1, sizeof *first);
  for (size_t t = 0; t <= tiles; t++) {
    first[t] = t == tiles ? parameters : t * tile;
  }
  nnt_exchange_shape const shape = {
      .kind = kind, .tiles = tiles, .tile_first = first, .microbatches = microbatches};
  nnt_status const status = nnt_exchange_create(out, test_comm, &shape);
  free(first);
  return status;
}

static void check_step(nnt_exchange_kind kind, size_t parameters, size_t microbatches,
                       double tolerance)
{
  nnt_exchange *exchange = NULL;
  nnt_status const created = exchange_create(&exchange, kind, parameters, TILE, microbatches);
  CU_ASSERT_EQUAL(created, NNT_OK);
  if (created != NNT_OK) return;
  /* Twice, because the messages are prepared once and used again. */
  outcome const once = play_step(exchange, parameters, microbatches, tolerance, NNT_OK);
  outcome const again = play_step(exchange, parameters, microbatches, tolerance, NNT_OK);
  nnt_exchange_destroy(exchange);
  nnt_tally const expected = expected_tally(0, microbatches);
  CU_ASSERT_EQUAL(once.status, NNT_OK);
  CU_ASSERT_EQUAL(once.wrong, 0);
  CU_ASSERT_EQUAL(again.wrong, 0);
  CU_ASSERT_EQUAL(once.total.correct, expected.correct);
  if (tolerance > 0.0) {
    CU_ASSERT_DOUBLE_EQUAL(once.total.loss, expected.loss, tolerance);
  } else {
    CU_ASSERT_EQUAL(once.total.loss, expected.loss);
  }
  CU_ASSERT(once.wishes.stop);
  CU_ASSERT(once.wishes.save);
}

static size_t const parameter_counts[] = {1, 7, 4096, 4097, 20000};
static size_t const microbatch_counts[] = {3, 4, 5, 7, 8, 13, 64};

static void the_tree_gives_the_same_bits_on_any_number_of_ranks(void)
{
  for (size_t p = 0; p < sizeof parameter_counts / sizeof *parameter_counts; p++) {
    for (size_t m = 0; m < sizeof microbatch_counts / sizeof *microbatch_counts; m++) {
      check_step(NNT_EXCHANGE_TREE, parameter_counts[p], microbatch_counts[m], 0.0);
    }
  }
}

/* A leaf is at most 2^11 / 2; float32 sums of up to 64 of them, in any order, are off by less than
 * 64 * 64 * 2^10 * 2^-24 = 0.25. */
static void allreduce_gives_the_same_up_to_rounding(void)
{
  check_step(NNT_EXCHANGE_ALLREDUCE, 5000, 8, 0.25);
  check_step(NNT_EXCHANGE_ALLREDUCE, 5000, 64, 0.25);
}

static void every_microbatch_has_one_owner(void)
{
  nnt_exchange *exchange = NULL;
  nnt_status const status = exchange_create(&exchange, NNT_EXCHANGE_TREE, 10, 3, 11);
  int64_t owners[11] = {0};
  int64_t segment = 0;
  if (status == NNT_OK) {
    nnt_range const own = nnt_exchange_microbatches(exchange);
    size_t next = own.first;
    for (size_t k = 0; k < nnt_exchange_subtree_count(exchange); k++) {
      nnt_range const node = nnt_exchange_subtree(exchange, k);
      for (size_t j = 0; j < node.count; j++) {
        owners[node.first + j] += node.first + j == next++;
      }
    }
    segment = (int64_t)nnt_exchange_segment(exchange).count;
  }
  nnt_exchange_destroy(exchange);
  nnt_comm_sum_integers(test_comm, owners, 11);
  nnt_comm_sum_integers(test_comm, &segment, 1);
  CU_ASSERT_EQUAL(status, NNT_OK);
  for (size_t j = 0; j < 11; j++) {
    CU_ASSERT_EQUAL(owners[j], 1);
  }
  CU_ASSERT_EQUAL(segment, 10);
}

static void a_failed_rank_fails_the_step_on_all(nnt_exchange_kind kind)
{
  nnt_exchange *exchange = NULL;
  nnt_status const created = exchange_create(&exchange, kind, 100, 7, 8);
  int const last = nnt_comm_size(test_comm) - 1;
  nnt_status local = NNT_OK;
  if (nnt_comm_rank(test_comm) == last) local = nnt_fail(NNT_EIO, "lost");
  outcome const seen = play_step(exchange, 100, 8, 1.0, local);
  bool const named = strncmp(nnt_last_error(), "lost", 4) == 0;
  outcome const after = play_step(exchange, 100, 8, 1.0, NNT_OK);
  nnt_exchange_destroy(exchange);
  CU_ASSERT_EQUAL(created, NNT_OK);
  CU_ASSERT_EQUAL(seen.status, NNT_EIO);
  CU_ASSERT(named);
  CU_ASSERT_EQUAL(after.status, NNT_OK);
  CU_ASSERT_EQUAL(after.wrong, 0);
}

static void a_failure_rides_behind_the_tree(void)
{
  a_failed_rank_fails_the_step_on_all(NNT_EXCHANGE_TREE);
}

static void a_failure_rides_behind_the_allreduce(void)
{
  a_failed_rank_fails_the_step_on_all(NNT_EXCHANGE_ALLREDUCE);
}

static void more_ranks_than_microbatches_are_refused(void)
{
  nnt_exchange *exchange = NULL;
  size_t const ranks = (size_t)nnt_comm_size(test_comm);
  nnt_status const status = exchange_create(&exchange, NNT_EXCHANGE_TREE, 10, 3, ranks - 1);
  CU_ASSERT_EQUAL(status, NNT_EUSAGE);
  CU_ASSERT_PTR_NULL(exchange);
}

/* Squares of whole numbers: any order of addition gives the same, so the sum is known. */
static void sums_over_tiles_cover_all_parameters(void)
{
  size_t const parameters = 3 * TILE + 5;
  nnt_exchange *exchange = NULL;
  nnt_status const status = exchange_create(&exchange, NNT_EXCHANGE_TREE, parameters, TILE, 8);
  double sum = 0.0;
  if (status == NNT_OK) {
    double values[4] = {NAN, NAN, NAN, NAN};
    nnt_range const tiles = nnt_exchange_tiles(exchange);
    for (size_t t = tiles.first; t < tiles.first + tiles.count; t++) {
      values[t] = 0.0;
    }
    nnt_range const segment = nnt_exchange_segment(exchange);
    for (size_t i = segment.first; i < segment.first + segment.count; i++) {
      values[i / TILE] += (double)i;
    }
    sum = nnt_exchange_sum_tiles(exchange, values);
  }
  nnt_exchange_destroy(exchange);
  CU_ASSERT_EQUAL(status, NNT_OK);
  CU_ASSERT_EQUAL(sum, (double)parameters * (double)(parameters - 1) / 2.0);
}

static void check_spread(nnt_exchange_kind kind)
{
  enum { PARAMETERS = 2 * TILE + 3 };
  nnt_exchange *exchange = NULL;
  nnt_status const status = exchange_create(&exchange, kind, PARAMETERS, TILE, 8);
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
  check_spread(NNT_EXCHANGE_TREE);
  check_spread(NNT_EXCHANGE_ALLREDUCE);
}

static CU_TestInfo tests[] = {
    {"the tree gives the same bits on any number of ranks",
     the_tree_gives_the_same_bits_on_any_number_of_ranks},
    {"allreduce gives the same up to rounding", allreduce_gives_the_same_up_to_rounding},
    {"every microbatch has one owner", every_microbatch_has_one_owner},
    {"a failure rides behind the tree", a_failure_rides_behind_the_tree},
    {"a failure rides behind the allreduce", a_failure_rides_behind_the_allreduce},
    {"more ranks than microbatches are refused", more_ranks_than_microbatches_are_refused},
    {"sums over tiles cover all parameters", sums_over_tiles_cover_all_parameters},
    {"state is spread and collected", state_is_spread_and_collected},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("exchange", tests);
