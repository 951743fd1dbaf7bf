/** What the files of this folder share. */
#ifndef MODEL_PRIVATE_H
#define MODEL_PRIVATE_H

#include "layers/layer.h"
#include "nntrain/model.h"

/** A run of rows of a kernel (or a whole bias): see nnt_model_tile(). */
typedef struct nnt_tile {
  size_t layer;
  bool is_bias;
  nnt_range rows;       /* of the kernel */
  nnt_range parameters; /* in the array of all parameters */
} nnt_tile;

struct nnt_model {
  nnt_model_spec spec;
  size_t features;
  size_t outputs;
  size_t parameter_count;
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
  size_t rows;
  float *input;
  float *pre[NNT_LAYERS_MAX]; /* NULL for layers without pre-activations */
  float *output[NNT_LAYERS_MAX];
  float *delta[NNT_LAYERS_MAX]; /* NULL in inference */
  bool has_dropout;
  nnt_dropout dropout; /* of the last forward pass */
};

/** The activations of layer `l` for some rows. Local; cannot fail. */
nnt_layer_rows nnt_workspace_rows(const nnt_workspace *workspace, size_t l, nnt_range rows);

/** Derivative of the sum of the rows' losses: by the logits if that is simpler, then true is
 * returned, else by the outputs. delta [out] (rows, C). Local; cannot fail. */
bool nnt_loss_gradient(const nnt_model *model, const nnt_loss *loss, const nnt_workspace *workspace,
                       nnt_range rows, const uint16_t *labels, float *delta);

#endif
