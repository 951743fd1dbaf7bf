#include <stdlib.h>

#include "base/memory.h"
#include "model/private.h"

/* Floats of one array of a workspace, rounded up so that the next one is aligned. */
static bool add_array(size_t *total, size_t rows, size_t columns)
{
  enum { ALIGNMENT = 16 };
  size_t count = 0;
  if (!nnt_size_multiply(rows, columns, &count)) return false;
  count = (count / ALIGNMENT + 1) * ALIGNMENT;
  if (*total > PTRDIFF_MAX / 8 - count) return false;
  *total += count;
  return true;
}

/* Places all arrays one behind the other from `base`; with NULL, only counts the floats. A Flatten
 * layer shares the arrays of what is before it: rows are flat anyway. */
static bool place(nnt_workspace *workspace, bool training, float *base, size_t *total)
{
  nnt_model const *const model = workspace->model;
  *total = 0;
  workspace->input = base;
  if (!add_array(total, workspace->rows, model->features)) return false;
  for (size_t l = 0; l < model->spec.layer_count; l++) {
    nnt_layer const *const layer = &model->layers[l];
    if (layer->spec->kind == NNT_FLATTEN) {
      workspace->output[l] = l == 0 ? workspace->input : workspace->output[l - 1];
      workspace->delta[l] = l == 0 ? NULL : workspace->delta[l - 1];
      continue;
    }
    if (layer->kind->has_pre) {
      if (base != NULL) workspace->pre[l] = base + *total;
      if (!add_array(total, workspace->rows, layer->outputs)) return false;
    }
    if (base != NULL) workspace->output[l] = base + *total;
    if (!add_array(total, workspace->rows, layer->outputs)) return false;
    if (!training) continue;
    if (base != NULL) workspace->delta[l] = base + *total;
    if (!add_array(total, workspace->rows, layer->outputs)) return false;
  }
  return true;
}

nnt_status nnt_workspace_create(nnt_workspace **out, const nnt_model *model, size_t rows,
                                bool training)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, 1, sizeof(nnt_workspace), "a workspace"));
  nnt_workspace *const workspace = memory;
  workspace->model = model;
  workspace->rows = rows;
  size_t total = 0;
  float *floats = NULL;
  nnt_status status = NNT_OK;
  if (!place(workspace, training, NULL, &total)) {
    status = nnt_fail(NNT_ENOMEM, "%zu rows of activations are too many to address", rows);
  }
  if (status == NNT_OK) status = nnt_floats_create(&floats, total, "the activations");
  if (status != NNT_OK) {
    free(workspace);
    return status;
  }
  (void)place(workspace, training, floats, &total);
  *out = workspace;
  return NNT_OK;
}

void nnt_workspace_destroy(nnt_workspace *workspace)
{
  if (workspace == NULL) return;
  /* The input begins the one block that holds everything. */
  free(workspace->input);
  free(workspace);
}

float *nnt_workspace_input(nnt_workspace *workspace) { return workspace->input; }

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

nnt_layer_rows nnt_workspace_rows(const nnt_workspace *workspace, size_t l, nnt_range rows)
{
  nnt_layer const *const layer = &workspace->model->layers[l];
  size_t const in = rows.first * layer->inputs;
  size_t const out = rows.first * layer->outputs;
  float const *const input = l == 0 ? workspace->input : workspace->output[l - 1];
  bool const dropout = workspace->has_dropout;
  return (nnt_layer_rows){
      .count = rows.count,
      .input = input + in,
      .pre = workspace->pre[l] == NULL ? NULL : workspace->pre[l] + out,
      .output = workspace->output[l] + out,
      .delta = workspace->delta[l] == NULL ? NULL : workspace->delta[l] + out,
      .input_delta =
          l == 0 || workspace->delta[l - 1] == NULL ? NULL : workspace->delta[l - 1] + in,
      .dropout = dropout ? &workspace->dropout : NULL,
      .sample = dropout ? workspace->dropout.sample + rows.first : NULL,
  };
}
