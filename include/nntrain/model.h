/** A feed-forward stack of layers over one array of parameters.
 *
 *  Dimensions: B rows (samples), I features in, O features out, C classes. All arrays are row-major
 *  float32. A row's results depend on the parameters, its own input and the number of rows of the
 *  call, and on nothing else: the caller fixes the calls, and so the bits (design: microbatches).
 */
#ifndef NNTRAIN_MODEL_H
#define NNTRAIN_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nntrain/layers.h"
#include "nntrain/status.h"
#include "nntrain/types.h"

enum { NNT_LAYERS_MAX = 256, NNT_INPUT_DIMENSIONS_MAX = 4 };

/** An architecture. Plain data: may be copied, and sent to other ranks. */
typedef struct nnt_model_spec {
  char name[NNT_NAME_SIZE];
  size_t input_dimensions;
  size_t input_shape[NNT_INPUT_DIMENSIONS_MAX]; /* without the batch dimension */
  size_t layer_count;
  nnt_layer_spec layers[NNT_LAYERS_MAX];
} nnt_model_spec;

/** One parameter tensor: a view into the array of all parameters. */
typedef struct nnt_tensor {
  char name[NNT_NAME_SIZE + 8]; /* "dense/kernel" */
  size_t layer;                 /* index into spec->layers */
  bool is_kernel;               /* else a bias */
  size_t dimensions;            /* 2 for a kernel (in, out), 1 for a bias (out) */
  size_t shape[2];
  size_t offset; /* of its first element in the array of parameters */
  size_t count;
  double l2; /* 0 for a bias */
  nnt_initializer initializer;
} nnt_tensor;

typedef struct nnt_model nnt_model;

/** Builds a model: checks the architecture and lays out its parameters, in the order of the layers,
 *  kernel before bias, without gaps.
 *  Local; NNT_EDATA (naming the layer), NNT_ENOMEM. The caller owns *out: nnt_model_destroy(). */
NNT_MUST_CHECK nnt_status nnt_model_create(nnt_model **out, const nnt_model_spec *spec);
void nnt_model_destroy(nnt_model *model);

/** Facts about a model. Local; cannot fail. Borrowed: valid until nnt_model_destroy(). */
const nnt_model_spec *nnt_model_spec_of(const nnt_model *model);
size_t nnt_model_features(const nnt_model *model); /* I of the first layer */
size_t nnt_model_outputs(const nnt_model *model);  /* O of the last layer */
size_t nnt_model_parameter_count(const nnt_model *model);
size_t nnt_model_tensor_count(const nnt_model *model);
const nnt_tensor *nnt_model_tensor(const nnt_model *model, size_t i);
bool nnt_model_ends_in_softmax(const nnt_model *model);

/** A dense stack features - hidden... - classes with `activation` in between and softmax at the
 * end, named as Keras names it: dense, dense_1, ... Local; NNT_EUSAGE if there are too many layers.
 */
NNT_MUST_CHECK nnt_status nnt_model_spec_dense(nnt_model_spec *out, size_t features,
                                               const size_t *hidden, size_t hidden_count,
                                               nnt_activation activation, size_t classes,
                                               nnt_initializer kernel_initializer);

/** Draws initial parameters: element e of tensor t is a pure function of (seed, t, e).
 *  parameters [out] (P). Local; cannot fail. Source: keras.initializers (glorot and he normal are
 *  truncated at two standard deviations, as there). */
void nnt_model_initialize(const nnt_model *model, uint64_t seed, float *parameters);

/** sum over kernels of l2 * sum(w^2), in float64 over blocks of 4096 parameters and the fixed tree.
 *  Local; cannot fail. Source: keras.regularizers.L2 (no factor 1/2). */
double nnt_model_penalty(const nnt_model *model, const float *parameters);

/** The activations and deltas of some rows of a batch. */
typedef struct nnt_workspace nnt_workspace;

/** Local; NNT_ENOMEM. The caller owns *out: nnt_workspace_destroy().
 *  rows     [in] the most rows that it will hold
 *  training [in] whether nnt_model_backward() will be called: then deltas have room too */
NNT_MUST_CHECK nnt_status nnt_workspace_create(nnt_workspace **out, const nnt_model *model,
                                               size_t rows, bool training);
void nnt_workspace_destroy(nnt_workspace *workspace);

/** Where the input of row 0 goes: (rows, features). Borrowed. Local; cannot fail. */
float *nnt_workspace_input(nnt_workspace *workspace);

/** The outputs of the last layer after nnt_model_forward(): (rows, C). For a model that ends in
 *  softmax, `logits` are what goes into it. Borrowed. Local; cannot fail. */
const float *nnt_workspace_outputs(const nnt_workspace *workspace);
const float *nnt_workspace_logits(const nnt_workspace *workspace);

/** Computes all layers for the given rows of the workspace.
 *  dropout [in] NULL: inference, dropout layers pass their input on.
 *  Local; cannot fail. */
void nnt_model_forward(const nnt_model *model, const float *parameters, nnt_workspace *workspace,
                       nnt_range rows, const nnt_dropout *dropout);

/** Loss and hits of the given rows, after nnt_model_forward().
 *  labels [in] the class of each row of the workspace, (rows)
 *  The loss of a row is added in the order of the rows, in float64. Cross-entropy after softmax or
 *  with from_logits is logsumexp(z) - sum_c t_c z_c, from the logits. Other outputs p count as
 *  probabilities: categorical renormalises them, p / sum(p), and clips to [1e-7, 1 - 1e-7]; sparse
 *  clips first and then renormalises. Mean squared error is mean_c (p_c - t_c)^2.
 *  Local; cannot fail. Source: keras.losses, TensorFlow backend. */
nnt_tally nnt_model_loss(const nnt_model *model, const nnt_loss *loss,
                         const nnt_workspace *workspace, nnt_range rows, const uint16_t *labels);

/** Deltas of all layers for the given rows: the derivative of the SUM of the rows' losses by each
 *  layer's pre-activation. After nnt_model_forward() on the same rows and parameters.
 *  Local; cannot fail. */
void nnt_model_backward(const nnt_model *model, const nnt_loss *loss, const float *parameters,
                        nnt_workspace *workspace, nnt_range rows, const uint16_t *labels);

/** The gradient is formed tile by tile: a tile is a run of parameters small enough to stay in cache
 *  while partial sums of microbatches are added to each other. The tiles cut [0, P) without gaps.
 */
size_t nnt_model_tile_count(const nnt_model *model);
nnt_range nnt_model_tile(const nnt_model *model, size_t tile);
size_t nnt_model_tile_size_max(const nnt_model *model);

/** Gradient of the sum of the given rows' losses by the parameters of one tile, after
 *  nnt_model_backward() on these rows. Without the L2 term. No rows give zeros.
 *  out [out] (count of the tile). Local; cannot fail. */
void nnt_model_tile_gradient(const nnt_model *model, const nnt_workspace *workspace, size_t tile,
                             nnt_range rows, float *out);

/** SHA-256 of the parameters as float32 little-endian bytes, as text. Local; NNT_ENOMEM,
 *  NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_parameters_digest(const float *parameters, size_t count,
                                                char out[NNT_SHA256_TEXT_SIZE]);

#endif
