/* How much memory the ranks have needed. */
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "suite.h"
#include "train/peak_memory.h"

static uint64_t const mebibyte = 1 << 20;

static void use_counts_once_it_is_touched(void)
{
  size_t const size = 64 * mebibyte;
  uint64_t const before = nnt_memory_peak();
  char *const memory = malloc(size);
  uint64_t const allocated = nnt_memory_peak();
  if (memory != NULL) memset(memory, 1, size);
  uint64_t const touched = nnt_memory_peak();
  free(memory);
  uint64_t const freed = nnt_memory_peak();
  CU_ASSERT_PTR_NOT_NULL(memory);
  CU_ASSERT(before > mebibyte);
  CU_ASSERT(allocated < before + 32 * mebibyte);
  /* The peak so far may lie above what is in use now, by what the start has freed. */
  CU_ASSERT(touched >= before + 32 * mebibyte);
  CU_ASSERT(touched <= before + 128 * mebibyte);
  /* The system counts pages in batches of 64 a thread. */
  CU_ASSERT(freed >= touched - mebibyte);
}

static void the_median_is_in_the_middle(void)
{
  uint64_t one[] = {7};
  uint64_t two[] = {9, 4};
  uint64_t five[] = {5, 1, 9, 2, 8};
  nnt_peak_memory const of_one = nnt_peak_memory_of(one, 1);
  nnt_peak_memory const of_two = nnt_peak_memory_of(two, 2);
  nnt_peak_memory const of_five = nnt_peak_memory_of(five, 5);
  CU_ASSERT(of_one.min == 7 && of_one.median == 7 && of_one.max == 7);
  CU_ASSERT(of_two.min == 4 && of_two.median == 6 && of_two.max == 9);
  CU_ASSERT(of_five.min == 1 && of_five.median == 5 && of_five.max == 9);
}

/* The last rank alone needs 200 MiB. */
static void ranks_that_differ_are_seen(void)
{
  int const size = nnt_comm_size(test_comm);
  bool const last = nnt_comm_rank(test_comm) == size - 1;
  size_t const bytes = last ? 200 * mebibyte : 1;
  char *const memory = malloc(bytes);
  if (memory != NULL) memset(memory, 1, bytes);
  uint64_t least = nnt_memory_peak();
  uint64_t most = least;
  MPI_Allreduce(MPI_IN_PLACE, &least, 1, MPI_UINT64_T, MPI_MIN, MPI_COMM_WORLD);
  MPI_Allreduce(MPI_IN_PLACE, &most, 1, MPI_UINT64_T, MPI_MAX, MPI_COMM_WORLD);
  nnt_peak_memory it = {0, 0, 0};
  nnt_status const status = nnt_peak_memory_gather(&it, test_comm);
  free(memory);
  CU_ASSERT_PTR_NOT_NULL(memory);
  CU_ASSERT_EQUAL(status, NNT_OK);
  if (nnt_comm_rank(test_comm) != 0) {
    CU_ASSERT_EQUAL(it.max, 0);
    return;
  }
  /* What the collectives between the two readings need themselves. */
  CU_ASSERT(it.min >= least && it.min < least + 10 * mebibyte);
  CU_ASSERT(it.max >= most && it.max < most + 10 * mebibyte);
  CU_ASSERT(it.median >= it.min && it.median <= it.max);
  CU_ASSERT(it.max > 200 * mebibyte);
  if (size == 3) CU_ASSERT(it.median < it.max - 50 * mebibyte);
}

static CU_TestInfo tests[] = {
    {"use counts once it is touched", use_counts_once_it_is_touched},
    {"the median is in the middle", the_median_is_in_the_middle},
    {"ranks that differ are seen", ranks_that_differ_are_seen},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("peak memory", tests);
