#include <jansson.h>

#include "store/trace_file.h"
#include "store_sample.h"

enum { RANKS = 3, EVENTS = 6 };
static char const *const names[] = {"forward", "wait"};

/* Rank 0 has three events, rank 1 none, and rank 2, on another node, whose clock is 5 s ahead, a
 * full ring that begins in the middle. */
static nnt_trace_event const events[EVENTS] = {
    {1000002000, 1500, 1, 1, 0}, {1000003500, 999, 1, 1, 1},  {1000010000, 0, 2, 1, 0},
    {6000008000, 2, 9, 3, 1},    {6000001000, 4001, 8, 2, 0}, {6000005001, 1, 8, 2, 1},
};
static nnt_trace_rank const ranks[RANKS] = {
    {.count = 3},
    {.clock_error = 300},
    {.clock_offset = -5000000000,
     .clock_error = 400,
     .dropped = 7,
     .count = 3,
     .first = 1,
     .node = 1},
};
static nnt_trace_table const table = {names, ranks, RANKS, events};

static json_t *write_and_load(const nnt_trace_table *trace)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  json_error_t error = {.line = 0};
  folder_make(folder);
  path_in(path, folder, "trace.json");
  CU_ASSERT_EQUAL_FATAL(nnt_trace_file_write(path, NULL, trace), NNT_OK);
  json_t *const json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
  CU_ASSERT_PTR_NOT_NULL_FATAL(json);
  folder_remove(folder);
  return json;
}

/* The i-th event of the kind "X" or "M", or NULL. */
static json_t *find_event(const json_t *json, const char *kind, size_t i)
{
  json_t const *const list = json_object_get(json, "traceEvents");
  for (size_t k = 0; k < json_array_size(list); k++) {
    json_t *const event = json_array_get(list, k);
    if (strcmp(json_string_value(json_object_get(event, "ph")), kind) != 0) continue;
    if (i-- == 0) return event;
  }
  return NULL;
}

static double number(const json_t *object, const char *key)
{
  json_t const *const value = json_object_get(object, key);
  CU_ASSERT(json_is_number(value));
  return json_number_value(value);
}

static void expect_event(const json_t *json, size_t i, const char *name, double ts, double dur,
                         int pid, int tid, int step, int epoch)
{
  json_t const *const event = find_event(json, "X", i);
  json_t const *const arguments = json_object_get(event, "args");
  CU_ASSERT_PTR_NOT_NULL_FATAL(event);
  CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(event, "name")), name);
  CU_ASSERT_EQUAL(number(event, "ts"), ts);
  CU_ASSERT_EQUAL(number(event, "dur"), dur);
  CU_ASSERT_EQUAL(number(event, "pid"), pid);
  CU_ASSERT_EQUAL(number(event, "tid"), tid);
  CU_ASSERT_EQUAL(number(arguments, "step"), step);
  CU_ASSERT_EQUAL(number(arguments, "epoch"), epoch);
}

/* The earliest is the oldest of rank 2: by the clock of rank 0 it began at 1000001000. */
static void events_of_all_ranks_are_on_one_clock(void)
{
  json_t *const json = write_and_load(&table);
  expect_event(json, 0, "forward", 1.0, 1.5, 1, 1, 1, 1);
  expect_event(json, 1, "wait", 2.5, 0.999, 1, 1, 1, 1);
  expect_event(json, 2, "forward", 9.0, 0.0, 1, 1, 2, 1);
  expect_event(json, 3, "forward", 0.0, 4.001, 3, 3, 8, 2);
  expect_event(json, 4, "wait", 4.001, 0.001, 3, 3, 8, 2);
  expect_event(json, 5, "wait", 7.0, 0.002, 3, 3, 9, 3);
  CU_ASSERT_PTR_NULL(find_event(json, "X", 6));
  json_decref(json);
}

static const char *name_of(const json_t *event)
{
  return json_string_value(json_object_get(json_object_get(event, "args"), "name"));
}

static void nodes_and_ranks_have_names(void)
{
  json_t *const json = write_and_load(&table);
  static char const *const expected[] = {"node 0", "rank 0", "node 0",
                                         "rank 1", "node 1", "rank 2"};
  static int const thread[] = {0, 1, 0, 2, 0, 3};
  for (size_t i = 0; i < 6; i++) {
    json_t const *const event = find_event(json, "M", i);
    CU_ASSERT_PTR_NOT_NULL_FATAL(event);
    CU_ASSERT_STRING_EQUAL(name_of(event), expected[i]);
    CU_ASSERT_EQUAL(number(event, "pid"), i < 4 ? 1 : 3);
    if (expected[i][0] == 'r') {
      CU_ASSERT_EQUAL(number(event, "tid"), thread[i]);
    }
  }
  CU_ASSERT_PTR_NULL(find_event(json, "M", 6));
  json_decref(json);
}

static void what_was_dropped_is_told(void)
{
  static int const dropped[RANKS] = {0, 0, 7};
  static double const offset[RANKS] = {0, 0, -5e9};
  static int const error[RANKS] = {0, 300, 400};
  json_t *const json = write_and_load(&table);
  json_t const *const about = json_object_get(json_object_get(json, "otherData"), "ranks");
  CU_ASSERT_EQUAL(json_array_size(about), RANKS);
  for (size_t r = 0; r < RANKS; r++) {
    json_t const *const rank = json_array_get(about, r);
    CU_ASSERT_EQUAL(number(rank, "rank"), (double)r);
    CU_ASSERT_EQUAL(number(rank, "dropped_events"), dropped[r]);
    CU_ASSERT_EQUAL(number(rank, "clock_offset_ns"), offset[r]);
    CU_ASSERT_EQUAL(number(rank, "clock_error_ns"), error[r]);
  }
  json_decref(json);
}

/* A run that ends before its first event. */
static void a_trace_may_be_empty(void)
{
  nnt_trace_rank const nothing = {.count = 0};
  nnt_trace_table const empty = {names, &nothing, 1, NULL};
  json_t *const json = write_and_load(&empty);
  CU_ASSERT_PTR_NULL(find_event(json, "X", 0));
  json_decref(json);
}

static void a_file_that_cannot_be_written_is_named(void)
{
  CU_ASSERT_EQUAL(nnt_trace_file_write("/dev/null/trace.json", NULL, &table), NNT_EIO);
  CU_ASSERT_STRING_EQUAL(nnt_last_error(), "cannot write /dev/null/trace.json: Not a directory");
}

static CU_TestInfo tests[] = {
    {"events of all ranks are on one clock", events_of_all_ranks_are_on_one_clock},
    {"nodes and ranks have names", nodes_and_ranks_have_names},
    {"what was dropped is told", what_was_dropped_is_told},
    {"a trace may be empty", a_trace_may_be_empty},
    {"a file that cannot be written is named", a_file_that_cannot_be_written_is_named},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("trace file", tests);
