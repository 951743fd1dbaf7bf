#include "train/phases.h"

#include <time.h>

#include "suite.h"

/* Made-up clocks of four ranks, in ns: rank r has (r + 1) s of "data" in another order, nothing of
 * "wait" but on rank 2, and the same of everything else. */
enum { RANKS = 4 };

static void fill(int64_t of_ranks[RANKS][NNT_PHASE_COUNT])
{
  static int64_t const data[RANKS] = {3000000000, 1000000000, 4000000000, 2000000000};
  for (size_t rank = 0; rank < RANKS; rank++) {
    for (size_t phase = 0; phase < NNT_PHASE_COUNT; phase++) {
      of_ranks[rank][phase] = 500000000;
    }
    of_ranks[rank][NNT_PHASE_DATA] = data[rank];
    of_ranks[rank][NNT_PHASE_WAIT] = rank == 2 ? 800000000 : 0;
  }
}

static void expect(const nnt_phase *got, double min, double median, double max, double mean)
{
  CU_ASSERT_DOUBLE_EQUAL(got->min, min, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(got->median, median, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(got->max, max, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(got->mean, mean, 1e-12);
}

static void an_even_number_of_ranks_is_summarized(void)
{
  int64_t of_ranks[RANKS][NNT_PHASE_COUNT];
  int64_t sorted[RANKS];
  nnt_phase got[NNT_PHASE_COUNT];
  fill(of_ranks);
  nnt_phases_summarize(of_ranks[0], RANKS, sorted, got);
  expect(&got[NNT_PHASE_DATA], 1.0, 2.5, 4.0, 2.5);
  expect(&got[NNT_PHASE_WAIT], 0.0, 0.0, 0.8, 0.2);
  expect(&got[NNT_PHASE_FORWARD], 0.5, 0.5, 0.5, 0.5);
  expect(&got[NNT_PHASE_RESULTS], 0.5, 0.5, 0.5, 0.5);
}

static void an_odd_number_of_ranks_is_summarized(void)
{
  int64_t of_ranks[RANKS][NNT_PHASE_COUNT];
  int64_t sorted[RANKS];
  nnt_phase got[NNT_PHASE_COUNT];
  fill(of_ranks);
  nnt_phases_summarize(of_ranks[0], 3, sorted, got);
  expect(&got[NNT_PHASE_DATA], 1.0, 3.0, 4.0, 8.0 / 3.0);
  expect(&got[NNT_PHASE_WAIT], 0.0, 0.0, 0.8, 0.8 / 3.0);
}

static void one_rank_is_its_own_summary(void)
{
  int64_t of_ranks[RANKS][NNT_PHASE_COUNT];
  int64_t sorted[1];
  nnt_phase got[NNT_PHASE_COUNT];
  fill(of_ranks);
  nnt_phases_summarize(of_ranks[0], 1, sorted, got);
  expect(&got[NNT_PHASE_DATA], 3.0, 3.0, 3.0, 3.0);
}

static void pause_for(long milliseconds)
{
  struct timespec const pause = {.tv_nsec = milliseconds * 1000000};
  CU_ASSERT_EQUAL(nanosleep(&pause, NULL), 0);
}

/* Phases follow each other without a gap: together they are the time from begin to the last end. */
static void every_nanosecond_belongs_to_one_phase(void)
{
  nnt_phases phases = {.since = 0};
  int64_t const before = nnt_nanoseconds();
  nnt_phases_begin(&phases);
  int64_t const began = phases.since;
  pause_for(2);
  nnt_phases_end(&phases, NNT_PHASE_DATA);
  pause_for(5);
  nnt_phases_end(&phases, NNT_PHASE_FORWARD);
  nnt_phases_end(&phases, NNT_PHASE_DATA);
  int64_t const after = nnt_nanoseconds();
  int64_t const *const ns = phases.nanoseconds;
  CU_ASSERT(before <= began && phases.since <= after);
  CU_ASSERT_EQUAL(ns[NNT_PHASE_DATA] + ns[NNT_PHASE_FORWARD], phases.since - began);
  CU_ASSERT(ns[NNT_PHASE_DATA] >= 2000000);
  CU_ASSERT(ns[NNT_PHASE_FORWARD] >= 5000000);
  CU_ASSERT_EQUAL(ns[NNT_PHASE_WAIT], 0);
}

/* What lies between an end and the next begin belongs to none. */
static void time_between_phases_is_left_out(void)
{
  nnt_phases phases = {.since = 0};
  nnt_phases_begin(&phases);
  int64_t const began = phases.since;
  nnt_phases_end(&phases, NNT_PHASE_UPDATE);
  pause_for(3);
  nnt_phases_begin(&phases);
  nnt_phases_end(&phases, NNT_PHASE_UPDATE);
  CU_ASSERT(phases.nanoseconds[NNT_PHASE_UPDATE] <= phases.since - began - 3000000);
}

static CU_TestInfo tests[] = {
    {"an even number of ranks is summarized", an_even_number_of_ranks_is_summarized},
    {"an odd number of ranks is summarized", an_odd_number_of_ranks_is_summarized},
    {"one rank is its own summary", one_rank_is_its_own_summary},
    {"every nanosecond belongs to one phase", every_nanosecond_belongs_to_one_phase},
    {"time between phases is left out", time_between_phases_is_left_out},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("phases", tests);
