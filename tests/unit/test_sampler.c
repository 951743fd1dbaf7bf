#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "nntrain/data.h"
#include "suite.h"

static nnt_order order_of(uint64_t seed, uint64_t epoch, size_t n)
{
  return (nnt_order){.seed = seed, .epoch = epoch, .count = n, .in_sequence = false};
}

static bool is_permutation(const nnt_order *order)
{
  bool *const seen = calloc(order->count, sizeof *seen);
  if (seen == NULL) return false;
  bool good = true;
  for (size_t i = 0; i < order->count && good; i++) {
    size_t const at = nnt_order_at(order, i);
    good = at < order->count && !seen[at];
    if (good) seen[at] = true;
  }
  free(seen);
  return good;
}

static void every_sample_is_visited_once(void)
{
  static size_t const counts[] = {1,  2,   3,   4,   5,   7,   8,    9,    15,   16,    17,   31,
                                  33, 100, 127, 128, 129, 999, 1024, 4095, 4097, 60000, 65536};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    for (uint64_t epoch = 0; epoch < 3; epoch++) {
      nnt_order const order = order_of(11 + i, epoch, counts[i]);
      CU_ASSERT(is_permutation(&order));
    }
  }
}

/* Runs of all lengths up to more than are walked together, at both ends of the positions. */
static void a_run_is_the_samples_one_by_one(void)
{
  enum { COUNT = 1030, LENGTH_MAX = 70 };
  nnt_order order = order_of(3, 1, COUNT);
  for (size_t i = 0; i < 2 * (size_t)LENGTH_MAX; i++) {
    size_t sample[LENGTH_MAX + 1] = {0};
    size_t const length = i / 2;
    size_t const first = i % 2 == 0 ? 0 : COUNT - length;
    sample[length] = COUNT;
    nnt_order_run(&order, (nnt_range){first, length}, sample);
    size_t wrong = sample[length] != COUNT; /* written beyond the end */
    for (size_t k = 0; k < length; k++) {
      wrong += sample[k] != nnt_order_at(&order, first + k);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    order.in_sequence = i % 7 == 0;
  }
}

static size_t fixed_points(const nnt_order *a, const nnt_order *b)
{
  size_t same = 0;
  for (size_t i = 0; i < a->count; i++) {
    same += nnt_order_at(a, i) == nnt_order_at(b, i);
  }
  return same;
}

/* Two random permutations agree in one place on average, in 20 with a chance below 1e-18. */
static void epochs_and_seeds_differ(void)
{
  nnt_order const order = order_of(5, 2, 10000);
  nnt_order const other_epoch = order_of(5, 3, 10000);
  nnt_order const other_seed = order_of(6, 2, 10000);
  nnt_order sequence = order_of(5, 2, 10000);
  sequence.in_sequence = true;
  CU_ASSERT(fixed_points(&order, &other_epoch) < 20);
  CU_ASSERT(fixed_points(&order, &other_seed) < 20);
  CU_ASSERT(fixed_points(&order, &sequence) < 20);
  CU_ASSERT_EQUAL(fixed_points(&order, &order), 10000);
}

static void without_shuffling_the_order_is_the_sequence(void)
{
  nnt_order order = order_of(5, 2, 100);
  order.in_sequence = true;
  for (size_t i = 0; i < 100; i++) {
    CU_ASSERT_EQUAL(nnt_order_at(&order, i), i);
  }
}

/* The number of a permutation of n among all n!: Lehmer's code. */
static size_t rank_of(const nnt_order *order)
{
  size_t at[5] = {0};
  size_t rank = 0;
  for (size_t i = 0; i < order->count; i++) {
    at[i] = nnt_order_at(order, i);
  }
  for (size_t i = 0; i < order->count; i++) {
    size_t smaller = 0;
    for (size_t k = i + 1; k < order->count; k++) {
      smaller += at[k] < at[i];
    }
    rank = rank * (order->count - i) + smaller;
  }
  return rank;
}

/* chi2 = sum (seen - expected)^2 / expected over all n! orders. Its mean is
 * f = n! - 1 and its deviation sqrt(2 f); six deviations are allowed. */
static void all_orders_of_few_samples_are_equally_frequent(void)
{
  static size_t const orders[] = {1, 1, 2, 6, 24, 120};
  size_t const each = 50;
  for (size_t n = 2; n <= 5; n++) {
    size_t seen[120] = {0};
    for (uint64_t epoch = 0; epoch < each * orders[n]; epoch++) {
      nnt_order const order = order_of(1, epoch, n);
      seen[rank_of(&order)]++;
    }
    double chi2 = 0.0;
    for (size_t i = 0; i < orders[n]; i++) {
      double const off = (double)seen[i] - (double)each;
      CU_ASSERT(seen[i] > 0); /* by chance 0 once in e^50 */
      chi2 += off * off / (double)each;
    }
    double const freedom = (double)(orders[n] - 1);
    CU_ASSERT(chi2 < freedom + 6.0 * sqrt(2.0 * freedom));
  }
}

/* Where sample 0 of n stands: uniform over all places. */
static void places_are_uniform(void)
{
  enum { N = 100, EPOCHS = 5000 };
  size_t seen[N] = {0};
  for (uint64_t epoch = 0; epoch < EPOCHS; epoch++) {
    nnt_order const order = order_of(9, epoch, N);
    seen[nnt_order_at(&order, 0)]++;
  }
  double chi2 = 0.0;
  for (size_t i = 0; i < N; i++) {
    double const expected = (double)EPOCHS / (double)N;
    chi2 += ((double)seen[i] - expected) * ((double)seen[i] - expected) / expected;
  }
  /* 99 degrees of freedom: mean 99, deviation sqrt(198). */
  CU_ASSERT(chi2 < 99.0 + 6.0 * sqrt(198.0));
}

static void microbatches_tile_the_batch(void)
{
  for (size_t b = 0; b <= 40; b++) {
    for (size_t m = 1; m <= 17; m++) {
      size_t next = 0;
      for (size_t j = 0; j < m; j++) {
        nnt_range const rows = nnt_microbatch_rows(b, m, j);
        CU_ASSERT_EQUAL(rows.first, next);
        CU_ASSERT(rows.count == b / m || rows.count == b / m + 1);
        next += rows.count;
      }
      CU_ASSERT_EQUAL(next, b);
    }
  }
}

static void large_batches_do_not_overflow(void)
{
  size_t const large = (size_t)1 << 31U;
  nnt_range const rows = nnt_microbatch_rows(large, large, large - 1);
  CU_ASSERT_EQUAL(rows.first, large - 1);
  CU_ASSERT_EQUAL(rows.count, 1);
}

static void the_last_batch_may_be_smaller(void)
{
  CU_ASSERT_EQUAL(nnt_batches_per_epoch(60000, 128), 469);
  CU_ASSERT_EQUAL(nnt_batches_per_epoch(128, 128), 1);
  CU_ASSERT_EQUAL(nnt_batches_per_epoch(129, 128), 2);
  CU_ASSERT_EQUAL(nnt_batches_per_epoch(1, 128), 1);
  CU_ASSERT_EQUAL(nnt_batches_per_epoch(0, 128), 0);
}

static CU_TestInfo tests[] = {
    {"every sample is visited once", every_sample_is_visited_once},
    {"a run is the samples one by one", a_run_is_the_samples_one_by_one},
    {"epochs and seeds differ", epochs_and_seeds_differ},
    {"without shuffling the order is the sequence", without_shuffling_the_order_is_the_sequence},
    {"all orders of few samples are equally frequent",
     all_orders_of_few_samples_are_equally_frequent},
    {"places are uniform", places_are_uniform},
    {"microbatches tile the batch", microbatches_tile_the_batch},
    {"large batches do not overflow", large_batches_do_not_overflow},
    {"the last batch may be smaller", the_last_batch_may_be_smaller},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("sampler", tests);
