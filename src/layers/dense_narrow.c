/* Dense layers with few outputs: one row of weights an output, all in one tile. */
#include "layers/dense.h"

static size_t floats(const nnt_layer *layer) { return layer->outputs * nnt_padded(layer->inputs); }

static size_t place(const nnt_layer *layer, size_t k, size_t o)
{
  return o * nnt_padded(layer->inputs) + k;
}

static size_t tile(const nnt_layer *layer, size_t at) { return floats(layer) - at; }

static nnt_block input_block(const nnt_layer *layer, size_t rows)
{
  return (nnt_block){rows, layer->inputs, layer->input_stride};
}

static void forward(const nnt_layer *layer, const float *arena, const nnt_layer_rows *rows)
{
  float *const z = rows->pre == NULL ? rows->output : rows->pre;
  layer->kernels->narrow_forward(rows->input, input_block(layer, rows->count),
                                 arena + layer->kernel, arena + layer->bias, layer->outputs, z);
  layer->kernels->activate(layer->spec->activation, z, rows->output,
                           nnt_output_block(layer, rows->count));
}

static void backward(const nnt_layer *layer, const float *arena, const nnt_layer_rows *rows)
{
  layer->kernels->narrow_backward(rows->delta, arena + layer->kernel, layer->outputs,
                                  rows->input_delta, input_block(layer, rows->count));
}

static void gradient(const nnt_layer *layer, const nnt_layer_leaves *leaves, nnt_range part,
                     float *scratch, /* NOLINT(readability-non-const-parameter): others write */
                     float *out)
{
  (void)part;
  (void)scratch;
  layer->kernels->narrow_gradient(&leaves->rows, leaves->input, input_block(layer, 0),
                                  leaves->delta, layer->outputs, out);
}

nnt_dense_form const nnt_dense_narrow = {"narrow", floats,   place,   tile,
                                         forward,  backward, gradient};
