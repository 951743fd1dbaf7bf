/* When a rank counts as stuck, and what is told about it. */
#include "train/pulse.h"

#include <string.h>

#include "suite.h"

enum { REPORT_SIZE = 2048 };
static double const timeout = 10.0;

/* Looks once a second until the rank counts as stuck; at most so many times. */
static int looks_until_stuck(nnt_stall *stall, const nnt_pulse *pulse, int most)
{
  for (int look = 1; look <= most; look++) {
    if (nnt_stall_look(stall, pulse, 1.0, timeout)) return look;
  }
  return 0;
}

static void a_rank_that_gets_on_is_not_stuck(void)
{
  nnt_pulse pulse = {.place = NNT_PLACE_START};
  nnt_stall stall = {.beat = 0};
  for (uint64_t step = 1; step <= 100; step++) {
    nnt_pulse_step(&pulse, step);
    CU_ASSERT_FALSE(nnt_stall_look(&stall, &pulse, 9.0, timeout));
  }
}

static void no_step_within_the_timeout_is_stuck(void)
{
  nnt_pulse pulse = {.place = NNT_PLACE_START};
  nnt_stall stall = {.beat = 0};
  nnt_pulse_step(&pulse, 1);
  CU_ASSERT_FALSE(nnt_stall_look(&stall, &pulse, 1.0, timeout));
  /* Another part of the same step is not a new step. */
  nnt_pulse_enter(&pulse, NNT_PLACE_EXCHANGE);
  CU_ASSERT_EQUAL(looks_until_stuck(&stall, &pulse, 100), 10);
}

static void elsewhere_it_has_four_times_as_long(void)
{
  static nnt_place const stages[] = {NNT_PLACE_START, NNT_PLACE_READING, NNT_PLACE_EVALUATION,
                                     NNT_PLACE_CHECKPOINT, NNT_PLACE_RESULTS};
  for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
    nnt_pulse pulse = {.place = NNT_PLACE_START};
    nnt_stall stall = {.beat = 0};
    nnt_pulse_stage(&pulse, stages[i]);
    CU_ASSERT_FALSE(nnt_stall_look(&stall, &pulse, 1.0, timeout));
    CU_ASSERT_EQUAL(looks_until_stuck(&stall, &pulse, 100), 40);
  }
}

static void long_steps_give_more_time(void)
{
  nnt_pulse pulse = {.place = NNT_PLACE_START};
  nnt_stall stall = {.beat = 0};
  nnt_pulse_step(&pulse, 1);
  CU_ASSERT_EQUAL(looks_until_stuck(&stall, &pulse, 6), 0);
  nnt_pulse_step(&pulse, 2);
  CU_ASSERT_FALSE(nnt_stall_look(&stall, &pulse, 1.0, timeout));
  CU_ASSERT_EQUAL(stall.longest, 6.0); /* seen beginning at the first look, ending at the last */
  CU_ASSERT_EQUAL(looks_until_stuck(&stall, &pulse, 100), 24);
}

/* A long save says nothing about steps. */
static void what_is_not_a_step_gives_no_more_time(void)
{
  nnt_pulse pulse = {.place = NNT_PLACE_START};
  nnt_stall stall = {.beat = 0};
  nnt_pulse_stage(&pulse, NNT_PLACE_CHECKPOINT);
  CU_ASSERT_EQUAL(looks_until_stuck(&stall, &pulse, 30), 0);
  nnt_pulse_step(&pulse, 1);
  CU_ASSERT_FALSE(nnt_stall_look(&stall, &pulse, 1.0, timeout));
  CU_ASSERT_EQUAL(looks_until_stuck(&stall, &pulse, 100), 10);
}

static void nobody_watches(void)
{
  nnt_pulse_step(NULL, 1);
  nnt_pulse_enter(NULL, NNT_PLACE_UPDATE);
  nnt_pulse_beat(NULL);
  CU_PASS("no pulse is no error");
}

static void put(nnt_pulse *pulse, uint64_t step, nnt_place place, int64_t seen)
{
  atomic_store(&pulse->is_here, 1);
  atomic_store(&pulse->step, step);
  atomic_store(&pulse->place, (uint32_t)place);
  atomic_store(&pulse->seen, seen);
}

/* Ranks 0 to 3 and 6 are here, 4 and 5 on another node. */
static void neighbours_that_stand_alike_share_a_line(void)
{
  static int64_t const second = 1000000000;
  int64_t const now = 500 * second;
  nnt_pulse pulses[8];
  memset((void *)pulses, 0, sizeof pulses);
  put(&pulses[0], 57, NNT_PLACE_WAIT, now - second / 2);
  put(&pulses[1], 57, NNT_PLACE_WAIT, now - second / 4);
  put(&pulses[2], 57, NNT_PLACE_PASSES, now - 42 * second);
  put(&pulses[3], 58, NNT_PLACE_WAIT, now);
  put(&pulses[6], 58, NNT_PLACE_WAIT, now);
  char report[REPORT_SIZE];
  nnt_pulse_report(pulses, 8, now, second, "- ", report, sizeof report);
  CU_ASSERT_STRING_EQUAL(
      report, "- ranks 0 to 1: step 57, waiting for other workers\n"
              "- rank 2: step 57, forward and backward; stopped, no sign of life for 42 s\n"
              "- rank 3: step 58, waiting for other workers\n"
              "- rank 6: step 58, waiting for other workers\n");
}

static void a_long_report_is_cut(void)
{
  enum { SMALL = 40 };
  nnt_pulse pulses[4];
  memset((void *)pulses, 0, sizeof pulses);
  for (size_t i = 0; i < 4; i++) {
    put(&pulses[i], i, NNT_PLACE_UPDATE, 0);
  }
  char report[SMALL + 1] = "";
  report[SMALL] = '#';
  nnt_pulse_report(pulses, 4, 0, 1, "", report, SMALL);
  CU_ASSERT_EQUAL(strlen(report), SMALL - 1);
  CU_ASSERT_EQUAL(report[SMALL], '#');
}

static CU_TestInfo tests[] = {
    {"a rank that gets on is not stuck", a_rank_that_gets_on_is_not_stuck},
    {"no step within the time-out is stuck", no_step_within_the_timeout_is_stuck},
    {"elsewhere it has four times as long", elsewhere_it_has_four_times_as_long},
    {"long steps give more time", long_steps_give_more_time},
    {"what is not a step gives no more time", what_is_not_a_step_gives_no_more_time},
    {"nobody watches", nobody_watches},
    {"neighbours that stand alike share a line", neighbours_that_stand_alike_share_a_line},
    {"a long report is cut", a_long_report_is_cut},
    CU_TEST_INFO_NULL,
};

TEST_SUITE("pulse", tests);
