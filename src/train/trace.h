/** What each rank did when: recorded in memory, written at the end. */
#ifndef TRAIN_TRACE_H
#define TRAIN_TRACE_H

#include "nntrain/comm.h"
#include "store/trace_file.h"

/** The events of the calling rank: the newest `capacity` of those recorded. */
typedef struct nnt_trace {
  nnt_trace_event *events; /* (capacity), a ring */
  uint64_t capacity;
  uint64_t recorded;
  nnt_clock_offset clock;
} nnt_trace;

/** Allocates room for 131,072 events a rank, or less so that all ranks together have no more than
 *  1,048,576, but for at least 1,024 a rank; and compares the clocks.
 *  Collective; NNT_ENOMEM. The caller owns *out: nnt_trace_destroy(). */
NNT_MUST_CHECK nnt_status nnt_trace_create(nnt_trace **out, const nnt_comm *comm);
void nnt_trace_destroy(nnt_trace *trace);

/** Records an event, in place of the oldest if there is no room. Local; cannot fail. */
static inline void nnt_trace_add(nnt_trace *trace, nnt_trace_event event)
{
  trace->events[trace->recorded++ % trace->capacity] = event;
}

/** Where the events stand in the ring, and how many are gone. Local; cannot fail. */
nnt_trace_rank nnt_trace_ring(const nnt_trace *trace);

/** Brings the events of all ranks to rank 0, which writes them to a file.
 *  lock    [in] on rank 0: of the run, NULL: none
 *  names   [in] of events
 *  written [out] on rank 0: events in the file   dropped [out] on rank 0: events that are not
 *  Collective; NNT_EIO, NNT_EBUSY, NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_trace_write(const nnt_trace *trace, const nnt_comm *comm,
                                          const char *path, const nnt_lock *lock,
                                          const char *const *names, uint64_t *written,
                                          uint64_t *dropped);

#endif
