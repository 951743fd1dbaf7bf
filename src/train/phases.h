/** Where the time of a run goes. */
#ifndef TRAIN_PHASES_H
#define TRAIN_PHASES_H

#include "base/clock.h"

#define NNT_PHASE_LIST(X)                                                                          \
  X(NNT_PHASE_DATA, "data")                                                                        \
  X(NNT_PHASE_FORWARD, "forward")                                                                  \
  X(NNT_PHASE_BACKWARD, "backward")                                                                \
  X(NNT_PHASE_EXCHANGE, "exchange")                                                                \
  X(NNT_PHASE_WAIT, "wait")                                                                        \
  X(NNT_PHASE_UPDATE, "update")                                                                    \
  X(NNT_PHASE_EVALUATION, "evaluation")                                                            \
  X(NNT_PHASE_CHECKPOINT, "checkpoint")

typedef enum nnt_phase_id {
#define X(name, text) name,
  NNT_PHASE_LIST(X)
#undef X
      NNT_PHASE_COUNT
} nnt_phase_id;

/** Seconds by phase; `since` is when the current phase began. */
typedef struct nnt_phases {
  double seconds[NNT_PHASE_COUNT];
  double since;
} nnt_phases;

/** Begins to measure. */
static inline void nnt_phases_begin(nnt_phases *phases) { phases->since = nnt_seconds(); }

/** The time since the last call (or the beginning) belonged to `phase`. */
static inline void nnt_phases_end(nnt_phases *phases, nnt_phase_id phase)
{
  double const now = nnt_seconds();
  phases->seconds[phase] += now - phases->since;
  phases->since = now;
}

#endif
