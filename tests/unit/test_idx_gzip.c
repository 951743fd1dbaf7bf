#include <stdbool.h>
#include <sys/resource.h>

#include "idx_sample.h"

/* With or without .gz in their names: what counts is what is in them. */
static void compressed_files_are_read(void)
{
  static char const *const endings[] = {".gz", ""};
  for (size_t k = 0; k < 2; k++) {
    char folder[NNT_PATH_SIZE];
    folder_make(folder);
    for (size_t i = 0; i < 4; i++) {
      char name[64];
      (void)snprintf(name, sizeof name, "%s%s", names[i], endings[k]);
      gzip_store(folder, name, good[i].bytes, good[i].size);
    }
    check_small_set(folder);
    loaded data;
    CU_ASSERT_EQUAL_FATAL(load_some(&data, folder, 2, 1), NNT_OK);
    CU_ASSERT_EQUAL(memcmp(data.train.images, &TRAIN_IMAGES[16], 12), 0);
    CU_ASSERT_EQUAL(memcmp(data.test.images, &TEST_IMAGES[16], 6), 0);
    free(data.memory);
    folder_remove(folder);
  }
}

enum { PACKED = 256 };

/* The bytes of a file as gzip makes them. */
static size_t pack(unsigned char packed[PACKED], const char *folder, const char *data, size_t bytes)
{
  char path[NNT_PATH_SIZE];
  gzip_store(folder, "packed.gz", data, bytes);
  path_in(path, folder, "packed.gz");
  FILE *const file = fopen(path, "rb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  size_t const size = fread(packed, 1, PACKED, file);
  (void)fclose(file);
  CU_ASSERT_FATAL(size > 18 && size < PACKED);
  remove_in(folder, "packed.gz");
  return size;
}

/* Puts a compressed file in place of file `index` of a good set: the byte `at_end` from the end is
 * inverted, and `cut` bytes are taken off. */
static void store_damaged(const char *folder, int index, const char *data, size_t bytes,
                          size_t at_end, size_t cut)
{
  unsigned char packed[PACKED];
  char name[64];
  small_set_store(folder);
  remove_in(folder, names[index]);
  (void)snprintf(name, sizeof name, "%s.gz", names[index]);
  size_t const size = pack(packed, folder, data, bytes);
  CU_ASSERT_FATAL(size > at_end && size > cut);
  if (at_end > 0) packed[size - at_end] ^= 0xFFU;
  file_store(folder, name, packed, size - cut);
}

/* Cuts a compressed file everywhere and inverts each of its bytes. It may be read as before, for
 * instance if its date has changed; otherwise it is named. */
static void no_damage_changes_what_is_read(void)
{
  char folder[NNT_PATH_SIZE];
  loaded whole;
  folder_make(folder);
  small_set_store(folder);
  CU_ASSERT_EQUAL_FATAL(load(&whole, folder), NNT_OK);
  free(whole.memory);
  for (size_t i = 0; i < 4; i++) {
    unsigned char packed[PACKED];
    char name[64];
    size_t refused = 0;
    remove_in(folder, names[i]);
    (void)snprintf(name, sizeof name, "%s.gz", names[i]);
    size_t const size = pack(packed, folder, good[i].bytes, good[i].size);
    for (size_t k = 0; k < size; k++) {
      file_store(folder, name, packed, k);
      expect_failure(folder, NNT_EDATA, name);
      packed[k] ^= 0xFFU;
      file_store(folder, name, packed, size);
      packed[k] ^= 0xFFU;
      loaded data;
      bool const read = load(&data, folder) == NNT_OK;
      CU_ASSERT(read ? strcmp(data.digest, whole.digest) == 0
                     : strstr(nnt_last_error(), name) != NULL);
      if (read) free(data.memory);
      refused += !read;
    }
    /* RFC 1952: four bytes of date, one of flags, one of the system. */
    CU_ASSERT(refused >= size - 6);
    remove_in(folder, name);
    file_store(folder, names[i], good[i].bytes, good[i].size);
  }
  folder_remove(folder);
}

static void damaged_gzip_files_are_refused(void)
{
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  /* The last 8 bytes are CRC-32 and length. */
  store_damaged(folder, 0, BYTES(TRAIN_IMAGES), 8, 0);
  expect_failure(folder, NNT_EDATA, "train-images-idx3-ubyte.gz is damaged (");
  store_damaged(folder, 0, BYTES(TRAIN_IMAGES), 4, 0);
  expect_failure(folder, NNT_EDATA, "train-images-idx3-ubyte.gz is damaged (");
  store_damaged(folder, 0, BYTES(TRAIN_IMAGES), 0, 9);
  expect_failure(folder, NNT_EDATA, "train-images-idx3-ubyte.gz is cut short");
  store_damaged(folder, 0, BYTES(TRAIN_IMAGES), 0, 3);
  expect_failure(folder, NNT_EDATA, "train-images-idx3-ubyte.gz is cut short");
  store_damaged(folder, 0, BYTES(TRAIN_IMAGES "\0"), 0, 0);
  expect_failure(folder, NNT_EDATA, "train-images-idx3-ubyte.gz goes on behind its 3 items");
  store_damaged(folder, 0, TRAIN_IMAGES, sizeof TRAIN_IMAGES - 2, 0, 0);
  expect_failure(folder, NNT_EDATA, "train-images-idx3-ubyte.gz is cut short");
  remove_in(folder, "train-images-idx3-ubyte.gz");
  store_damaged(folder, 1, BYTES(TRAIN_LABELS), 8, 0);
  expect_failure(folder, NNT_EDATA, "train-labels-idx1-ubyte.gz is damaged (");
  store_damaged(folder, 1, BYTES(TRAIN_LABELS "\0"), 0, 0);
  expect_failure(folder, NNT_EDATA, "train-labels-idx1-ubyte.gz goes on behind its 3 items");
  folder_remove(folder);
}

static void a_name_that_promises_gzip_is_held_to_it(void)
{
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  small_set_store(folder);
  remove_in(folder, names[2]);
  file_store(folder, "t10k-images-idx3-ubyte.gz", TEST_IMAGES, sizeof TEST_IMAGES - 1);
  expect_failure(folder, NNT_EDATA, "t10k-images-idx3-ubyte.gz is not compressed by gzip");
  folder_remove(folder);
}

/* Ten million images of 28x28 cannot be in a hundred bytes: refused before memory is allocated,
 * which would be filled with zeros at once. */
static void announcing_takes_no_memory(void)
{
  char folder[NNT_PATH_SIZE];
  struct rusage before;
  struct rusage after;
  long const most = 100L * 1024; /* KiB */
  folder_make(folder);
  CU_ASSERT_EQUAL(getrusage(RUSAGE_SELF, &before), 0);
  store_damaged(folder, 0, BYTES("\0\0\x08\3\0\x98\x96\x80\0\0\0\x1C\0\0\0\x1C"), 0, 0);
  expect_failure(folder, NNT_EDATA, "is too small for the 7840000016 bytes it announces");
  store_damaged(folder, 0, BYTES("\0\0\x08\2\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), 0, 0);
  expect_failure(folder, NNT_EDATA, "announces 4294967295 items of shape 4294967295, which cannot");
  remove_in(folder, "train-images-idx3-ubyte.gz");
  store_damaged(folder, 1, BYTES("\0\0\x08\1\xFF\xFF\xFF\xFF"), 0, 0);
  expect_failure(folder, NNT_EDATA, "train-labels-idx1-ubyte.gz announces 4294967295 items");
  store_damaged(folder, 1, BYTES("\0\0\x08\1\5\xF5\xE1\0"), 0, 0);
  expect_failure(folder, NNT_EDATA, "is too small for the 100000008 bytes it announces");
  remove_in(folder, "train-labels-idx1-ubyte.gz");
  file_store(folder, names[1], BYTES("\0\0\x08\1\5\xF5\xE1\0"));
  expect_failure(folder, NNT_EDATA, "has 8 bytes instead of 100000008");
  CU_ASSERT_EQUAL(getrusage(RUSAGE_SELF, &after), 0);
  CU_ASSERT(after.ru_maxrss - before.ru_maxrss < most);
  folder_remove(folder);
}

static CU_TestInfo tests[] = {
    {"compressed files are read", compressed_files_are_read},
    {"no damage changes what is read", no_damage_changes_what_is_read},
    {"damaged gzip files are refused", damaged_gzip_files_are_refused},
    {"a name that promises gzip is held to it", a_name_that_promises_gzip_is_held_to_it},
    {"announcing takes no memory", announcing_takes_no_memory},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("idx gzip", tests);
