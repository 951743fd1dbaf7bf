#include "base/hash.h"

#include <string.h>

enum { LANES = 8 };
static uint64_t const basis = 0x27D4EB2F165667C5U;
static uint64_t const odd[2] = {0x9E3779B185EBCA87U, 0xC2B2AE3D27D4EB4FU};

/* One to one in the state for a given word, and the other way round: no change is lost. */
static uint64_t mix(uint64_t state, uint64_t word)
{
  state += word * odd[1];
  return (state << 31U | state >> 33U) * odd[0];
}

uint64_t nnt_hash(const void *data, size_t bytes, uint64_t seed)
{
  unsigned char const *at = data;
  uint64_t lane[LANES];
  uint64_t block[LANES] = {0};
  for (size_t i = 0; i < LANES; i++) {
    lane[i] = basis + i;
  }
  size_t left = bytes;
  for (; left >= sizeof block; left -= sizeof block, at += sizeof block) {
    memcpy(block, at, sizeof block);
    for (size_t i = 0; i < LANES; i++) {
      lane[i] = mix(lane[i], block[i]);
    }
  }
  memset(block, 0, sizeof block);
  if (left > 0) memcpy(block, at, left);
  uint64_t state = mix(basis ^ seed, bytes);
  for (size_t i = 0; i < LANES; i++) {
    state = mix(state, mix(lane[i], block[i]));
  }
  return state;
}
