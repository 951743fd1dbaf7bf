/** When a checkpoint is due. */
#ifndef TRAIN_SAVE_SCHEDULE_H
#define TRAIN_SAVE_SCHEDULE_H

#include <stdbool.h>

#include "nntrain/config.h"
#include "nntrain/store.h"

/** Bounds of an interval that follows from costs, and the time between failures that is assumed:
 *  one a day. In seconds. */
#define NNT_SAVE_INTERVAL_MIN 30.0
#define NNT_SAVE_INTERVAL_MAX 1800.0
#define NNT_SAVE_FAILURES 86400.0

/** Times on the clock of nnt_seconds(); rank 0's alone count. */
typedef struct nnt_save_schedule {
  nnt_interval every;
  double interval; /* seconds between saves; INFINITY if steps or epochs count */
  double last;     /* the last save, or the start */
  double told;     /* the interval that the user knows of */
  double cost;     /* mean over those so far */
  uint64_t costs;  /* how many these are */
} nnt_save_schedule;

/** The time between checkpoints with which the least time is lost to writing and to failures,
 *  sqrt(2 C M).   cost [in] C, of a checkpoint   failures [in] M, mean time between failures
 *  All in seconds. Local; cannot fail. Source: Young, "A first order approximation to the optimum
 *  checkpoint interval", Comm. ACM 17 (1974); Daly, Future Generation Computer Systems
 *  22 (2006), for when it holds: C much smaller than M. */
double nnt_young_interval(double cost, double failures);

/** now [in] the start of training. Local; cannot fail. */
nnt_save_schedule nnt_save_schedule_begin(nnt_interval every, double now);

/** Is a save due at this position, by its steps or epochs? The same on all ranks. Local. */
bool nnt_save_schedule_has_step(const nnt_save_schedule *schedule, const nnt_position *at);

/** Is one due by the clock? Local; cannot fail. */
bool nnt_save_schedule_has_time(const nnt_save_schedule *schedule, double now);

/** One has begun, whatever will become of it. Local; cannot fail. */
void nnt_save_schedule_begun(nnt_save_schedule *schedule, double now);

/** One has taken so many seconds. With NNT_INTERVAL_AUTO the interval follows from the mean.
 *  Local; cannot fail. Returns whether it is worth telling: at the first time, and when the
 *  interval is half or twice what was told. */
bool nnt_save_schedule_learn(nnt_save_schedule *schedule, double seconds);

#endif
