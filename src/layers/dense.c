/* Fully connected: z = x W + b, y = f(z), W (I,O).
 * Source: Goodfellow et al. 2016, section 6.5; keras.layers.Dense. */
#include "layers/dense.h"

static size_t outputs(const nnt_layer_spec *spec, size_t inputs, const char **why)
{
  (void)inputs;
  if (spec->units == 0) *why = "a dense layer needs at least one unit";
  return spec->units;
}

static void forward(const nnt_layer *layer, const float *arena, const nnt_layer_rows *rows)
{
  layer->form->forward(layer, arena, rows);
}

static void backward(const nnt_layer *layer, const float *arena, const nnt_layer_rows *rows,
                     bool activated)
{
  if (activated) {
    layer->kernels->activate_backward(layer->spec->activation, rows->pre, rows->output, rows->delta,
                                      nnt_output_block(layer, rows->count));
  }
  if (rows->input_delta != NULL) layer->form->backward(layer, arena, rows);
}

const nnt_dense_form *nnt_dense_form_for(size_t outputs, bool sparse_input)
{
  if (sparse_input) return &nnt_dense_sparse;
  return outputs <= NNT_NARROW_MAX ? &nnt_dense_narrow : &nnt_dense_product;
}

nnt_layer_kind_table const nnt_layer_dense = {"dense", outputs, forward, backward};
