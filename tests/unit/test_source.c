#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "data_sample.h"

static void set_variable(const char *value)
{
  if (value == NULL) {
    CU_ASSERT_EQUAL(unsetenv("NNTRAIN_DATA"), 0);
  } else {
    CU_ASSERT_EQUAL(setenv("NNTRAIN_DATA", value, 1), 0);
  }
}

/* Opens whatever the search finds from the current folder. */
static nnt_status search(nnt_data_info *info, const char *path)
{
  nnt_source_options const options = {.path = path};
  nnt_source *source = NULL;
  NNT_TRY(nnt_source_open(&source, info, &options));
  nnt_source_destroy(source);
  return NNT_OK;
}

static void the_named_comes_before_the_variable_and_the_usual_folder(void)
{
  char old[NNT_PATH_SIZE];
  char folder[NNT_PATH_SIZE];
  char named[NNT_PATH_SIZE];
  char usual[NNT_PATH_SIZE];
  nnt_data_info info;
  CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(old, sizeof old));
  folder_make(folder);
  folder_make(named);
  small_set_store(named);
  CU_ASSERT_EQUAL_FATAL(chdir(folder), 0);
  CU_ASSERT_EQUAL(mkdir("datasets", 0700), 0);
  CU_ASSERT_EQUAL(mkdir("datasets/mnist", 0700), 0);
  path_in(usual, folder, "datasets/mnist");
  small_set_store(usual);

  set_variable(NULL);
  CU_ASSERT_EQUAL(search(&info, ""), NNT_OK);
  CU_ASSERT_STRING_EQUAL(info.description, "IDX files in datasets/mnist");
  set_variable("");
  CU_ASSERT_EQUAL(search(&info, ""), NNT_OK);
  CU_ASSERT_STRING_EQUAL(info.description, "IDX files in datasets/mnist");
  set_variable(usual);
  CU_ASSERT_EQUAL(search(&info, ""), NNT_OK);
  CU_ASSERT_PTR_NOT_NULL(strstr(info.description, usual));
  CU_ASSERT_EQUAL(search(&info, named), NNT_OK);
  CU_ASSERT_PTR_NOT_NULL(strstr(info.description, named));

  /* What was named and is not there is no reason to take something else. */
  set_variable("/nowhere/at/all");
  CU_ASSERT_EQUAL(search(&info, ""), NNT_EDATA);
  CU_ASSERT_STRING_EQUAL(nnt_last_error(),
                         "cannot open the data in /nowhere/at/all: No such file or directory; a "
                         "folder of IDX files or an HDF5 file is expected there");
  CU_ASSERT_EQUAL(search(&info, named), NNT_OK);
  set_variable(NULL);

  /* Nor is a usual folder that lacks a file. */
  CU_ASSERT_EQUAL(unlink("datasets/mnist/t10k-labels-idx1-ubyte"), 0);
  CU_ASSERT_EQUAL(search(&info, ""), NNT_EDATA);
  CU_ASSERT_PTR_NOT_NULL(strstr(nnt_last_error(), "holds no t10k-labels-idx1-ubyte"));
  CU_ASSERT_EQUAL(chdir(old), 0);
  folder_remove(usual);
  folder_remove(folder);
  folder_remove(named);
}

/* Where nothing is found; an installed data set would come before the digits. */
static void without_data_there_are_digits(void)
{
  char old[NNT_PATH_SIZE];
  char folder[NNT_PATH_SIZE];
  nnt_data_info info;
  CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(old, sizeof old));
  folder_make(folder);
  CU_ASSERT_EQUAL_FATAL(chdir(folder), 0);
  set_variable(NULL);
  CU_ASSERT_EQUAL(search(&info, ""), NNT_OK);
  if (!info.generated) {
    printf("skipped: without data there are digits: %s is installed\n", info.description);
  } else {
    CU_ASSERT_EQUAL(info.train_count, 60000);
    CU_ASSERT_EQUAL(info.test_count, 10000);
    CU_ASSERT_EQUAL(info.features, 784);
    CU_ASSERT_EQUAL(info.classes, 10);
  }
  CU_ASSERT_EQUAL(chdir(old), 0);
  folder_remove(folder);
}

static void what_is_no_data_set_is_refused(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  file_store(folder, "notes.txt", "hello", 5);
  path_in(path, folder, "notes.txt");
  expect_failure(path, NNT_EDATA, "notes.txt is neither (of MNIST, name the folder that holds");
  file_store(folder, "notes.h5", "hello", 5);
  path_in(path, folder, "notes.h5");
  expect_failure(path, NNT_EDATA, "notes.h5 is not HDF5, although its name says so");
  folder_remove(folder);
}

static void only_the_first_samples_may_be_taken(void)
{
  char folder[NNT_PATH_SIZE];
  loaded data;
  loaded all;
  folder_make(folder);
  small_set_store(folder);
  CU_ASSERT_EQUAL_FATAL(load(&all, folder), NNT_OK);
  CU_ASSERT_EQUAL_FATAL(load_some(&data, folder, 1, 2), NNT_OK);
  CU_ASSERT_EQUAL(data.info.train_count, 1);
  CU_ASSERT_EQUAL(data.info.test_count, 2);
  /* The other labels of the file still count. */
  CU_ASSERT_EQUAL(data.info.classes, 3);
  CU_ASSERT_EQUAL(memcmp(data.train.images, all.train.images, 6), 0);
  CU_ASSERT_EQUAL(memcmp(data.test.images, all.test.images, 12), 0);
  CU_ASSERT_STRING_NOT_EQUAL(data.digest, all.digest);
  free(data.memory);
  CU_ASSERT_EQUAL(load_some(&data, folder, 4, 0), NNT_EUSAGE);
  CU_ASSERT_STRING_EQUAL(nnt_last_error(), "--train-samples 4: there are only 3");
  CU_ASSERT_EQUAL(load_some(&data, folder, 0, 3), NNT_EUSAGE);
  CU_ASSERT_STRING_EQUAL(nnt_last_error(), "--test-samples 3: there are only 2");
  free(all.memory);
  folder_remove(folder);
}

/* The digest as the header describes it, put together here byte by byte. */
static void the_digest_is_that_of_the_contents(void)
{
  static unsigned char const head[64] = {[0] = 3, [8] = 2, [24] = 2, [32] = 2, [40] = 3};
  static unsigned char const labels[10] = {0, 0, 2, 0, 1, 0, 1, 0, 0, 0};
  unsigned char bytes[64 + 18 + 12 + 10];
  unsigned char sum[NNT_SHA256_SIZE];
  char folder[NNT_PATH_SIZE];
  char expected[NNT_SHA256_TEXT_SIZE];
  loaded data;
  memcpy(bytes, head, 64);
  memcpy(bytes + 64, &TRAIN_IMAGES[16], 18);
  memcpy(bytes + 82, &TEST_IMAGES[16], 12);
  memcpy(bytes + 94, labels, 10);
  CU_ASSERT_EQUAL(nnt_digest_of(bytes, sizeof bytes, sum), NNT_OK);
  nnt_digest_text(sum, expected);
  folder_make(folder);
  small_set_store(folder);
  CU_ASSERT_EQUAL_FATAL(load(&data, folder), NNT_OK);
  CU_ASSERT_STRING_EQUAL(data.digest, expected);
  free(data.memory);
  folder_remove(folder);
}

/* The quotient of two small integers in float64, rounded again, is the float32 quotient: 53 bits
 * are more than twice 24, plus two. */
static void bytes_are_divided_by_255(void)
{
  unsigned char bytes[256];
  float values[256];
  size_t const index = 0;
  for (size_t i = 0; i < 256; i++) {
    bytes[i] = (unsigned char)i;
  }
  nnt_samples const samples = {
      .count = 1, .features = 256, .pixel = NNT_PIXEL_UINT8, .images = bytes};
  nnt_samples_gather(&samples, &index, 1, values, 256);
  size_t differ = 0;
  for (size_t i = 0; i < 256; i++) {
    CU_ASSERT_EQUAL(values[i], (float)((double)i / 255.0));
    differ += values[i] != (float)i * (1.0F / 255.0F);
  }
  CU_ASSERT_EQUAL(differ, 126);
}

static void samples_are_gathered_by_their_numbers(void)
{
  static float const images[] = {0.5F, -1.0F, 2.0F, 3.0F, 1e30F, -0.0F};
  static uint16_t const labels[] = {4, 5, 6};
  static size_t const index[] = {2, 0, 2};
  static float const expected[] = {1e30F, -0.0F, 0.5F, -1.0F, 1e30F, -0.0F};
  float out[6];
  float apart[3][4] = {{NAN, NAN, NAN, NAN}, {NAN, NAN, NAN, NAN}, {NAN, NAN, NAN, NAN}};
  nnt_samples const all = {
      .count = 3, .features = 2, .pixel = NNT_PIXEL_FLOAT32, .images = images, .labels = labels};
  nnt_samples_gather(&all, index, 3, out, 2);
  nnt_samples_gather(&all, index, 3, apart[0], 4);
  for (size_t i = 0; i < 6; i++) {
    CU_ASSERT_EQUAL(out[i], expected[i]);
    CU_ASSERT_EQUAL(apart[i / 2][i % 2], expected[i]);
    CU_ASSERT(isnan(apart[i / 2][2 + i % 2]));
  }
  nnt_samples const part = nnt_samples_part(&all, (nnt_range){1, 2});
  CU_ASSERT_EQUAL(part.count, 2);
  CU_ASSERT_EQUAL(part.labels[0], 5);
  nnt_samples_gather(&part, index + 1, 1, out, 2);
  CU_ASSERT_EQUAL(out[0], 2.0F);
  CU_ASSERT_EQUAL(out[1], 3.0F);
}

static CU_TestInfo tests[] = {
    {"the named comes before the variable and the usual folder",
     the_named_comes_before_the_variable_and_the_usual_folder},
    {"without data there are digits", without_data_there_are_digits},
    {"what is no data set is refused", what_is_no_data_set_is_refused},
    {"only the first samples may be taken", only_the_first_samples_may_be_taken},
    {"the digest is that of the contents", the_digest_is_that_of_the_contents},
    {"bytes are divided by 255", bytes_are_divided_by_255},
    {"samples are gathered by their numbers", samples_are_gathered_by_their_numbers},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("source", tests);
