/* avx2 and avx512 give the same bits: activations and update rules, over many numbers of every
 * size. The products are compared in their own tests. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_sample.h"
#include "nntrain/optim.h"
#include "suite.h"

enum { COLUMNS = 203, ROWS = 61, STRIDE = 224, COUNT = ROWS * STRIDE };
static nnt_block const block = {ROWS, COLUMNS, STRIDE};

static bool is_skipped(void)
{
  if (!has_both_fused()) printf("skipped: this processor does not run both avx2 and avx512\n");
  return !has_both_fused();
}

/* Any bit pattern but NaN and infinity, whose signs the processor may choose; every second one is
 * of moderate size. */
static float any_number(uint64_t i)
{
  uint32_t const word = (uint32_t)nnt_random(11, NNT_FOR_DIGITS, i, 0, 0, 0).word[0];
  float x = 0.0F;
  memcpy(&x, &word, sizeof x);
  return i % 2 == 0 && isfinite(x) ? x : (float)(20.0 * test_number(12, i));
}

static float *numbers_create(uint64_t from)
{
  float *const x = spoilt_create(COUNT);
  for (size_t i = 0; i < COUNT; i++) {
    x[i] = any_number(from + i);
  }
  return x;
}

/* NaN made of the same numbers may have either sign. */
static bool are_alike(const float *x, const float *y, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (!same_bits(&x[i], &y[i], 1) && !(isnan(x[i]) && isnan(y[i]))) return false;
  }
  return true;
}

static void check_activation(nnt_activation kind, uint64_t from)
{
  nnt_kernels const *const kernels[2] = {nnt_kernels_of(NNT_ISA_AVX2),
                                         nnt_kernels_of(NNT_ISA_AVX512)};
  float *const z = numbers_create(from);
  float *a[2];
  float *d[2];
  for (size_t k = 0; k < 2; k++) {
    a[k] = spoilt_create(COUNT);
    d[k] = numbers_create(from + COUNT);
    kernels[k]->activate(kind, z, a[k], block);
    kernels[k]->activate_backward(kind, z, a[k], d[k], block);
  }
  CU_ASSERT(are_alike(a[0], a[1], COUNT));
  CU_ASSERT(are_alike(d[0], d[1], COUNT));
  for (size_t k = 0; k < 2; k++) {
    free(a[k]);
    free(d[k]);
  }
  free(z);
}

static void activations_give_the_same_bits(void)
{
  if (is_skipped()) return;
  for (int kind = 0; kind < NNT_ACTIVATION_COUNT; kind++) {
    for (uint64_t part = 0; part < 8; part++) {
      check_activation((nnt_activation)kind, part * COUNT);
    }
  }
}

static void exponentials_give_the_same_bits(void)
{
  if (is_skipped()) return;
  for (uint64_t part = 0; part < 8; part++) {
    float *const one = numbers_create(part * COUNT);
    float *const other = numbers_create(part * COUNT);
    nnt_kernels_of(NNT_ISA_AVX2)->exponentials(one, 0.25F, one, COUNT);
    nnt_kernels_of(NNT_ISA_AVX512)->exponentials(other, 0.25F, other, COUNT);
    CU_ASSERT(same_bits(one, other, COUNT));
    free(one);
    free(other);
  }
}

/* Parameters, gradient and slots before an update. */
typedef struct state {
  float *w;
  float *g;
  float *slots[NNT_SLOTS_MAX];
} state;

static state state_create(void)
{
  state s = {numbers_create(0), numbers_create(COUNT), {numbers_create((uint64_t)2 * COUNT), NULL}};
  s.slots[1] = numbers_create((uint64_t)3 * COUNT);
  for (size_t i = 0; i < COUNT; i++) {
    s.slots[1][i] = fabsf(s.slots[1][i]);
  }
  return s;
}

static void state_destroy(const state *s)
{
  free(s->w);
  free(s->g);
  free(s->slots[0]);
  free(s->slots[1]);
}

/* What a step does with a tile of n floats. Returns its sum of squares. */
static double step(const nnt_optimizer *optimizer, nnt_isa isa, const state *s, size_t n)
{
  nnt_gradient_mean(isa, s->g, s->w, n, 48, 0.01);
  double const squares = nnt_square_sum(isa, s->g, n);
  nnt_gradient_scale(isa, s->g, n, 0.3F);
  nnt_optimizer_update(optimizer, isa, 3, s->g, s->w, s->slots, n);
  return squares;
}

static void check_rule(nnt_optimizer optimizer, size_t n)
{
  state const baseline = state_create();
  double const squares = step(&optimizer, NNT_ISA_BASELINE, &baseline, n);
  for (int isa = NNT_ISA_BASELINE + 1; isa < NNT_ISA_COUNT; isa++) {
    if (!nnt_isa_runs((nnt_isa)isa)) continue;
    state const s = state_create();
    double const seen = step(&optimizer, (nnt_isa)isa, &s, n);
    CU_ASSERT_EQUAL(seen, squares);
    CU_ASSERT(are_alike(s.g, baseline.g, COUNT));
    CU_ASSERT(are_alike(s.w, baseline.w, COUNT));
    CU_ASSERT(are_alike(s.slots[0], baseline.slots[0], COUNT));
    CU_ASSERT(are_alike(s.slots[1], baseline.slots[1], COUNT));
    state_destroy(&s);
  }
  state_destroy(&baseline);
}

/* Nothing is fused here, so the baseline is the same as well. */
static void update_rules_give_the_same_bits_on_all(void)
{
  nnt_optimizer sgd = nnt_optimizer_default(NNT_SGD);
  sgd.weight_decay = 0.01;
  nnt_optimizer momentum = nnt_optimizer_default(NNT_SGD);
  momentum.momentum = 0.9;
  nnt_optimizer nesterov = momentum;
  nesterov.nesterov = true;
  size_t const counts[] = {0, 1, 15, 16, 17, 33, COUNT};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    check_rule(sgd, counts[i]);
    check_rule(momentum, counts[i]);
    check_rule(nesterov, counts[i]);
    check_rule(nnt_optimizer_default(NNT_ADAM), counts[i]);
    check_rule(nnt_optimizer_default(NNT_ADAMW), counts[i]);
  }
}

/* As nntrain/optim.h says: 16 partial sums over i mod 16, folded by halves. */
static void squares_are_summed_in_the_promised_order(void)
{
  enum { CHAINS = 16, LONGEST = 77 };
  for (size_t n = 0; n <= LONGEST; n++) {
    float g[LONGEST];
    double sum[CHAINS] = {0.0};
    for (size_t i = 0; i < n; i++) {
      g[i] = rough_number(5, i);
      sum[i % CHAINS] += (double)g[i] * (double)g[i];
    }
    for (size_t half = CHAINS / 2; half > 0; half /= 2) {
      for (size_t c = 0; c < half; c++) {
        sum[c] += sum[c + half];
      }
    }
    for (int isa = 0; isa < NNT_ISA_COUNT; isa++) {
      if (nnt_isa_runs((nnt_isa)isa)) CU_ASSERT_EQUAL(nnt_square_sum((nnt_isa)isa, g, n), sum[0]);
    }
  }
}

static CU_TestInfo tests[] = {
    {"activations give the same bits", activations_give_the_same_bits},
    {"exponentials give the same bits", exponentials_give_the_same_bits},
    {"update rules give the same bits on all", update_rules_give_the_same_bits_on_all},
    {"squares are summed in the promised order", squares_are_summed_in_the_promised_order},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("same bits", tests);
