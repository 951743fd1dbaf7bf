/* Products of layers with few outputs, in which BLAS spends its time on packing: see kernels.h.
 * Compiled once per instruction set. */
#include "kernels/parts.h"
#include "kernels/simd.h"

enum { AT_A_TIME = 8, VECTORS_OF_LINE = NNT_LINE / NNT_LANES };

/* CALL(n) with n as a constant, so that sums stay in registers. */
#define WITH_CONSTANT(n, CALL)                                                                     \
  switch (n) {                                                                                     \
  case 1:                                                                                          \
    CALL(1);                                                                                       \
    break;                                                                                         \
  case 2:                                                                                          \
    CALL(2);                                                                                       \
    break;                                                                                         \
  case 3:                                                                                          \
    CALL(3);                                                                                       \
    break;                                                                                         \
  case 4:                                                                                          \
    CALL(4);                                                                                       \
    break;                                                                                         \
  case 5:                                                                                          \
    CALL(5);                                                                                       \
    break;                                                                                         \
  case 6:                                                                                          \
    CALL(6);                                                                                       \
    break;                                                                                         \
  case 7:                                                                                          \
    CALL(7);                                                                                       \
    break;                                                                                         \
  default:                                                                                         \
    CALL(8);                                                                                       \
    break;                                                                                         \
  }

/* Outputs are taken in runs of equal length, at most AT_A_TIME. */
static size_t run_length(size_t outputs)
{
  size_t const runs = (outputs + AT_A_TIME - 1) / AT_A_TIME;
  return (outputs + runs - 1) / runs;
}

static float fold(float *partial)
{
  for (size_t half = NNT_LINE / 2; half > 0; half /= 2) {
    for (size_t l = 0; l < half; l++) {
      partial[l] += partial[l + half];
    }
  }
  return partial[0];
}

NNT_INLINE void forward_row(const float *x, size_t inputs, const float *w, const float *bias, int n,
                            float *z)
{
  lanes sum[AT_A_TIME][VECTORS_OF_LINE];
  NNT_UNROLL for (int o = 0; o < n; o++)
  {
    NNT_UNROLL for (int q = 0; q < VECTORS_OF_LINE; q++) { sum[o][q] = splat(0.0F); }
  }
  for (size_t k = 0; k < inputs; k += NNT_LINE) {
    NNT_UNROLL for (int q = 0; q < VECTORS_OF_LINE; q++)
    {
      lanes const v = load(x + k + AT(q));
      NNT_UNROLL for (int o = 0; o < n; o++)
      {
        sum[o][q] = fused(v, load(w + (size_t)o * inputs + k + AT(q)), sum[o][q]);
      }
    }
  }
  for (int o = 0; o < n; o++) {
    float partial[NNT_LINE] __attribute__((aligned(64))) = {0.0F};
    NNT_UNROLL for (int q = 0; q < VECTORS_OF_LINE; q++) { store(partial + AT(q), sum[o][q]); }
    z[o] = fold(partial) + bias[o];
  }
}

void NNT_OF_ISA(nnt_narrow_forward)(const float *x, nnt_block block, const float *w,
                                    const float *bias, size_t outputs, float *z)
{
  size_t const inputs = nnt_padded(block.columns);
  size_t const step = run_length(outputs);
  for (size_t row = 0; row < block.rows; row++) {
    float const *const in = x + row * block.stride;
    float *const out = z + row * NNT_LINE;
    for (size_t o = 0; o < outputs; o += step) {
      size_t const n = outputs - o < step ? outputs - o : step;
#define FORWARD(n) forward_row(in, inputs, w + o * inputs, bias + o, n, out + o)
      WITH_CONSTANT(n, FORWARD)
    }
    memset(out + outputs, 0, (NNT_LINE - outputs) * sizeof *out);
  }
}

NNT_INLINE void backward_row(const float *delta, const float *w, size_t inputs, int n, int first,
                             float *dx)
{
  lanes d[AT_A_TIME];
  NNT_UNROLL for (int o = 0; o < n; o++) { d[o] = splat(delta[o]); }
  for (size_t k = 0; k < inputs; k += NNT_LANES) {
    lanes sum = first ? splat(0.0F) : load(dx + k);
    NNT_UNROLL for (int o = 0; o < n; o++)
    {
      sum = fused(d[o], load(w + (size_t)o * inputs + k), sum);
    }
    store(dx + k, sum);
  }
}

void NNT_OF_ISA(nnt_narrow_backward)(const float *delta, const float *w, size_t outputs, float *dx,
                                     nnt_block block)
{
  size_t const inputs = nnt_padded(block.columns);
  size_t const step = run_length(outputs);
  for (size_t row = 0; row < block.rows; row++) {
    float const *const d = delta + row * NNT_LINE;
    float *const out = dx + row * block.stride;
    for (size_t o = 0; o < outputs; o += step) {
      size_t const n = outputs - o < step ? outputs - o : step;
#define BACKWARD(n) backward_row(d + o, w + o * inputs, inputs, n, o == 0, out)
      WITH_CONSTANT(n, BACKWARD)
    }
  }
}

/* Partial sums of subtrees that wait for their right neighbours, one place a level. */
typedef struct line_stack {
  float at[NNT_LEAVES_LEVELS][AT_A_TIME][NNT_LANES] __attribute__((aligned(64)));
} line_stack;

/* Without delta, the plain sum of rows. */
NNT_INLINE void sum_leaf(nnt_range rows, const float *x, size_t stride, const float *delta, int n,
                         lanes *sum)
{
  NNT_UNROLL for (int o = 0; o < n; o++) { sum[o] = splat(0.0F); }
  for (size_t i = rows.first; i < rows.first + rows.count; i++) {
    lanes const v = load(x + i * stride);
    if (delta == NULL) {
      sum[0] = sum[0] + v;
      continue;
    }
    NNT_UNROLL for (int o = 0; o < n; o++)
    {
      sum[o] = fused(v, splat(delta[i * NNT_LINE + (size_t)o]), sum[o]);
    }
  }
}

static nnt_range rows_of(const nnt_leaves *leaves, size_t l)
{
  return (nnt_range){leaves->first[l], leaves->first[l + 1] - leaves->first[l]};
}

/* One vector of columns of n outputs: leaves are counted in binary, each carry adds two subtrees.
 */
NNT_INLINE void gradient_column(const nnt_leaves *leaves, const float *x, size_t stride,
                                const float *delta, int n, line_stack *stack, lanes *sum)
{
  for (size_t l = 0;; l++) {
    sum_leaf(rows_of(leaves, l), x, stride, delta, n, sum);
    int const last = l + 1 == leaves->count;
    int level = 0;
    for (size_t carry = l; last ? carry > 0 : carry % 2 == 1; carry /= 2, level++) {
      if (carry % 2 == 0) continue;
      NNT_UNROLL for (int o = 0; o < n; o++) { sum[o] = load(stack->at[level][o]) + sum[o]; }
    }
    if (last) return;
    NNT_UNROLL for (int o = 0; o < n; o++) { store(stack->at[level][o], sum[o]); }
  }
}

NNT_INLINE void gradient_rows(const nnt_leaves *leaves, const float *x, nnt_block block,
                              const float *delta, int n, float *dw)
{
  size_t const inputs = nnt_padded(block.columns);
  line_stack stack;
  for (size_t k = 0; k < inputs; k += NNT_LANES) {
    lanes sum[AT_A_TIME];
    gradient_column(leaves, x + k, block.stride, delta, n, &stack, sum);
    NNT_UNROLL for (int o = 0; o < n; o++) { store(dw + (size_t)o * inputs + k, sum[o]); }
  }
}

void NNT_OF_ISA(nnt_narrow_gradient)(const nnt_leaves *leaves, const float *x, nnt_block block,
                                     const float *delta, size_t outputs, float *dw)
{
  size_t const inputs = nnt_padded(block.columns);
  size_t const step = run_length(outputs);
  for (size_t o = 0; o < outputs; o += step) {
    size_t const n = outputs - o < step ? outputs - o : step;
#define GRADIENT(n) gradient_rows(leaves, x, block, delta + o, n, dw + o * inputs)
    WITH_CONSTANT(n, GRADIENT)
  }
}

void NNT_OF_ISA(nnt_column_sums)(const nnt_leaves *leaves, const float *delta, nnt_block block,
                                 float *out)
{
  size_t const columns = nnt_padded(block.columns);
  line_stack stack;
  for (size_t k = 0; k < columns; k += NNT_LANES) {
    lanes sum;
    gradient_column(leaves, delta + k, block.stride, NULL, 1, &stack, &sum);
    store(out + k, sum);
  }
}
