#include "train/trace.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/memory.h"

enum { EVENTS_OF_ALL = 1 << 20, EVENTS_MOST = 1 << 17, EVENTS_LEAST = 1 << 10 };

static size_t capacity_for(int ranks)
{
  size_t const share = EVENTS_OF_ALL / (size_t)ranks;
  if (share > EVENTS_MOST) return EVENTS_MOST;
  return share < EVENTS_LEAST ? EVENTS_LEAST : share;
}

static nnt_status allocate(nnt_trace **out, int ranks)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, 1, sizeof(nnt_trace), "the trace"));
  nnt_trace *const trace = memory;
  *out = trace;
  trace->capacity = capacity_for(ranks);
  NNT_TRY(nnt_memory_create(&memory, trace->capacity, sizeof *trace->events, "the trace"));
  trace->events = memory;
  return NNT_OK;
}

nnt_status nnt_trace_create(nnt_trace **out, const nnt_comm *comm)
{
  nnt_trace *trace = NULL;
  nnt_status status = allocate(&trace, nnt_comm_size(comm));
  if (status == NNT_OK) status = nnt_fault("trace", nnt_comm_rank(comm));
  status = nnt_comm_agree(comm, status);
  if (status != NNT_OK || trace == NULL) {
    nnt_trace_destroy(trace);
    return status;
  }
  trace->clock = nnt_comm_clock_offset(comm, nnt_nanoseconds);
  *out = trace;
  return NNT_OK;
}

void nnt_trace_destroy(nnt_trace *trace)
{
  if (trace == NULL) return;
  free(trace->events);
  free(trace);
}

nnt_trace_rank nnt_trace_ring(const nnt_trace *trace)
{
  bool const full = trace->recorded > trace->capacity;
  return (nnt_trace_rank){.clock_offset = trace->clock.nanoseconds,
                          .clock_error = trace->clock.error,
                          .dropped = full ? trace->recorded - trace->capacity : 0,
                          .count = full ? trace->capacity : trace->recorded,
                          .first = full ? trace->recorded % trace->capacity : 0};
}

/* Local, on rank 0. */
static nnt_status create_ranks(nnt_trace_rank **out, const nnt_comm *comm)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, (size_t)nnt_comm_size(comm), sizeof **out, "the trace"));
  *out = memory;
  return nnt_fault("trace-ranks", nnt_comm_rank(comm));
}

/* Local, on rank 0: room for all events. */
static nnt_status create_events(nnt_trace_event **out, const nnt_trace_rank *ranks, size_t count,
                                uint64_t *written, uint64_t *dropped)
{
  void *memory = NULL;
  *written = 0;
  *dropped = 0;
  for (size_t r = 0; r < count; r++) {
    *written += ranks[r].count;
    *dropped += ranks[r].dropped;
  }
  NNT_TRY(nnt_memory_create(&memory, (size_t)*written, sizeof **out, "the trace of all ranks"));
  *out = memory;
  return nnt_fault("trace-events", 0);
}

nnt_status nnt_trace_write(const nnt_trace *trace, const nnt_comm *comm, const char *path,
                           const nnt_lock *lock, const char *const *names, uint64_t *written,
                           uint64_t *dropped)
{
  bool const here = nnt_comm_rank(comm) == 0;
  size_t const count = (size_t)nnt_comm_size(comm);
  nnt_trace_rank *ranks = NULL;
  nnt_trace_event *events = NULL;
  nnt_trace_rank mine = nnt_trace_ring(trace);
  mine.node = (uint64_t)nnt_comm_node(comm);

  nnt_status status = nnt_comm_follow(comm, here ? create_ranks(&ranks, comm) : NNT_OK);
  if (status == NNT_OK) {
    nnt_comm_gather(comm, &mine, sizeof mine, ranks);
    if (here) status = create_events(&events, ranks, count, written, dropped);
    status = nnt_comm_follow(comm, status);
  }
  if (status == NNT_OK) {
    nnt_comm_gather(comm, trace->events, (size_t)mine.count * sizeof *events, events);
    nnt_trace_table const table = {names, ranks, count, events};
    if (here) status = nnt_trace_file_write(path, lock, &table);
    if (status == NNT_OK) status = nnt_fault("trace-file", nnt_comm_rank(comm));
    status = nnt_comm_follow(comm, status);
  }
  free(ranks);
  free(events);
  return status;
}
