/** A feed-forward stack of layers over one array of parameters.
 *
 *  Dimensions: B rows (samples), I features in, O features out, C classes. All arrays are row-major
 *  float32. Parameters exist in two forms: packed, P floats in the order of Keras, as files and
 *  digests have them; and in the arena, padded and ordered as the kernels want them, in which they
 *  are trained. A row's results depend on the parameters, its own input and the number of rows of
 *  the call, and on nothing else: the caller fixes the calls, and so the bits (design:
 *  microbatches). */
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

/** One parameter tensor. */
typedef struct nnt_tensor {
  char name[NNT_NAME_SIZE + 8]; /* "dense/kernel" */
  size_t layer;                 /* index into spec->layers */
  bool is_kernel;               /* else a bias */
  size_t dimensions;            /* 2 for a kernel (in, out), 1 for a bias (out) */
  size_t shape[2];
  size_t offset; /* of its first element among the packed parameters */
  size_t count;
  double l2; /* 0 for a bias */
  nnt_initializer initializer;
} nnt_tensor;

typedef struct nnt_model nnt_model;

/** How a model is computed: part of what the bits depend on. */
typedef struct nnt_model_plan {
  nnt_isa isa;       /* one that the processor runs */
  bool sparse_input; /* the first layer skips zeros in the input, if it is dense */
} nnt_model_plan;

/** Builds a model: checks the architecture and lays out its parameters, in the order of the layers,
 *  kernel before bias.
 *  plan [in] NULL: the best instruction set, inputs with their zeros
 *  Local; NNT_EDATA (naming the layer), NNT_ENOMEM. The caller owns *out: nnt_model_destroy(). */
NNT_MUST_CHECK nnt_status nnt_model_create(nnt_model **out, const nnt_model_spec *spec,
                                           const nnt_model_plan *plan);
void nnt_model_destroy(nnt_model *model);

/** Facts about a model. Local; cannot fail. Borrowed: valid until nnt_model_destroy(). */
const nnt_model_spec *nnt_model_spec_of(const nnt_model *model);
size_t nnt_model_features(const nnt_model *model);        /* I of the first layer */
size_t nnt_model_outputs(const nnt_model *model);         /* O of the last layer */
size_t nnt_model_parameter_count(const nnt_model *model); /* P */
size_t nnt_model_arena_size(const nnt_model *model);      /* floats */
nnt_isa nnt_model_isa(const nnt_model *model);
size_t nnt_model_tensor_count(const nnt_model *model);
const nnt_tensor *nnt_model_tensor(const nnt_model *model, size_t i);
bool nnt_model_ends_in_softmax(const nnt_model *model);
bool nnt_model_reads_sparse(const nnt_model *model);              /* rows come as nnt_sparse */
char const *nnt_model_form(const nnt_model *model, size_t layer); /* "sparse"; "" if not dense */

/** From one form of the parameters (or of anything that goes along with them) to the other.
 *  packed (P)   arena (nnt_model_arena_size()), padding zero
 *  Local; cannot fail. */
void nnt_model_pack(const nnt_model *model, const float *arena, float *packed);
void nnt_model_unpack(const nnt_model *model, const float *packed, float *arena);

/** A dense stack features - hidden... - classes with `activation` in between and softmax at the
 *  end, named as Keras names it: dense, dense_1, ...
 *  Local; NNT_EUSAGE if there are too many layers. */
NNT_MUST_CHECK nnt_status nnt_model_spec_dense(nnt_model_spec *out, size_t features,
                                               const size_t *hidden, size_t hidden_count,
                                               nnt_activation activation, size_t classes,
                                               nnt_initializer kernel_initializer);

/** Is a dense layer the first one, but for Flatten? Local; cannot fail. */
bool nnt_model_spec_begins_dense(const nnt_model_spec *spec);

/** Draws initial parameters: element e of tensor t is a pure function of (seed, t, e).
 *  parameters [out] (P) packed.
 *  Local; cannot fail. Source: keras.initializers (glorot and he normal are truncated at two
 *  standard deviations, as there). */
void nnt_model_initialize(const nnt_model *model, uint64_t seed, float *parameters);

/** sum over kernels of l2 * sum(w^2), in float64 by tiles, which are added in the fixed tree.
 *  Local; cannot fail. Source: keras.regularizers.L2 (no factor 1/2). */
double nnt_model_penalty(const nnt_model *model, const float *arena);
double nnt_model_tile_penalty(const nnt_model *model, const float *arena, size_t tile);

/** The activations and deltas of some rows of a batch. */
typedef struct nnt_workspace nnt_workspace;

/** What a workspace has room for. */
typedef struct nnt_workspace_shape {
  size_t rows;      /* all together, at most INT_MAX */
  size_t leaves;    /* in training on sparse rows: of how many leaves the gradient is formed */
  size_t leaf_rows; /* and the most rows of one */
  bool training;    /* nnt_model_backward() will be called: deltas have room too */
} nnt_workspace_shape;

/** Bytes of memory that a workspace needs. Local; NNT_ENOMEM if they cannot be addressed. */
NNT_MUST_CHECK nnt_status nnt_workspace_bytes(const nnt_model *model, nnt_workspace_shape shape,
                                              size_t *bytes);

/** Bytes that every workspace has for itself, whosever memory the rest lies in. Local; cannot fail.
 */
size_t nnt_workspace_own_bytes(const nnt_model *model, nnt_workspace_shape shape);

/** Workers may have a workspace each over the same memory, and work on different rows of it.
 *  memory [in] nnt_workspace_bytes() zeros, 64-byte aligned, borrowed: outlives the workspace.
 *  NULL: the workspace has memory of its own
 *  Local; NNT_ENOMEM. The caller owns *out: nnt_workspace_destroy(). */
NNT_MUST_CHECK nnt_status nnt_workspace_create(nnt_workspace **out, const nnt_model *model,
                                               nnt_workspace_shape shape, void *memory);
void nnt_workspace_destroy(nnt_workspace *workspace);

/** Where the input of row 0 goes, if the model does not read sparse rows: (rows, features), rows
 *  nnt_workspace_input_stride() floats apart. Borrowed. Local; cannot fail. */
float *nnt_workspace_input(nnt_workspace *workspace);
size_t nnt_workspace_input_stride(const nnt_workspace *workspace);

/** The outputs of the last layer after nnt_model_forward(): (rows, C), rows
 *  nnt_workspace_output_stride() floats apart. For a model that ends in softmax, `logits` are what
 *  goes into it. Borrowed. Local; cannot fail. */
const float *nnt_workspace_outputs(const nnt_workspace *workspace);
size_t nnt_workspace_output_stride(const nnt_workspace *workspace);
const float *nnt_workspace_logits(const nnt_workspace *workspace);

/** On sparse rows, the first part of the forward pass: one panel of columns of the first layer, for
 *  the given rows. All panels come before nnt_model_forward().
 *  sample [in] (rows.count) which samples of x the rows are
 *  Local; cannot fail. */
size_t nnt_model_panels(const nnt_model *model); /* 0: the model reads rows with their zeros */
void nnt_model_forward_panel(const nnt_model *model, const float *arena, nnt_workspace *workspace,
                             size_t panel, nnt_range rows, const nnt_sparse *x,
                             const size_t *sample);

/** Computes all layers (but for what nnt_model_forward_panel() has done) for the given rows.
 *  dropout [in] NULL: inference, dropout layers pass their input on.
 *  Local; cannot fail. */
void nnt_model_forward(const nnt_model *model, const float *arena, nnt_workspace *workspace,
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
void nnt_model_backward(const nnt_model *model, const nnt_loss *loss, const float *arena,
                        nnt_workspace *workspace, nnt_range rows, const uint16_t *labels);

/** Begins to fetch what the backward pass and nnt_model_index() will write for the rows of a leaf:
 *  another worker's cache may have it. Local; cannot fail. */
void nnt_model_prefetch(const nnt_model *model, const nnt_workspace *workspace, size_t leaf,
                        nnt_range rows);

/** On sparse rows, what the gradient of the first layer needs of leaf `leaf` of the workspace,
 *  whose rows are `rows`.
 *  sample [in] (rows.count).
 *  Local; cannot fail. */
void nnt_model_index(const nnt_model *model, nnt_workspace *workspace, size_t leaf, nnt_range rows,
                     const nnt_sparse *x, const size_t *sample);

/** The gradient is formed tile by tile: a tile is a run of floats of the arena that belong to one
 *  kernel or bias. Tiles are in order and do not overlap; floats between them are zeros for ever.
 */
size_t nnt_model_tile_count(const nnt_model *model);
nnt_range nnt_model_tile(const nnt_model *model, size_t tile);
double nnt_model_tile_l2(const nnt_model *model, size_t tile);
void nnt_model_tile_text(const nnt_model *model, size_t tile,
                         char out[NNT_NAME_SIZE + 8]); /* "dense/kernel" */
size_t nnt_model_tile_size_max(const nnt_model *model);

/** Floats of scratch that nnt_model_tile_gradient() needs for so many leaves; SIZE_MAX if they
 *  cannot be addressed. Local; cannot fail. */
size_t nnt_model_scratch_size(const nnt_model *model, size_t leaves);

/** Gradient of the sum of the losses of all rows of the leaves by the floats of one tile, after
 *  nnt_model_backward() (and nnt_model_index()) on these rows: row by row within a leaf, and the
 *  leaves in the fixed tree. Without the L2 term. No rows give zeros.
 *  first_leaf [in] which leaf of the workspace is leaf 0 here
 *  x [in] what nnt_model_index() got; NULL if the model does not read sparse rows
 *  scratch [out] (nnt_model_scratch_size())   out [out] (count of the tile)
 *  Local; cannot fail. */
void nnt_model_tile_gradient(const nnt_model *model, const nnt_workspace *workspace, size_t tile,
                             const nnt_leaves *leaves, size_t first_leaf, const nnt_sparse *x,
                             float *scratch, float *out);

/** SHA-256 of packed parameters as float32 little-endian bytes, as text. Local; NNT_ENOMEM,
 *  NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_parameters_digest(const float *parameters, size_t count,
                                                char out[NNT_SHA256_TEXT_SIZE]);

#endif
