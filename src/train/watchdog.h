/** A watchdog: ends the job when its rank does not get on.
 *
 *  A rank that hangs or is stopped makes all others wait for ever, inside MPI or a futex, and
 *  nothing in the launcher looks for it. Each rank has a thread that looks at the rank's pulse. It
 *  calls nothing of MPI, which only the main thread may, and so it ends the job by ending its
 *  process: the launcher then ends all the others. Time in which the watchdog itself could not run
 *  does not count, so that a job may be suspended as a whole and go on. */
#ifndef TRAIN_WATCHDOG_H
#define TRAIN_WATCHDOG_H

#include "nntrain/comm.h"
#include "train/pulse.h"

typedef struct nnt_watchdog nnt_watchdog;

/** Begins to watch the calling rank. When it is stuck, says on standard error where the ranks of
 *  the node stand, and ends the process with the exit code of an internal error; so do then the
 *  watchdogs of the node's other ranks.
 *  timeout [in] seconds, see nnt_stall_look(); 0: nobody watches, and *out is NULL
 *  Collective; NNT_ENOMEM. The caller owns *out: nnt_watchdog_destroy(). */
NNT_MUST_CHECK nnt_status nnt_watchdog_create(nnt_watchdog **out, const nnt_comm *comm,
                                              uint64_t timeout);

/** Collective over the node; does nothing for NULL; cannot fail. */
void nnt_watchdog_destroy(nnt_watchdog *watchdog);

/** Where the rank says how it gets on. Borrowed; NULL for NULL. Local; cannot fail. */
nnt_pulse *nnt_watchdog_pulse(const nnt_watchdog *watchdog);

#endif
