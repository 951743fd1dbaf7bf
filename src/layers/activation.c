/* An activation as a layer of its own: y = f(x). Source: keras.layers.Activation. */
#include "kernels/activation.h"

#include <string.h>

#include "layers/layer.h"

static size_t outputs(const nnt_layer_spec *spec, size_t inputs, const char **why)
{
  (void)spec;
  (void)why;
  return inputs;
}

static void forward(const nnt_layer *layer, const float *parameters, const nnt_layer_rows *rows)
{
  (void)parameters;
  nnt_activate(layer->spec->activation, rows->input, rows->output, rows->count, layer->outputs);
}

static void backward(const nnt_layer *layer, const float *parameters, const nnt_layer_rows *rows,
                     bool activated)
{
  (void)parameters;
  if (activated) {
    nnt_activate_backward(layer->spec->activation, rows->input, rows->output, rows->delta,
                          rows->count, layer->outputs);
  }
  if (rows->input_delta != NULL) {
    memcpy(rows->input_delta, rows->delta, rows->count * layer->outputs * sizeof *rows->delta);
  }
}

nnt_layer_kind_table const nnt_layer_activation = {"activation", false, outputs, forward, backward};
