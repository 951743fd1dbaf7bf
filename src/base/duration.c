#include "base/duration.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* Digits only, at most NNT_DURATION_MAX. */
static bool read_number(const char **text, uint64_t *out)
{
  if (isdigit((unsigned char)**text) == 0) return false;
  char *end = NULL;
  errno = 0;
  *out = strtoull(*text, &end, 10);
  *text = end;
  return errno == 0 && *out <= NNT_DURATION_MAX;
}

/* "MM" and what stands before it, as in ":30". */
static bool read_sixtieths(const char **text, uint64_t *out)
{
  char const *const digits = *text + 1;
  if (**text != ':' || strspn(digits, "0123456789") != 2) return false;
  *text = digits;
  return read_number(text, out) && *out < MINUTE;
}

/* What follows the hours, or the days and hours, of a clock. */
static bool read_clock(const char *text, uint64_t first, uint64_t *out)
{
  uint64_t days = 0;
  uint64_t hours = first;
  uint64_t minutes = 0;
  uint64_t seconds = 0;
  if (*text == '-') {
    days = first;
    text++;
    if (!read_number(&text, &hours) || hours >= DAY / HOUR) return false;
  }
  if (!read_sixtieths(&text, &minutes) || !read_sixtieths(&text, &seconds)) return false;
  *out = days * DAY + hours * HOUR + minutes * MINUTE + seconds;
  return *text == '\0';
}

bool nnt_duration_read(const char *text, uint64_t *seconds)
{
  static struct {
    char const *name;
    uint64_t factor;
  } const units[] = {{"s", 1}, {"min", MINUTE}, {"h", HOUR}, {"d", DAY}};
  uint64_t value = 0;
  if (!read_number(&text, &value)) return false;
  bool found = read_clock(text, value, &value);
  char const *const unit = text + strspn(text, " ");
  for (size_t i = 0; i < sizeof units / sizeof *units && !found; i++) {
    found = strcmp(unit, units[i].name) == 0;
    if (found) value *= units[i].factor;
  }
  if (!found || value == 0 || value > NNT_DURATION_MAX) return false;
  *seconds = value;
  return true;
}

void nnt_duration_text(uint64_t seconds, char *out, size_t size)
{
  (void)snprintf(out, size, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds / HOUR,
                 seconds % HOUR / MINUTE, seconds % MINUTE);
}
