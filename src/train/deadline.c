#include "train/deadline.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

/* mpirun takes 2 s to end when ranks have ended with another code than 0. */
static double const least_margin = 3.0;
static double const most_margin = 30.0;
static double const slow_disk = 50e6; /* bytes per second */

/* Slurm ends a job without a limit after a year. */
enum { YEAR = 364 * 24 * 3600 };
static long long const latest = 1LL << 50;

/* Seconds since 1970, or false if there is no such variable. What is malformed is not heeded. */
static bool read_time(const char *name, int64_t *out)
{
  char const *const text = getenv(name);
  char *end = NULL;
  long long const value = text == NULL ? 0 : strtoll(text, &end, 10);
  if (value <= 0 || value > latest || *end != '\0') return false;
  *out = value;
  return true;
}

static void take_variable(nnt_deadline *deadline, const char *name, double now, int64_t wall)
{
  int64_t end = 0;
  if (!read_time(name, &end) || end - wall > YEAR) return;
  if (end <= wall) {
    /* A limit that was raised while the job ran, or a shell that has survived its job. */
    deadline->stale = name;
  } else if (now + (double)(end - wall) < deadline->at) {
    deadline->at = now + (double)(end - wall);
    deadline->source = name;
  }
}

nnt_deadline nnt_deadline_find(const nnt_time_limit *limit, double began, double now, int64_t wall)
{
  nnt_deadline deadline = {.at = (double)INFINITY, .source = "", .asked_at = (double)NAN};
  if (limit->kind == NNT_TIME_LIMIT_NONE) return deadline;
  if (limit->kind == NNT_TIME_LIMIT_GIVEN) {
    deadline.at = began + (double)limit->seconds;
    deadline.source = "--time-limit";
  }
  take_variable(&deadline, "NNTRAIN_END_TIME", now, wall);
  take_variable(&deadline, "SLURM_JOB_END_TIME", now, wall);
  deadline.margin = fmin(fmax(0.1 * (deadline.at - now), least_margin), most_margin);
  return deadline;
}

void nnt_deadline_guess_save(nnt_deadline *deadline, uint64_t bytes)
{
  deadline->save = 1.0 + (double)bytes / slow_disk;
}

void nnt_deadline_saved(nnt_deadline *deadline, double seconds)
{
  deadline->save = deadline->is_measured ? fmax(deadline->save, seconds) : seconds;
  deadline->is_measured = true;
}

bool nnt_deadline_is_near(nnt_deadline *deadline, double now)
{
  double const since = now - deadline->asked_at;
  if (since > deadline->longest) deadline->longest = since;
  deadline->asked_at = now;
  return now + deadline->longest + 2.0 * deadline->save + deadline->margin >= deadline->at;
}
