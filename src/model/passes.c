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

void nnt_model_index(const nnt_model *model, nnt_workspace *workspace, size_t leaf, nnt_range rows,
                     const nnt_sparse *x, const size_t *sample)
{
  size_t const pairs = nnt_dense_pairs(nnt_sparse_layer(model));
  size_t const room = workspace->shape.leaf_rows * pairs;
  nnt_pair_index_build(x, sample, rows.count, rows.first, pairs,
                       workspace->index_start + leaf * (pairs + 1),
                       workspace->index_entry + leaf * room);
}
