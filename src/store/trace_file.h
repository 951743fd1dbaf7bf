/** The trace of a run as Perfetto and chrome://tracing open it. */
#ifndef STORE_TRACE_FILE_H
#define STORE_TRACE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "nntrain/store.h"

/** A stretch of a rank's time. */
typedef struct nnt_trace_event {
  int64_t begin;    /* nanoseconds, by the clock of the rank */
  int64_t duration; /* nanoseconds */
  uint64_t step;    /* from 1 */
  uint32_t epoch;   /* from 1 */
  uint32_t name;    /* index into the names */
} nnt_trace_event;

/** What a rank has recorded: a ring, whose oldest event need not be at its beginning. */
typedef struct nnt_trace_rank {
  int64_t clock_offset; /* nanoseconds to add to its clock to have that of rank 0 */
  int64_t clock_error;  /* by how much that may be wrong */
  uint64_t dropped;     /* older events that have made room */
  uint64_t count;
  uint64_t first; /* index of the oldest */
  uint64_t node;  /* from 0 */
} nnt_trace_rank;

/** The trace of a run. */
typedef struct nnt_trace_table {
  const char *const *names; /* of events; no character in them needs an escape in JSON */
  const nnt_trace_rank *ranks;
  size_t rank_count;
  const nnt_trace_event *events; /* of all ranks, one behind the other */
} nnt_trace_table;

/** Writes the trace as JSON, replacing an older file as a whole.
 *
 *  One complete event ("ph": "X") a line, with ts and dur in microseconds to three places, ts from
 *  the earliest event by the clock of rank 0. A rank is a thread, "rank 0" with tid 1 and so on; a
 *  node is a process, "node 0", whose pid is the tid of its lowest rank. otherData tells of each
 *  rank how many events were dropped and how far its clock was from that of rank 0.
 *  lock [in] of the run, NULL: none; without it nothing is written, wherever the file is
 *  Local; NNT_EIO, NNT_EBUSY. Source: "Trace Event Format" of Chromium. */
NNT_MUST_CHECK nnt_status nnt_trace_file_write(const char *path, const nnt_lock *lock,
                                               const nnt_trace_table *table);

#endif
