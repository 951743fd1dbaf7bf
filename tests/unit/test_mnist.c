#include "base/digest.h"
#include "mnist_sample.h"

static void put_number(unsigned char *at, size_t number)
{
  for (unsigned i = 0; i < 4; i++) {
    at[i] = (unsigned char)(number >> (24U - 8U * i));
  }
}

/* SHA-256 of the uncompressed file that holds this: its head and its values. */
static void digest_file(const unsigned char *head, size_t head_size, const void *values,
                        size_t bytes, char text[NNT_SHA256_TEXT_SIZE])
{
  unsigned char sum[NNT_SHA256_SIZE];
  nnt_digest *digest = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_digest_create(&digest), NNT_OK);
  CU_ASSERT_EQUAL(nnt_digest_add(digest, head, head_size), NNT_OK);
  CU_ASSERT_EQUAL(nnt_digest_add(digest, values, bytes), NNT_OK);
  CU_ASSERT_EQUAL(nnt_digest_end(digest, sum), NNT_OK);
  nnt_digest_destroy(digest);
  nnt_digest_text(sum, text);
}

static void check_images(const nnt_samples *samples, const char *expected)
{
  unsigned char head[16] = {0, 0, 8, 3};
  char text[NNT_SHA256_TEXT_SIZE];
  put_number(head + 4, samples->count);
  put_number(head + 8, 28);
  put_number(head + 12, 28);
  digest_file(head, sizeof head, samples->images, samples->count * 784, text);
  CU_ASSERT_STRING_EQUAL(text, expected);
}

static void check_labels(const nnt_samples *samples, const char *expected)
{
  unsigned char head[8] = {0, 0, 8, 1};
  char text[NNT_SHA256_TEXT_SIZE];
  unsigned char *const bytes = room_for(samples->count);
  for (size_t i = 0; i < samples->count; i++) {
    bytes[i] = (unsigned char)samples->labels[i];
  }
  put_number(head + 4, samples->count);
  digest_file(head, sizeof head, bytes, samples->count, text);
  CU_ASSERT_STRING_EQUAL(text, expected);
  free(bytes);
}

/* The published SHA-256 of the four files. */
static void every_byte_is_as_published(void)
{
  loaded data;
  if (!load_mnist(&data, "every byte is as published")) return;
  CU_ASSERT_EQUAL(data.info.train_count, 60000);
  CU_ASSERT_EQUAL(data.info.test_count, 10000);
  CU_ASSERT_EQUAL(data.info.features, 784);
  CU_ASSERT_EQUAL(data.info.classes, 10);
  check_images(&data.train, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db");
  check_labels(&data.train, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5");
  check_images(&data.test, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7");
  check_labels(&data.test, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2");
  free(data.memory);
}

static void a_fifth_of_the_pixels_has_ink(void)
{
  loaded data;
  if (!load_mnist(&data, "a fifth of the pixels has ink")) return;
  size_t const pixels = data.train.count * data.train.features;
  unsigned char const *const images = data.train.images;
  size_t inked = 0;
  for (size_t i = 0; i < pixels; i++) {
    inked += images[i] != 0;
  }
  CU_ASSERT_DOUBLE_EQUAL((double)inked / (double)pixels, 0.191, 0.0005);
  free(data.memory);
}

static CU_TestInfo tests[] = {
    {"every byte is as published", every_byte_is_as_published},
    {"a fifth of the pixels has ink", a_fifth_of_the_pixels_has_ink},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("mnist", tests);
