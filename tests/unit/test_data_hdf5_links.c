#include "data_hdf5_sample.h"

/* A good file beside it, to which links could lead. */
static void store_secret(const char *folder)
{
  char path[NNT_PATH_SIZE];
  char moved[NNT_PATH_SIZE];
  content set[CONTENTS];
  good_set(set);
  write_set(path, folder, set);
  path_in(moved, folder, "secret.h5");
  CU_ASSERT_EQUAL(rename(path, moved), 0);
}

static void links_out_of_the_file_are_not_followed(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  store_secret(folder);
  hid_t file = file_new(path, folder);
  CU_ASSERT(H5Lcreate_external("secret.h5", "/train", file, "train", H5P_DEFAULT, H5P_DEFAULT) >=
            0);
  CU_ASSERT(H5Lcreate_external("secret.h5", "/test", file, "test", H5P_DEFAULT, H5P_DEFAULT) >= 0);
  CU_ASSERT(H5Fclose(file) >= 0);
  expect_failure(path, NNT_EDATA, "has no dataset /train/images");

  file = file_new(path, folder);
  hid_t const group = H5Gcreate2(file, "train", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  CU_ASSERT(H5Lcreate_external("secret.h5", "/train/images", group, "images", H5P_DEFAULT,
                               H5P_DEFAULT) >= 0);
  CU_ASSERT(H5Gclose(group) >= 0);
  CU_ASSERT(H5Fclose(file) >= 0);
  expect_failure(path, NNT_EDATA, "has no dataset /train/images");
  folder_remove(folder);
}

/* Even within the file: where a path leads is not looked into. */
static void soft_links_are_not_followed(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  folder_make(folder);
  for (size_t i = 0; i < CONTENTS; i++) {
    char said[64];
    good_set(set);
    write_set(path, folder, set);
    hid_t const file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    CU_ASSERT(H5Lmove(file, paths[i], file, "moved", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    CU_ASSERT(H5Lcreate_soft("/moved", file, paths[i], H5P_DEFAULT, H5P_DEFAULT) >= 0);
    CU_ASSERT(H5Fclose(file) >= 0);
    (void)snprintf(said, sizeof said, "has no dataset /%s", paths[i]);
    expect_failure(path, NNT_EDATA, said);
  }
  folder_remove(folder);
}

/* Replaces train/images by a dataset whose values are elsewhere, or in chunks of any size, as
 * `properties` say. */
static void store_elsewhere(char path[NNT_PATH_SIZE], const char *folder, hid_t properties)
{
  content set[CONTENTS];
  hsize_t const sizes[3] = {3, 2, 3};
  good_set(set);
  write_set(path, folder, set);
  hid_t const file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  hsize_t const endless[3] = {H5S_UNLIMITED, H5S_UNLIMITED, H5S_UNLIMITED};
  bool const chunked = H5Pget_layout(properties) == H5D_CHUNKED;
  hid_t const space = H5Screate_simple(3, sizes, chunked ? endless : NULL);
  CU_ASSERT(H5Ldelete(file, "train/images", H5P_DEFAULT) >= 0);
  hid_t const dataset =
      H5Dcreate2(file, "train/images", H5T_STD_U8LE, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  CU_ASSERT(dataset >= 0);
  (void)H5Dclose(dataset);
  (void)H5Sclose(space);
  CU_ASSERT(H5Fclose(file) >= 0);
}

static void values_outside_of_the_file_are_not_read(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  char secret[NNT_PATH_SIZE];
  hsize_t const sizes[3] = {3, 2, 3};
  folder_make(folder);
  store_secret(folder);
  path_in(secret, folder, "secret.h5");

  hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  CU_ASSERT(H5Pset_external(properties, secret, 0, 18) >= 0);
  store_elsewhere(path, folder, properties);
  (void)H5Pclose(properties);
  expect_failure(path, NNT_EDATA, "the values of /train/images are outside of the file");

  hid_t const space = H5Screate_simple(3, sizes, NULL);
  properties = H5Pcreate(H5P_DATASET_CREATE);
  CU_ASSERT(H5Pset_virtual(properties, space, secret, "train/images", space) >= 0);
  store_elsewhere(path, folder, properties);
  (void)H5Pclose(properties);
  (void)H5Sclose(space);
  expect_failure(path, NNT_EDATA, "the values of /train/images are outside of the file");
  folder_remove(folder);
}

/* One chunk of 2 GiB, which a few hundred bytes in the file would ask memory for. */
static void huge_chunks_are_refused(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  hsize_t const chunk[3] = {1 << 15, 1 << 8, 1 << 8};
  folder_make(folder);
  hid_t const properties = H5Pcreate(H5P_DATASET_CREATE);
  CU_ASSERT(H5Pset_chunk(properties, 3, chunk) >= 0);
  CU_ASSERT(H5Pset_deflate(properties, 9) >= 0);
  store_elsewhere(path, folder, properties);
  (void)H5Pclose(properties);
  expect_failure(path, NNT_EDATA, "in chunks of more than 1 GiB");
  folder_remove(folder);
}

static CU_TestInfo tests[] = {
    {"links out of the file are not followed", links_out_of_the_file_are_not_followed},
    {"soft links are not followed", soft_links_are_not_followed},
    {"values outside of the file are not read", values_outside_of_the_file_are_not_read},
    {"huge chunks are refused", huge_chunks_are_refused},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("data hdf5 links", tests);
