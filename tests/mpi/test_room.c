/* Whether there is room for what the ranks want, on all ranks alike. */
#include <string.h>

#include "suite.h"

static bool says(const char *part) { return strstr(nnt_last_error(), part) != NULL; }

static void little_fits(void)
{
  CU_ASSERT_EQUAL(nnt_room_check(test_comm, "a test", 4096, 1 << 20), NNT_OK);
  CU_ASSERT_EQUAL(nnt_room_check(test_comm, "a test", 0, 0), NNT_OK);
}

static void what_a_node_shares_counts_once(void)
{
  uint64_t const available = nnt_room_available();
  nnt_status const status = nnt_room_check(test_comm, "a test", 0, available / 2);
  CU_ASSERT_EQUAL(status, NNT_OK);
}

static void what_the_ranks_want_adds_up(void)
{
  uint64_t const available = nnt_room_available();
  uint64_t const part = available / (uint64_t)nnt_comm_size(test_comm);
  nnt_status const status = nnt_room_check(test_comm, "a test", part + (part >> 2U), 0);
  CU_ASSERT_EQUAL(status, NNT_ENOMEM);
  CU_ASSERT(says("a test needs "));
  CU_ASSERT(says(" MiB are available"));
}

/* All ranks learn of it, and numbers at the end of the range do not wrap around. */
static void one_rank_wants_too_much(void)
{
  bool const last = nnt_comm_rank(test_comm) == nnt_comm_size(test_comm) - 1;
  nnt_status const status = nnt_room_check(test_comm, "a test", last ? UINT64_MAX : 1, UINT64_MAX);
  CU_ASSERT_EQUAL(status, NNT_ENOMEM);
}

static void figures_of_ranks_come_together(void)
{
  uint64_t const ranks = (uint64_t)nnt_comm_size(test_comm);
  uint64_t const rank = (uint64_t)nnt_comm_rank(test_comm);
  uint64_t const sum = nnt_comm_node_sum(test_comm, rank + 1);
  uint64_t const largest = nnt_comm_largest(test_comm, (rank + 1) << 40U);
  CU_ASSERT_EQUAL(sum, ranks * (ranks + 1) / 2);
  CU_ASSERT_EQUAL(largest, ranks << 40U);
}

static CU_TestInfo tests[] = {
    {"little fits", little_fits},
    {"what a node shares counts once", what_a_node_shares_counts_once},
    {"what the ranks want adds up", what_the_ranks_want_adds_up},
    {"one rank wants too much", one_rank_wants_too_much},
    {"figures of ranks come together", figures_of_ranks_come_together},
    CU_TEST_INFO_NULL,
};

TEST_SUITE("room", tests);
