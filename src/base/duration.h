/** Lengths of time as text. */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The longest one, in seconds: 68 years. */
#define NNT_DURATION_MAX ((uint64_t)INT32_MAX)

/** Reads "90s", "50min", "3h", "2d", "2:30:00" (hours, minutes, seconds) or "1-12:00:00" (days
 *  before them). A number alone is refused: batch systems take it for minutes or for seconds.
 *  seconds [out] 1 to NNT_DURATION_MAX; touched only on success
 *  Local; returns whether it is such a text. */
bool nnt_duration_read(const char *text, uint64_t *seconds);

/** "2:30:00". Local; cannot fail. */
void nnt_duration_text(uint64_t seconds, char *out, size_t size);

#endif
