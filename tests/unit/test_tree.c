#include <stdbool.h>

#include "base/random.h"
#include "base/tree.h"
#include "suite.h"

enum { LEAVES_MAX = 40 };

/* The largest power of two below n, in another way: the highest bit of n - 1. */
static size_t highest_bit_below(size_t n)
{
  size_t bit = 1;
  for (size_t rest = (n - 1) >> 1U; rest > 0; rest >>= 1U) {
    bit <<= 1U;
  }
  return bit;
}

static void the_split_is_the_largest_power_of_two_below(void)
{
  for (size_t n = 2; n < 5000; n++) {
    CU_ASSERT_EQUAL(nnt_tree_split(n), highest_bit_below(n));
  }
  CU_ASSERT_EQUAL(nnt_tree_split(2), 1);
  CU_ASSERT_EQUAL(nnt_tree_split(8), 4);
  CU_ASSERT_EQUAL(nnt_tree_split(9), 8);
}

/* Is `wanted` a node of the tree below `node`? If so, `parent` is the node above it. */
static bool is_node(nnt_range node, nnt_range above, nnt_range wanted, nnt_range *parent)
{
  if (node.first == wanted.first && node.count == wanted.count) {
    *parent = above;
    return true;
  }
  if (node.count < 2) return false;
  size_t const left = highest_bit_below(node.count);
  return is_node((nnt_range){node.first, left}, node, wanted, parent) ||
         is_node((nnt_range){node.first + left, node.count - left}, node, wanted, parent);
}

/* l levels hold at most 2^l leaves, and l - 1 levels do not hold n. */
static void levels_are_the_fewest_that_hold_all_leaves(void)
{
  CU_ASSERT_EQUAL(nnt_tree_levels(0), 0);
  CU_ASSERT_EQUAL(nnt_tree_levels(1), 0);
  for (size_t n = 2; n < 5000; n++) {
    size_t const levels = nnt_tree_levels(n);
    CU_ASSERT((size_t)1 << levels >= n);
    CU_ASSERT((size_t)1 << (levels - 1) < n);
  }
}

static bool lies_in(nnt_range inner, nnt_range outer)
{
  return inner.first >= outer.first && inner.first + inner.count <= outer.first + outer.count;
}

static void check_cut(size_t n, nnt_range leaves)
{
  nnt_range out[NNT_SUBTREES_MAX];
  nnt_range const whole = {0, n};
  size_t const count = nnt_tree_subtrees(n, leaves, out);
  size_t next = leaves.first;
  for (size_t i = 0; i < count; i++) {
    nnt_range parent = whole;
    CU_ASSERT_EQUAL(out[i].first, next);
    CU_ASSERT(out[i].count > 0);
    next += out[i].count;
    CU_ASSERT(is_node(whole, whole, out[i], &parent));
    /* Maximal: the node above does not fit in, unless there is none above. */
    CU_ASSERT(out[i].count == n || !lies_in(parent, leaves));
  }
  CU_ASSERT_EQUAL(next, leaves.first + leaves.count);
}

static void subtrees_are_maximal_nodes_and_tile_the_range(void)
{
  for (size_t n = 0; n <= LEAVES_MAX; n++) {
    for (size_t first = 0; first <= n; first++) {
      for (size_t count = 0; first + count <= n; count++) {
        check_cut(n, (nnt_range){first, count});
      }
    }
  }
}

/* Numbers of very different sizes, so that another order gives another sum. */
static void make_values(double *x, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    nnt_random_words const it = nnt_random(3, NNT_FOR_WEIGHTS, i, 0, 0, 0);
    double const size = (double)(UINT64_C(1) << (it.word[1] % 50));
    x[i] = (nnt_random_uniform(it.word[0]) - 0.5) * size;
  }
}

/* 1 is lost beside 2^53, so every order of these numbers gives another sum. */
static void sums_follow_no_other_order(void)
{
  double const x[] = {0x1p53, 1.0, 1.0, -0x1p53};
  CU_ASSERT_EQUAL(nnt_tree_sum(x, 4), 1.0);
  CU_ASSERT_EQUAL(nnt_tree_sum(x, 3), 0x1p53);
  double const y[] = {1.0, 1.0, 0x1p53};
  CU_ASSERT_EQUAL(nnt_tree_sum(y, 3), 0x1p53 + 2.0);
}

static void sums_follow_the_tree(void)
{
  double x[8];
  make_values(x, 8);
  CU_ASSERT_EQUAL(nnt_tree_sum(x, 0), 0.0);
  CU_ASSERT_EQUAL(nnt_tree_sum(x, 1), x[0]);
  CU_ASSERT_EQUAL(nnt_tree_sum(x, 2), x[0] + x[1]);
  CU_ASSERT_EQUAL(nnt_tree_sum(x, 3), (x[0] + x[1]) + x[2]);
  CU_ASSERT_EQUAL(nnt_tree_sum(x, 6), ((x[0] + x[1]) + (x[2] + x[3])) + (x[4] + x[5]));
  CU_ASSERT_EQUAL(nnt_tree_sum(x, 7), ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + x[6]));
}

/* Sums of subtrees, by their first leaf, as ranks would hand them over. */
typedef struct parts {
  size_t count[LEAVES_MAX];
  double sum[LEAVES_MAX];
} parts;

static double combine(const parts *have, nnt_range node)
{
  if (have->count[node.first] == node.count) return have->sum[node.first];
  size_t const left = highest_bit_below(node.count);
  return combine(have, (nnt_range){node.first, left}) +
         combine(have, (nnt_range){node.first + left, node.count - left});
}

static void hand_over(parts *have, const double *x, size_t n, nnt_range own)
{
  nnt_range out[NNT_SUBTREES_MAX];
  size_t const count = nnt_tree_subtrees(n, own, out);
  for (size_t i = 0; i < count; i++) {
    have->count[out[i].first] = out[i].count;
    have->sum[out[i].first] = nnt_tree_sum(x + out[i].first, out[i].count);
  }
}

static double sum_by_ranks(const double *x, size_t n, size_t ranks)
{
  parts have = {.count = {0}};
  for (size_t rank = 0; rank < ranks; rank++) {
    size_t const first = rank * n / ranks;
    hand_over(&have, x, n, (nnt_range){first, (rank + 1) * n / ranks - first});
  }
  return combine(&have, (nnt_range){0, n});
}

/* A rank may have no leaves, and the last one takes what is left. */
static double sum_by_uneven_ranks(const double *x, size_t n, uint64_t draw)
{
  parts have = {.count = {0}};
  size_t first = 0;
  for (uint64_t rank = 0; first < n; rank++) {
    size_t const left = n - first;
    uint64_t const word = nnt_random(draw, NNT_FOR_SHUFFLE, n, rank, 0, 0).word[0];
    size_t const count = rank == LEAVES_MAX ? left : (size_t)(word % (left + 1));
    hand_over(&have, x, n, (nnt_range){first, count});
    first += count;
  }
  return combine(&have, (nnt_range){0, n});
}

static void any_number_of_ranks_gives_the_same_bits(void)
{
  double x[LEAVES_MAX];
  make_values(x, LEAVES_MAX);
  for (size_t n = 1; n <= LEAVES_MAX; n++) {
    for (size_t ranks = 1; ranks <= n; ranks++) {
      CU_ASSERT_EQUAL(sum_by_ranks(x, n, ranks), nnt_tree_sum(x, n));
    }
  }
}

static void uneven_parts_give_the_same_bits(void)
{
  double x[LEAVES_MAX];
  make_values(x, LEAVES_MAX);
  for (size_t n = 1; n <= LEAVES_MAX; n++) {
    for (uint64_t draw = 0; draw < 100; draw++) {
      CU_ASSERT_EQUAL(sum_by_uneven_ranks(x, n, draw), nnt_tree_sum(x, n));
    }
  }
}

static CU_TestInfo tests[] = {
    {"the split is the largest power of two below", the_split_is_the_largest_power_of_two_below},
    {"subtrees are maximal nodes and tile the range",
     subtrees_are_maximal_nodes_and_tile_the_range},
    {"sums follow the tree", sums_follow_the_tree},
    {"sums follow no other order", sums_follow_no_other_order},
    {"any number of ranks gives the same bits", any_number_of_ranks_gives_the_same_bits},
    {"uneven parts give the same bits", uneven_parts_give_the_same_bits},
    {"levels are the fewest that hold all leaves", levels_are_the_fewest_that_hold_all_leaves},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("tree", tests);
