#include "store/trace_file.h"

#include <inttypes.h>

#include "store/atomic_file.h"
#include "store/checkpoint_layout.h"

/* Event i of a rank, from the oldest. */
static const nnt_trace_event *event_at(const nnt_trace_rank *rank, const nnt_trace_event *events,
                                       uint64_t i)
{
  return &events[(rank->first + i) % rank->count];
}

/* The earliest time of all, by the clock of rank 0. */
static int64_t find_origin(const nnt_trace_table *table)
{
  int64_t origin = INT64_MAX;
  nnt_trace_event const *events = table->events;
  for (size_t r = 0; r < table->rank_count; r++) {
    nnt_trace_rank const *const rank = &table->ranks[r];
    if (rank->count == 0) continue;
    int64_t const begin = event_at(rank, events, 0)->begin + rank->clock_offset;
    if (begin < origin) origin = begin;
    events += rank->count;
  }
  return origin;
}

static void print_microseconds(FILE *file, const char *key, int64_t nanoseconds)
{
  (void)fprintf(file, ",\"%s\":%" PRId64 ".%03d", key, nanoseconds / 1000,
                (int)(nanoseconds % 1000));
}

static void print_about(FILE *file, const nnt_trace_table *table)
{
  (void)fprintf(file, "{\"nntrain_version\":\"%s\",\"ranks\":[", nnt_store_version);
  for (size_t r = 0; r < table->rank_count; r++) {
    nnt_trace_rank const *const rank = &table->ranks[r];
    (void)fprintf(file,
                  "%s\n{\"rank\":%zu,\"dropped_events\":%" PRIu64 ",\"clock_offset_ns\":%" PRId64
                  ",\"clock_error_ns\":%" PRId64 "}",
                  r == 0 ? "" : ",", r, rank->dropped, rank->clock_offset, rank->clock_error);
  }
  (void)fprintf(file, "]}");
}

/* As in Linux, a process has the number of its first thread, here the lowest rank of the node:
 * readers take the thread with the number of a process for a part of it. Not from 0, which Perfetto
 * takes for the idle task of the kernel. */
static size_t process_of(const nnt_trace_table *table, size_t rank)
{
  size_t lowest = 0;
  while (table->ranks[lowest].node != table->ranks[rank].node) {
    lowest++;
  }
  return lowest + 1;
}

static void print_names(FILE *file, const nnt_trace_table *table)
{
  for (size_t r = 0; r < table->rank_count; r++) {
    size_t const process = process_of(table, r);
    (void)fprintf(file,
                  "%s\n{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%zu"
                  ",\"args\":{\"name\":\"node %" PRIu64 "\"}}",
                  r == 0 ? "" : ",", process, table->ranks[r].node);
    (void)fprintf(file,
                  ",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":%zu"
                  ",\"tid\":%zu,\"args\":{\"name\":\"rank %zu\"}}",
                  process, r + 1, r);
  }
}

static void print_events(FILE *file, const nnt_trace_table *table)
{
  int64_t const origin = find_origin(table);
  nnt_trace_event const *events = table->events;
  for (size_t r = 0; r < table->rank_count; r++) {
    nnt_trace_rank const *const rank = &table->ranks[r];
    size_t const process = process_of(table, r);
    for (uint64_t i = 0; i < rank->count; i++) {
      nnt_trace_event const *const event = event_at(rank, events, i);
      (void)fprintf(file, ",\n{\"name\":\"%s\",\"ph\":\"X\"", table->names[event->name]);
      print_microseconds(file, "ts", event->begin + rank->clock_offset - origin);
      print_microseconds(file, "dur", event->duration);
      (void)fprintf(
          file, ",\"pid\":%zu,\"tid\":%zu,\"args\":{\"step\":%" PRIu64 ",\"epoch\":%" PRIu32 "}}",
          process, r + 1, event->step, event->epoch);
    }
    events += rank->count;
  }
}

static void print_trace(FILE *file, const void *context)
{
  nnt_trace_table const *const table = context;
  /* Some readers look for the unit only near the beginning. */
  (void)fprintf(file, "{\"displayTimeUnit\":\"ms\",\n\"otherData\":");
  print_about(file, table);
  (void)fprintf(file, ",\n\"traceEvents\":[");
  print_names(file, table);
  print_events(file, table);
  (void)fprintf(file, "\n]}\n");
}

nnt_status nnt_trace_file_write(const char *path, const nnt_lock *lock,
                                const nnt_trace_table *table)
{
  return nnt_file_print(path, lock, print_trace, table);
}
