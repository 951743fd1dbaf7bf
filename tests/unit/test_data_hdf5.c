#include "data_hdf5_sample.h"

static void expect_labels(const loaded *data)
{
  for (size_t i = 0; i < 3; i++) {
    CU_ASSERT_EQUAL(data->train.labels[i], train_labels[i]);
  }
  for (size_t i = 0; i < 2; i++) {
    CU_ASSERT_EQUAL(data->test.labels[i], test_labels[i]);
  }
}

static void bytes_are_read(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  folder_make(folder);
  for (int compressed = 0; compressed < 2; compressed++) {
    loaded data;
    good_set(set);
    for (size_t i = 0; i < CONTENTS; i++) {
      set[i].compressed = compressed != 0;
    }
    write_set(path, folder, set);
    CU_ASSERT_EQUAL_FATAL(load(&data, path), NNT_OK);
    CU_ASSERT_EQUAL(data.info.pixel, NNT_PIXEL_UINT8);
    CU_ASSERT_EQUAL(data.info.dimensions, 2);
    CU_ASSERT_EQUAL(data.info.shape[0], 2);
    CU_ASSERT_EQUAL(data.info.shape[1], 3);
    CU_ASSERT_EQUAL(data.info.classes, 3);
    CU_ASSERT_EQUAL(data.info.train_count, 3);
    CU_ASSERT_EQUAL(data.info.test_count, 2);
    CU_ASSERT_EQUAL(memcmp(data.train.images, bytes_of_images, 18), 0);
    CU_ASSERT_EQUAL(memcmp(data.test.images, bytes_of_images, 12), 0);
    expect_labels(&data);
    free(data.memory);
  }
  folder_remove(folder);
}

static void only_the_first_samples_may_be_taken(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  folder_make(folder);
  for (int compressed = 0; compressed < 2; compressed++) {
    loaded data;
    good_set(set);
    for (size_t i = 0; i < CONTENTS; i++) {
      set[i].compressed = compressed != 0;
    }
    write_set(path, folder, set);
    CU_ASSERT_EQUAL_FATAL(load_some(&data, path, 2, 1), NNT_OK);
    CU_ASSERT_EQUAL(data.info.train_count, 2);
    CU_ASSERT_EQUAL(data.info.test_count, 1);
    CU_ASSERT_EQUAL(data.info.classes, 3);
    CU_ASSERT_EQUAL(memcmp(data.train.images, bytes_of_images, 12), 0);
    CU_ASSERT_EQUAL(memcmp(data.test.images, bytes_of_images, 6), 0);
    CU_ASSERT_EQUAL(data.train.labels[1], 2);
    CU_ASSERT_EQUAL(data.test.labels[0], 1);
    free(data.memory);
    CU_ASSERT_EQUAL(load_some(&data, path, 4, 0), NNT_EUSAGE);
    CU_ASSERT_STRING_EQUAL(nnt_last_error(), "--train-samples 4: there are only 3");
  }
  folder_remove(folder);
}

/* 0.1 as float64 becomes the nearest float32; the others are exact in half precision. */
static void floats_of_any_size_are_read_as_float32(void)
{
  double values[18];
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  hid_t const half = H5Tcopy(H5T_IEEE_F32LE);
  CU_ASSERT_FATAL(H5Tset_fields(half, 15, 10, 5, 0, 10) >= 0 && H5Tset_size(half, 2) >= 0 &&
                  H5Tset_ebias(half, 15) >= 0);
  hid_t const types[] = {H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_IEEE_F32BE, H5T_IEEE_F64BE, half};
  folder_make(folder);
  for (size_t i = 0; i < 18; i++) {
    values[i] = (double)i / 16.0 - 0.5;
  }
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    loaded data;
    values[17] = types[t] == half ? 0.25 : 0.1;
    good_set(set);
    set[TRAIN_IMAGES_AT].file_type = set[TEST_IMAGES_AT].file_type = types[t];
    set[TRAIN_IMAGES_AT].memory_type = set[TEST_IMAGES_AT].memory_type = H5T_NATIVE_DOUBLE;
    set[TRAIN_IMAGES_AT].values = set[TEST_IMAGES_AT].values = values;
    write_set(path, folder, set);
    CU_ASSERT_EQUAL_FATAL(load(&data, path), NNT_OK);
    CU_ASSERT_EQUAL(data.info.pixel, NNT_PIXEL_FLOAT32);
    float const *const read = data.train.images;
    for (size_t i = 0; i < 18; i++) {
      CU_ASSERT_EQUAL(read[i], (float)values[i]);
    }
    expect_labels(&data);
    free(data.memory);
  }
  (void)H5Tclose(half);
  folder_remove(folder);
}

static void labels_of_any_width_are_read(void)
{
  hid_t const types[] = {H5T_STD_I8LE,  H5T_STD_U8BE,  H5T_STD_I16BE, H5T_STD_U16LE,
                         H5T_STD_U32BE, H5T_STD_I64LE, H5T_STD_U64BE};
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  folder_make(folder);
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    loaded data;
    good_set(set);
    set[TRAIN_LABELS_AT].file_type = types[t];
    set[TEST_LABELS_AT].file_type = types[sizeof types / sizeof *types - 1 - t];
    write_set(path, folder, set);
    CU_ASSERT_EQUAL_FATAL(load(&data, path), NNT_OK);
    expect_labels(&data);
    free(data.memory);
  }
  folder_remove(folder);
}

static void images_have_one_to_four_dimensions(void)
{
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  folder_make(folder);
  for (int dimensions = 1; dimensions <= 4; dimensions++) {
    loaded data;
    good_set(set);
    for (size_t i = TRAIN_IMAGES_AT; i <= TEST_IMAGES_AT; i += TEST_IMAGES_AT - TRAIN_IMAGES_AT) {
      hsize_t const sizes[6] = {set[i].sizes[0], 2, 1, 2, 1, 0};
      set[i].dimensions = dimensions + 1;
      memcpy(set[i].sizes, sizes, sizeof sizes);
    }
    write_set(path, folder, set);
    CU_ASSERT_EQUAL_FATAL(load(&data, path), NNT_OK);
    CU_ASSERT_EQUAL(data.info.dimensions, (size_t)dimensions);
    CU_ASSERT_EQUAL(data.info.features, dimensions < 3 ? 2 : 4);
    free(data.memory);
  }
  folder_remove(folder);
}

/* More classes than a byte can tell, and more labels than one block of the reader. */
static void long_lists_of_labels_are_read(void)
{
  enum { COUNT = 300001, CLASSES = 300 };
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  loaded data;
  unsigned short *const labels = room_for(COUNT * sizeof *labels);
  unsigned char *const images = room_for(COUNT);
  for (size_t i = 0; i < COUNT; i++) {
    labels[i] = (unsigned short)(i % CLASSES);
    images[i] = (unsigned char)(i % 251);
  }
  folder_make(folder);
  good_set(set);
  set[TRAIN_LABELS_AT].file_type = H5T_STD_U16LE;
  set[TRAIN_LABELS_AT].memory_type = H5T_NATIVE_USHORT;
  set[TRAIN_LABELS_AT].values = labels;
  set[TRAIN_IMAGES_AT].values = images;
  set[TRAIN_LABELS_AT].sizes[0] = set[TRAIN_IMAGES_AT].sizes[0] = COUNT;
  set[TRAIN_IMAGES_AT].dimensions = set[TEST_IMAGES_AT].dimensions = 2;
  set[TRAIN_IMAGES_AT].sizes[1] = set[TEST_IMAGES_AT].sizes[1] = 1;
  write_set(path, folder, set);
  CU_ASSERT_EQUAL_FATAL(load(&data, path), NNT_OK);
  CU_ASSERT_EQUAL(data.info.train_count, COUNT);
  CU_ASSERT_EQUAL(data.info.classes, CLASSES);
  CU_ASSERT_EQUAL(memcmp(data.train.labels, labels, COUNT * sizeof *labels), 0);
  CU_ASSERT_EQUAL(memcmp(data.train.images, images, COUNT), 0);
  free(data.memory);
  free(labels);
  free(images);
  folder_remove(folder);
}

static void there_may_be_65535_classes(void)
{
  static unsigned short const labels[3] = {0, 65534, 7};
  char folder[NNT_PATH_SIZE];
  char path[NNT_PATH_SIZE];
  content set[CONTENTS];
  loaded data;
  folder_make(folder);
  good_set(set);
  set[TRAIN_LABELS_AT].file_type = H5T_STD_U16LE;
  set[TRAIN_LABELS_AT].memory_type = H5T_NATIVE_USHORT;
  set[TRAIN_LABELS_AT].values = labels;
  write_set(path, folder, set);
  CU_ASSERT_EQUAL_FATAL(load(&data, path), NNT_OK);
  CU_ASSERT_EQUAL(data.info.classes, 65535);
  CU_ASSERT_EQUAL(data.train.labels[1], 65534);
  free(data.memory);
  folder_remove(folder);
}

static CU_TestInfo tests[] = {
    {"bytes are read", bytes_are_read},
    {"only the first samples may be taken", only_the_first_samples_may_be_taken},
    {"floats of any size are read as float32", floats_of_any_size_are_read_as_float32},
    {"labels of any width are read", labels_of_any_width_are_read},
    {"images have one to four dimensions", images_have_one_to_four_dimensions},
    {"long lists of labels are read", long_lists_of_labels_are_read},
    {"there may be 65535 classes", there_may_be_65535_classes},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("data hdf5", tests);
