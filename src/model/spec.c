#include <stdio.h>
#include <string.h>

#include "nntrain/model.h"

static void add_dense(nnt_model_spec *spec, size_t units, nnt_activation activation,
                      nnt_initializer kernel_initializer)
{
  size_t const k = spec->layer_count++;
  nnt_layer_spec *const layer = &spec->layers[k];
  layer->kind = NNT_DENSE;
  layer->units = units;
  layer->activation = activation;
  layer->use_bias = true;
  layer->kernel_initializer = kernel_initializer;
  layer->bias_initializer = (nnt_initializer){.kind = NNT_ZEROS};
  if (k == 0) {
    (void)snprintf(layer->name, sizeof layer->name, "dense");
  } else {
    (void)snprintf(layer->name, sizeof layer->name, "dense_%zu", k);
  }
}

nnt_status nnt_model_spec_dense(nnt_model_spec *out, size_t features, const size_t *hidden,
                                size_t hidden_count, nnt_activation activation, size_t classes,
                                nnt_initializer kernel_initializer)
{
  if (hidden_count >= NNT_LAYERS_MAX) {
    return nnt_fail(NNT_EUSAGE, "%zu hidden layers are more than %d", hidden_count,
                    NNT_LAYERS_MAX - 1);
  }
  memset(out, 0, sizeof *out);
  (void)snprintf(out->name, sizeof out->name, "sequential");
  out->input_dimensions = 1;
  out->input_shape[0] = features;
  for (size_t i = 0; i < hidden_count; i++) {
    add_dense(out, hidden[i], activation, kernel_initializer);
  }
  add_dense(out, classes, NNT_SOFTMAX, kernel_initializer);
  return NNT_OK;
}

bool nnt_model_spec_begins_dense(const nnt_model_spec *spec)
{
  size_t first = 0;
  while (first < spec->layer_count && spec->layers[first].kind == NNT_FLATTEN) {
    first++;
  }
  return first < spec->layer_count && spec->layers[first].kind == NNT_DENSE;
}
