/** Activations and their derivatives, on (B, O) arrays of pre-activations z and outputs a. */
#ifndef KERNELS_ACTIVATION_H
#define KERNELS_ACTIVATION_H

#include <stddef.h>

#include "nntrain/types.h"

/** a = f(z), softmax by rows.   z [in] (rows, columns)   a [out] (rows, columns), may be z itself.
 *  NaN gives NaN. Local; cannot fail. Source: keras.activations. */
void nnt_activate(nnt_activation kind, const float *z, float *a, size_t rows, size_t columns);

/** d = d * f'(z), for softmax d = a * (d - sum_c d_c a_c).
 *  z, a [in] as nnt_activate() got and gave them
 *  d [in,out] (rows, columns) derivative by a, then by z; at a kink, the slope that TensorFlow
 * takes Local; cannot fail. */
void nnt_activate_backward(nnt_activation kind, const float *z, const float *a, float *d,
                           size_t rows, size_t columns);

#endif
