#include <hdf5.h>
#include <hdf5_hl.h>

#include "store_sample.h"

/* A run that has just begun: nothing but where the time went. */
static char const *const names[] = {"forward", "exchange", "wait"};
static nnt_phase const phases[] = {
    {1.0, 1.5, 2.5, 1.75}, {0.25, 0.25, 0.25, 0.25}, {0.0, 0.125, 3.0, 1.0}};
static nnt_history const no_history = {.epoch_count = 0};
static nnt_results const begun = {.status = NNT_RUN_RUNNING,
                                  .history = &no_history,
                                  .data_description = "none",
                                  .data_digest = "",
                                  .parameter_digest = "",
                                  .phases = phases,
                                  .phase_names = names,
                                  .phase_count = 3,
                                  .advice = "take a break",
                                  .ranks = 8};

static hid_t write_and_open(const char *folder, const nnt_results *results)
{
  char path[NNT_PATH_SIZE];
  path_in(path, folder, "results.h5");
  CU_ASSERT_EQUAL_FATAL(nnt_results_write(path, NULL, results), NNT_OK);
  hid_t const file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  CU_ASSERT_FATAL(file >= 0);
  return file;
}

/* A column of /phases: one number a phase, counted by the scale. */
static void expect_column(hid_t file, const char *path, double a, double b, double c)
{
  double got[3] = {-1.0, -1.0, -1.0};
  hsize_t extent = 0;
  int dimensions = 0;
  CU_ASSERT_FATAL(H5LTget_dataset_ndims(file, path, &dimensions) >= 0);
  CU_ASSERT_EQUAL_FATAL(dimensions, 1);
  CU_ASSERT_FATAL(H5LTget_dataset_info(file, path, &extent, NULL, NULL) >= 0);
  CU_ASSERT_EQUAL_FATAL(extent, 3);
  CU_ASSERT(H5LTread_dataset_double(file, path, got) >= 0);
  CU_ASSERT_EQUAL(got[0], a);
  CU_ASSERT_EQUAL(got[1], b);
  CU_ASSERT_EQUAL(got[2], c);
}

static void expect_scale(hid_t file, const char *path)
{
  hid_t const column = H5Dopen2(file, path, H5P_DEFAULT);
  hid_t const scale = H5Dopen2(file, "/phases/phase", H5P_DEFAULT);
  CU_ASSERT(column >= 0 && scale >= 0);
  CU_ASSERT(H5DSis_scale(scale) > 0);
  CU_ASSERT(H5DSis_attached(column, scale, 0) > 0);
  (void)H5Dclose(column);
  (void)H5Dclose(scale);
}

static void phases_are_columns(void)
{
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  hid_t const file = write_and_open(folder, &begun);
  expect_column(file, "/phases/phase", 0.0, 1.0, 2.0);
  expect_column(file, "/phases/min", 1.0, 0.25, 0.0);
  expect_column(file, "/phases/median", 1.5, 0.25, 0.125);
  expect_column(file, "/phases/max", 2.5, 0.25, 3.0);
  expect_column(file, "/phases/seconds", 1.75, 0.25, 1.0);
  expect_scale(file, "/phases/name");
  expect_scale(file, "/phases/min");
  expect_scale(file, "/phases/median");
  expect_scale(file, "/phases/max");
  expect_scale(file, "/phases/seconds");
  (void)H5Fclose(file);
  folder_remove(folder);
}

static void phases_have_names(void)
{
  char folder[NNT_PATH_SIZE];
  char *got[3] = {NULL, NULL, NULL};
  long long ranks = 0;
  folder_make(folder);
  hid_t const file = write_and_open(folder, &begun);
  hid_t const dataset = H5Dopen2(file, "/phases/name", H5P_DEFAULT);
  hid_t const type = H5Dget_type(dataset);
  hid_t const space = H5Dget_space(dataset);
  CU_ASSERT(H5Tis_variable_str(type) > 0);
  CU_ASSERT_EQUAL(H5Tget_cset(type), H5T_CSET_UTF8);
  CU_ASSERT_EQUAL_FATAL(H5Sget_simple_extent_npoints(space), 3);
  CU_ASSERT_FATAL(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, got) >= 0);
  for (size_t i = 0; i < 3; i++) {
    CU_ASSERT_STRING_EQUAL(got[i], names[i]);
  }
  CU_ASSERT(H5Dvlen_reclaim(type, space, H5P_DEFAULT, got) >= 0);
  CU_ASSERT(H5LTget_attribute_long_long(file, "/phases", "n_ranks", &ranks) >= 0);
  CU_ASSERT_EQUAL(ranks, 8);
  char *advice = NULL;
  CU_ASSERT_FATAL(H5LTget_attribute_string(file, "/phases", "advice", (char *)&advice) >= 0);
  CU_ASSERT_STRING_EQUAL(advice, "take a break");
  free(advice);
  (void)H5Sclose(space);
  (void)H5Tclose(type);
  (void)H5Dclose(dataset);
  (void)H5Fclose(file);
  folder_remove(folder);
}

/* Files from before there was one have none. */
static void the_run_id_is_read_again(void)
{
  static char const run_id[] = "0123456789abcdef0123456789abcdef";
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  nnt_results results = begun;
  nnt_results_summary summary;
  CU_ASSERT_EQUAL_FATAL(nnt_store_init(), NNT_OK);
  folder_make(folder);
  path_in(path, folder, "results.h5");
  CU_ASSERT_EQUAL(nnt_results_write(path, NULL, &results), NNT_OK);
  CU_ASSERT_EQUAL(nnt_results_read(path, &summary), NNT_OK);
  CU_ASSERT_STRING_EQUAL(summary.run_id, "");
  results.run_id = run_id;
  CU_ASSERT_EQUAL(nnt_results_write(path, NULL, &results), NNT_OK);
  CU_ASSERT_EQUAL(nnt_results_read(path, &summary), NNT_OK);
  CU_ASSERT_STRING_EQUAL(summary.run_id, run_id);
  results.run_id = "0123456789abcdef0123456789abcdef0";
  CU_ASSERT_EQUAL(nnt_results_write(path, NULL, &results), NNT_OK);
  CU_ASSERT_EQUAL(nnt_results_read(path, &summary), NNT_EDATA);
  folder_remove(folder);
}

static CU_TestInfo tests[] = {
    {"phases are columns", phases_are_columns},
    {"phases have names", phases_have_names},
    {"the run id is read again", the_run_id_is_read_again},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("results", tests);
