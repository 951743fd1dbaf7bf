/* The hash of replicas: whatever differs is seen. */
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#include "suite.h"

enum { BYTES = 200 };

static void fill(unsigned char data[BYTES])
{
  for (size_t i = 0; i < BYTES; i++) {
    data[i] = (unsigned char)(7 * i + i / 13);
  }
}

static void every_bit_counts_at_every_length(void)
{
  unsigned char data[BYTES];
  for (size_t bytes = 1; bytes <= BYTES; bytes++) {
    fill(data);
    uint64_t const before = nnt_hash(data, bytes, 0);
    size_t equal = 0;
    for (size_t bit = 0; bit < 8 * bytes; bit++) {
      data[bit / 8] ^= (unsigned char)(1U << bit % 8);
      equal += nnt_hash(data, bytes, 0) == before;
      data[bit / 8] ^= (unsigned char)(1U << bit % 8);
    }
    CU_ASSERT_EQUAL(equal, 0);
    CU_ASSERT_EQUAL(nnt_hash(data, bytes, 0), before);
  }
}

static int compare(const void *a, const void *b)
{
  uint64_t const x = *(uint64_t const *)a;
  uint64_t const y = *(uint64_t const *)b;
  return (x > y) - (x < y);
}

/* Pairs of flipped bits: of 2^19 hashes of 64 bits no two are equal, but for a chance of 1e-8. */
static void pairs_of_bits_do_not_cancel_out(void)
{
  enum { BITS = 1024, PAIRS = BITS * (BITS - 1) / 2 };
  unsigned char data[BITS / 8] = {0};
  uint64_t *const hashes = malloc(PAIRS * sizeof *hashes);
  CU_ASSERT_PTR_NOT_NULL_FATAL(hashes);
  size_t count = 0;
  for (size_t i = 0; i < BITS; i++) {
    for (size_t j = i + 1; j < BITS; j++) {
      data[i / 8] ^= (unsigned char)(1U << i % 8);
      data[j / 8] ^= (unsigned char)(1U << j % 8);
      hashes[count++] = nnt_hash(data, sizeof data, 0);
      data[i / 8] ^= (unsigned char)(1U << i % 8);
      data[j / 8] ^= (unsigned char)(1U << j % 8);
    }
  }
  qsort(hashes, count, sizeof *hashes, compare);
  size_t equal = 0;
  for (size_t i = 1; i < count; i++) {
    equal += hashes[i] == hashes[i - 1];
  }
  CU_ASSERT_EQUAL(count, PAIRS);
  CU_ASSERT_EQUAL(equal, 0);
  free(hashes);
}

static void order_length_and_what_goes_before_count(void)
{
  unsigned char data[BYTES];
  fill(data);
  uint64_t const before = nnt_hash(data, BYTES, 0);
  CU_ASSERT_NOT_EQUAL(nnt_hash(data, BYTES, 1), before);
  unsigned char swapped[BYTES];
  memcpy(swapped, data + 64, 64);
  memcpy(swapped + 64, data, 64);
  memcpy(swapped + 128, data + 128, BYTES - 128);
  CU_ASSERT_NOT_EQUAL(nnt_hash(swapped, BYTES, 0), before);
  unsigned char const zeros[64] = {0};
  CU_ASSERT_NOT_EQUAL(nnt_hash(zeros, 1, 0), nnt_hash(zeros, 2, 0));
  CU_ASSERT_NOT_EQUAL(nnt_hash(zeros, 0, 0), nnt_hash(zeros, 64, 0));
}

static CU_TestInfo tests[] = {
    {"every bit counts at every length", every_bit_counts_at_every_length},
    {"pairs of bits do not cancel out", pairs_of_bits_do_not_cancel_out},
    {"order, length and what goes before count", order_length_and_what_goes_before_count},
    CU_TEST_INFO_NULL,
};

TEST_SUITE("hash", tests);
