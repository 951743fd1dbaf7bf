#include "roofline.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "probe.h"

enum { REPEATS = 7 };
static double const least_seconds = 2e-3;

/* What a probe works on, and its result, which the compiler must not find unused. */
typedef struct task {
  probe const *probe;
  float const *x; /* (n), or NULL: arithmetic on registers */
  size_t n;
  volatile float result;
} task;

static probe const *choose_probe(void)
{
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return &probe_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &probe_avx2;
#endif
  return &probe_baseline;
}

static double seconds_of(task *work, size_t rounds)
{
  double const began = nnt_seconds();
  work->result = work->x == NULL ? work->probe->multiply_add(rounds, 0.999F)
                                 : work->probe->read(work->x, work->n, rounds);
  return nnt_seconds() - began;
}

/* Seconds of one round: the best of several samples, each long enough for the clock. */
static double best_of(task *work)
{
  size_t rounds = 1;
  while (seconds_of(work, rounds) < least_seconds) {
    rounds *= 2;
  }
  double best = seconds_of(work, rounds);
  for (int i = 1; i < REPEATS; i++) {
    double const seconds = seconds_of(work, rounds);
    if (seconds < best) best = seconds;
  }
  return best / (double)rounds;
}

static void keep_better(double *best, double speed)
{
  if (speed > *best) *best = speed;
}

nnt_status roofline_measure(roofline *limits)
{
  size_t const smallest = (size_t)1 << 14U;
  size_t const largest = smallest << (2U * (ROOFLINE_SETS - 1));
  float *x = NULL;
  NNT_TRY(nnt_floats_create(&x, largest / sizeof *x, "the probe of memory"));
  /* Every page gets written, so that none is the one page of zeros. */
  for (size_t i = 0; i < largest / sizeof *x; i++) {
    x[i] = 1.0F;
  }

  task work = {.probe = choose_probe()};
  limits->instruction_set = work.probe->name;
  keep_better(&limits->flops, 2.0 * PROBE_SUMS * (double)work.probe->floats / best_of(&work));
  work.x = x;
  for (size_t i = 0; i < ROOFLINE_SETS; i++) {
    limits->bytes[i] = smallest << (2U * i);
    work.n = limits->bytes[i] / sizeof *x;
    keep_better(&limits->bandwidth[i], (double)limits->bytes[i] / best_of(&work));
  }
  free(x);
  return NNT_OK;
}

double roofline_seconds(const roofline *limits, double flop, double bytes)
{
  size_t set = 0;
  while (set + 1 < ROOFLINE_SETS && (double)limits->bytes[set] < bytes) {
    set++;
  }
  double const arithmetic = flop / limits->flops;
  double const reading = bytes / limits->bandwidth[set];
  return arithmetic > reading ? arithmetic : reading;
}
