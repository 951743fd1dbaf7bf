/* A checkpoint of another format version, whole and with its digest, is refused by its number. */
#include <hdf5.h>

#include "store/checkpoint_layout.h"
#include "store/trailer.h"
#include "store_sample.h"

/* Changes the number in the file, and gives it the trailer that its writer would have given it. */
static void change_version(const char *path, uint64_t version)
{
  static char const name[] = "format_version";
  size_t bytes = 0;
  unsigned char *data = file_load(path, &bytes);
  CU_ASSERT_FATAL(bytes > NNT_TRAILER_SIZE);
  file_store(path, data, bytes - NNT_TRAILER_SIZE);
  free(data);
  hid_t const file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  hid_t const one = H5Screate(H5S_SCALAR);
  CU_ASSERT(H5Adelete_by_name(file, NNT_OWN_GROUP, name, H5P_DEFAULT) >= 0);
  hid_t const attribute = H5Acreate_by_name(file, NNT_OWN_GROUP, name, H5T_STD_U64LE, one,
                                            H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  CU_ASSERT(H5Awrite(attribute, H5T_NATIVE_UINT64, &version) >= 0);
  CU_ASSERT(H5Aclose(attribute) >= 0);
  CU_ASSERT(H5Sclose(one) >= 0);
  CU_ASSERT(H5Fclose(file) >= 0);
  data = file_load(path, &bytes);
  unsigned char *const whole = malloc(bytes + NNT_TRAILER_SIZE);
  CU_ASSERT_PTR_NOT_NULL_FATAL(whole);
  memcpy(whole, data, bytes);
  free(data);
  CU_ASSERT_EQUAL(nnt_trailer_make(whole, bytes, SAMPLE_STEP, whole + bytes), NNT_OK);
  file_store(path, whole, bytes + NNT_TRAILER_SIZE);
  free(whole);
}

static nnt_status read_version(uint64_t version)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  nnt_checkpoint checkpoint;
  nnt_checkpoint got;
  CU_ASSERT_EQUAL_FATAL(nnt_store_init(), NNT_OK);
  folder_make(folder);
  sample_checkpoint(&checkpoint, 0);
  nnt_checkpoint_policy const policy = {.keep = 2};
  CU_ASSERT_EQUAL_FATAL(nnt_checkpoint_write(folder, &checkpoint, &policy, path), NNT_OK);
  change_version(path, version);
  nnt_status const status = nnt_checkpoint_read(path, &got);
  if (status == NNT_OK) nnt_checkpoint_free(&got);
  nnt_checkpoint_free(&checkpoint);
  folder_remove(folder);
  return status;
}

static void the_own_version_is_read(void)
{
  CU_ASSERT_EQUAL(read_version(NNT_CHECKPOINT_VERSION), NNT_OK);
}

static void others_are_refused_by_their_number(void)
{
  static uint64_t const versions[] = {0, NNT_CHECKPOINT_VERSION + 1, UINT64_MAX};
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
    char expected[64];
    (void)snprintf(expected, sizeof expected, "has the format version %llu;",
                   (unsigned long long)versions[i]);
    CU_ASSERT_EQUAL(read_version(versions[i]), NNT_ECHECKPOINT);
    CU_ASSERT_PTR_NOT_NULL(strstr(nnt_last_error(), expected));
  }
}

static CU_TestInfo tests[] = {
    {"the own version is read", the_own_version_is_read},
    {"others are refused by their number", others_are_refused_by_their_number},
    CU_TEST_INFO_NULL,
};

TEST_SUITE("checkpoints of other versions", tests);
