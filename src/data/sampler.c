#include "base/random.h"
#include "nntrain/data.h"

/* Six rounds make a permutation that looks random, unless the halves are short: over 3 to 5 bits
 * some orders of 5 or 6 samples come far too often (measured by chi square; from 6 bits on they do
 * not). Hence a least number of bits, whose price is a longer walk for a few samples. */
enum { ROUNDS = 6, BITS_MIN = 8, AT_A_TIME = 32 };

/* A Feistel network on n numbers of `bits` bits. In each round one half is changed by a function of
 * the other one, which can be undone whatever the function is. The halves may differ by one bit in
 * length, so they swap lengths from round to round. A round of all numbers comes before the next:
 * processors work on several numbers at the same time, but not on several rounds of one. */
static void permute(const nnt_order *order, unsigned bits, uint64_t *x, size_t n)
{
  unsigned low_bits = bits / 2;
  unsigned high_bits = bits - low_bits;
  for (uint64_t round = 0; round < ROUNDS; round++) {
    for (size_t i = 0; i < n; i++) {
      uint64_t const low = x[i] & (((uint64_t)1 << low_bits) - 1);
      uint64_t const high = x[i] >> low_bits;
      nnt_random_words const drawn =
          nnt_random(order->seed, NNT_FOR_SHUFFLE, order->epoch, round, low, bits);
      uint64_t const mixed = (high ^ drawn.word[0]) & (((uint64_t)1 << high_bits) - 1);
      /* The unchanged half becomes the high one. */
      x[i] = (low << high_bits) | mixed;
    }
    unsigned const swapped = low_bits;
    low_bits = high_bits;
    high_bits = swapped;
  }
}

/* At most AT_A_TIME positions. */
static void walk(const nnt_order *order, unsigned bits, nnt_range positions, size_t *sample)
{
  uint64_t x[AT_A_TIME];
  size_t place[AT_A_TIME];
  size_t left = positions.count;
  for (size_t i = 0; i < left; i++) {
    x[i] = positions.first + i;
    place[i] = i;
  }
  /* Cycle walking: numbers outside [0, n) are steps on the way, so the rest is a permutation. */
  while (left > 0) {
    size_t const walking = left;
    permute(order, bits, x, walking);
    left = 0;
    for (size_t i = 0; i < walking; i++) {
      if (x[i] < order->count) {
        sample[place[i]] = (size_t)x[i];
      } else {
        x[left] = x[i];
        place[left++] = place[i];
      }
    }
  }
}

void nnt_order_run(const nnt_order *order, nnt_range positions, size_t *sample)
{
  if (order->in_sequence || order->count < 2) {
    for (size_t i = 0; i < positions.count; i++) {
      sample[i] = positions.first + i;
    }
    return;
  }
  unsigned bits = BITS_MIN;
  while (((uint64_t)1 << bits) < order->count) {
    bits++;
  }
  for (size_t i = 0; i < positions.count; i += AT_A_TIME) {
    size_t const left = positions.count - i;
    nnt_range const part = {positions.first + i, left < AT_A_TIME ? left : AT_A_TIME};
    walk(order, bits, part, sample + i);
  }
}

size_t nnt_order_at(const nnt_order *order, size_t position)
{
  size_t sample = 0;
  nnt_order_run(order, (nnt_range){position, 1}, &sample);
  return sample;
}

nnt_range nnt_microbatch_rows(size_t b, size_t microbatches, size_t j)
{
  size_t const first = j * b / microbatches;
  return (nnt_range){first, (j + 1) * b / microbatches - first};
}

size_t nnt_batches_per_epoch(size_t n, size_t batch_size)
{
  return n / batch_size + (n % batch_size != 0);
}
