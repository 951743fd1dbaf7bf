/* Forward and backward through the stack. */
#include "model/private.h"

void nnt_model_forward_panel(const nnt_model *model, const float *arena, nnt_workspace *workspace,
                             size_t panel, nnt_range rows, const nnt_sparse *x,
                             const size_t *sample)
{
  nnt_layer const *const layer = nnt_sparse_layer(model);
  nnt_layer_rows const at = nnt_workspace_rows(workspace, layer->index, rows);
  nnt_dense_forward_panel(layer, arena, panel, x, sample, &at);
}

void nnt_model_forward(const nnt_model *model, const float *arena, nnt_workspace *workspace,
                       nnt_range rows, const nnt_dropout *dropout)
{
  workspace->has_dropout = dropout != NULL;
  if (dropout != NULL) workspace->dropout = *dropout;
  for (size_t l = 0; l < model->spec.layer_count; l++) {
    nnt_layer_rows const at = nnt_workspace_rows(workspace, l, rows);
    model->layers[l].kind->forward(&model->layers[l], arena, &at);
  }
}

void nnt_model_backward(const nnt_model *model, const nnt_loss *loss, const float *arena,
                        nnt_workspace *workspace, nnt_range rows, const uint16_t *labels)
{
  size_t l = model->spec.layer_count - 1;
  nnt_layer_rows at = nnt_workspace_rows(workspace, l, rows);
  bool activated = !nnt_loss_gradient(model, loss, workspace, rows, labels, at.delta);
  for (;; l--) {
    at = nnt_workspace_rows(workspace, l, rows);
    /* Nothing below the first trained layer needs a derivative. */
    if (l == model->first_trained) at.input_delta = NULL;
    model->layers[l].kind->backward(&model->layers[l], arena, &at, activated);
    if (l == model->first_trained) return;
    activated = true;
  }
}

/* More than this would not stay in the cache until it is written. */
enum { PREFETCH_BYTES_MAX = 1 << 16 };

/* A line for this core alone. 64-bit processors without the instruction pass over it; compilers
 * give another one for the built-in unless they are told which processor it is for. */
static void fetch_line(const char *at)
{
#ifdef __x86_64__
  __asm__ volatile("prefetchw %0" : : "m"(*at));
#else
  __builtin_prefetch(at, 1);
#endif
}

static void prefetch_for_writing(const void *array, size_t bytes)
{
  char const *const from = array;
  size_t const line = NNT_LINE * sizeof(float);
  if (bytes > PREFETCH_BYTES_MAX) return;
  for (size_t at = 0; at < bytes; at += line) {
    fetch_line(from + at);
  }
}

void nnt_model_prefetch(const nnt_model *model, const nnt_workspace *workspace, size_t leaf,
                        nnt_range rows)
{
  for (size_t l = model->first_trained; l < model->spec.layer_count; l++) {
    size_t const stride = model->layers[l].output_stride;
    if (workspace->delta[l] == NULL) continue;
    prefetch_for_writing(workspace->delta[l] + rows.first * stride,
                         rows.count * stride * sizeof(float));
  }
  if (workspace->index == NULL) return;
  /* About as many entries as there were last time. */
  size_t const groups = nnt_groups(nnt_sparse_layer(model)->inputs);
  nnt_group_index const *const index = &workspace->index[leaf];
  prefetch_for_writing(index->start, (groups + 1) * sizeof *index->start);
  prefetch_for_writing(index->entry, index->start[groups] * sizeof *index->entry);
}

void nnt_model_index(const nnt_model *model, nnt_workspace *workspace, size_t leaf, nnt_range rows,
                     const nnt_sparse *x, const size_t *sample)
{
  nnt_layer const *const layer = nnt_sparse_layer(model);
  layer->kernels->sparse_index(x, sample, rows.count, rows.first, nnt_groups(layer->inputs),
                               workspace->index_scratch, &workspace->index[leaf]);
}
