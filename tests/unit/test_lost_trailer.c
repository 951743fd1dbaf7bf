/* Weights of a checkpoint whose trailer is lost: right or refused. */
#include "store_sample.h"

enum { TRAILER = 64 };

typedef struct sample {
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  nnt_checkpoint checkpoint;
  nnt_model *model;
  unsigned char *bytes;
  size_t count;
} sample;

static void set_up(sample *it)
{
  nnt_checkpoint *const checkpoint = &it->checkpoint;
  CU_ASSERT_EQUAL_FATAL(nnt_store_init(), NNT_OK);
  folder_make(it->folder);
  sample_checkpoint(checkpoint, 0);
  CU_ASSERT_EQUAL_FATAL(nnt_parameters_digest(checkpoint->parameters, checkpoint->parameter_count,
                                              checkpoint->parameter_digest),
                        NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_model_create(&it->model, &checkpoint->model, NULL), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(
      nnt_checkpoint_write(it->folder, checkpoint, &(nnt_checkpoint_policy){.keep = 2}, it->path),
      NNT_OK);
  it->bytes = file_load(it->path, &it->count);
  CU_ASSERT_FATAL(it->count > TRAILER);
  it->count -= TRAILER;
}

static void tear_down(sample *it)
{
  nnt_model_destroy(it->model);
  nnt_checkpoint_free(&it->checkpoint);
  free(it->bytes);
  folder_remove(it->folder);
}

static bool same_bytes(const void *a, const void *b, size_t count)
{
  return memcmp(a, b, count) == 0;
}

/* Reads what is left; on success it must be what was written. */
static nnt_status read_rest(const sample *it)
{
  float read[SAMPLE_PARAMETERS];
  file_store(it->path, it->bytes, it->count);
  nnt_status const status = nnt_weights_read(it->path, it->model, read);
  CU_ASSERT(status != NNT_OK || same_bytes(read, it->checkpoint.parameters, sizeof read));
  return status;
}

static void whole_parameters_are_read(void)
{
  sample it;
  set_up(&it);
  CU_ASSERT_EQUAL(read_rest(&it), NNT_OK);
  tear_down(&it);
}

static void a_changed_parameter_is_refused(void)
{
  sample it;
  set_up(&it);
  size_t at = 0;
  size_t const kernel = (size_t)12 * 7 * sizeof(float);
  while (at + kernel < it.count && !same_bytes(it.bytes + at, it.checkpoint.parameters, kernel)) {
    at++;
  }
  CU_ASSERT_FATAL(at + kernel < it.count);
  it.bytes[at + 10] ^= 1U;
  CU_ASSERT_EQUAL(read_rest(&it), NNT_ECHECKPOINT);
  CU_ASSERT_PTR_NOT_NULL(strstr(nnt_last_error(), "its parameters are not those"));
  tear_down(&it);
}

static CU_TestInfo tests[] = {
    {"whole parameters are read", whole_parameters_are_read},
    {"a changed parameter is refused", a_changed_parameter_is_refused},
    CU_TEST_INFO_NULL,
};

TEST_SUITE("checkpoints without their trailer", tests);
