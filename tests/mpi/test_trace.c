#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "suite.h"
#include "train/phases.h"

enum { STEPS = 20, PHASES = 3, EVENTS = STEPS * PHASES };

/* What ts and dur are rounded to, in microseconds; ends are sums of two of them. */
static double const rounding = 1e-3;

/* Rank 0 chooses a name in a folder of its own. */
static void choose_path(char folder[NNT_PATH_SIZE], char path[NNT_PATH_SIZE])
{
  char const *const base = getenv("TMPDIR");
  (void)snprintf(folder, NNT_PATH_SIZE, "%.3000s/nntrain-test-XXXXXX",
                 base == NULL ? "/tmp" : base);
  if (nnt_comm_rank(test_comm) == 0 && mkdtemp(folder) == NULL) folder[0] = '\0';
  nnt_comm_broadcast(test_comm, folder, NNT_PATH_SIZE);
  (void)snprintf(path, NNT_PATH_SIZE, "%.3000s/trace.json", folder);
}

/* Collective: in every step the ranks work for different times and then meet, so that nobody goes
 * on before all have arrived. */
static nnt_status take_steps(nnt_phases *phases)
{
  struct timespec const work = {.tv_nsec = 100000L * (1 + nnt_comm_rank(test_comm))};
  nnt_status status = NNT_OK;
  for (int step = 1; step <= STEPS; step++) {
    phases->step = (uint64_t)step;
    phases->epoch = (uint64_t)(step - 1) / 5 + 1;
    nnt_phases_begin(phases);
    (void)nanosleep(&work, NULL);
    nnt_phases_end(phases, NNT_PHASE_FORWARD);
    status = nnt_comm_agree(test_comm, status);
    nnt_phases_end(phases, NNT_PHASE_WAIT);
    nnt_phases_end(phases, NNT_PHASE_UPDATE);
  }
  return status;
}

static double number(const json_t *object, const char *key)
{
  json_t const *const value = json_object_get(object, key);
  CU_ASSERT(json_is_number(value));
  return json_number_value(value);
}

static double begin_of(const json_t *event) { return number(event, "ts"); }
static double end_of(const json_t *event) { return number(event, "ts") + number(event, "dur"); }

/* The events of a rank in the order of the file, at most EVENTS. Returns how many. */
static size_t events_of(const json_t *json, int rank, const json_t **out)
{
  json_t const *const all = json_object_get(json, "traceEvents");
  size_t count = 0;
  for (size_t i = 0; i < json_array_size(all); i++) {
    json_t const *const event = json_array_get(all, i);
    char const *const kind = json_string_value(json_object_get(event, "ph"));
    if (kind == NULL || strcmp(kind, "X") != 0 || number(event, "tid") != rank + 1) continue;
    if (count < EVENTS) out[count] = event;
    count++;
  }
  return count;
}

static void expect_event(const json_t *event, const char *name, int step)
{
  json_t const *const arguments = json_object_get(event, "args");
  int const epoch = (step - 1) / 5 + 1;
  CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(event, "name")), name);
  CU_ASSERT_EQUAL(number(arguments, "step"), step);
  CU_ASSERT_EQUAL(number(arguments, "epoch"), epoch);
  CU_ASSERT_EQUAL(number(event, "pid"), 1.0);
  CU_ASSERT(begin_of(event) >= 0.0 && number(event, "dur") >= 0.0);
}

/* All are there, in order, each with its step, and none begins before the one before it has ended.
 */
static void expect_order(const json_t *const *events)
{
  for (int step = 1; step <= STEPS; step++) {
    json_t const *const *const own = events + (size_t)(step - 1) * PHASES;
    expect_event(own[0], "forward", step);
    expect_event(own[1], "wait", step);
    expect_event(own[2], "update", step);
  }
  for (size_t i = 1; i < EVENTS; i++) {
    CU_ASSERT(begin_of(events[i]) >= end_of(events[i - 1]) - rounding);
  }
}

/* One time base: no rank has stopped waiting before all have stopped working. */
static void expect_meetings(const json_t *const *own, const json_t *const *others)
{
  for (size_t step = 0; step < STEPS; step++) {
    CU_ASSERT(end_of(own[step * PHASES + 1]) >= end_of(others[step * PHASES]) - rounding);
  }
}

static void check_file(const char *path)
{
  int const size = nnt_comm_size(test_comm);
  json_error_t error = {.line = 0};
  json_t *const json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
  CU_ASSERT_PTR_NOT_NULL(json);
  json_t const *first[EVENTS] = {NULL};
  json_t const *events[EVENTS] = {NULL};
  CU_ASSERT_EQUAL(events_of(json, 0, first), EVENTS);
  for (int rank = 0; rank < size; rank++) {
    size_t const count = events_of(json, rank, events);
    CU_ASSERT_EQUAL(count, EVENTS);
    if (count != EVENTS) continue;
    expect_order(events);
    expect_meetings(first, events);
    expect_meetings(events, first);
  }
  CU_ASSERT_EQUAL(events_of(json, size, events), 0);
  json_decref(json);
}

static void events_of_all_ranks_are_written(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  nnt_phases phases = {.since = 0};
  uint64_t written = 0;
  uint64_t dropped = 1;
  choose_path(folder, path);
  nnt_status status = nnt_trace_create(&phases.trace, test_comm);
  if (status == NNT_OK) status = take_steps(&phases);
  if (status == NNT_OK) {
    status =
        nnt_trace_write(phases.trace, test_comm, path, NULL, nnt_phase_names, &written, &dropped);
  }
  nnt_trace_destroy(phases.trace);
  CU_ASSERT_EQUAL(status, NNT_OK);
  if (nnt_comm_rank(test_comm) != 0) return;
  CU_ASSERT_EQUAL(written, (uint64_t)(STEPS * PHASES * nnt_comm_size(test_comm)));
  CU_ASSERT_EQUAL(dropped, 0);
  check_file(path);
  CU_ASSERT_EQUAL(remove(path), 0);
  CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* The clocks of all ranks come together on rank 0. */
static void phases_of_all_ranks_are_gathered(void)
{
  int const size = nnt_comm_size(test_comm);
  nnt_phase time[NNT_PHASE_COUNT] = {{.min = -1.0}};
  nnt_phases phases = {.since = 0};
  phases.nanoseconds[NNT_PHASE_DATA] = (int64_t)(nnt_comm_rank(test_comm) + 1) * 2000000000;
  nnt_status const status = nnt_phases_gather(&phases, test_comm, time);
  CU_ASSERT_EQUAL(status, NNT_OK);
  if (nnt_comm_rank(test_comm) != 0) {
    CU_ASSERT_EQUAL(time[NNT_PHASE_DATA].min, -1.0);
    return;
  }
  CU_ASSERT_DOUBLE_EQUAL(time[NNT_PHASE_DATA].min, 2.0, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(time[NNT_PHASE_DATA].max, 2.0 * size, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(time[NNT_PHASE_DATA].median, 1.0 + size, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(time[NNT_PHASE_DATA].mean, 1.0 + size, 1e-12);
}

static void all_ranks_learn_that_the_file_cannot_be_written(void)
{
  nnt_trace *trace = NULL;
  uint64_t written = 0;
  uint64_t dropped = 0;
  nnt_status status = nnt_trace_create(&trace, test_comm);
  if (status == NNT_OK) {
    status = nnt_trace_write(trace, test_comm, "/dev/null/trace.json", NULL, nnt_phase_names,
                             &written, &dropped);
  }
  nnt_trace_destroy(trace);
  CU_ASSERT_EQUAL(status, NNT_EIO);
  CU_ASSERT_STRING_EQUAL(nnt_last_error(), "cannot write /dev/null/trace.json: Not a directory");
}

static CU_TestInfo tests[] = {
    {"phases of all ranks are gathered", phases_of_all_ranks_are_gathered},
    {"events of all ranks are written", events_of_all_ranks_are_written},
    {"all ranks learn that the file cannot be written",
     all_ranks_learn_that_the_file_cannot_be_written},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("trace", tests);
