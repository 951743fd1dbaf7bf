/* Watchdogs come and go, and see the ranks of their node. What they do when a rank is stuck, ends
 * the process: tests/fault/stuck_rank.sh. */
#include "train/watchdog.h"

#include <time.h>

#include "base/clock.h"
#include "suite.h"

static void nap(long milliseconds)
{
  struct timespec const time = {.tv_nsec = milliseconds * 1000000};
  (void)nanosleep(&time, NULL);
}

static void none_for_zero_seconds(void)
{
  nnt_watchdog *watchdog = NULL;
  CU_ASSERT_EQUAL(nnt_watchdog_create(&watchdog, test_comm, 0), NNT_OK);
  CU_ASSERT_PTR_NULL(watchdog);
  CU_ASSERT_PTR_NULL(nnt_watchdog_pulse(watchdog));
  nnt_watchdog_destroy(watchdog);
}

/* The pulses of a node lie one behind the other, in the order of ranks. */
static void each_rank_has_a_pulse_and_is_seen(void)
{
  nnt_watchdog *watchdog = NULL;
  nnt_status const status = nnt_watchdog_create(&watchdog, test_comm, 1);
  nnt_pulse *const own = nnt_watchdog_pulse(watchdog);
  int64_t const began = nnt_nanoseconds();
  bool seen = false;
  if (own != NULL) nnt_pulse_step(own, 100U + (uint64_t)nnt_comm_rank(test_comm));
  for (int i = 0; i < 100 && own != NULL && !seen; i++) {
    nap(20);
    nnt_pulse_beat(own);
    seen = atomic_load(&own->seen) > began;
  }
  nnt_status const met = nnt_comm_agree(test_comm, NNT_OK);
  int64_t wrong = 0;
  for (int rank = 0; rank < nnt_comm_size(test_comm) && own != NULL; rank++) {
    nnt_pulse const *const other = own - nnt_comm_rank(test_comm) + rank;
    wrong += atomic_load(&other->is_here) != 1;
    wrong += atomic_load(&other->step) != 100U + (uint64_t)rank;
  }
  nnt_comm_sum_integers(test_comm, &wrong, 1);
  nnt_watchdog_destroy(watchdog);
  CU_ASSERT_EQUAL(status, NNT_OK);
  CU_ASSERT_EQUAL(met, NNT_OK);
  CU_ASSERT_PTR_NOT_NULL(own);
  CU_ASSERT(seen);
  CU_ASSERT_EQUAL(wrong, 0);
}

/* The end does not wait for the next look, which is up to a second away. */
static void it_ends_at_once(void)
{
  nnt_watchdog *watchdog = NULL;
  nnt_status const status = nnt_watchdog_create(&watchdog, test_comm, 600);
  int64_t const began = nnt_nanoseconds();
  nnt_watchdog_destroy(watchdog);
  int64_t const took = nnt_nanoseconds() - began;
  CU_ASSERT_EQUAL(status, NNT_OK);
  CU_ASSERT(took < 900000000);
}

static CU_TestInfo tests[] = {
    {"none for zero seconds", none_for_zero_seconds},
    {"each rank has a pulse and is seen", each_rank_has_a_pulse_and_is_seen},
    {"it ends at once", it_ends_at_once},
    CU_TEST_INFO_NULL,
};

TEST_SUITE("watchdog", tests);
