/** How much memory the ranks of a run have needed. */
#ifndef TRAIN_PEAK_MEMORY_H
#define TRAIN_PEAK_MEMORY_H

#include "nntrain/comm.h"
#include "nntrain/store.h"

/** Minimum, median and maximum of the values; the median of an even number of them is the mean of
 *  the middle two.
 *  bytes [in,out] (ranks) sorted afterwards; ranks >= 1
 *  Local; cannot fail. */
nnt_peak_memory nnt_peak_memory_of(uint64_t *bytes, size_t ranks);

/** What the ranks have needed so far.
 *  out [out] on rank 0; left alone elsewhere
 *  Collective; NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_peak_memory_gather(nnt_peak_memory *out, const nnt_comm *comm);

#endif
