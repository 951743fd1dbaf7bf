/** What the files of this folder share. */
#ifndef MODEL_PRIVATE_H
#define MODEL_PRIVATE_H

#include "layers/dense.h"
#include "nntrain/model.h"

/** A run of floats of one kernel in the arena, or a whole bias: see nnt_model_tile(). */
typedef struct nnt_tile {
  size_t layer;
  bool is_bias;
  double l2;
  nnt_range parameters;
} nnt_tile;

struct nnt_model {
  nnt_model_spec spec;
  nnt_isa isa;
  size_t features;
  size_t outputs;
  size_t parameter_count;
  size_t arena_size;
  nnt_layer layers[NNT_LAYERS_MAX];
  size_t first_trained; /* the first layer with parameters; layer_count if there is none */
  nnt_tensor *tensors;
  size_t tensor_count;
  nnt_tile *tiles;
  size_t tile_count;
  size_t tile_size_max;
};

struct nnt_workspace {
  const nnt_model *model; /* borrowed; outlives the workspace */
  nnt_workspace_shape shape;
  void *owned;                /* the memory, if it is the workspace's own */
  float *input;               /* NULL if the model reads sparse rows */
  float *pre[NNT_LAYERS_MAX]; /* NULL where pre-activations are not kept */
  float *output[NNT_LAYERS_MAX];
  float *delta[NNT_LAYERS_MAX]; /* NULL in inference */
  nnt_group_index *index;       /* (leaves) of sparse rows, in training; else NULL */
  uint32_t *index_start;        /* (leaves, groups + 1) */
  uint64_t *index_entry;        /* (leaves, room of a leaf) */
  float *index_value;           /* (leaves, room of a leaf, NNT_GROUP) */
  void *index_scratch;          /* the workspace's own */
  bool has_dropout;
  nnt_dropout dropout; /* of the last forward pass */
};

/** The layer that reads sparse rows, or NULL. Local; cannot fail. */
const nnt_layer *nnt_sparse_layer(const nnt_model *model);

/** Cuts the arena into tiles. Local; NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_model_list_tiles(nnt_model *model);

/** The activations of layer `l` for some rows. Local; cannot fail. */
nnt_layer_rows nnt_workspace_rows(const nnt_workspace *workspace, size_t l, nnt_range rows);

/** Derivative of the sum of the rows' losses: by the logits if that is simpler, then true is
 *  returned, else by the outputs.
 *  delta [out] (rows, C).
 *  Local; cannot fail. */
bool nnt_loss_gradient(const nnt_model *model, const nnt_loss *loss, const nnt_workspace *workspace,
                       nnt_range rows, const uint16_t *labels, float *delta);

#endif
