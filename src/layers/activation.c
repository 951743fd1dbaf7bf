/* An activation as a layer of its own: y = f(x). Source: keras.layers.Activation. */
#include <string.h>

#include "layers/layer.h"

static size_t outputs(const nnt_layer_spec *spec, size_t inputs, const char **why)
{
  (void)spec;
  (void)why;
  return inputs;
}

static nnt_block block_of(const nnt_layer *layer, const nnt_layer_rows *rows)
{
  return (nnt_block){rows->count, layer->outputs, layer->output_stride};
}

static void forward(const nnt_layer *layer, const float *parameters, const nnt_layer_rows *rows)
{
  (void)parameters;
  layer->kernels->activate(layer->spec->activation, rows->input, rows->output,
                           block_of(layer, rows));
}

static void backward(const nnt_layer *layer, const float *parameters, const nnt_layer_rows *rows,
                     bool activated)
{
  (void)parameters;
  if (activated) {
    layer->kernels->activate_backward(layer->spec->activation, rows->input, rows->output,
                                      rows->delta, block_of(layer, rows));
  }
  if (rows->input_delta != NULL) {
    memcpy(rows->input_delta, rows->delta,
           rows->count * layer->output_stride * sizeof *rows->delta);
  }
}

nnt_layer_kind_table const nnt_layer_activation = {"activation", outputs, forward, backward};
