#include "train/save_schedule.h"

#include <math.h>

#include "suite.h"

enum { HOUR = 3600 };
static double const start = 1000.0;

/* sqrt(2 * 0.2 * 86400), sqrt(2 * 2 * 21600), sqrt(2 * 20 * 14400), by hand. */
static void the_best_interval_is_youngs(void)
{
  CU_ASSERT_DOUBLE_EQUAL(nnt_young_interval(0.2, 24 * HOUR), 185.903, 1e-3);
  CU_ASSERT_DOUBLE_EQUAL(nnt_young_interval(2.0, 6 * HOUR), 293.939, 1e-3);
  CU_ASSERT_DOUBLE_EQUAL(nnt_young_interval(20.0, 4 * HOUR), 758.947, 1e-3);
}

/* It is the minimum of what a failure and the writing cost per second, T / (2 M) + C / T. */
static void no_other_interval_loses_less(void)
{
  double const cost = 0.7;
  double const failures = 5000.0;
  double const best = nnt_young_interval(cost, failures);
  double const least = best / (2.0 * failures) + cost / best;
  for (int percent = 50; percent <= 200; percent++) {
    double const t = 0.01 * percent * best;
    CU_ASSERT(t / (2.0 * failures) + cost / t >= least * (1.0 - 1e-12));
  }
}

static void steps_and_epochs_are_counted(void)
{
  nnt_save_schedule const steps =
      nnt_save_schedule_begin((nnt_interval){NNT_INTERVAL_STEPS, 3}, start);
  nnt_save_schedule const epochs =
      nnt_save_schedule_begin((nnt_interval){NNT_INTERVAL_EPOCHS, 2}, start);
  for (uint64_t step = 1; step <= 20; step++) {
    nnt_position const at = {.step = step, .epoch = step / 5, .batch = step % 5};
    CU_ASSERT_EQUAL(nnt_save_schedule_has_step(&steps, &at), step % 3 == 0);
    CU_ASSERT_EQUAL(nnt_save_schedule_has_step(&epochs, &at), step == 10 || step == 20);
  }
  CU_ASSERT_FALSE(nnt_save_schedule_has_time(&steps, start + 1e12));
  CU_ASSERT_FALSE(nnt_save_schedule_has_time(&epochs, start + 1e12));
}

static void seconds_count_from_the_last_save(void)
{
  nnt_save_schedule schedule =
      nnt_save_schedule_begin((nnt_interval){NNT_INTERVAL_SECONDS, 90}, start);
  nnt_position const at = {.step = 90, .epoch = 90};
  CU_ASSERT_FALSE(nnt_save_schedule_has_step(&schedule, &at));
  CU_ASSERT_FALSE(nnt_save_schedule_has_time(&schedule, start + 89.0));
  CU_ASSERT(nnt_save_schedule_has_time(&schedule, start + 90.0));
  nnt_save_schedule_begun(&schedule, start + 95.0);
  CU_ASSERT_FALSE(nnt_save_schedule_has_time(&schedule, start + 184.0));
  /* What is asked for is not changed by what it costs. */
  CU_ASSERT_FALSE(nnt_save_schedule_learn(&schedule, 1000.0));
  CU_ASSERT(nnt_save_schedule_has_time(&schedule, start + 185.0));
}

static double interval_after(double cost)
{
  nnt_save_schedule schedule = nnt_save_schedule_begin((nnt_interval){NNT_INTERVAL_AUTO, 0}, start);
  CU_ASSERT_FALSE(nnt_save_schedule_has_time(&schedule, start + 29.9));
  CU_ASSERT(nnt_save_schedule_has_time(&schedule, start + 30.0));
  CU_ASSERT(nnt_save_schedule_learn(&schedule, cost));
  return schedule.interval;
}

/* With a failure a day: 186 s for 0.2 s; bounds of 30 s and 30 min. */
static void an_interval_follows_from_the_cost(void)
{
  CU_ASSERT_DOUBLE_EQUAL(interval_after(0.2), 185.903, 1e-3);
  CU_ASSERT_EQUAL(interval_after(1e-9), 30.0);
  CU_ASSERT_EQUAL(interval_after(1e9), 1800.0);
}

/* Costs of 0.2 s and 0.4 s: a mean of 0.3 s, sqrt(2 * 0.3 * 86400) = 227.684 s. */
static void the_mean_cost_counts_and_only_news_is_told(void)
{
  nnt_save_schedule schedule = nnt_save_schedule_begin((nnt_interval){NNT_INTERVAL_AUTO, 0}, start);
  CU_ASSERT(nnt_save_schedule_learn(&schedule, 0.2));
  CU_ASSERT_FALSE(nnt_save_schedule_learn(&schedule, 0.4));
  CU_ASSERT_DOUBLE_EQUAL(schedule.interval, 227.684, 1e-3);
  /* A mean of 2 s: 588 s, more than twice the 186 s that were told. */
  CU_ASSERT(nnt_save_schedule_learn(&schedule, 5.4));
  CU_ASSERT_DOUBLE_EQUAL(schedule.interval, 587.878, 1e-3);
  CU_ASSERT_FALSE(nnt_save_schedule_learn(&schedule, 2.0));
}

static CU_TestInfo tests[] = {
    {"the best interval is Young's", the_best_interval_is_youngs},
    {"no other interval loses less", no_other_interval_loses_less},
    {"steps and epochs are counted", steps_and_epochs_are_counted},
    {"seconds count from the last save", seconds_count_from_the_last_save},
    {"an interval follows from the cost", an_interval_follows_from_the_cost},
    {"the mean cost counts, and only news is told", the_mean_cost_counts_and_only_news_is_told},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("save_schedule", tests);
