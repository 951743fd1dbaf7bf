#include "base/supply.h"

#include <stdint.h>

#include "base/memory.h"

enum { LINE = 64 };

void *nnt_supply_take(nnt_supply *supply, size_t count, size_t size)
{
  size_t bytes = 0;
  size_t const most = PTRDIFF_MAX - LINE;
  if (!supply->fits || !nnt_size_multiply(count, size, &bytes) || supply->used > most ||
      bytes > most - supply->used) {
    supply->fits = false;
    return NULL;
  }
  void *const at = supply->base == NULL || bytes == 0 ? NULL : supply->base + supply->used;
  supply->used += (bytes + LINE - 1) / LINE * LINE;
  return at;
}
