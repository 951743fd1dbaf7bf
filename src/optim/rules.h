/** The loops of the update rules, compiled once per instruction set: the same bits in all. */
#ifndef OPTIM_RULES_H
#define OPTIM_RULES_H

#include "nntrain/optim.h"

#define NNT_JOIN_(a, b) a##_##b
#define NNT_JOIN(a, b) NNT_JOIN_(a, b)
#define NNT_OF_ISA(name) NNT_JOIN(name, NNT_ISA)

/** See nntrain/optim.h. */
typedef struct nnt_rules {
  bool (*gradient_mean)(float *restrict g, const float *restrict w, size_t n, size_t b, double l2);
  void (*scale)(float *g, size_t n, float factor);
  nnt_bits (*update)(const nnt_optimizer *optimizer, uint64_t update, const float *restrict g,
                     float *restrict w, float *const *slots, size_t n);
  double (*square_sum)(const float *g, size_t n);
  uint32_t (*bits_sum)(const float *x, size_t n);
} nnt_rules;

extern nnt_rules const nnt_rules_baseline;
#if defined(__x86_64__)
extern nnt_rules const nnt_rules_avx2;
extern nnt_rules const nnt_rules_avx512;
#endif

#endif
