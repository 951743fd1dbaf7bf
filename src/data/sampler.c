#include "base/random.h"
#include "nntrain/data.h"

/* Six rounds make a permutation that looks random, unless the halves are short: over 3 to 5 bits
 * some orders of 5 or 6 samples come far too often (measured by chi square; from 6 bits on they do
 * not). Hence a least number of bits, whose price is a longer walk for a few samples. */
enum { ROUNDS = 6, BITS_MIN = 8 };

/* A Feistel network on numbers of `bits` bits. In each round one half is changed by a function of
 * the other one, which can be undone whatever the function is. The halves may differ by one bit in
 * length, so they swap lengths from round to round. */
static uint64_t permute(const nnt_order *order, unsigned bits, uint64_t x)
{
  unsigned low_bits = bits / 2;
  unsigned high_bits = bits - low_bits;
  for (uint64_t round = 0; round < ROUNDS; round++) {
    uint64_t const low = x & (((uint64_t)1 << low_bits) - 1);
    uint64_t const high = x >> low_bits;
    nnt_random_words const drawn =
        nnt_random(order->seed, NNT_FOR_SHUFFLE, order->epoch, round, low, bits);
    uint64_t const mixed = (high ^ drawn.word[0]) & (((uint64_t)1 << high_bits) - 1);
    /* The unchanged half becomes the high one. */
    x = (low << high_bits) | mixed;
    unsigned const swapped = low_bits;
    low_bits = high_bits;
    high_bits = swapped;
  }
  return x;
}

size_t nnt_order_at(const nnt_order *order, size_t position)
{
  if (order->in_sequence || order->count < 2) return position;
  unsigned bits = BITS_MIN;
  while (((uint64_t)1 << bits) < order->count) {
    bits++;
  }
  /* Cycle walking: numbers outside [0, n) are steps on the way, so the rest is a permutation. */
  uint64_t x = position;
  do {
    x = permute(order, bits, x);
  } while (x >= order->count);
  return (size_t)x;
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
