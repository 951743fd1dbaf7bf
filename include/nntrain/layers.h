/** Layers as Keras's configuration describes them. */
#ifndef NNTRAIN_LAYERS_H
#define NNTRAIN_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nntrain/types.h"

typedef enum nnt_layer_kind {
  NNT_FLATTEN,
  NNT_DENSE,
  NNT_ACTIVATION,
  NNT_DROPOUT,
  NNT_LAYER_KIND_COUNT
} nnt_layer_kind;

/** One layer as Keras's configuration describes it; members that a kind lacks are 0. */
typedef struct nnt_layer_spec {
  nnt_layer_kind kind;
  char name[NNT_NAME_SIZE];           /* unique, [a-z0-9_]+ */
  size_t units;                       /* dense */
  nnt_activation activation;          /* dense, activation */
  bool use_bias;                      /* dense */
  double l2;                          /* dense: l2 * sum(kernel^2) is added to the loss */
  nnt_initializer kernel_initializer; /* dense */
  nnt_initializer bias_initializer;   /* dense */
  double rate;                        /* dropout, [0, 1) */
} nnt_layer_spec;

/** What dropout masks are a function of: mask(row, layer, element) is drawn with counter
 *  (epoch, sample(row), layer, element / 8). */
typedef struct nnt_dropout {
  uint64_t seed;
  uint64_t epoch;
  const size_t *sample; /* (rows) the sample in each row of the workspace */
} nnt_dropout;

#endif
