/* How far two cores are from each other: the round trip of one cache line between them, in ns.
 *
 *   bench_round_trip [CORE CORE]
 *
 * Without arguments: the first two cores that the process may run on. Prints "null" where there is
 * only one. The figure is the lowest of many short means, so that a foreign program in between does
 * not count. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

enum { TRIPS = 2000, MEANS = 40, CACHE_LINES = 128 };

/* Own cache line, also where the hardware fetches lines in pairs. */
typedef struct ball {
  _Alignas(CACHE_LINES) atomic_int touches;
  int core;
} ball;

static bool run_on(int core)
{
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((size_t)core, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

static void *send_back(void *argument)
{
  ball *const shared = argument;
  if (!run_on(shared->core)) exit(EXIT_FAILURE);
  for (int trip = 0; trip < TRIPS * MEANS; trip++) {
    while (atomic_load(&shared->touches) != 2 * trip + 1) {
    }
    atomic_store(&shared->touches, 2 * trip + 2);
  }
  return NULL;
}

static double lowest_mean(ball *shared)
{
  double lowest = 0.0;
  for (int mean = 0; mean < MEANS; mean++) {
    double const began = nnt_seconds();
    for (int trip = mean * TRIPS; trip < (mean + 1) * TRIPS; trip++) {
      atomic_store(&shared->touches, 2 * trip + 1);
      while (atomic_load(&shared->touches) != 2 * trip + 2) {
      }
    }
    double const seconds = (nnt_seconds() - began) / TRIPS;
    if (mean == 0 || seconds < lowest) lowest = seconds;
  }
  return lowest;
}

/* The first two cores of the affinity mask; false if there is only one. */
static bool find_cores(int cores[2])
{
  cpu_set_t set;
  int found = 0;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return false;
  for (int core = 0; core < CPU_SETSIZE && found < 2; core++) {
    if (CPU_ISSET((size_t)core, &set)) cores[found++] = core;
  }
  return found == 2;
}

int main(int argc, char **argv)
{
  int cores[2] = {0, 0};
  if (argc == 3) {
    cores[0] = (int)strtol(argv[1], NULL, 10);
    cores[1] = (int)strtol(argv[2], NULL, 10);
  } else if (!find_cores(cores)) {
    (void)puts("null");
    return EXIT_SUCCESS;
  }
  ball shared = {.touches = 0, .core = cores[1]};
  pthread_t other;
  if (!run_on(cores[0]) || pthread_create(&other, NULL, send_back, &shared) != 0) {
    (void)fprintf(stderr, "cannot run on cores %d and %d\n", cores[0], cores[1]);
    return EXIT_FAILURE;
  }
  (void)printf("%.0f\n", lowest_mean(&shared) * 1e9);
  return pthread_join(other, NULL) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
