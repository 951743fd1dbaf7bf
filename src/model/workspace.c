#include <limits.h>
#include <stdlib.h>

#include "base/memory.h"
#include "model/private.h"

/* Memory that is handed out array by array; without a base, only the floats are counted. */
typedef struct supply {
  float *base; /* or NULL */
  size_t used;
  size_t rows;
} supply;

/* Places an array of the supply's rows; rounds up so that the next one is aligned. */
static bool place_array(supply *from, size_t columns, float **array)
{
  enum { ALIGNMENT = 16 };
  size_t count = 0;
  if (!nnt_size_multiply(from->rows, columns, &count)) return false;
  count = (count / ALIGNMENT + 1) * ALIGNMENT;
  if (from->used > PTRDIFF_MAX / 8 - count) return false;
  *array = from->base == NULL ? NULL : from->base + from->used;
  from->used += count;
  return true;
}

static bool place_layer(nnt_workspace *workspace, bool training, supply *from, size_t l)
{
  nnt_layer const *const layer = &workspace->model->layers[l];
  /* Rows are flat anyway, so a Flatten layer shares the arrays of what is before it. */
  if (layer->spec->kind == NNT_FLATTEN) {
    workspace->output[l] = l == 0 ? workspace->input : workspace->output[l - 1];
    workspace->delta[l] = l == 0 ? NULL : workspace->delta[l - 1];
    return true;
  }
  size_t const columns = layer->outputs;
  return (!layer->kind->has_pre || place_array(from, columns, &workspace->pre[l])) &&
         place_array(from, columns, &workspace->output[l]) &&
         (!training || place_array(from, columns, &workspace->delta[l]));
}

/* Places all arrays one behind the other, the input first. */
static bool place(nnt_workspace *workspace, bool training, supply *from)
{
  bool fits = place_array(from, workspace->model->features, &workspace->input);
  for (size_t l = 0; fits && l < workspace->model->spec.layer_count; l++) {
    fits = place_layer(workspace, training, from, l);
  }
  return fits;
}

nnt_status nnt_workspace_create(nnt_workspace **out, const nnt_model *model, size_t rows,
                                bool training)
{
  if (rows > INT_MAX) {
    return nnt_fail(NNT_ENOMEM, "%zu rows of activations are more than BLAS can count", rows);
  }
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, 1, sizeof(nnt_workspace), "a workspace"));
  nnt_workspace *const workspace = memory;
  workspace->model = model;
  workspace->rows = rows;
  supply counted = {NULL, 0, rows};
  float *floats = NULL;
  nnt_status status = NNT_OK;
  if (!place(workspace, training, &counted)) {
    status = nnt_fail(NNT_ENOMEM, "%zu rows of activations are too many to address", rows);
  }
  if (status == NNT_OK) status = nnt_floats_create(&floats, counted.used, "the activations");
  if (status != NNT_OK) {
    free(workspace);
    return status;
  }
  supply from = {floats, 0, rows};
  (void)place(workspace, training, &from);
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
