#include "nntrain/model.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/private.h"

static nnt_status count_features(nnt_model *model)
{
  nnt_model_spec const *const spec = &model->spec;
  if (spec->input_dimensions == 0 || spec->input_dimensions > NNT_INPUT_DIMENSIONS_MAX) {
    return nnt_fail(NNT_EDATA, "the model's input has %zu dimensions instead of 1 to %d",
                    spec->input_dimensions, NNT_INPUT_DIMENSIONS_MAX);
  }
  size_t features = 1;
  for (size_t i = 0; i < spec->input_dimensions; i++) {
    if (!nnt_size_multiply(features, spec->input_shape[i], &features) || features == 0 ||
        features > INT_MAX) {
      return nnt_fail(NNT_EDATA, "the model's input must have 1 to %d values", INT_MAX);
    }
  }
  model->features = features;
  return NNT_OK;
}

/* Dense layers and softmax act on the last axis in Keras, so images must be flattened before. */
static nnt_status check_flattened(const nnt_model_spec *spec)
{
  if (spec->input_dimensions == 1) return NNT_OK;
  for (size_t i = 0; i < spec->layer_count; i++) {
    nnt_layer_spec const *const layer = &spec->layers[i];
    if (layer->kind == NNT_FLATTEN) return NNT_OK;
    if (layer->kind == NNT_DENSE ||
        (layer->kind == NNT_ACTIVATION && layer->activation == NNT_SOFTMAX)) {
      return nnt_fail(NNT_EDATA,
                      "layer '%s': a Flatten layer must come before it, since the input "
                      "has %zu dimensions",
                      layer->name, spec->input_dimensions);
    }
  }
  return NNT_OK;
}

/* Kernel and bias of a dense layer, packed and in the arena. */
static nnt_status lay_out_parameters(nnt_model *model, nnt_layer *layer, const nnt_model_plan *plan)
{
  nnt_layer_spec const *const spec = layer->spec;
  /* No more floats than this altogether, so that no size in bytes overflows; the arena has at most
   * 32 for every parameter, and 32 inputs more. */
  size_t const room = PTRDIFF_MAX / 16 / 64 - model->parameter_count;
  size_t kernel = 0;
  if (layer->outputs > INT_MAX / 2 || !nnt_size_multiply(layer->inputs, layer->outputs, &kernel) ||
      kernel > room || layer->outputs > room - kernel) {
    return nnt_fail(NNT_EDATA, "layer '%s': %zu units on %zu inputs are too many", spec->name,
                    layer->outputs, layer->inputs);
  }
  model->parameter_count += kernel + (spec->use_bias ? layer->outputs : 0);
  if (model->first_trained == model->spec.layer_count) model->first_trained = layer->index;
  bool const sparse = plan->sparse_input && layer->index == model->first_trained &&
                      nnt_model_spec_begins_dense(&model->spec) &&
                      layer->inputs <= UINT16_MAX + (size_t)1;
  layer->form = nnt_dense_form_for(layer->outputs, sparse);
  layer->kernel = model->arena_size;
  layer->bias = layer->kernel + layer->form->floats(layer);
  /* Without a bias the layer still has one, of zeros that no tile covers. */
  model->arena_size = layer->bias + nnt_padded(layer->outputs);
  return NNT_OK;
}

static nnt_status lay_out_layer(nnt_model *model, size_t l, size_t inputs,
                                const nnt_model_plan *plan)
{
  nnt_layer *const layer = &model->layers[l];
  nnt_layer_spec const *const spec = &model->spec.layers[l];
  *layer = (nnt_layer){.spec = spec,
                       .kind = nnt_layer_kind_of(spec->kind),
                       .kernels = nnt_kernels_of(plan->isa),
                       .index = l,
                       .inputs = inputs};
  char const *why = "";
  layer->outputs = layer->kind->outputs(spec, inputs, &why);
  if (layer->outputs == 0) return nnt_fail(NNT_EDATA, "layer '%s': %s", spec->name, why);
  layer->input_stride = nnt_row_stride(inputs);
  layer->output_stride = nnt_row_stride(layer->outputs);
  return spec->kind == NNT_DENSE ? lay_out_parameters(model, layer, plan) : NNT_OK;
}

static nnt_status lay_out(nnt_model *model, const nnt_model_plan *plan)
{
  NNT_TRY(count_features(model));
  NNT_TRY(check_flattened(&model->spec));
  size_t const count = model->spec.layer_count;
  size_t width = model->features;
  model->first_trained = count;
  for (size_t l = 0; l < count; l++) {
    NNT_TRY(lay_out_layer(model, l, width, plan));
    width = model->layers[l].outputs;
  }
  model->outputs = width;
  if (model->parameter_count == 0) return nnt_fail(NNT_EDATA, "the model has nothing to train");
  return NNT_OK;
}

/* Returns where the next tensor begins. */
static size_t add_tensor(nnt_model *model, const nnt_layer *layer, bool is_kernel, size_t offset)
{
  nnt_layer_spec const *const spec = layer->spec;
  size_t const count = layer->outputs * (is_kernel ? layer->inputs : 1);
  nnt_tensor *const tensor = &model->tensors[model->tensor_count++];
  *tensor = (nnt_tensor){
      .layer = layer->index,
      .is_kernel = is_kernel,
      .dimensions = is_kernel ? 2 : 1,
      .shape = {is_kernel ? layer->inputs : layer->outputs, is_kernel ? layer->outputs : 0},
      .offset = offset,
      .count = count,
      .l2 = is_kernel ? spec->l2 : 0.0,
      .initializer = is_kernel ? spec->kernel_initializer : spec->bias_initializer,
  };
  (void)snprintf(tensor->name, sizeof tensor->name, "%s/%s", spec->name,
                 is_kernel ? "kernel" : "bias");
  return offset + count;
}

static nnt_status list_tensors(nnt_model *model)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, 2 * model->spec.layer_count, sizeof *model->tensors,
                            "the list of tensors"));
  model->tensors = memory;
  size_t offset = 0;
  for (size_t l = 0; l < model->spec.layer_count; l++) {
    nnt_layer const *const layer = &model->layers[l];
    if (layer->spec->kind != NNT_DENSE) continue;
    offset = add_tensor(model, layer, true, offset);
    if (layer->spec->use_bias) offset = add_tensor(model, layer, false, offset);
  }
  return NNT_OK;
}

nnt_status nnt_model_create(nnt_model **out, const nnt_model_spec *spec, const nnt_model_plan *plan)
{
  if (spec->layer_count > NNT_LAYERS_MAX) {
    return nnt_fail(NNT_EDATA, "the model has more than %d layers", NNT_LAYERS_MAX);
  }
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, 1, sizeof(nnt_model), "the model"));
  nnt_model *const model = memory;
  model->spec = *spec;
  nnt_model_plan const plain = {.isa = nnt_isa_best(), .sparse_input = false};
  model->isa = plan == NULL ? plain.isa : plan->isa;
  nnt_status status = lay_out(model, plan == NULL ? &plain : plan);
  if (status == NNT_OK) status = list_tensors(model);
  if (status == NNT_OK) status = nnt_model_list_tiles(model);
  if (status != NNT_OK) {
    nnt_model_destroy(model);
    return status;
  }
  *out = model;
  return NNT_OK;
}

void nnt_model_destroy(nnt_model *model)
{
  if (model == NULL) return;
  free(model->tensors);
  free(model->tiles);
  free(model);
}

const nnt_model_spec *nnt_model_spec_of(const nnt_model *model) { return &model->spec; }

size_t nnt_model_features(const nnt_model *model) { return model->features; }

size_t nnt_model_outputs(const nnt_model *model) { return model->outputs; }

size_t nnt_model_parameter_count(const nnt_model *model) { return model->parameter_count; }

size_t nnt_model_arena_size(const nnt_model *model) { return model->arena_size; }

nnt_isa nnt_model_isa(const nnt_model *model) { return model->isa; }

size_t nnt_model_tensor_count(const nnt_model *model) { return model->tensor_count; }

const nnt_tensor *nnt_model_tensor(const nnt_model *model, size_t i) { return &model->tensors[i]; }

bool nnt_model_ends_in_softmax(const nnt_model *model)
{
  nnt_layer_spec const *const last = &model->spec.layers[model->spec.layer_count - 1];
  bool const activates = last->kind == NNT_DENSE || last->kind == NNT_ACTIVATION;
  return activates && last->activation == NNT_SOFTMAX;
}

bool nnt_model_reads_sparse(const nnt_model *model) { return nnt_sparse_layer(model) != NULL; }

size_t nnt_model_panels(const nnt_model *model)
{
  nnt_layer const *const layer = nnt_sparse_layer(model);
  return layer == NULL ? 0 : nnt_dense_panels(layer);
}

const nnt_layer *nnt_sparse_layer(const nnt_model *model)
{
  nnt_layer const *const layer = &model->layers[model->first_trained];
  return layer->form == &nnt_dense_sparse ? layer : NULL;
}

char const *nnt_model_form(const nnt_model *model, size_t l)
{
  return model->layers[l].form == NULL ? "" : model->layers[l].form->name;
}
