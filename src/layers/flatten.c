/* Flatten: rows are flat anyway, and the workspace gives it the arrays of the layer before it, so
 * there is nothing to compute. Source: keras.layers.Flatten. */
#include "layers/layer.h"

static size_t outputs(const nnt_layer_spec *spec, size_t inputs, const char **why)
{
  (void)spec;
  (void)why;
  return inputs;
}

static void forward(const nnt_layer *layer, const float *parameters, const nnt_layer_rows *rows)
{
  (void)layer;
  (void)parameters;
  (void)rows;
}

static void backward(const nnt_layer *layer, const float *parameters, const nnt_layer_rows *rows,
                     bool activated)
{
  (void)layer;
  (void)parameters;
  (void)rows;
  (void)activated;
}

nnt_layer_kind_table const nnt_layer_flatten = {"flatten", outputs, forward, backward};
