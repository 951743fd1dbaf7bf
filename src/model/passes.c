/* Forward and backward through the stack. */
#include "model/private.h"

void nnt_model_forward(const nnt_model *model, const float *parameters, nnt_workspace *workspace,
                       nnt_range rows, const nnt_dropout *dropout)
{
  workspace->has_dropout = dropout != NULL;
  if (dropout != NULL) workspace->dropout = *dropout;
  for (size_t l = 0; l < model->spec.layer_count; l++) {
    nnt_layer_rows const at = nnt_workspace_rows(workspace, l, rows);
    model->layers[l].kind->forward(&model->layers[l], parameters, &at);
  }
}

void nnt_model_backward(const nnt_model *model, const nnt_loss *loss, const float *parameters,
                        nnt_workspace *workspace, nnt_range rows, const uint16_t *labels)
{
  size_t l = model->spec.layer_count - 1;
  nnt_layer_rows at = nnt_workspace_rows(workspace, l, rows);
  bool activated = !nnt_loss_gradient(model, loss, workspace, rows, labels, at.delta);
  for (;; l--) {
    at = nnt_workspace_rows(workspace, l, rows);
    /* Nothing below the first trained layer needs a derivative. */
    if (l == model->first_trained) at.input_delta = NULL;
    model->layers[l].kind->backward(&model->layers[l], parameters, &at, activated);
    if (l == model->first_trained) return;
    activated = true;
  }
}
