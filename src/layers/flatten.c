/* Flatten: rows are flat anyway, so this only passes them on. Source: keras.layers.Flatten. */
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
  memcpy(rows->output, rows->input, rows->count * layer->outputs * sizeof *rows->output);
}

static void backward(const nnt_layer *layer, const float *parameters, const nnt_layer_rows *rows,
                     bool activated)
{
  (void)parameters;
  (void)activated;
  if (rows->input_delta == NULL) return;
  memcpy(rows->input_delta, rows->delta, rows->count * layer->outputs * sizeof *rows->delta);
}

nnt_layer_kind_table const nnt_layer_flatten = {"flatten", false, outputs, forward, backward};
