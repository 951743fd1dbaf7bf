#include "nntrain/optim.h"

#include <math.h>

#include "optim/rules.h"

size_t nnt_optimizer_slots(const nnt_optimizer *optimizer)
{
  if (optimizer->kind == NNT_SGD) return optimizer->momentum > 0.0 ? 1 : 0;
  return 2;
}

float nnt_clip_factor(double norm, double clip_norm)
{
  if (norm == 0.0) return 1.0F;
  if (!isfinite(norm)) return NAN;
  /* 1/c is formed in float64 and then rounded, as Python does. */
  return (float)clip_norm * fminf(1.0F / (float)norm, (float)(1.0 / clip_norm));
}

static const nnt_rules *rules_of(nnt_isa isa)
{
#if defined(__x86_64__)
  if (isa == NNT_ISA_AVX512) return &nnt_rules_avx512;
  if (isa == NNT_ISA_AVX2) return &nnt_rules_avx2;
#endif
  (void)isa;
  return &nnt_rules_baseline;
}

bool nnt_gradient_mean(nnt_isa isa, float *g, const float *w, size_t n, size_t b, double l2)
{
  return rules_of(isa)->gradient_mean(g, w, n, b, l2);
}

void nnt_gradient_scale(nnt_isa isa, float *g, size_t n, float factor)
{
  rules_of(isa)->scale(g, n, factor);
}

nnt_bits nnt_optimizer_update(const nnt_optimizer *optimizer, nnt_isa isa, uint64_t update,
                              const float *g, float *w, float *const *slots, size_t n)
{
  return rules_of(isa)->update(optimizer, update, g, w, slots, n);
}

double nnt_square_sum(nnt_isa isa, const float *g, size_t n)
{
  return rules_of(isa)->square_sum(g, n);
}

uint32_t nnt_bits_sum(nnt_isa isa, const float *x, size_t n)
{
  return rules_of(isa)->bits_sum(x, n);
}
