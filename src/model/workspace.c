#include <limits.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/supply.h"
#include "model/private.h"

static float *place_rows(nnt_supply *from, const nnt_workspace *workspace, size_t stride)
{
  size_t floats = 0;
  if (!nnt_size_multiply(workspace->shape.rows, stride, &floats)) from->fits = false;
  return nnt_supply_take(from, floats, sizeof(float));
}

static void place_layer(nnt_workspace *workspace, nnt_supply *from, size_t l)
{
  nnt_layer const *const layer = &workspace->model->layers[l];
  nnt_layer_spec const *const spec = layer->spec;
  /* Rows are flat anyway, so a Flatten layer shares the arrays of what is before it. */
  if (spec->kind == NNT_FLATTEN) {
    workspace->output[l] = l == 0 ? workspace->input : workspace->output[l - 1];
    workspace->delta[l] = l == 0 ? NULL : workspace->delta[l - 1];
    return;
  }
  size_t const stride = layer->output_stride;
  bool const keeps_z = spec->kind == NNT_DENSE && nnt_activation_keeps_z(spec->activation);
  workspace->pre[l] = keeps_z ? place_rows(from, workspace, stride) : NULL;
  workspace->output[l] = place_rows(from, workspace, stride);
  workspace->delta[l] = workspace->shape.training ? place_rows(from, workspace, stride) : NULL;
}

/* Places all arrays one behind the other. */
static void place(nnt_workspace *workspace, nnt_supply *from)
{
  nnt_model const *const model = workspace->model;
  nnt_layer const *const sparse = nnt_sparse_layer(model);
  if (sparse == NULL) {
    workspace->input = place_rows(from, workspace, nnt_row_stride(model->features));
  } else if (workspace->shape.training) {
    size_t const groups = nnt_groups(sparse->inputs);
    size_t entries = 0;
    bool const fits = nnt_size_multiply(workspace->shape.leaf_rows, groups, &entries);
    /* The index counts entries in 32 bits. */
    if (!fits || entries > UINT32_MAX) from->fits = false;
    size_t const leaves = workspace->shape.leaves;
    size_t const room = nnt_index_room(workspace->shape.leaf_rows, groups);
    workspace->index_start = nnt_supply_take(from, leaves * (groups + 1), sizeof(uint32_t));
    workspace->index_entry = nnt_supply_take(from, leaves, room * sizeof(uint64_t));
    workspace->index_value = nnt_supply_take(from, leaves, room * NNT_GROUP * sizeof(float));
  }
  for (size_t l = 0; l < model->spec.layer_count; l++) {
    place_layer(workspace, from, l);
  }
}

/* Local; NNT_ENOMEM. */
static nnt_status count_bytes(nnt_workspace *workspace, size_t *bytes)
{
  nnt_supply counted = {.fits = workspace->shape.rows <= INT_MAX};
  if (counted.fits) place(workspace, &counted);
  if (!counted.fits) {
    return nnt_fail(NNT_ENOMEM, "%zu rows of activations are too many to address",
                    workspace->shape.rows);
  }
  *bytes = counted.used;
  return NNT_OK;
}

nnt_status nnt_workspace_bytes(const nnt_model *model, nnt_workspace_shape shape, size_t *bytes)
{
  nnt_workspace probe = {.model = model, .shape = shape};
  return count_bytes(&probe, bytes);
}

size_t nnt_workspace_own_bytes(const nnt_model *model, nnt_workspace_shape shape)
{
  nnt_layer const *const sparse = nnt_sparse_layer(model);
  if (sparse == NULL || !shape.training) return 0;
  return nnt_index_scratch(shape.leaf_rows, nnt_groups(sparse->inputs));
}

/* Local; NNT_ENOMEM. Where each leaf's index lies, and scratch to build one. */
static nnt_status list_indices(nnt_workspace *workspace)
{
  if (workspace->index_start == NULL) return NNT_OK;
  size_t const leaves = workspace->shape.leaves;
  size_t const groups = nnt_groups(nnt_sparse_layer(workspace->model)->inputs);
  size_t const room = nnt_index_room(workspace->shape.leaf_rows, groups);
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, leaves, sizeof *workspace->index, "the list of leaves"));
  workspace->index = memory;
  for (size_t l = 0; l < leaves; l++) {
    workspace->index[l] = (nnt_group_index){
        .start = workspace->index_start + l * (groups + 1),
        .entry = workspace->index_entry + l * room,
        .value = workspace->index_value + l * room * NNT_GROUP,
    };
  }
  return nnt_memory_create(&workspace->index_scratch,
                           nnt_workspace_own_bytes(workspace->model, workspace->shape), 1,
                           "an index of sparse rows");
}

nnt_status nnt_workspace_create(nnt_workspace **out, const nnt_model *model,
                                nnt_workspace_shape shape, void *memory)
{
  void *block = NULL;
  NNT_TRY(nnt_memory_create(&block, 1, sizeof(nnt_workspace), "a workspace"));
  nnt_workspace *const workspace = block;
  workspace->model = model;
  workspace->shape = shape;
  size_t bytes = 0;
  nnt_status status = count_bytes(workspace, &bytes);
  if (status == NNT_OK && memory == NULL) {
    status = nnt_memory_create(&workspace->owned, bytes, 1, "the activations");
    memory = workspace->owned;
  }
  if (status == NNT_OK) {
    nnt_supply from = {.base = memory, .fits = true};
    place(workspace, &from);
    status = list_indices(workspace);
  }
  if (status != NNT_OK) {
    nnt_workspace_destroy(workspace);
    return status;
  }
  *out = workspace;
  return NNT_OK;
}

void nnt_workspace_destroy(nnt_workspace *workspace)
{
  if (workspace == NULL) return;
  free(workspace->owned);
  free(workspace->index);
  free(workspace->index_scratch);
  free(workspace);
}

float *nnt_workspace_input(nnt_workspace *workspace) { return workspace->input; }

size_t nnt_workspace_input_stride(const nnt_workspace *workspace)
{
  return nnt_row_stride(workspace->model->features);
}

size_t nnt_workspace_output_stride(const nnt_workspace *workspace)
{
  return nnt_row_stride(workspace->model->outputs);
}

const float *nnt_workspace_outputs(const nnt_workspace *workspace)
{
  return workspace->output[workspace->model->spec.layer_count - 1];
}

const float *nnt_workspace_logits(const nnt_workspace *workspace)
{
  size_t const last = workspace->model->spec.layer_count - 1;
  if (!nnt_model_ends_in_softmax(workspace->model)) return workspace->output[last];
  if (workspace->pre[last] != NULL) return workspace->pre[last];
  return last == 0 ? workspace->input : workspace->output[last - 1];
}

static float *row_of(float *array, size_t row, size_t stride)
{
  return array == NULL ? NULL : array + row * stride;
}

nnt_layer_rows nnt_workspace_rows(const nnt_workspace *workspace, size_t l, nnt_range rows)
{
  nnt_layer const *const layer = &workspace->model->layers[l];
  size_t const in = layer->input_stride;
  size_t const out = layer->output_stride;
  bool const dropout = workspace->has_dropout;
  return (nnt_layer_rows){
      .count = rows.count,
      .input = row_of(l == 0 ? workspace->input : workspace->output[l - 1], rows.first, in),
      .pre = row_of(workspace->pre[l], rows.first, out),
      .output = row_of(workspace->output[l], rows.first, out),
      .delta = row_of(workspace->delta[l], rows.first, out),
      .input_delta = l == 0 ? NULL : row_of(workspace->delta[l - 1], rows.first, in),
      .dropout = dropout ? &workspace->dropout : NULL,
      .sample = dropout ? workspace->dropout.sample + rows.first : NULL,
  };
}
