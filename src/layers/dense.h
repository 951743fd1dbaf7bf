/** Dense layers: the forms in which they lie in the arena, and their gradient.
 *
 *  | form    | for                            | kernel in the arena                   | products |
 *  |---------|--------------------------------|---------------------------------------|----------|
 *  | sparse  | the first layer on sparse rows | panels of 64 columns, (I, width) each | own      |
 *  | narrow  | at most 16 outputs             | (O, stride), one row an output        | own      |
 *  | product | all others                     | (I, stride)                           | OpenBLAS |
 *
 *  The form depends on the layer and the data set, never on ranks or batch. */
#ifndef LAYERS_DENSE_H
#define LAYERS_DENSE_H

#include "layers/layer.h"

/** What the gradient is formed from: deltas and inputs of all rows of some leaves (microbatches).
 */
typedef struct nnt_layer_leaves {
  nnt_leaves rows;              /* row numbers count from `input` and `delta` */
  const float *input;           /* (B, I), or NULL: sparse */
  const float *delta;           /* (B, O) */
  const nnt_group_index *index; /* (leaves) of sparse rows */
  const float *table;           /* (256) the values of their levels; NULL: they have none */
} nnt_layer_leaves;

struct nnt_dense_form {
  char const *name;
  /** Floats of the kernel in the arena. */
  size_t (*floats)(const nnt_layer *layer);
  /** Where element (k, o) of the kernel lies, from its beginning. */
  size_t (*place)(const nnt_layer *layer, size_t k, size_t o);
  /** Floats from `at` on that are formed together: a tile; at most up to the end of the kernel. */
  size_t (*tile)(const nnt_layer *layer, size_t at);
  void (*forward)(const nnt_layer *layer, const float *arena, const nnt_layer_rows *rows);
  void (*backward)(const nnt_layer *layer, const float *arena, const nnt_layer_rows *rows);
  /** The gradient of a tile, summed over the leaves in tree order.
   *  tile [in] first float and number of floats, from the beginning of the kernel
   *  scratch [out] as many tiles as the tree over the leaves has levels   out [out] (tile.count) */
  void (*gradient)(const nnt_layer *layer, const nnt_layer_leaves *leaves, nnt_range tile,
                   float *scratch, float *out);
};

extern nnt_dense_form const nnt_dense_sparse;
extern nnt_dense_form const nnt_dense_narrow;
extern nnt_dense_form const nnt_dense_product;

/** The form for a layer of so many outputs. Local; cannot fail. */
const nnt_dense_form *nnt_dense_form_for(size_t outputs, bool sparse_input);

/** How many panels the layer has that reads sparse rows. Local; cannot fail. */
size_t nnt_dense_panels(const nnt_layer *layer);

/** Forward pass of one panel of columns on sparse rows, with the activation if it is element-wise.
 *  sample [in] (rows->count) which rows of x. Local; cannot fail. */
void nnt_dense_forward_panel(const nnt_layer *layer, const float *arena, size_t panel,
                             const nnt_sparse *x, const size_t *sample, const nnt_layer_rows *rows);

/** A block of rows of outputs. */
static inline nnt_block nnt_output_block(const nnt_layer *layer, size_t rows)
{
  return (nnt_block){rows, layer->outputs, layer->output_stride};
}

#endif
