/** A quick 64-bit hash, to find what differs by accident; no protection against intent. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/** The hash of `bytes` bytes. If they differ in one aligned 64-bit word, so do the hashes; if in
 *  several, the hashes are equal with a probability of 2^-64. Depends on the byte order.
 *  seed [in] the hash of what goes before, or 0
 *  Local; cannot fail. Source: the round of XXH64 (Collet), in eight lanes that a processor works
 *  on at the same time. Cost: some 10 GB/s. */
uint64_t nnt_hash(const void *data, size_t bytes, uint64_t seed);

#endif
