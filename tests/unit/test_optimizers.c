/* Update rules against real Keras and against the formulas in float64. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "definitions.h"
#include "keras_numbers.h"
#include "model_sample.h"
#include "nntrain/optim.h"
#include "suite.h"

enum { CASES = sizeof keras_optimizers / sizeof *keras_optimizers };

/* The start and the gradients that make_keras_numbers.py used: multiples of 1/8. */
static float start(size_t i) { return ((float)i - 3.0F) / 4.0F; }

static float gradient(size_t update, size_t i)
{
  return ((float)((7 * i + 11 * update) % 17) - 8.0F) / 8.0F;
}

typedef struct state {
  float w[KERAS_COUNT];
  float slot[NNT_SLOTS_MAX][KERAS_COUNT];
} state;

static state state_at_start(void)
{
  state s = {{0}, {{0}}};
  for (size_t i = 0; i < KERAS_COUNT; i++) {
    s.w[i] = start(i);
  }
  return s;
}

/* One update of the values from `first` on. */
static void update_part(const nnt_optimizer *optimizer, nnt_isa isa, size_t update, const float *g,
                        state *s, size_t first, size_t count)
{
  float *const slots[NNT_SLOTS_MAX] = {s->slot[0] + first, s->slot[1] + first};
  nnt_optimizer_update(optimizer, isa, update, g + first, s->w + first, slots, count);
}

static void clipped_gradient(const nnt_optimizer *optimizer, nnt_isa isa, size_t update, float *g)
{
  for (size_t i = 0; i < KERAS_COUNT; i++) {
    g[i] = gradient(update, i);
  }
  if (optimizer->clip_norm == 0.0) return;
  double const norm = sqrt(nnt_square_sum(isa, g, KERAS_COUNT));
  nnt_gradient_scale(isa, g, KERAS_COUNT, nnt_clip_factor(norm, optimizer->clip_norm));
}

/* The same operations in the same order give the same bits. Only powf() may be one unit off in
 * another C library: that moves a weight, through updates smaller than itself, by about as much. */
static double tolerance(float weight) { return 2e-7 * fabs((double)weight); }

static void updates_on(nnt_isa isa)
{
  for (size_t k = 0; k < CASES; k++) {
    keras_optimizer const *const keras = &keras_optimizers[k];
    state s = state_at_start();
    for (size_t update = 1; update <= KERAS_UPDATES; update++) {
      float g[KERAS_COUNT];
      clipped_gradient(&keras->settings, isa, update, g);
      update_part(&keras->settings, isa, update, g, &s, 0, KERAS_COUNT);
      if (update != 1 && update != KERAS_UPDATES) continue;
      float const *const expected = update == 1 ? keras->first : keras->last;
      for (size_t i = 0; i < KERAS_COUNT; i++) {
        CU_ASSERT_DOUBLE_EQUAL((double)s.w[i], (double)expected[i], tolerance(expected[i]));
      }
    }
  }
}

static void updates_are_those_of_keras(void) { on_every_isa(updates_on); }

/* Ranks update their own segments, so a cut anywhere must change no bit. */
static void parts_on(nnt_isa isa)
{
  for (size_t k = 0; k < CASES; k++) {
    nnt_optimizer const *const settings = &keras_optimizers[k].settings;
    for (size_t cut = 0; cut <= KERAS_COUNT; cut++) {
      state whole = state_at_start();
      state parts = state_at_start();
      for (size_t update = 1; update <= 3; update++) {
        float g[KERAS_COUNT];
        clipped_gradient(settings, isa, update, g);
        update_part(settings, isa, update, g, &whole, 0, KERAS_COUNT);
        update_part(settings, isa, update, g, &parts, 0, cut);
        update_part(settings, isa, update, g, &parts, cut, KERAS_COUNT - cut);
      }
      CU_ASSERT(same_bits(&whole, &parts, sizeof whole / sizeof(float)));
    }
  }
}

static void parts_are_updated_as_the_whole(void) { on_every_isa(parts_on); }

/* 1 - 0.999^t loses digits in float32; Keras computes it there, and so the first updates differ
 * from those of float64 by 6.6e-6: two hundred times the tolerance. */
static void correction_on(nnt_isa isa)
{
  nnt_optimizer const adam = nnt_optimizer_default(NNT_ADAM);
  float const g = 1.0F;
  float w = 0.0F;
  float m = 0.0F;
  float v = 0.0F;
  float *const slots[NNT_SLOTS_MAX] = {&m, &v};
  nnt_optimizer_update(&adam, isa, 1, &g, &w, slots, 1);
  /* m = 0.1, v = 0.001: only the root of 1 - 0.999F is inexact. */
  double const rate = 0.001 * sqrt(1.0 - (double)0.999F) / (1.0 - (double)0.9F);
  double const expected = -rate * 0.1 / (sqrt(0.001) + 1e-7);
  CU_ASSERT_DOUBLE_EQUAL((double)w, expected, 3e-7 * 0.001);
  CU_ASSERT(fabs((double)w + 0.001) > 6e-6 * 0.001);
}

static void the_correction_of_adam_is_float32(void) { on_every_isa(correction_on); }

static void later_update_on(nnt_isa isa)
{
  nnt_optimizer const adam = nnt_optimizer_default(NNT_ADAM);
  float const g = 0.5F;
  float w = 0.0F;
  float m = 0.25F;
  float v = 0.125F;
  float *const slots[NNT_SLOTS_MAX] = {&m, &v};
  nnt_optimizer_update(&adam, isa, 1000, &g, &w, slots, 1);
  double const m_new = 0.25 + 0.25 * 0.1;
  double const v_new = 0.125 + 0.125 * 0.001;
  double const rate = 0.001 * sqrt(1.0 - pow((double)0.999F, 1000.0));
  CU_ASSERT_DOUBLE_EQUAL((double)m, m_new, (double)FLT_EPSILON);
  CU_ASSERT_DOUBLE_EQUAL((double)v, v_new, (double)FLT_EPSILON);
  CU_ASSERT_DOUBLE_EQUAL((double)w, -rate * m_new / sqrt(v_new), 1e-6 * 0.001);
}

static void a_later_update_has_its_own_number(void) { on_every_isa(later_update_on); }

static void rules_keep_the_slots_they_need(void)
{
  nnt_optimizer optimizer = nnt_optimizer_default(NNT_SGD);
  CU_ASSERT_EQUAL(nnt_optimizer_slots(&optimizer), 0);
  optimizer.nesterov = true;
  CU_ASSERT_EQUAL(nnt_optimizer_slots(&optimizer), 0);
  optimizer.momentum = 0.5;
  CU_ASSERT_EQUAL(nnt_optimizer_slots(&optimizer), 1);
  optimizer = nnt_optimizer_default(NNT_ADAM);
  CU_ASSERT_EQUAL(nnt_optimizer_slots(&optimizer), 2);
  optimizer = nnt_optimizer_default(NNT_ADAMW);
  CU_ASSERT_EQUAL(nnt_optimizer_slots(&optimizer), 2);
}

static void defaults_are_those_of_keras(void)
{
  nnt_optimizer const sgd = nnt_optimizer_default(NNT_SGD);
  CU_ASSERT(sgd.learning_rate == 0.01 && sgd.momentum == 0.0 && !sgd.nesterov);
  nnt_optimizer const adam = nnt_optimizer_default(NNT_ADAM);
  CU_ASSERT(adam.learning_rate == 0.001 && adam.beta_1 == 0.9 && adam.beta_2 == 0.999);
  CU_ASSERT(adam.epsilon == 1e-7 && adam.weight_decay == 0.0 && adam.clip_norm == 0.0);
  nnt_optimizer const adamw = nnt_optimizer_default(NNT_ADAMW);
  CU_ASSERT(adamw.learning_rate == 0.001 && adamw.weight_decay == 0.004);
}

static void mean_gradient_on(nnt_isa isa)
{
  float g[3] = {6.0F, -3.0F, 0.0F};
  float const w[3] = {1.0F, 2.0F, -4.0F};
  nnt_gradient_mean(isa, g, w, 3, 4, 0.0);
  CU_ASSERT(g[0] == 1.5F && g[1] == -0.75F && g[2] == 0.0F);
  nnt_gradient_mean(isa, g, w, 3, 1, 0.25); /* + 2 * 0.25 * w */
  CU_ASSERT(g[0] == 2.0F && g[1] == 0.25F && g[2] == -2.0F);
}

static void the_mean_gradient_has_the_penalty(void) { on_every_isa(mean_gradient_on); }

/* Non-finite values at any place of any length, before and after the penalty. */
static void finiteness_on(nnt_isa isa)
{
  enum { LENGTH = 70 };
  static float const bad[] = {INFINITY, -INFINITY, NAN, FLT_MAX};
  float g[LENGTH];
  float const w[LENGTH] = {0.0F};
  for (size_t n = 1; n <= LENGTH; n++) {
    for (size_t at = 0; at < n; at++) {
      for (size_t i = 0; i < n; i++) {
        g[i] = i % 2 == 0 ? -FLT_MAX : FLT_TRUE_MIN;
      }
      g[at] = bad[at % 4];
      CU_ASSERT_EQUAL(nnt_gradient_mean(isa, g, w, n, 1, n % 2 == 0 ? 0.0 : 0.5), at % 4 == 3);
    }
  }
  float sum = FLT_MAX;
  float const large = FLT_MAX;
  CU_ASSERT_FALSE(nnt_gradient_mean(isa, &sum, &large, 1, 1, 0.5)); /* overflows with the penalty */
}

static void a_gradient_that_is_not_finite_is_seen(void) { on_every_isa(finiteness_on); }

/* The same sum with integers, one by one. */
static uint32_t bits_one_by_one(const float *x, size_t n)
{
  uint32_t sum = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t bits = 0;
    memcpy(&bits, &x[i], sizeof bits);
    sum += bits;
  }
  return sum;
}

static uint32_t bits_of_state(const nnt_optimizer *optimizer, const state *s)
{
  uint32_t sum = bits_one_by_one(s->w, KERAS_COUNT);
  for (size_t i = 0; i < nnt_optimizer_slots(optimizer); i++) {
    sum += bits_one_by_one(s->slot[i], KERAS_COUNT);
  }
  return sum;
}

static void sums_on(nnt_isa isa)
{
  for (size_t k = 0; k < CASES; k++) {
    nnt_optimizer const *const optimizer = &keras_optimizers[k].settings;
    state s = state_at_start();
    float *const slots[NNT_SLOTS_MAX] = {s.slot[0], s.slot[1]};
    for (size_t update = 1; update <= 3; update++) {
      float g[KERAS_COUNT];
      clipped_gradient(optimizer, isa, update, g);
      uint32_t const before = bits_of_state(optimizer, &s);
      nnt_bits const bits =
          nnt_optimizer_update(optimizer, isa, update, g, s.w, slots, KERAS_COUNT);
      CU_ASSERT_EQUAL(bits.before, before);
      CU_ASSERT_EQUAL(bits.after, bits_of_state(optimizer, &s));
    }
    CU_ASSERT_EQUAL(nnt_bits_sum(isa, s.w, KERAS_COUNT), bits_one_by_one(s.w, KERAS_COUNT));
  }
  CU_ASSERT_EQUAL(nnt_bits_sum(isa, NULL, 0), 0);
}

static void updates_tell_the_sums_of_bits(void) { on_every_isa(sums_on); }

static void clipping_scales_long_gradients_only(void)
{
  CU_ASSERT_EQUAL(nnt_clip_factor(4.0, 1.0), 0.25F);
  CU_ASSERT_EQUAL(nnt_clip_factor(0.5, 1.0), 1.0F);
  CU_ASSERT_EQUAL(nnt_clip_factor(1.0, 1.0), 1.0F);
  CU_ASSERT_EQUAL(nnt_clip_factor(0.5, 4.0), 1.0F);
  CU_ASSERT_EQUAL(nnt_clip_factor(0.0, 1.0), 1.0F);
  CU_ASSERT(isnan(nnt_clip_factor((double)INFINITY, 1.0)));
  CU_ASSERT(isnan(nnt_clip_factor((double)NAN, 1.0)));
}

static void squares_on(nnt_isa isa)
{
  /* In float32 1e20^2 overflows, and 1 beside 2^26 is lost. */
  float const large[2] = {1e20F, 0.0F};
  CU_ASSERT(isfinite(nnt_square_sum(isa, large, 2)));
  float const mixed[3] = {8192.0F, 1.0F, -1.0F};
  CU_ASSERT_EQUAL(nnt_square_sum(isa, mixed, 3), 67108866.0);
  CU_ASSERT_EQUAL(nnt_square_sum(isa, mixed, 0), 0.0);
}

static void squares_are_summed_in_float64(void) { on_every_isa(squares_on); }

static CU_TestInfo tests[] = {
    {"updates are those of Keras", updates_are_those_of_keras},
    {"a gradient that is not finite is seen", a_gradient_that_is_not_finite_is_seen},
    {"updates tell the sums of bits", updates_tell_the_sums_of_bits},
    {"parts are updated as the whole", parts_are_updated_as_the_whole},
    {"the correction of Adam is float32", the_correction_of_adam_is_float32},
    {"a later update has its own number", a_later_update_has_its_own_number},
    {"rules keep the slots they need", rules_keep_the_slots_they_need},
    {"defaults are those of Keras", defaults_are_those_of_keras},
    {"the mean gradient has the penalty", the_mean_gradient_has_the_penalty},
    {"clipping scales long gradients only", clipping_scales_long_gradients_only},
    {"squares are summed in float64", squares_are_summed_in_float64},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("optimizers", tests);
