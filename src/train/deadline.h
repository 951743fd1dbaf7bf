/** When a run must have ended: the time limit that the user or the batch system has set.
 *
 *  Rank 0 alone looks at it, by its own clock, and its wish to stop reaches the others with the
 *  step (see comm/exchange.h). So no bit depends on it. */
#ifndef TRAIN_DEADLINE_H
#define TRAIN_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "nntrain/config.h"

/** All times in seconds on the clock of nnt_seconds(). */
typedef struct nnt_deadline {
  double at;     /* INFINITY: none */
  double margin; /* kept free before it, for the launcher and the job script */
  double save;   /* time of the slowest file so far; a guess until one is measured */
  bool is_measured;
  double longest;     /* time between two questions so far: a step, perhaps with an evaluation */
  double asked_at;    /* the last question; NaN before the first */
  char const *source; /* what has set it: "--time-limit", or the name of a variable. A constant */
  char const *stale;  /* a variable whose time has passed, so that it is not heeded; or NULL */
} nnt_deadline;

/** The earlier one of the limit and of the end of the job, as NNTRAIN_END_TIME (for job scripts)
 *  and SLURM_JOB_END_TIME (Slurm 23.02 and later) tell it in seconds since 1970.
 *  began [in] what the limit counts from   now [in] on the clock of nnt_seconds()
 *  wall  [in] now in seconds since 1970
 *  Later changes of the wall clock have no effect. The margin is a tenth of the time that is left,
 *  but at least 3 s and at most 30 s.
 *  Local; cannot fail. */
nnt_deadline nnt_deadline_find(const nnt_time_limit *limit, double began, double now, int64_t wall);

/** How long a save takes may be guessed from its size until one has been measured: 1 s and what
 *  50 MB/s take, as a slow network disk. Local; cannot fail. */
void nnt_deadline_guess_save(nnt_deadline *deadline, uint64_t bytes);

/** A file has taken so long. Local; cannot fail. */
void nnt_deadline_saved(nnt_deadline *deadline, double seconds);

/** Before each step: must it be the last one? It must if another one, as long as the longest so
 *  far, and two saves might not end before the margin: one that is being written beside training,
 *  and the last one, which waits for it. Local; cannot fail. */
bool nnt_deadline_is_near(nnt_deadline *deadline, double now);

#endif
