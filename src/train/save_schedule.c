#include "train/save_schedule.h"

#include <math.h>

double nnt_young_interval(double cost, double failures) { return sqrt(2.0 * cost * failures); }

nnt_save_schedule nnt_save_schedule_begin(nnt_interval every, double now)
{
  nnt_save_schedule schedule = {.every = every, .interval = (double)INFINITY, .last = now};
  if (every.unit == NNT_INTERVAL_SECONDS) schedule.interval = (double)every.count;
  if (every.unit == NNT_INTERVAL_AUTO) schedule.interval = NNT_SAVE_INTERVAL_MIN;
  schedule.told = schedule.interval;
  return schedule;
}

bool nnt_save_schedule_has_step(const nnt_save_schedule *schedule, const nnt_position *at)
{
  nnt_interval const every = schedule->every;
  switch (every.unit) {
  case NNT_INTERVAL_STEPS:
    return at->step % every.count == 0;
  case NNT_INTERVAL_EPOCHS:
    return at->batch == 0 && at->epoch % every.count == 0;
  case NNT_INTERVAL_SECONDS:
  case NNT_INTERVAL_AUTO:
    break;
  }
  return false;
}

bool nnt_save_schedule_has_time(const nnt_save_schedule *schedule, double now)
{
  return now - schedule->last >= schedule->interval;
}

void nnt_save_schedule_begun(nnt_save_schedule *schedule, double now) { schedule->last = now; }

bool nnt_save_schedule_learn(nnt_save_schedule *schedule, double seconds)
{
  schedule->costs++;
  schedule->cost += (seconds - schedule->cost) / (double)schedule->costs;
  if (schedule->every.unit != NNT_INTERVAL_AUTO) return false;
  double const best = nnt_young_interval(schedule->cost, NNT_SAVE_FAILURES);
  schedule->interval = fmin(fmax(best, NNT_SAVE_INTERVAL_MIN), NNT_SAVE_INTERVAL_MAX);
  double const change = schedule->interval / schedule->told;
  bool const is_news = schedule->costs == 1 || change >= 2.0 || change <= 0.5;
  if (is_news) schedule->told = schedule->interval;
  return is_news;
}
