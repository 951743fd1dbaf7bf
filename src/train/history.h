/** A history that grows. */
#ifndef TRAIN_HISTORY_H
#define TRAIN_HISTORY_H

#include <stddef.h>

#include "nntrain/status.h"
#include "nntrain/store.h"

/** How many records a history has memory for. */
typedef struct nnt_history_room {
  size_t epochs;
  size_t steps;
} nnt_history_room;

/** Makes room for so many records in all, at least doubling what there is, so that a run of many
 *  epochs copies little.   room [in,out] all 0 for an empty history
 *  Local; NNT_ENOMEM, and then the records are as before. The caller frees the two arrays. */
NNT_MUST_CHECK nnt_status nnt_history_reserve(nnt_history *history, nnt_history_room *room,
                                              size_t epochs, size_t steps);

/** Appends what `from` has more than `to`, of which `to` must have room. Local; cannot fail. */
void nnt_history_append(nnt_history *to, const nnt_history *from);

#endif
