#include "base/random.h"

#include <Random123/philox.h>
#include <math.h>

nnt_random_words nnt_random(uint64_t seed, nnt_purpose purpose, uint64_t a, uint64_t b, uint64_t c,
                            uint64_t d)
{
  philox4x64_key_t const key = {{seed, (uint64_t)purpose}};
  philox4x64_ctr_t const counter = {{a, b, c, d}};
  philox4x64_ctr_t const drawn = philox4x64(counter, key);
  return (nnt_random_words){{drawn.v[0], drawn.v[1], drawn.v[2], drawn.v[3]}};
}

double nnt_random_uniform(uint64_t word) { return (double)(word >> 11) * 0x1p-53; }

double nnt_random_normal(uint64_t u, uint64_t v)
{
  double const two_pi = 6.283185307179586;
  /* 1-u lies in (0, 1], so the logarithm is finite. */
  return sqrt(-2.0 * log(1.0 - nnt_random_uniform(u))) * cos(two_pi * nnt_random_uniform(v));
}
