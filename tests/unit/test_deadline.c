#include "train/deadline.h"

#include <math.h>
#include <stdlib.h>

#include "suite.h"

enum { WALL = 1700000000, HOUR = 3600 };
static double const now = 500.0; /* of the monotonic clock */

static nnt_time_limit const automatic = {.kind = NNT_TIME_LIMIT_AUTO};

static void forget_variables(void)
{
  CU_ASSERT_EQUAL(unsetenv("NNTRAIN_END_TIME"), 0);
  CU_ASSERT_EQUAL(unsetenv("SLURM_JOB_END_TIME"), 0);
}

static void say(const char *name, const char *value) { CU_ASSERT_EQUAL(setenv(name, value, 1), 0); }

static void without_a_limit_there_is_time_for_ever(void)
{
  forget_variables();
  nnt_deadline deadline = nnt_deadline_find(&automatic, now, now, WALL);
  CU_ASSERT(isinf(deadline.at));
  CU_ASSERT_PTR_NULL(deadline.stale);
  nnt_deadline_guess_save(&deadline, UINT64_MAX);
  CU_ASSERT_FALSE(nnt_deadline_is_near(&deadline, now));
  CU_ASSERT_FALSE(nnt_deadline_is_near(&deadline, now + 1e12));
}

/* The limit counts from `began`, an end of the job is a date: 100 s have passed before. */
static void the_earlier_limit_wins(void)
{
  forget_variables();
  nnt_time_limit const hour = {.kind = NNT_TIME_LIMIT_GIVEN, .seconds = HOUR};
  nnt_deadline deadline = nnt_deadline_find(&hour, now, now + 100.0, WALL);
  CU_ASSERT_EQUAL(deadline.at, now + 3600.0);
  CU_ASSERT_STRING_EQUAL(deadline.source, "--time-limit");

  say("SLURM_JOB_END_TIME", "1700003499");
  deadline = nnt_deadline_find(&hour, now, now + 100.0, WALL);
  CU_ASSERT_EQUAL(deadline.at, now + 100.0 + 3499.0);
  CU_ASSERT_STRING_EQUAL(deadline.source, "SLURM_JOB_END_TIME");

  say("SLURM_JOB_END_TIME", "1700003501");
  deadline = nnt_deadline_find(&hour, now, now + 100.0, WALL);
  CU_ASSERT_EQUAL(deadline.at, now + 3600.0);
  CU_ASSERT_STRING_EQUAL(deadline.source, "--time-limit");

  say("NNTRAIN_END_TIME", "1700000060");
  deadline = nnt_deadline_find(&automatic, now, now + 100.0, WALL);
  CU_ASSERT_EQUAL(deadline.at, now + 160.0);
  CU_ASSERT_STRING_EQUAL(deadline.source, "NNTRAIN_END_TIME");

  nnt_time_limit const none = {.kind = NNT_TIME_LIMIT_NONE};
  CU_ASSERT(isinf(nnt_deadline_find(&none, now, now, WALL).at));
}

static void what_is_no_time_is_not_heeded(void)
{
  static char const *const values[] = {"",    " ",           "soon",        "-1",
                                       "0",   "1700000060s", "1700000060 ", "99999999999999999999",
                                       "1e9", "nan",         "4294967295" /* Slurm's INFINITE */};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    forget_variables();
    say("SLURM_JOB_END_TIME", values[i]);
    nnt_deadline const deadline = nnt_deadline_find(&automatic, now, now, WALL);
    CU_ASSERT(isinf(deadline.at));
    CU_ASSERT_PTR_NULL(deadline.stale);
  }
}

static void a_time_that_has_passed_is_told(void)
{
  forget_variables();
  say("SLURM_JOB_END_TIME", "1700000000");
  nnt_deadline const deadline = nnt_deadline_find(&automatic, now, now, WALL);
  CU_ASSERT(isinf(deadline.at));
  CU_ASSERT_PTR_NOT_NULL_FATAL(deadline.stale);
  CU_ASSERT_STRING_EQUAL(deadline.stale, "SLURM_JOB_END_TIME");
}

/* The last question, in steps of `step` seconds, to which the answer is yes. */
static double last_step(nnt_deadline *deadline, double step)
{
  double at = now;
  while (!nnt_deadline_is_near(deadline, at)) {
    at += step;
  }
  return at;
}

/* 1000 s: a margin of 30 s, steps of 2 s, two saves of 5 s: the last step begins when 42 s are
 * left. */
static void the_last_step_leaves_time_for_two_saves(void)
{
  forget_variables();
  nnt_time_limit const limit = {.kind = NNT_TIME_LIMIT_GIVEN, .seconds = 1000};
  nnt_deadline deadline = nnt_deadline_find(&limit, now, now, WALL);
  CU_ASSERT_EQUAL(deadline.margin, 30.0);
  nnt_deadline_saved(&deadline, 5.0);
  nnt_deadline_saved(&deadline, 3.0);
  CU_ASSERT_EQUAL(last_step(&deadline, 2.0), now + 958.0);
}

/* One step of 100 s among short ones might come again. */
static void a_long_step_is_expected_again(void)
{
  forget_variables();
  nnt_time_limit const limit = {.kind = NNT_TIME_LIMIT_GIVEN, .seconds = 1000};
  nnt_deadline deadline = nnt_deadline_find(&limit, now, now, WALL);
  nnt_deadline_saved(&deadline, 5.0);
  CU_ASSERT_FALSE(nnt_deadline_is_near(&deadline, now - 100.0));
  CU_ASSERT_EQUAL(last_step(&deadline, 2.0), now + 860.0);
}

/* 500 MB at 50 MB/s and 1 s, until the save is measured. */
static void the_first_save_is_guessed(void)
{
  forget_variables();
  nnt_time_limit const limit = {.kind = NNT_TIME_LIMIT_GIVEN, .seconds = 100};
  nnt_deadline deadline = nnt_deadline_find(&limit, now, now, WALL);
  CU_ASSERT_EQUAL(deadline.margin, 10.0);
  nnt_deadline_guess_save(&deadline, 500000000U);
  CU_ASSERT_EQUAL(deadline.save, 11.0);
  nnt_deadline_saved(&deadline, 0.5);
  CU_ASSERT_EQUAL(deadline.save, 0.5);
}

/* A limit shorter than the margin: the first step is the last, so that each start gets on. */
static void a_hopeless_limit_allows_one_step(void)
{
  forget_variables();
  nnt_time_limit const limit = {.kind = NNT_TIME_LIMIT_GIVEN, .seconds = 1};
  nnt_deadline deadline = nnt_deadline_find(&limit, now, now, WALL);
  CU_ASSERT_EQUAL(deadline.margin, 3.0);
  CU_ASSERT(nnt_deadline_is_near(&deadline, now));
}

static CU_TestInfo tests[] = {
    {"without a limit there is time for ever", without_a_limit_there_is_time_for_ever},
    {"the earlier limit wins", the_earlier_limit_wins},
    {"what is no time is not heeded", what_is_no_time_is_not_heeded},
    {"a time that has passed is told", a_time_that_has_passed_is_told},
    {"the last step leaves time for two saves", the_last_step_leaves_time_for_two_saves},
    {"a long step is expected again", a_long_step_is_expected_again},
    {"the first save is guessed", the_first_save_is_guessed},
    {"a hopeless limit allows one step", a_hopeless_limit_allows_one_step},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("deadline", tests);
