/** Counter-based random numbers: pure functions of their indices, so that no rank stores a state,
 *  and nothing depends on who draws first. Source: Salmon et al., "Parallel Random Numbers: As Easy
 *  as 1, 2, 3", SC 2011 (Philox4x64-10, as in the library Random123). */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

/** What a random number is for; numbers of different purposes are independent. The values are part
 *  of what a seed means: never change them. */
typedef enum nnt_purpose {
  NNT_FOR_WEIGHTS = 1, /* counter: tensor, element, attempt */
  NNT_FOR_SHUFFLE = 2, /* counter: epoch, round, half of an index */
  NNT_FOR_DROPOUT = 3, /* counter: epoch, sample, layer, element / 8 */
  NNT_FOR_DIGITS = 4   /* counter: sample, draw */
} nnt_purpose;

typedef struct nnt_random_words {
  uint64_t word[4];
} nnt_random_words;

/** 256 random bits: Philox4x64-10 with key (seed, purpose) and counter (a, b, c, d).
 *  Local; cannot fail. */
nnt_random_words nnt_random(uint64_t seed, nnt_purpose purpose, uint64_t a, uint64_t b, uint64_t c,
                            uint64_t d);

/** Uniform in [0, 1): the upper 53 bits of `word` times 2^-53. Local; cannot fail. */
double nnt_random_uniform(uint64_t word);

/** Standard normal, from two words (Box and Muller 1958): sqrt(-2 ln(1-u)) cos(2 pi v).
 *  Local; cannot fail. */
double nnt_random_normal(uint64_t u, uint64_t v);

#endif
