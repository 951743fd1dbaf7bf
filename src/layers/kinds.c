#include "layers/layer.h"

const nnt_layer_kind_table *nnt_layer_kind_of(nnt_layer_kind kind)
{
  switch (kind) {
  case NNT_FLATTEN:
    return &nnt_layer_flatten;
  case NNT_DENSE:
    return &nnt_layer_dense;
  case NNT_ACTIVATION:
    return &nnt_layer_activation;
  default:
    return &nnt_layer_dropout;
  }
}

size_t nnt_row_stride(size_t columns)
{
  size_t const lines = nnt_padded(columns) / NNT_LINE;
  return (lines % 2 == 0 ? lines + 1 : lines) * NNT_LINE;
}
