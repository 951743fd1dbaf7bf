/** Update rules on flat arrays, each exactly as Keras computes it in float32.
 *
 *  The order within a step is: gradient of the mean loss, plus 2 l2 w, clipping, weight decay,
 *  update. The functions work on any part of the parameters, so that each worker may update its own
 *  part. `isa` says which compiled form to run; it must be one that the processor runs, and the
 *  bits are the same in all. */
#ifndef NNTRAIN_OPTIM_H
#define NNTRAIN_OPTIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nntrain/types.h"

/** The most slots (arrays like the parameters) that a rule keeps. */
enum { NNT_SLOTS_MAX = 2 };

/** The slots a rule needs: momentum (sgd with momentum), or m and v (adam). Local; cannot fail. */
size_t nnt_optimizer_slots(const nnt_optimizer *optimizer);

/** g = g * (1 / b), and where l2 is not 0, + 2 l2 w.
 *  g [in,out] (n) sum of the samples' gradients, then the gradient of the mean loss and the penalty
 *  w [in] (n) parameters   b [in] samples in the batch
 *  Returns whether all g are finite. Local; cannot fail. */
bool nnt_gradient_mean(nnt_isa isa, float *g, const float *w, size_t n, size_t b, double l2);

/** g = g * factor. Local; cannot fail. */
void nnt_gradient_scale(nnt_isa isa, float *g, size_t n, float factor);

/** The factor of clipping by global norm: 1 if norm is 0, NaN if it is not finite, else
 *  c * min(1/norm, 1/c), in float32. Local; cannot fail. Source: tf.clip_by_global_norm. */
float nnt_clip_factor(double norm, double clip_norm);

/** Sums of bits, see nnt_bits_sum(), over the parameters and the slots. */
typedef struct nnt_bits {
  uint32_t before; /* of what an update has read */
  uint32_t after;  /* of what it has written */
} nnt_bits;

/** One update of n parameters.
 *  update [in] number of this update, from 1 (Keras's iteration + 1)
 *  g [in] (n) gradient, clipped   w [in,out] (n)   slots [in,out] nnt_optimizer_slots() arrays (n)
 *  Weight decay first, w -= w * wd * lr; then
 *    sgd:       w -= lr g,   or m = mu m - lr g; w += m,   or (nesterov) w += mu m - lr g
 *    adam(w):   m += (g - m)(1 - b1); v += (g^2 - v)(1 - b2);
 *               w -= a m / (sqrt(v) + eps),  a = lr sqrt(1 - b2^t) / (1 - b1^t) in float32
 *  Returns the sums that tell whether memory keeps what was written: they are formed as values pass
 *  by, at no cost that shows. Local; cannot fail. Source: keras.optimizers.SGD, Adam, AdamW. */
nnt_bits nnt_optimizer_update(const nnt_optimizer *optimizer, nnt_isa isa, uint64_t update,
                              const float *g, float *w, float *const *slots, size_t n);

/** Sum modulo 2^32 of the n floats taken as 32-bit integers: a changed bit always changes it.
 *  Local; cannot fail. */
uint32_t nnt_bits_sum(nnt_isa isa, const float *x, size_t n);

/** sum of g(i)^2 in float64: 16 partial sums over i mod 16, folded 8, 4, 2, 1. Local; cannot fail.
 */
double nnt_square_sum(nnt_isa isa, const float *g, size_t n);

#endif
