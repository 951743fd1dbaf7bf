/* The exchange against sums worked out here, on every rank, from a formula for the leaves. */
#include "comm/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "exchange_sample.h"
#include "suite.h"

static nnt_tally leaf_tally(size_t leaf)
{
  return (nnt_tally){(double)leaf_gradient(leaf, 999) / 3.0, (int64_t)leaf * 5 + 1};
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

static void check_step(nnt_exchange_kind kind, size_t parameters, cut how, size_t microbatches,
                       double tolerance)
{
  nnt_exchange *exchange = NULL;
  nnt_status const created = exchange_create(&exchange, kind, parameters, how, microbatches);
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

static size_t const microbatch_counts[] = {3, 4, 5, 7, 8, 13, 64};

static void the_tree_gives_the_same_bits_on_any_number_of_ranks(void)
{
  for (size_t p = 0; p < PARAMETER_COUNTS; p++) {
    for (size_t m = 0; m < sizeof microbatch_counts / sizeof *microbatch_counts; m++) {
      check_step(NNT_EXCHANGE_TREE, parameter_counts[p], CUT_EVEN, microbatch_counts[m], 0.0);
      check_step(NNT_EXCHANGE_TREE, parameter_counts[p], CUT_UNEVEN, microbatch_counts[m], 0.0);
      check_step(NNT_EXCHANGE_TREE, parameter_counts[p], CUT_ONE, microbatch_counts[m], 0.0);
    }
  }
}

/* A leaf is at most 2^11 / 2; float32 sums of up to 64 of them, in any order, are off by less than
 * 64 * 64 * 2^10 * 2^-24 = 0.25. */
static void allreduce_gives_the_same_up_to_rounding(void)
{
  check_step(NNT_EXCHANGE_ALLREDUCE, 5000, CUT_EVEN, 8, 0.25);
  check_step(NNT_EXCHANGE_ALLREDUCE, 5000, CUT_UNEVEN, 64, 0.25);
}

static void every_microbatch_has_one_owner(void)
{
  nnt_exchange *exchange = NULL;
  nnt_status const status = exchange_create(&exchange, NNT_EXCHANGE_TREE, 10, CUT_UNEVEN, 11);
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
  nnt_status const created = exchange_create(&exchange, kind, 100, CUT_UNEVEN, 8);
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
  nnt_status const status =
      exchange_create(&exchange, NNT_EXCHANGE_TREE, 10, CUT_UNEVEN, ranks - 1);
  CU_ASSERT_EQUAL(status, NNT_EUSAGE);
  CU_ASSERT_PTR_NULL(exchange);
}

static CU_TestInfo tests[] = {
    {"the tree gives the same bits on any number of ranks",
     the_tree_gives_the_same_bits_on_any_number_of_ranks},
    {"allreduce gives the same up to rounding", allreduce_gives_the_same_up_to_rounding},
    {"every microbatch has one owner", every_microbatch_has_one_owner},
    {"a failure rides behind the tree", a_failure_rides_behind_the_tree},
    {"a failure rides behind the allreduce", a_failure_rides_behind_the_allreduce},
    {"more ranks than microbatches are refused", more_ranks_than_microbatches_are_refused},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("exchange", tests);
