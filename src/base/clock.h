/** Time that only moves forward. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/** Seconds since some fixed moment, of the monotonic clock. Local; cannot fail. */
double nnt_seconds(void);

#endif
