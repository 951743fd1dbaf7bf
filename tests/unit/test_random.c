#include <Random123/philox.h>
#include <math.h>
#include <stddef.h>

#include "base/random.h"
#include "suite.h"

/* Known answers that Random123 publishes for philox4x64 with 10 rounds (its file kat_vectors):
 * counter, key, result. */
typedef struct known_answer {
  uint64_t counter[4];
  uint64_t key[2];
  uint64_t expected[4];
} known_answer;

static uint64_t const ones = UINT64_MAX;

static void philox_gives_the_published_answers(void)
{
  known_answer const answers[] = {
      {{0, 0, 0, 0},
       {0, 0},
       {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b}},
      {{ones, ones, ones, ones},
       {ones, ones},
       {0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0}},
      {{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89},
       {0x452821e638d01377, 0xbe5466cf34e90c6c},
       {0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6}},
  };
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    known_answer const *const it = &answers[i];
    philox4x64_ctr_t const counter = {
        {it->counter[0], it->counter[1], it->counter[2], it->counter[3]}};
    philox4x64_key_t const key = {{it->key[0], it->key[1]}};
    philox4x64_ctr_t const drawn = philox4x64(counter, key);
    for (size_t k = 0; k < 4; k++) {
      CU_ASSERT_EQUAL(drawn.v[k], it->expected[k]);
    }
  }
}

/* Where seed, purpose and counters go: answers of another implementation, numpy.random.Philox, with
 * key = seed + purpose 2^64 and counter = a + b 2^64 + c 2^128 + d 2^192 - 1 (it counts up first).
 */
typedef struct draw {
  uint64_t seed;
  nnt_purpose purpose;
  uint64_t counter[4];
  uint64_t expected[4];
} draw;

static void seed_purpose_and_counters_have_their_places(void)
{
  draw const draws[] = {
      {0,
       NNT_FOR_WEIGHTS,
       {0, 0, 0, 0},
       {0x9c6b270905f0b111, 0xdee74de5c22fba4e, 0x0fbe587afae091f8, 0xd5ad8fe3bd272f76}},
      {42,
       NNT_FOR_SHUFFLE,
       {1, 2, 3, 4},
       {0xccc562cf1ba593bb, 0x772811d187608a95, 0x495f7bf4f40ba34e, 0xf443beb04e4c1a43}},
      {UINT64_MAX,
       NNT_FOR_DROPOUT,
       {5, 0, UINT64_C(1) << 63U, 7},
       {0x256c98a4da78fb01, 0x9e2497972b9eb023, 0xdb5238394d73cd68, 0xd8c21e77d9301073}},
      {20070315,
       NNT_FOR_DIGITS,
       {59999, 1, 0, 0},
       {0xf26d11eda20ca8be, 0xfa69cc48ee8f22e5, 0x0ac0d55efce0f438, 0x65e305a6e81f97e1}},
  };
  for (size_t i = 0; i < sizeof draws / sizeof *draws; i++) {
    draw const *const it = &draws[i];
    nnt_random_words const drawn = nnt_random(it->seed, it->purpose, it->counter[0], it->counter[1],
                                              it->counter[2], it->counter[3]);
    for (size_t k = 0; k < 4; k++) {
      CU_ASSERT_EQUAL(drawn.word[k], it->expected[k]);
    }
  }
}

/* The published key of zeros; the other two do not fit into a purpose. */
static void a_key_of_zeros_gives_the_published_answer(void)
{
  nnt_random_words const drawn = nnt_random(0, (nnt_purpose)0, 0, 0, 0, 0);
  CU_ASSERT_EQUAL(drawn.word[0], 0x16554d9eca36314c);
  CU_ASSERT_EQUAL(drawn.word[1], 0xdb20fe9d672d0fdc);
  CU_ASSERT_EQUAL(drawn.word[2], 0xd7e772cee186176b);
  CU_ASSERT_EQUAL(drawn.word[3], 0x7e68b68aec7ba23b);
}

static void uniform_numbers_lie_in_the_unit_interval(void)
{
  CU_ASSERT_EQUAL(nnt_random_uniform(0), 0.0);
  CU_ASSERT_EQUAL(nnt_random_uniform(2047), 0.0);
  CU_ASSERT_EQUAL(nnt_random_uniform(2048), 0x1p-53);
  CU_ASSERT_EQUAL(nnt_random_uniform(UINT64_C(1) << 63U), 0.5);
  CU_ASSERT_EQUAL(nnt_random_uniform(UINT64_MAX), 1.0 - 0x1p-53);
}

/* Mean 1/2, variance 1/12; over n draws their deviations are sqrt(1/12 / n) and, with the fourth
 * central moment 1/80, sqrt((1/80 - 1/144) / n). Each of the four words must do. */
static void uniform_numbers_have_the_moments_of_the_distribution(void)
{
  size_t const n = 100000;
  double const count = (double)n;
  for (size_t k = 0; k < 4; k++) {
    double sum = 0.0;
    double squares = 0.0;
    for (uint64_t i = 0; i < n; i++) {
      double const x = nnt_random_uniform(nnt_random(8, NNT_FOR_DIGITS, i, 0, 0, 0).word[k]);
      CU_ASSERT(x >= 0.0 && x < 1.0);
      sum += x;
      squares += (x - 0.5) * (x - 0.5);
    }
    CU_ASSERT_DOUBLE_EQUAL(sum / count, 0.5, 5.0 * sqrt(1.0 / 12.0 / count));
    CU_ASSERT_DOUBLE_EQUAL(squares / count, 1.0 / 12.0,
                           5.0 * sqrt((1.0 / 80.0 - 1.0 / 144.0) / count));
  }
}

/* u = 0 gives 0, u = 1 - 1/e gives sqrt(2) times the cosine, and no pair of words gives infinity.
 */
static void normal_numbers_follow_box_and_muller(void)
{
  double const two_to_64 = 18446744073709551616.0;
  uint64_t const u = (uint64_t)((1.0 - exp(-1.0)) * two_to_64);
  CU_ASSERT_EQUAL(nnt_random_normal(0, 12345), 0.0);
  CU_ASSERT_DOUBLE_EQUAL(nnt_random_normal(u, 0), sqrt(2.0), 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(nnt_random_normal(u, UINT64_C(1) << 62U), 0.0, 1e-12);
  CU_ASSERT_DOUBLE_EQUAL(nnt_random_normal(u, UINT64_C(1) << 63U), -sqrt(2.0), 1e-12);
  CU_ASSERT(isfinite(nnt_random_normal(UINT64_MAX, 0)));
}

/* Mean 0, variance 1, fourth moment 3; their deviations over n draws are 1, 2, 96 over n, rooted.
 */
static void normal_numbers_have_the_moments_of_the_distribution(void)
{
  size_t const n = 100000;
  double sum = 0.0;
  double squares = 0.0;
  double fourths = 0.0;
  for (uint64_t i = 0; i < n; i++) {
    nnt_random_words const it = nnt_random(7, NNT_FOR_WEIGHTS, i, 0, 0, 0);
    double const x = nnt_random_normal(it.word[0], it.word[1]);
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
  }
  double const count = (double)n;
  CU_ASSERT_DOUBLE_EQUAL(sum / count, 0.0, 5.0 * sqrt(1.0 / count));
  CU_ASSERT_DOUBLE_EQUAL(squares / count, 1.0, 5.0 * sqrt(2.0 / count));
  CU_ASSERT_DOUBLE_EQUAL(fourths / count, 3.0, 5.0 * sqrt(96.0 / count));
}

static CU_TestInfo tests[] = {
    {"philox gives the published answers", philox_gives_the_published_answers},
    {"seed, purpose and counters have their places", seed_purpose_and_counters_have_their_places},
    {"uniform numbers lie in the unit interval", uniform_numbers_lie_in_the_unit_interval},
    {"a key of zeros gives the published answer", a_key_of_zeros_gives_the_published_answer},
    {"uniform numbers have the moments of the distribution",
     uniform_numbers_have_the_moments_of_the_distribution},
    {"normal numbers follow Box and Muller", normal_numbers_follow_box_and_muller},
    {"normal numbers have the moments of the distribution",
     normal_numbers_have_the_moments_of_the_distribution},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("random", tests);
