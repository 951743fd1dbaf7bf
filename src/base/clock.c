#include "base/clock.h"

#include <time.h>

int64_t nnt_nanoseconds(void)
{
  struct timespec now = {0, 0};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

double nnt_seconds(void) { return 1e-9 * (double)nnt_nanoseconds(); }
