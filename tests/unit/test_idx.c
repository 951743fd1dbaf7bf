#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "data_sample.h"

static char const *const names[] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                    "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

#define BYTES(text) text, sizeof(text) - 1

static struct {
  char const *bytes;
  size_t size;
} const good[] = {
    {BYTES(TRAIN_IMAGES)}, {BYTES(TRAIN_LABELS)}, {BYTES(TEST_IMAGES)}, {BYTES(TEST_LABELS)}};

static void remove_in(const char *folder, const char *name)
{
  char path[NNT_PATH_SIZE];
  path_in(path, folder, name);
  CU_ASSERT_EQUAL(remove(path), 0);
}

static void gzip_store(const char *folder, const char *name, const void *data, size_t bytes)
{
  char path[NNT_PATH_SIZE];
  path_in(path, folder, name);
  gzFile file = gzopen(path, "wb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL(gzwrite(file, data, (unsigned)bytes), (int)bytes);
  CU_ASSERT_EQUAL(gzclose(file), Z_OK);
}

static void check_small_set(const char *folder)
{
  static unsigned char const train[18] = {0,  1,  2,  3,   4,   5,   10,  11,  12,
                                          13, 14, 15, 250, 251, 252, 253, 254, 255};
  static unsigned char const test[12] = {32, 33, 34, 35, 36, 37, 48, 49, 50, 51, 52, 53};
  static uint16_t const train_labels[3] = {0, 2, 1};
  static uint16_t const test_labels[2] = {1, 0};
  loaded data;
  CU_ASSERT_EQUAL_FATAL(load(&data, folder), NNT_OK);
  CU_ASSERT_EQUAL(data.info.train_count, 3);
  CU_ASSERT_EQUAL(data.info.test_count, 2);
  CU_ASSERT_EQUAL(data.info.dimensions, 2);
  CU_ASSERT_EQUAL(data.info.shape[0], 2);
  CU_ASSERT_EQUAL(data.info.shape[1], 3);
  CU_ASSERT_EQUAL(data.info.features, 6);
  CU_ASSERT_EQUAL(data.info.classes, 3);
  CU_ASSERT_EQUAL(data.info.pixel, NNT_PIXEL_UINT8);
  CU_ASSERT_FALSE(data.info.generated);
  CU_ASSERT_EQUAL(memcmp(data.train.images, train, sizeof train), 0);
  CU_ASSERT_EQUAL(memcmp(data.test.images, test, sizeof test), 0);
  CU_ASSERT_EQUAL(memcmp(data.train.labels, train_labels, sizeof train_labels), 0);
  CU_ASSERT_EQUAL(memcmp(data.test.labels, test_labels, sizeof test_labels), 0);
  free(data.memory);
}

static void plain_files_are_read(void)
{
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  small_set_store(folder);
  check_small_set(folder);
  folder_remove(folder);
}

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
    CU_ASSERT_EQUAL(memcmp(data.train.images, TRAIN_IMAGES + 16, 12), 0);
    CU_ASSERT_EQUAL(memcmp(data.test.images, TEST_IMAGES + 16, 6), 0);
    free(data.memory);
    folder_remove(folder);
  }
}

static void names_with_a_dot_are_found(void)
{
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  file_store(folder, "train-images.idx3-ubyte", TRAIN_IMAGES, sizeof TRAIN_IMAGES - 1);
  gzip_store(folder, "train-labels.idx1-ubyte.gz", TRAIN_LABELS, sizeof TRAIN_LABELS - 1);
  file_store(folder, "t10k-images.idx3-ubyte", TEST_IMAGES, sizeof TEST_IMAGES - 1);
  file_store(folder, "t10k-labels-idx1-ubyte", TEST_LABELS, sizeof TEST_LABELS - 1);
  check_small_set(folder);
  folder_remove(folder);
}

/* Images of `dimensions` sizes 2: two for training, two for the test. */
static void store_cubes(const char *folder, unsigned char dimensions)
{
  unsigned char images[4 + 5 * 4 + 2 * 16] = {0, 0, 8, (unsigned char)(dimensions + 1)};
  size_t const pixels = (size_t)1 << dimensions;
  size_t const head = 4 + 4 * ((size_t)dimensions + 1);
  for (size_t i = 0; i <= dimensions; i++) {
    images[4 + 4 * i + 3] = 2;
  }
  for (size_t i = 0; i < 2 * pixels; i++) {
    images[head + i] = (unsigned char)(100 + i);
  }
  file_store(folder, names[0], images, head + 2 * pixels);
  file_store(folder, names[2], images, head + 2 * pixels);
  file_store(folder, names[1], "\0\0\x08\1\0\0\0\2\0\1", 10);
  file_store(folder, names[3], "\0\0\x08\1\0\0\0\2\1\1", 10);
}

static void images_have_one_to_four_dimensions(void)
{
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  for (unsigned char dimensions = 1; dimensions <= 4; dimensions++) {
    loaded data;
    store_cubes(folder, dimensions);
    CU_ASSERT_EQUAL_FATAL(load(&data, folder), NNT_OK);
    CU_ASSERT_EQUAL(data.info.dimensions, dimensions);
    CU_ASSERT_EQUAL(data.info.features, (size_t)1 << dimensions);
    unsigned char const *const images = data.train.images;
    CU_ASSERT_EQUAL(images[0], 100);
    CU_ASSERT_EQUAL(images[2 * data.info.features - 1], 99 + 2 * data.info.features);
    free(data.memory);
  }
  folder_remove(folder);
}

static void labels_may_be_any_byte(void)
{
  char folder[NNT_PATH_SIZE];
  loaded data;
  folder_make(folder);
  small_set_store(folder);
  file_store(folder, names[1], BYTES("\0\0\x08\1\0\0\0\3\xFF\x80\1"));
  CU_ASSERT_EQUAL_FATAL(load(&data, folder), NNT_OK);
  CU_ASSERT_EQUAL(data.info.classes, 256);
  CU_ASSERT_EQUAL(data.train.labels[0], 255);
  CU_ASSERT_EQUAL(data.train.labels[1], 128);
  CU_ASSERT_EQUAL(data.train.labels[2], 1);
  free(data.memory);
  folder_remove(folder);
}

/* A file that spoils a good set: which one, its bytes, and what must be said. */
typedef struct spoiled {
  int file;
  char const *bytes;
  size_t size;
  char const *said;
} spoiled;

static spoiled const cases[] = {
    {0, BYTES(""), "train-images-idx3-ubyte is cut short"},
    {0, BYTES("\0\0\x08"), "train-images-idx3-ubyte is cut short"},
    {0, BYTES("\0\0\x08\3\0\0\0\3\0\0"), "train-images-idx3-ubyte is cut short"},
    {0, BYTES("hello, world, hello"), "train-images-idx3-ubyte begins with 68656c6c instead of"},
    {0, BYTES("\0\1\x08\3\0\0\0\1\0\0\0\1\0\0\0\1\7"), "begins with 00010803"},
    {0, BYTES("\0\0\x0D\3\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\0"), "begins with 00000d03"},
    {0, BYTES("\0\0\x08\6\0\0\0\1\0\0\0\1\0\0\0\1\7\7\7\7"), "begins with 00000806"},
    {0, BYTES(TRAIN_LABELS), "begins with 00000801 instead of 00000802 to 00000805"},
    {0, BYTES("\0\0\x08\3\0\0\0\0\0\0\0\2\0\0\0\3"), "train-images-idx3-ubyte is empty"},
    {0, BYTES("\0\0\x08\3\0\0\0\3\0\0\0\0\0\0\0\3"), "announces 3 items of shape 0x3"},
    {0, BYTES("\0\0\x08\3\xFF\xFF\xFF\xFF\0\0\0\2\0\0\0\3"), "announces 4294967295 items"},
    {0, BYTES("\0\0\x08\5\0\0\0\1\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
     "of shape 4294967295x4294967295x4294967295x4294967295, which cannot be right"},
    {0, BYTES("\0\0\x08\3\0\0\0\3\0\1\0\0\0\1\0\0"), "of shape 65536x65536, which cannot"},
    {0, BYTES("\0\0\x08\3\0\0\0\3\0\0\0\2\0\0\0\3\0\1\2\3\4\5\6\7\x08\x09\1\2\3\4\5\6\7"),
     "train-images-idx3-ubyte has 33 bytes instead of 34: it is cut short"},
    {0, BYTES(TRAIN_IMAGES "\0"), "train-images-idx3-ubyte has 35 bytes instead of 34: it is too "},
    {0, BYTES(TEST_IMAGES), "holds 3 labels, but there are 2 images"},
    {1, BYTES(TRAIN_IMAGES), "train-labels-idx1-ubyte begins with 00000803 instead of 00000801"},
    {1, BYTES("\0\0\x08\1\0\0\0\4\0\2\1\1"), "train-labels-idx1-ubyte holds 4 labels, but there"},
    {1, BYTES("\0\0\x08\1\0\0\0\3\0\2"), "train-labels-idx1-ubyte has 10 bytes instead of 11"},
    {1, BYTES("\0\0\x08\1\0\0\0\3\0\2\1\1"), "train-labels-idx1-ubyte has 12 bytes instead of 11"},
    {1, BYTES("\0\0\x08\1\0\0\0\0"), "train-labels-idx1-ubyte is empty"},
    {2, BYTES("\0\0\x08\3\0\0\0\2\0\0\0\3\0\0\0\2\1\2\3\4\5\6\1\2\3\4\5\6"),
     "t10k-images-idx3-ubyte has images of shape 3x2, but the training images have 2x3"},
    {2, BYTES("\0\0\x08\2\0\0\0\2\0\0\0\6\1\2\3\4\5\6\1\2\3\4\5\6"),
     "of shape 6, but the training"},
    {3, BYTES("\0\0\x08\1\0\0\0\2\1\3"),
     "t10k-labels-idx1-ubyte: label 3 of sample 1 is out of range"},
};

static void spoiled_files_are_refused(void)
{
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    small_set_store(folder);
    file_store(folder, names[cases[i].file], cases[i].bytes, cases[i].size);
    expect_failure(folder, NNT_EDATA, cases[i].said);
  }
  folder_remove(folder);
}

static void missing_files_are_named(void)
{
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  expect_failure(folder, NNT_EDATA, "holds no train-images-idx3-ubyte, plain or .gz; fetch");
  for (size_t i = 0; i < 4; i++) {
    char said[80];
    small_set_store(folder);
    remove_in(folder, names[i]);
    (void)snprintf(said, sizeof said, "holds no %s", names[i]);
    expect_failure(folder, NNT_EDATA, said);
  }
  folder_remove(folder);
}

static void a_folder_is_no_file(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  small_set_store(folder);
  remove_in(folder, names[1]);
  path_in(path, folder, names[1]);
  CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
  expect_failure(folder, NNT_EDATA, "train-labels-idx1-ubyte is not a file");
  folder_remove(folder);
}

/* A pipe without a writer would block a reader for ever. */
static void a_pipe_is_no_file(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  small_set_store(folder);
  remove_in(folder, names[0]);
  path_in(path, folder, names[0]);
  CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
  expect_failure(folder, NNT_EDATA, "train-images-idx3-ubyte is not a file");
  expect_failure(path, NNT_EDATA, "is neither");
  folder_remove(folder);
}

/* A link that leads nowhere is a missing file, one that leads to itself a failure to open. */
static void links_are_followed(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  folder_make(folder);
  small_set_store(folder);
  path_in(path, folder, names[2]);
  remove_in(folder, names[2]);
  file_store(folder, "elsewhere", good[2].bytes, good[2].size);
  CU_ASSERT_EQUAL(symlink("elsewhere", path), 0);
  check_small_set(folder);
  remove_in(folder, "elsewhere");
  expect_failure(folder, NNT_EDATA, "holds no t10k-images-idx3-ubyte");
  remove_in(folder, names[2]);
  CU_ASSERT_EQUAL(symlink(names[2], path), 0);
  expect_failure(folder, NNT_EIO, "t10k-images-idx3-ubyte: Too many levels of symbolic links");
  folder_remove(folder);
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
  loaded data;
  folder_make(folder);
  small_set_store(folder);
  CU_ASSERT_EQUAL_FATAL(load(&data, folder), NNT_OK);
  free(data.memory);
  for (size_t i = 0; i < 4; i++) {
    char digest[NNT_SHA256_TEXT_SIZE];
    unsigned char packed[PACKED];
    char name[64];
    size_t refused = 0;
    memcpy(digest, data.digest, sizeof digest);
    remove_in(folder, names[i]);
    (void)snprintf(name, sizeof name, "%s.gz", names[i]);
    size_t const size = pack(packed, folder, good[i].bytes, good[i].size);
    for (size_t k = 0; k < size; k++) {
      file_store(folder, name, packed, k);
      expect_failure(folder, NNT_EDATA, name);
      packed[k] ^= 0xFFU;
      file_store(folder, name, packed, size);
      packed[k] ^= 0xFFU;
      bool const read = load(&data, folder) == NNT_OK;
      CU_ASSERT(read ? strcmp(data.digest, digest) == 0 : strstr(nnt_last_error(), name) != NULL);
      if (read) free(data.memory);
      refused += !read;
    }
    /* RFC 1952: four bytes of date, one of flags, one of the system. */
    CU_ASSERT(refused >= size - 6);
    memcpy(data.digest, digest, sizeof digest);
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
    {"plain files are read", plain_files_are_read},
    {"compressed files are read", compressed_files_are_read},
    {"names with a dot are found", names_with_a_dot_are_found},
    {"images have one to four dimensions", images_have_one_to_four_dimensions},
    {"labels may be any byte", labels_may_be_any_byte},
    {"spoiled files are refused", spoiled_files_are_refused},
    {"missing files are named", missing_files_are_named},
    {"a folder is no file", a_folder_is_no_file},
    {"a pipe is no file", a_pipe_is_no_file},
    {"links are followed", links_are_followed},
    {"no damage changes what is read", no_damage_changes_what_is_read},
    {"damaged gzip files are refused", damaged_gzip_files_are_refused},
    {"a name that promises gzip is held to it", a_name_that_promises_gzip_is_held_to_it},
    {"announcing takes no memory", announcing_takes_no_memory},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("idx", tests);
