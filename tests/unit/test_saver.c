#include "train/saver.h"

#include "store_sample.h"

/* A saver for the sample that Adam trains, in a folder. */
static nnt_saver *begin(const char *folder)
{
  nnt_saver_options const options = {.folder = folder,
                                     .parameters = SAMPLE_PARAMETERS,
                                     .slots = 2,
                                     .policy = {.keep = 2, .verify = true}};
  nnt_saver *saver = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_saver_create(&saver, &options), NNT_OK);
  return saver;
}

static void hand_over(nnt_saver *saver, const nnt_checkpoint *state)
{
  size_t const bytes = SAMPLE_PARAMETERS * sizeof(float);
  memcpy(nnt_saver_parameters(saver), state->parameters, bytes);
  for (size_t i = 0; i < 2; i++) {
    memcpy(nnt_saver_slots(saver)[i], state->slots[i], bytes);
  }
  CU_ASSERT_EQUAL_FATAL(nnt_saver_begin_checkpoint(saver, state), NNT_OK);
}

static void expect_floats(const float *got, const float *expected)
{
  for (size_t i = 0; i < SAMPLE_PARAMETERS; i++) {
    CU_ASSERT_EQUAL(got[i], expected[i]);
  }
}

static void expect_file(const nnt_save_outcome *outcome, const nnt_checkpoint *state)
{
  nnt_history const *const history = &state->history;
  nnt_checkpoint got;
  CU_ASSERT_EQUAL(outcome->status, NNT_OK);
  CU_ASSERT(outcome->seconds > 0.0);
  CU_ASSERT_EQUAL_FATAL(nnt_checkpoint_read(outcome->path, &got), NNT_OK);
  expect_floats(got.parameters, state->parameters);
  expect_floats(got.slots[1], state->slots[1]);
  CU_ASSERT_EQUAL(got.position.step, state->position.step);
  CU_ASSERT_STRING_EQUAL(got.parameter_digest, outcome->parameter_digest);
  CU_ASSERT_EQUAL(got.setting_count, state->setting_count);
  CU_ASSERT_EQUAL_FATAL(got.history.epoch_count, history->epoch_count);
  CU_ASSERT_EQUAL_FATAL(got.history.step_count, history->step_count);
  for (size_t i = 0; i < history->epoch_count; i++) {
    CU_ASSERT_EQUAL(got.history.epochs[i].loss, history->epochs[i].loss);
  }
  for (size_t i = 0; i < history->step_count; i++) {
    CU_ASSERT_EQUAL(got.history.steps[i].loss, history->steps[i].loss);
  }
  nnt_checkpoint_free(&got);
}

/* One record more of each kind, and the step after. */
static void go_on(nnt_checkpoint *state)
{
  nnt_history *const history = &state->history;
  history->epochs = realloc(history->epochs, (history->epoch_count + 1) * sizeof *history->epochs);
  history->steps = realloc(history->steps, (history->step_count + 1) * sizeof *history->steps);
  CU_ASSERT_FATAL(history->epochs != NULL && history->steps != NULL);
  history->epochs[history->epoch_count++] = (nnt_epoch_record){.loss = 0.125};
  history->steps[history->step_count++] = (nnt_step_record){.loss = 0.375F};
  state->parameters[0] += 1.0F;
  state->position.step++;
}

static void files_hold_what_was_handed_over(void)
{
  char folder[NNT_PATH_SIZE];
  nnt_checkpoint state;
  nnt_save_outcome outcome;
  folder_make(folder);
  sample_checkpoint(&state, 2);
  nnt_saver *const saver = begin(folder);
  CU_ASSERT_FALSE(nnt_saver_take(saver, &outcome));
  for (int i = 0; i < 3; i++) {
    hand_over(saver, &state);
    /* The caller's history goes on while the file is written. */
    nnt_checkpoint before = state;
    go_on(&state);
    nnt_saver_wait(saver);
    CU_ASSERT_FALSE(nnt_saver_is_busy(saver));
    CU_ASSERT(nnt_saver_take(saver, &outcome));
    CU_ASSERT_FALSE(nnt_saver_take(saver, &outcome));
    before.parameters = nnt_saver_parameters(saver);
    before.history.epochs = state.history.epochs;
    before.history.steps = state.history.steps;
    expect_file(&outcome, &before);
  }
  CU_ASSERT_EQUAL(folder_count(folder), 2);
  nnt_saver_destroy(saver);
  nnt_checkpoint_free(&state);
  folder_remove(folder);
}

static void a_failure_is_told_and_the_next_file_tried(void)
{
  char folder[NNT_PATH_SIZE];
  nnt_checkpoint state;
  nnt_save_outcome outcome;
  folder_make(folder);
  sample_checkpoint(&state, 2);
  nnt_saver *const saver = begin(folder);
  CU_ASSERT_EQUAL(rmdir(folder), 0);
  hand_over(saver, &state);
  nnt_saver_wait(saver);
  CU_ASSERT(nnt_saver_take(saver, &outcome));
  CU_ASSERT_EQUAL(outcome.status, NNT_EIO);
  CU_ASSERT_PTR_NOT_NULL(strstr(outcome.message, "checkpoint-47.weights.h5"));
  CU_ASSERT_PTR_NOT_NULL(strstr(outcome.message, "No such file or directory"));
  CU_ASSERT_EQUAL(nnt_folder_create(folder), NNT_OK);
  hand_over(saver, &state);
  nnt_saver_wait(saver);
  CU_ASSERT(nnt_saver_take(saver, &outcome));
  expect_file(&outcome, &state);
  nnt_saver_destroy(saver);
  nnt_checkpoint_free(&state);
  folder_remove(folder);
}

/* What was begun is finished, although nobody asks for it. */
static void the_end_waits_for_the_file(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  nnt_checkpoint state;
  nnt_checkpoint got;
  folder_make(folder);
  sample_checkpoint(&state, 2);
  nnt_saver *const saver = begin(folder);
  hand_over(saver, &state);
  nnt_saver_destroy(saver);
  path_in(path, folder, "checkpoint-47.weights.h5");
  CU_ASSERT_EQUAL_FATAL(nnt_checkpoint_read(path, &got), NNT_OK);
  nnt_checkpoint_free(&got);
  nnt_checkpoint_free(&state);
  folder_remove(folder);
}

static CU_TestInfo tests[] = {
    {"files hold what was handed over", files_hold_what_was_handed_over},
    {"a failure is told, and the next file tried", a_failure_is_told_and_the_next_file_tried},
    {"the end waits for the file", the_end_waits_for_the_file},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("saver", tests);
