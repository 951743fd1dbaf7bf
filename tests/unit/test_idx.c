#include <sys/stat.h>
#include <unistd.h>

#include "idx_sample.h"

static void plain_files_are_read(void)
{
  char folder[NNT_PATH_SIZE];
  folder_make(folder);
  small_set_store(folder);
  check_small_set(folder);
  folder_remove(folder);
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
    {2, BYTES("\0\0\x08\4\0\0\0\2\0\0\0\2\0\0\0\3\0\0\0\1\1\2\3\4\5\6\1\2\3\4\5\6"),
     "of shape 2x3x1, but the training"},
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

static CU_TestInfo tests[] = {
    {"plain files are read", plain_files_are_read},
    {"names with a dot are found", names_with_a_dot_are_found},
    {"images have one to four dimensions", images_have_one_to_four_dimensions},
    {"labels may be any byte", labels_may_be_any_byte},
    {"spoiled files are refused", spoiled_files_are_refused},
    {"missing files are named", missing_files_are_named},
    {"a folder is no file", a_folder_is_no_file},
    {"a pipe is no file", a_pipe_is_no_file},
    {"links are followed", links_are_followed},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("idx", tests);
