/** Where a rank stands: what the main thread of each rank tells the watchdogs of its node.
 *
 *  A pulse lies in memory that the ranks of a node share. Its rank alone writes to it, with plain
 *  stores: a step pays for a few of them, and no more. */
#ifndef TRAIN_PULSE_H
#define TRAIN_PULSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Name, whether it is a part of a step, text. */
#define NNT_PLACE_LIST(X)                                                                          \
  X(NNT_PLACE_START, false, "starting")                                                            \
  X(NNT_PLACE_READING, false, "reading the data")                                                  \
  X(NNT_PLACE_MODEL, false, "building the model")                                                  \
  X(NNT_PLACE_FOLDER, false, "reading the output folder")                                          \
  X(NNT_PLACE_MEMORY, false, "making room for training")                                           \
  X(NNT_PLACE_BETWEEN, true, "between steps")                                                      \
  X(NNT_PLACE_PASSES, true, "forward and backward")                                                \
  X(NNT_PLACE_WAIT, true, "waiting for other workers")                                             \
  X(NNT_PLACE_EXCHANGE, true, "exchange with other ranks")                                         \
  X(NNT_PLACE_UPDATE, true, "update")                                                              \
  X(NNT_PLACE_EVALUATION, false, "evaluation")                                                     \
  X(NNT_PLACE_CHECKPOINT, false, "checkpoint")                                                     \
  X(NNT_PLACE_RESULTS, false, "results file")                                                      \
  X(NNT_PLACE_END, false, "ending")

typedef enum nnt_place {
#define X(name, in_step, text) name,
  NNT_PLACE_LIST(X)
#undef X
      NNT_PLACE_COUNT
} nnt_place;

/** All zeros for a rank of another node. */
typedef struct nnt_pulse {
  _Alignas(64) _Atomic uint64_t beat; /* one more whenever the rank has got on */
  _Atomic uint64_t step;              /* the one in progress, or the last one, from 1 */
  _Atomic uint32_t place;             /* nnt_place */
  _Atomic uint32_t is_here;           /* is this a rank of the node? */
  _Atomic int64_t seen;               /* when the rank's watchdog last looked, nnt_nanoseconds() */
} nnt_pulse;

/** The rank goes on with another part of the same step. pulse [in,out] NULL: nobody watches.
 *  Local; cannot fail. */
static inline void nnt_pulse_enter(nnt_pulse *pulse, nnt_place place)
{
  if (pulse != NULL) {
    atomic_store_explicit(&pulse->place, (uint32_t)place, memory_order_relaxed);
  }
}

/** The rank has got on. Local; cannot fail. */
static inline void nnt_pulse_beat(nnt_pulse *pulse)
{
  if (pulse != NULL) (void)atomic_fetch_add_explicit(&pulse->beat, 1, memory_order_relaxed);
}

/** The rank begins with something else than a step. Local; cannot fail. */
static inline void nnt_pulse_stage(nnt_pulse *pulse, nnt_place place)
{
  nnt_pulse_enter(pulse, place);
  nnt_pulse_beat(pulse);
}

/** The rank begins with a step, counted from 1. Local; cannot fail. */
static inline void nnt_pulse_step(nnt_pulse *pulse, uint64_t step)
{
  if (pulse != NULL) atomic_store_explicit(&pulse->step, step, memory_order_relaxed);
  nnt_pulse_stage(pulse, NNT_PLACE_PASSES);
}

/** How long a rank has not got on, as its watchdog finds by looking now and then. */
typedef struct nnt_stall {
  uint64_t beat;  /* at the last look */
  bool in_step;   /* was the rank in a step then? */
  double seconds; /* since the last beat */
  double longest; /* the longest step so far, seconds */
} nnt_stall;

/** A look: is the rank stuck? In a step it is after `timeout`, elsewhere (reading the data,
 *  evaluation, saving) after NNT_STALL_PATIENCE times that, and never before NNT_STALL_PATIENCE
 *  times the longest step.
 *  passed [in] seconds since the last look in which the watchdog could run
 *  Local; cannot fail. */
enum { NNT_STALL_PATIENCE = 4 };
bool nnt_stall_look(nnt_stall *stall, const nnt_pulse *pulse, double passed, double timeout);

/** Where the ranks of the node stand, one line for neighbours that stand alike.
 *  pulses [in] (ranks)   now [in] nnt_nanoseconds()
 *  silence [in] nanoseconds without a look of its watchdog after which a rank counts as stopped
 *  out [out] lines that begin with `prefix`, cut to size
 *  Local; cannot fail. */
void nnt_pulse_report(const nnt_pulse *pulses, size_t ranks, int64_t now, int64_t silence,
                      const char *prefix, char *out, size_t size);

#endif
