#include "nntrain/model.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/tree.h"
#include "model/private.h"

/* Floats in a tile: 128 KB, so that the tile and the partial sums of a few levels of the tree stay
 * in L2 together. */
enum { TILE_SIZE = 32768, PENALTY_BLOCK = 4096 };

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

static nnt_status lay_out_layer(nnt_model *model, size_t l, size_t inputs)
{
  nnt_layer *const layer = &model->layers[l];
  nnt_layer_spec const *const spec = &model->spec.layers[l];
  *layer = (nnt_layer){
      .spec = spec, .kind = nnt_layer_kind_of(spec->kind), .index = l, .inputs = inputs};
  char const *why = "";
  layer->outputs = layer->kind->outputs(spec, inputs, &why);
  if (layer->outputs == 0) return nnt_fail(NNT_EDATA, "layer '%s': %s", spec->name, why);
  if (spec->kind != NNT_DENSE) return NNT_OK;
  /* No more parameters than this altogether, so that no size in bytes overflows. */
  size_t const room = PTRDIFF_MAX / 16 - model->parameter_count;
  size_t kernel = 0;
  if (layer->outputs > INT_MAX || !nnt_size_multiply(inputs, layer->outputs, &kernel) ||
      kernel > room || layer->outputs > room - kernel) {
    return nnt_fail(NNT_EDATA, "layer '%s': %zu units on %zu inputs are too many", spec->name,
                    layer->outputs, inputs);
  }
  layer->kernel = model->parameter_count;
  layer->bias = layer->kernel + kernel;
  model->parameter_count = layer->bias + (spec->use_bias ? layer->outputs : 0);
  if (model->first_trained == model->spec.layer_count) model->first_trained = l;
  return NNT_OK;
}

static nnt_status lay_out(nnt_model *model)
{
  NNT_TRY(count_features(model));
  NNT_TRY(check_flattened(&model->spec));
  size_t const count = model->spec.layer_count;
  size_t width = model->features;
  model->first_trained = count;
  for (size_t l = 0; l < count; l++) {
    NNT_TRY(lay_out_layer(model, l, width));
    width = model->layers[l].outputs;
  }
  model->outputs = width;
  if (model->parameter_count == 0) return nnt_fail(NNT_EDATA, "the model has nothing to train");
  return NNT_OK;
}

static void add_tensor(nnt_model *model, const nnt_layer *layer, bool is_kernel)
{
  nnt_layer_spec const *const spec = layer->spec;
  nnt_tensor *const tensor = &model->tensors[model->tensor_count++];
  *tensor = (nnt_tensor){
      .layer = layer->index,
      .is_kernel = is_kernel,
      .dimensions = is_kernel ? 2 : 1,
      .shape = {is_kernel ? layer->inputs : layer->outputs, is_kernel ? layer->outputs : 0},
      .offset = is_kernel ? layer->kernel : layer->bias,
      .count = layer->outputs * (is_kernel ? layer->inputs : 1),
      .l2 = is_kernel ? spec->l2 : 0.0,
      .initializer = is_kernel ? spec->kernel_initializer : spec->bias_initializer,
  };
  (void)snprintf(tensor->name, sizeof tensor->name, "%s/%s", spec->name,
                 is_kernel ? "kernel" : "bias");
}

static nnt_status list_tensors(nnt_model *model)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, 2 * model->spec.layer_count, sizeof *model->tensors,
                            "the list of tensors"));
  model->tensors = memory;
  for (size_t l = 0; l < model->spec.layer_count; l++) {
    nnt_layer const *const layer = &model->layers[l];
    if (layer->spec->kind != NNT_DENSE) continue;
    add_tensor(model, layer, true);
    if (layer->spec->use_bias) add_tensor(model, layer, false);
  }
  return NNT_OK;
}

static size_t rows_per_tile(const nnt_layer *layer)
{
  return layer->outputs >= TILE_SIZE ? 1 : TILE_SIZE / layer->outputs;
}

static void add_tile(nnt_model *model, nnt_tile tile)
{
  if (tile.parameters.count > model->tile_size_max) model->tile_size_max = tile.parameters.count;
  model->tiles[model->tile_count++] = tile;
}

static void tile_layer(nnt_model *model, const nnt_layer *layer)
{
  size_t const step = rows_per_tile(layer);
  for (size_t row = 0; row < layer->inputs; row += step) {
    size_t const count = layer->inputs - row < step ? layer->inputs - row : step;
    add_tile(model, (nnt_tile){.layer = layer->index,
                               .rows = {row, count},
                               .parameters = {layer->kernel + row * layer->outputs,
                                              count * layer->outputs}});
  }
  if (layer->spec->use_bias) {
    add_tile(model, (nnt_tile){.layer = layer->index,
                               .is_bias = true,
                               .parameters = {layer->bias, layer->outputs}});
  }
}

static nnt_status list_tiles(nnt_model *model)
{
  size_t most = 0;
  for (size_t l = 0; l < model->spec.layer_count; l++) {
    nnt_layer const *const layer = &model->layers[l];
    if (layer->spec->kind == NNT_DENSE) most += layer->inputs / rows_per_tile(layer) + 2;
  }
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, most, sizeof *model->tiles, "the list of tiles"));
  model->tiles = memory;
  for (size_t l = 0; l < model->spec.layer_count; l++) {
    if (model->spec.layers[l].kind == NNT_DENSE) tile_layer(model, &model->layers[l]);
  }
  return NNT_OK;
}

nnt_status nnt_model_create(nnt_model **out, const nnt_model_spec *spec)
{
  if (spec->layer_count > NNT_LAYERS_MAX) {
    return nnt_fail(NNT_EDATA, "the model has more than %d layers", NNT_LAYERS_MAX);
  }
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, 1, sizeof(nnt_model), "the model"));
  nnt_model *const model = memory;
  model->spec = *spec;
  nnt_status status = lay_out(model);
  if (status == NNT_OK) status = list_tensors(model);
  if (status == NNT_OK) status = list_tiles(model);
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

size_t nnt_model_tensor_count(const nnt_model *model) { return model->tensor_count; }

const nnt_tensor *nnt_model_tensor(const nnt_model *model, size_t i) { return &model->tensors[i]; }

bool nnt_model_ends_in_softmax(const nnt_model *model)
{
  nnt_layer_spec const *const last = &model->spec.layers[model->spec.layer_count - 1];
  bool const activates = last->kind == NNT_DENSE || last->kind == NNT_ACTIVATION;
  return activates && last->activation == NNT_SOFTMAX;
}

size_t nnt_model_tile_count(const nnt_model *model) { return model->tile_count; }

nnt_range nnt_model_tile(const nnt_model *model, size_t tile)
{
  return model->tiles[tile].parameters;
}

size_t nnt_model_tile_size_max(const nnt_model *model) { return model->tile_size_max; }

void nnt_model_tile_gradient(const nnt_model *model, const nnt_workspace *workspace, size_t tile,
                             nnt_range rows, float *out)
{
  nnt_tile const *const part = &model->tiles[tile];
  nnt_layer_rows const at = nnt_workspace_rows(workspace, part->layer, rows);
  if (part->is_bias) {
    nnt_dense_bias_gradient(&model->layers[part->layer], &at, out);
  } else {
    nnt_dense_kernel_gradient(&model->layers[part->layer], &at, part->rows, out);
  }
}

static double square_sum(const float *w, size_t n)
{
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) {
    sum += (double)w[i] * (double)w[i];
  }
  return sum;
}

/* The tree over blocks, formed without an array of their sums. */
/* NOLINTNEXTLINE(misc-no-recursion): it is as deep as the tree, 50 levels at most. */
static double square_sum_in_tree(const float *w, size_t n)
{
  size_t const blocks = n / PENALTY_BLOCK + (n % PENALTY_BLOCK != 0);
  if (blocks <= 1) return square_sum(w, n);
  size_t const half = nnt_tree_split(blocks) * PENALTY_BLOCK;
  return square_sum_in_tree(w, half) + square_sum_in_tree(w + half, n - half);
}

double nnt_model_penalty(const nnt_model *model, const float *parameters)
{
  double penalty = 0.0;
  for (size_t i = 0; i < model->tensor_count; i++) {
    nnt_tensor const *const tensor = &model->tensors[i];
    if (tensor->l2 == 0.0) continue;
    penalty += tensor->l2 * square_sum_in_tree(parameters + tensor->offset, tensor->count);
  }
  return penalty;
}

nnt_status nnt_parameters_digest(const float *parameters, size_t count,
                                 char out[NNT_SHA256_TEXT_SIZE])
{
  unsigned char digest[NNT_SHA256_SIZE];
  NNT_TRY(nnt_digest_of(parameters, count * sizeof *parameters, digest));
  nnt_digest_text(digest, out);
  return NNT_OK;
}
