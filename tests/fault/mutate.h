/** Damage to the bytes of a file, chosen by a number: bits, bytes and words changed, blocks zeroed,
 *  moved, left out or repeated, the end cut off or more appended, parts of another file in it. */
#ifndef FAULT_MUTATE_H
#define FAULT_MUTATE_H

#include <stddef.h>
#include <stdint.h>

typedef struct bytes {
  unsigned char *data;
  size_t count;
  size_t room;
} bytes;

/** The next number of a sequence (splitmix64). Source: Steele, Lea, Flood 2014. */
uint64_t next_random(uint64_t *state);

/** Makes `out` a damaged copy of `base`, the same one for the same seed and number. It may turn out
 *  to be undamaged, for instance where zeros are zeroed.
 *  other [in] the file that parts are taken from
 *  out   [out] with room for twice the longer of the two and 8 KiB
 *  Returns what was done, in words. */
const char *mutate(bytes *out, const bytes *base, const bytes *other, uint64_t seed,
                   uint64_t number);

#endif
