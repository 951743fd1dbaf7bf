/* The peak memory of the ranks in the results file. */
#include <hdf5.h>
#include <hdf5_hl.h>

#include "store_sample.h"

static nnt_history const no_history = {.epoch_count = 0};

static hid_t write_and_open(const char *folder, const nnt_peak_memory *peak)
{
  nnt_results const results = {.status = peak == NULL ? NNT_RUN_RUNNING : NNT_RUN_COMPLETE,
                               .peak_memory = peak,
                               .history = &no_history,
                               .data_description = "none",
                               .data_digest = "",
                               .parameter_digest = ""};
  char path[NNT_PATH_SIZE];
  path_in(path, folder, "results.h5");
  CU_ASSERT_EQUAL_FATAL(nnt_results_write(path, NULL, &results), NNT_OK);
  hid_t const file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  CU_ASSERT_FATAL(file >= 0);
  return file;
}

static void expect_bytes(hid_t file, const char *name, long long expected)
{
  long long got = -1;
  CU_ASSERT(H5LTget_attribute_long_long(file, "/", name, &got) >= 0);
  CU_ASSERT_EQUAL(got, expected);
}

static void it_is_three_attributes_of_the_root(void)
{
  nnt_peak_memory const peak = {1, 5000000000, 6000000001};
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  hid_t const file = write_and_open(folder, &peak);
  expect_bytes(file, "peak_memory_bytes_min", 1);
  expect_bytes(file, "peak_memory_bytes_median", 5000000000);
  expect_bytes(file, "peak_memory_bytes_max", 6000000001);
  (void)H5Fclose(file);
  folder_remove(folder);
}

static void it_is_not_there_before_the_end(void)
{
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  hid_t const file = write_and_open(folder, NULL);
  CU_ASSERT_EQUAL(H5Aexists(file, "peak_memory_bytes_max"), 0);
  (void)H5Fclose(file);
  folder_remove(folder);
}

static CU_TestInfo tests[] = {
    {"it is three attributes of the root", it_is_three_attributes_of_the_root},
    {"it is not there before the end", it_is_not_there_before_the_end},
    CU_TEST_INFO_NULL,
};

static int start(void) { return nnt_store_init() == NNT_OK ? 0 : 1; }

CU_SuiteInfo test_suites[] = {{"memory in the results", start, NULL, NULL, NULL, tests},
                              CU_SUITE_INFO_NULL};
