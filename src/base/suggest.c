#include <stdint.h>
#include <string.h>

#include "base/config_table.h"

enum { LENGTH_MAX = 48 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* The number of insertions, deletions, replacements and swaps of neighbours that turn a into b. */
static size_t distance(const char *a, const char *b)
{
  size_t const m = strlen(a);
  size_t const n = strlen(b);
  if (m > LENGTH_MAX || n > LENGTH_MAX) return SIZE_MAX;
  size_t d[LENGTH_MAX + 1][LENGTH_MAX + 1];
  for (size_t i = 0; i <= m; i++) {
    for (size_t j = 0; j <= n; j++) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      size_t const replaced = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = least(replaced, least(d[i - 1][j], d[i][j - 1]) + 1);
      bool const swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[m][n];
}

const char *nnt_nearest(const char *name, const char *(*at)(size_t i, const void *context),
                        size_t count, const void *context)
{
  /* More than a third wrong is another word. */
  size_t best = strlen(name) / 3 + 1;
  char const *nearest = NULL;
  for (size_t i = 0; i < count; i++) {
    char const *const candidate = at(i, context);
    /* Whoever cuts a word short means it. */
    bool const begins = strlen(name) >= 3 && strncmp(name, candidate, strlen(name)) == 0;
    size_t const d = begins ? 1 : distance(name, candidate);
    if (d >= best) continue;
    best = d;
    nearest = candidate;
  }
  return nearest;
}
