/** One block of memory handed out array by array. */
#ifndef BASE_SUPPLY_H
#define BASE_SUPPLY_H

#include <stdbool.h>
#include <stddef.h>

/** Without a base it only counts: the same calls then tell how large the block must be. */
typedef struct nnt_supply {
  char *base;  /* or NULL */
  size_t used; /* bytes */
  bool fits;   /* false: a size overflowed, and nothing more is handed out */
} nnt_supply;

/** The next `count` times `size` bytes, from a cache line on; NULL if there is no base, or no
 *  count.
 *  Local; cannot fail: see `fits`. */
void *nnt_supply_take(nnt_supply *supply, size_t count, size_t size);

#endif
