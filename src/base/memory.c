#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, HUGE_PAGE = 1 << 21 };

bool nnt_size_multiply(size_t a, size_t b, size_t *product)
{
  if (b != 0 && a > SIZE_MAX / b) return false;
  *product = a * b;
  return true;
}

nnt_status nnt_memory_create(void **out, size_t count, size_t size, const char *what)
{
  size_t bytes = 0;
  if (!nnt_size_multiply(count, size, &bytes)) {
    return nnt_fail(NNT_ENOMEM, "%s: %zu times %zu bytes is more than can be addressed", what,
                    count, size);
  }
  bool const is_large = bytes >= 4 * (size_t)HUGE_PAGE;
  size_t const alignment = is_large ? HUGE_PAGE : ALIGNMENT;
  if (bytes > SIZE_MAX - alignment) {
    return nnt_fail(NNT_ENOMEM, "%s: %zu bytes are more than can be addressed", what, bytes);
  }
  /* aligned_alloc wants a multiple of the alignment, and at least one byte to have an address. */
  size_t const rounded = (bytes / alignment + 1) * alignment;
  void *const memory = aligned_alloc(alignment, rounded);
  if (memory == NULL) return nnt_fail(NNT_ENOMEM, "no memory for %s (%zu bytes)", what, bytes);
  /* A wish: pages that come and are found faster. */
  if (is_large) (void)madvise(memory, rounded, MADV_HUGEPAGE);
  memset(memory, 0, rounded);
  *out = memory;
  return NNT_OK;
}

nnt_status nnt_floats_create(float **out, size_t count, const char *what)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, count, sizeof(float), what));
  *out = memory;
  return NNT_OK;
}

/* The number of KiB behind a key, in bytes; 0 if there is none. */
static uint64_t read_bytes(const char *path, const char *key)
{
  char line[256];
  uint64_t kibibytes = 0;
  FILE *const file = fopen(path, "r");
  while (file != NULL && kibibytes == 0 && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, key, strlen(key)) == 0) kibibytes = strtoull(line + strlen(key), NULL, 10);
  }
  if (file != NULL) (void)fclose(file);
  return kibibytes * 1024;
}

uint64_t nnt_memory_peak(void) { return read_bytes("/proc/self/status", "VmHWM:"); }

uint64_t nnt_memory_share(void)
{
  uint64_t const share = read_bytes("/proc/self/smaps_rollup", "Pss:");
  return share > 0 ? share : read_bytes("/proc/self/status", "VmRSS:");
}
