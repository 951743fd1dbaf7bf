/* Which rank is named when replicas differ. */
#include "train/guard.h"

#include <string.h>

#include "suite.h"

static bool says(const char *part) { return strstr(nnt_last_error(), part) != NULL; }

static void equal_replicas_are_good(void)
{
  static int64_t const hashes[] = {-5, -5, -5};
  CU_ASSERT_EQUAL(nnt_guard_judge(hashes, 1, 7), NNT_OK);
  CU_ASSERT_EQUAL(nnt_guard_judge(hashes, 3, 7), NNT_OK);
}

static void the_rank_that_differs_from_most_is_named(void)
{
  static int64_t const hashes[3][3] = {{1, 2, 2}, {2, 1, 2}, {2, 2, 1}};
  static char const *const names[] = {"of rank 0 (0000000000000001) differ",
                                      "of rank 1 (0000000000000001) differ",
                                      "of rank 2 (0000000000000001) differ"};
  for (size_t i = 0; i < 3; i++) {
    CU_ASSERT_EQUAL(nnt_guard_judge(hashes[i], 3, 40), NNT_ECORRUPT);
    CU_ASSERT(says(names[i]));
    CU_ASSERT(says("after step 40 "));
    CU_ASSERT(says("the other 2 ranks (0000000000000002)"));
  }
}

static void several_ranks_are_named(void)
{
  static int64_t const hashes[] = {9, 3, 9, 4, 9};
  CU_ASSERT_EQUAL(nnt_guard_judge(hashes, 5, 1), NNT_ECORRUPT);
  CU_ASSERT(says("of rank 1 (0000000000000003), rank 3 (0000000000000004) differ"));
}

static void without_a_majority_all_are_listed(void)
{
  static int64_t const two[] = {-1, 16};
  CU_ASSERT_EQUAL(nnt_guard_judge(two, 2, 1), NNT_ECORRUPT);
  CU_ASSERT(says("rank 0 (ffffffffffffffff), rank 1 (0000000000000010)"));
  static int64_t const four[] = {1, 1, 2, 2};
  CU_ASSERT_EQUAL(nnt_guard_judge(four, 4, 1), NNT_ECORRUPT);
  CU_ASSERT(says("rank 0 (0000000000000001), rank 1 (0000000000000001), rank 2 (00"));
}

static void a_long_list_is_cut(void)
{
  int64_t hashes[200];
  for (int i = 0; i < 200; i++) {
    hashes[i] = i;
  }
  CU_ASSERT_EQUAL(nnt_guard_judge(hashes, 200, 1), NNT_ECORRUPT);
  CU_ASSERT(says("rank 0 (0000000000000000), rank 1 ("));
  CU_ASSERT(says("nothing of it is saved"));
}

static CU_TestInfo tests[] = {
    {"equal replicas are good", equal_replicas_are_good},
    {"the rank that differs from most is named", the_rank_that_differs_from_most_is_named},
    {"several ranks are named", several_ranks_are_named},
    {"without a majority all are listed", without_a_majority_all_are_listed},
    {"a long list is cut", a_long_list_is_cut},
    CU_TEST_INFO_NULL,
};

TEST_SUITE("guard", tests);
