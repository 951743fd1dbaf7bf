#include "train/trace.h"

#include "suite.h"
#include "train/phases.h"

enum { CAPACITY = 4, ROUNDS = 3 * CAPACITY };

static void record(nnt_trace *trace, uint64_t from, uint64_t to)
{
  for (uint64_t i = from; i < to; i++) {
    nnt_trace_add(trace, (nnt_trace_event){.begin = (int64_t)i});
  }
}

/* Up to the capacity all are kept, where they came. */
static void events_are_kept_while_there_is_room(void)
{
  nnt_trace_event events[CAPACITY];
  nnt_trace trace = {.events = events, .capacity = CAPACITY, .clock = {-5, 3}};
  nnt_trace_rank ring = nnt_trace_ring(&trace);
  CU_ASSERT_EQUAL(ring.count, 0);
  CU_ASSERT_EQUAL(ring.dropped, 0);
  record(&trace, 0, CAPACITY);
  ring = nnt_trace_ring(&trace);
  CU_ASSERT_EQUAL(ring.count, CAPACITY);
  CU_ASSERT_EQUAL(ring.dropped, 0);
  CU_ASSERT_EQUAL(ring.first, 0);
  CU_ASSERT_EQUAL(ring.clock_offset, -5);
  CU_ASSERT_EQUAL(ring.clock_error, 3);
  for (size_t i = 0; i < CAPACITY; i++) {
    CU_ASSERT_EQUAL(events[i].begin, (int64_t)i);
  }
}

/* Beyond it the newest are, from `first` on round the ring. */
static void the_oldest_events_make_room(void)
{
  nnt_trace_event events[CAPACITY];
  nnt_trace trace = {.events = events, .capacity = CAPACITY};
  for (uint64_t recorded = CAPACITY + 1; recorded < ROUNDS; recorded++) {
    trace.recorded = 0;
    record(&trace, 0, recorded);
    nnt_trace_rank const ring = nnt_trace_ring(&trace);
    CU_ASSERT_EQUAL(ring.count, CAPACITY);
    CU_ASSERT_EQUAL(ring.dropped, recorded - CAPACITY);
    for (uint64_t i = 0; i < CAPACITY; i++) {
      CU_ASSERT_EQUAL(events[(ring.first + i) % CAPACITY].begin, (int64_t)(ring.dropped + i));
    }
  }
}

static void the_end_of_a_phase_is_an_event(void)
{
  nnt_trace_event events[CAPACITY];
  nnt_trace trace = {.events = events, .capacity = CAPACITY};
  nnt_phases phases = {.step = 7, .epoch = 2, .trace = &trace};
  nnt_phases_begin(&phases);
  int64_t const began = phases.since;
  nnt_phases_end(&phases, NNT_PHASE_FORWARD);
  phases.step = 8;
  nnt_phases_end(&phases, NNT_PHASE_UPDATE);
  CU_ASSERT_EQUAL(trace.recorded, 2);
  CU_ASSERT_EQUAL(events[0].name, NNT_PHASE_FORWARD);
  CU_ASSERT_EQUAL(events[0].step, 7);
  CU_ASSERT_EQUAL(events[0].epoch, 2);
  CU_ASSERT_EQUAL(events[0].begin, began);
  CU_ASSERT_EQUAL(events[0].duration, phases.nanoseconds[NNT_PHASE_FORWARD]);
  CU_ASSERT_EQUAL(events[1].name, NNT_PHASE_UPDATE);
  CU_ASSERT_EQUAL(events[1].step, 8);
  CU_ASSERT_EQUAL(events[1].begin, events[0].begin + events[0].duration);
  CU_ASSERT_EQUAL(events[1].begin + events[1].duration, phases.since);
}

static CU_TestInfo tests[] = {
    {"events are kept while there is room", events_are_kept_while_there_is_room},
    {"the oldest events make room", the_oldest_events_make_room},
    {"the end of a phase is an event", the_end_of_a_phase_is_an_event},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("trace ring", tests);
