/** The limits of one core that kernels are measured against.
 *
 *  Source: S. Williams, A. Waterman, D. Patterson: Roofline, an insightful visual performance model
 *  for multicore architectures, 2009. */
#ifndef BENCH_ROOFLINE_H
#define BENCH_ROOFLINE_H

#include <stddef.h>

#include "nntrain/status.h"

/** Working sets that reading is measured with: 16 KiB, 64 KiB, ..., 256 MiB. */
enum { ROOFLINE_SETS = 8 };

typedef struct roofline {
  const char *instruction_set;
  double flops;                    /* multiply-adds on registers, each two operations, per second */
  size_t bytes[ROOFLINE_SETS];     /* of a working set */
  double bandwidth[ROOFLINE_SETS]; /* bytes per second that one core reads from such a set */
} roofline;

/** Measures, and keeps what is better than what *limits holds: zeros at first. To be called before
 *  and after what is compared with it, since the core may be slower for a while. Takes about a
 *  second. Local; NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status roofline_measure(roofline *limits);

/** The least time that `flop` operations on `bytes` bytes, each read once, can take: the longer of
 *  arithmetic and reading, at the bandwidth of the next larger working set. Seconds. */
double roofline_seconds(const roofline *limits, double flop, double bytes);

#endif
