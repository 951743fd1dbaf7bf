/** What the tests of the readers share: a folder of their own, and a data set that was loaded. */
#ifndef UNIT_DATA_SAMPLE_H
#define UNIT_DATA_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "folder.h"
#include "nntrain/data.h"
#include "suite.h"

/* Memory, zeroed; a test without it cannot go on. */
static inline void *room_for(size_t bytes)
{
  void *const memory = calloc(bytes, 1);
  if (memory == NULL) abort();
  return memory;
}

static inline void file_store(const char *folder, const char *name, const void *data, size_t bytes)
{
  char path[NNT_PATH_SIZE];
  path_in(path, folder, name);
  FILE *const file = fopen(path, "wb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL(fwrite(data, 1, bytes, file), bytes);
  CU_ASSERT_EQUAL(fclose(file), 0);
}

/* A small data set as IDX files: 3 and 2 images of 2x3, classes 0 to 2. */
#define TRAIN_IMAGES                                                                               \
  "\0\0\x08\3\0\0\0\3\0\0\0\2\0\0\0\3"                                                             \
  "\0\1\2\3\4\5\xA\xB\xC\xD\xE\xF\xFA\xFB\xFC\xFD\xFE\xFF"
#define TRAIN_LABELS "\0\0\x08\1\0\0\0\3\0\2\1"
#define TEST_IMAGES                                                                                \
  "\0\0\x08\3\0\0\0\2\0\0\0\2\0\0\0\3"                                                             \
  "\x20\x21\x22\x23\x24\x25\x30\x31\x32\x33\x34\x35"
#define TEST_LABELS "\0\0\x08\1\0\0\0\2\1\0"

static inline void small_set_store(const char *folder)
{
  file_store(folder, "train-images-idx3-ubyte", TRAIN_IMAGES, sizeof TRAIN_IMAGES - 1);
  file_store(folder, "train-labels-idx1-ubyte", TRAIN_LABELS, sizeof TRAIN_LABELS - 1);
  file_store(folder, "t10k-images-idx3-ubyte", TEST_IMAGES, sizeof TEST_IMAGES - 1);
  file_store(folder, "t10k-labels-idx1-ubyte", TEST_LABELS, sizeof TEST_LABELS - 1);
}

typedef struct loaded {
  nnt_data_info info;
  void *memory;
  nnt_samples train;
  nnt_samples test;
  char digest[NNT_SHA256_TEXT_SIZE];
} loaded;

/* Opens and loads; `memory` is NULL on failure. */
static inline nnt_status load_some(loaded *out, const char *path, uint64_t train, uint64_t test)
{
  nnt_source_options const options = {.path = path, .train_samples = train, .test_samples = test};
  nnt_source *source = NULL;
  out->memory = NULL;
  NNT_TRY(nnt_source_open(&source, &out->info, &options));
  nnt_status status = nnt_memory_create(&out->memory, out->info.bytes, 1, "the test's data");
  if (status == NNT_OK) status = nnt_source_load(source, out->memory, out->digest);
  nnt_source_destroy(source);
  if (status != NNT_OK) {
    free(out->memory);
    out->memory = NULL;
    return status;
  }
  out->train = nnt_data_train(&out->info, out->memory);
  out->test = nnt_data_test(&out->info, out->memory);
  return NNT_OK;
}

static inline nnt_status load(loaded *out, const char *path) { return load_some(out, path, 0, 0); }

/* Fails with `status` and a message of one line that contains `said`; shows it where it does not.
 */
static inline void expect_failure(const char *path, nnt_status status, const char *said)
{
  loaded data;
  nnt_status const got = load(&data, path);
  char const *const message = nnt_last_error();
  bool const as_said =
      got == status && strstr(message, said) != NULL && strchr(message, '\n') == NULL;
  if (!as_said) (void)fprintf(stderr, "expected '%s', got %d: %s\n", said, (int)got, message);
  CU_ASSERT(as_said);
  if (got == NNT_OK) free(data.memory);
}

#endif
