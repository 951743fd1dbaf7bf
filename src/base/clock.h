/** Time that only moves forward. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/** Nanoseconds since some fixed moment, of the monotonic clock: the same moment for all processes
 *  of a node.
 *  Local; cannot fail. */
int64_t nnt_nanoseconds(void);

/** The same in seconds. Local; cannot fail. */
double nnt_seconds(void);

#endif
