/* Texts of variable length in damaged files: right or refused, without end never. */
#include "store_sample.h"

/* Of a collection and the objects in it; see the file format specification of HDF5. */
enum { HEAD = 16, LENGTH_AT = 8 };

static nnt_history const no_history = {.epoch_count = 0};

typedef struct sample {
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  unsigned char *bytes;
  size_t count;
  size_t collection; /* where the heap begins */
} sample;

static uint64_t number_at(const sample *it, size_t at, unsigned width)
{
  uint64_t number = 0;
  for (unsigned i = 0; i < width; i++) {
    number |= (uint64_t)it->bytes[at + i] << (8U * i);
  }
  return number;
}

static void put_number(sample *it, size_t at, unsigned width, uint64_t number)
{
  for (unsigned i = 0; i < width; i++) {
    it->bytes[at + i] = (unsigned char)(number >> (8U * i));
  }
}

/* A results file with the texts "complete" and "0123" in one collection. */
static void set_up(sample *it)
{
  nnt_results const results = {.status = NNT_RUN_COMPLETE,
                               .history = &no_history,
                               .data_description = "none",
                               .data_digest = "",
                               .parameter_digest = "0123"};
  folder_make(it->folder);
  path_in(it->path, it->folder, "results.h5");
  CU_ASSERT_EQUAL_FATAL(nnt_store_init(), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(nnt_results_write(it->path, NULL, &results), NNT_OK);
  it->bytes = file_load(it->path, &it->count);
  it->collection = 0;
  while (it->collection + HEAD < it->count && memcmp(it->bytes + it->collection, "GCOL", 4) != 0) {
    it->collection++;
  }
  CU_ASSERT_FATAL(it->collection + HEAD < it->count);
}

static void tear_down(sample *it)
{
  free(it->bytes);
  folder_remove(it->folder);
}

/* Where the first object is that begins with a text, or, for NULL, the free space behind all. */
static size_t find_object(const sample *it, const char *text)
{
  size_t at = it->collection + HEAD;
  while (text == NULL || memcmp(it->bytes + at + HEAD, text, strlen(text)) != 0) {
    if (number_at(it, at, 2) == 0) break;
    at += HEAD + (size_t)(number_at(it, at + LENGTH_AT, 8) + 7) / 8 * 8;
  }
  CU_ASSERT_EQUAL(number_at(it, at, 2) == 0, text == NULL);
  return at;
}

static nnt_status read_damaged(const sample *it)
{
  nnt_results_summary summary = {.status = NNT_RUN_FAILED};
  file_store(it->path, it->bytes, it->count);
  nnt_status const status = nnt_results_read(it->path, &summary);
  if (status == NNT_OK) {
    CU_ASSERT_EQUAL(summary.status, NNT_RUN_COMPLETE);
    CU_ASSERT_STRING_EQUAL(summary.parameter_digest, "0123");
  } else {
    CU_ASSERT_PTR_NOT_NULL(strstr(nnt_last_error(), it->path));
  }
  return status;
}

/* Reads the file with another number in one place. */
static nnt_status read_with(size_t (*place)(const sample *), unsigned width, uint64_t number)
{
  sample it;
  set_up(&it);
  put_number(&it, place(&it), width, number);
  nnt_status const status = read_damaged(&it);
  tear_down(&it);
  return status;
}

static size_t signature_at(const sample *it) { return it->collection; }
static size_t version_at(const sample *it) { return it->collection + 4; }
static size_t total_at(const sample *it) { return it->collection + LENGTH_AT; }
static size_t number_of_text_at(const sample *it) { return find_object(it, "complete"); }
static size_t length_of_text_at(const sample *it) { return number_of_text_at(it) + LENGTH_AT; }
static size_t length_of_free_at(const sample *it) { return find_object(it, NULL) + LENGTH_AT; }

static void undamaged_texts_are_read(void)
{
  sample it;
  set_up(&it);
  CU_ASSERT_EQUAL(read_damaged(&it), NNT_OK);
  tear_down(&it);
}

static void free_space_without_length_is_no_circle(void)
{
  CU_ASSERT_EQUAL(read_with(length_of_free_at, 8, 0), NNT_OK);
}

static void a_collection_must_be_one_and_lie_in_the_file(void)
{
  CU_ASSERT_EQUAL(read_with(signature_at, 1, 'g'), NNT_EDATA);
  CU_ASSERT_EQUAL(read_with(version_at, 1, 2), NNT_EDATA);
  CU_ASSERT_EQUAL(read_with(total_at, 8, 0), NNT_EDATA);
  CU_ASSERT_EQUAL(read_with(total_at, 8, HEAD), NNT_EDATA);
  CU_ASSERT_EQUAL(read_with(total_at, 8, (uint64_t)1 << 40U), NNT_EDATA);
  CU_ASSERT_EQUAL(read_with(total_at, 8, UINT64_MAX), NNT_EDATA);
}

static void an_object_must_lie_in_its_collection(void)
{
  CU_ASSERT_EQUAL(read_with(length_of_text_at, 8, UINT64_MAX), NNT_EDATA);
  CU_ASSERT_EQUAL(read_with(length_of_text_at, 8, UINT64_MAX - 15), NNT_EDATA);
  CU_ASSERT_EQUAL(read_with(length_of_text_at, 8, (uint64_t)1 << 20U), NNT_EDATA);
}

static void an_object_must_be_there_and_long_enough(void)
{
  CU_ASSERT_EQUAL(read_with(number_of_text_at, 2, 999), NNT_EDATA);
  CU_ASSERT_EQUAL(read_with(number_of_text_at, 2, 0), NNT_EDATA);
  CU_ASSERT_EQUAL(read_with(length_of_text_at, 8, 1), NNT_EDATA);
}

static CU_TestInfo tests[] = {
    {"undamaged texts are read", undamaged_texts_are_read},
    {"free space without length is no circle", free_space_without_length_is_no_circle},
    {"a collection must be one and lie in the file", a_collection_must_be_one_and_lie_in_the_file},
    {"an object must lie in its collection", an_object_must_lie_in_its_collection},
    {"an object must be there and long enough", an_object_must_be_there_and_long_enough},
    CU_TEST_INFO_NULL,
};

TEST_SUITE("texts of variable length", tests);
