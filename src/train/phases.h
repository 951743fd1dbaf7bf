/** Where the time of a run goes. Every rank has a clock for each phase. */
#ifndef TRAIN_PHASES_H
#define TRAIN_PHASES_H

#include "base/clock.h"
#include "nntrain/comm.h"
#include "nntrain/store.h"
#include "train/pulse.h"
#include "train/trace.h"

#define NNT_PHASE_LIST(X)                                                                          \
  X(NNT_PHASE_DATA, "data")             /* samples into place */                                   \
  X(NNT_PHASE_FORWARD, "forward")       /* outputs and loss */                                     \
  X(NNT_PHASE_BACKWARD, "backward")     /* gradients, summed over the rank's microbatches */       \
  X(NNT_PHASE_EXCHANGE, "exchange")     /* gradients and parameters between ranks */               \
  X(NNT_PHASE_WAIT, "wait")             /* for other ranks, within a step */                       \
  X(NNT_PHASE_UPDATE, "update")         /* parameters from gradients */                            \
  X(NNT_PHASE_EVALUATION, "evaluation") /* validation and test, with waiting */                    \
  X(NNT_PHASE_CHECKPOINT,                                                                          \
    "checkpoint")                 /* the copy of the state; the file, where it is waited for */    \
  X(NNT_PHASE_RESULTS, "results") /* the same for the results file */

typedef enum nnt_phase_id {
#define X(name, text) name,
  NNT_PHASE_LIST(X)
#undef X
      NNT_PHASE_COUNT
} nnt_phase_id;

/** The names in the order of the enumeration. Constants. */
extern char const *const nnt_phase_names[NNT_PHASE_COUNT];

/** The clocks of the calling rank. */
typedef struct nnt_phases {
  int64_t nanoseconds[NNT_PHASE_COUNT];
  int64_t since;    /* when the current phase began */
  uint64_t step;    /* the one in progress, or the last one, from 1; for the trace */
  uint64_t epoch;   /* from 1; for the trace */
  nnt_trace *trace; /* borrowed; NULL: nothing is recorded */
  nnt_pulse *pulse; /* borrowed; NULL: nobody watches */
} nnt_phases;

/** A phase begins. Local; cannot fail. Cost: one reading of the clock, some 40 ns. */
static inline void nnt_phases_begin(nnt_phases *phases) { phases->since = nnt_nanoseconds(); }

/** The time since the last call (or the beginning) belonged to `phase`, and another one begins. An
 *  event goes into the trace, if there is one. Local; cannot fail. Cost: one reading of the clock.
 */
static inline void nnt_phases_end(nnt_phases *phases, nnt_phase_id phase)
{
  int64_t const now = nnt_nanoseconds();
  int64_t const spent = now - phases->since;
  phases->nanoseconds[phase] += spent;
  if (phases->trace != NULL) {
    nnt_trace_add(phases->trace, (nnt_trace_event){.begin = phases->since,
                                                   .duration = spent,
                                                   .step = phases->step,
                                                   .epoch = (uint32_t)phases->epoch,
                                                   .name = phase});
  }
  phases->since = now;
}

/** Minimum, median, maximum and mean over ranks.
 *  of_ranks [in] (ranks, NNT_PHASE_COUNT) nanoseconds   sorted [out] (ranks) workspace
 *  Local; cannot fail. */
void nnt_phases_summarize(const int64_t *of_ranks, size_t ranks, int64_t *sorted,
                          nnt_phase out[NNT_PHASE_COUNT]);

/** Brings the clocks of all ranks together.
 *  out [out] on rank 0; left alone elsewhere
 *  Collective; NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_phases_gather(const nnt_phases *phases, const nnt_comm *comm,
                                            nnt_phase out[NNT_PHASE_COUNT]);

#endif
