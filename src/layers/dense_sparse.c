/* The first layer on sparse rows. Its kernel lies in panels of columns, each contiguous: one worker
 * can keep a panel in its cache from the forward pass to the update. */
#include <string.h>

#include "layers/dense.h"

/* Rows of a tile: with 64 columns 14 KB of gradient, which stay in L1 until the update. */
enum { TILE_ROWS = 56 };

/* Rows of zeros fill the last group of inputs, since gradients come in groups of rows. */
static size_t rows_of(const nnt_layer *layer) { return NNT_GROUP * nnt_groups(layer->inputs); }

static size_t width_of(const nnt_layer *layer, size_t panel)
{
  size_t const left = nnt_padded(layer->outputs) - panel * NNT_PANEL;
  return left < NNT_PANEL ? left : NNT_PANEL;
}

size_t nnt_dense_panels(const nnt_layer *layer)
{
  return (layer->outputs + NNT_PANEL - 1) / NNT_PANEL;
}

static size_t floats(const nnt_layer *layer) { return rows_of(layer) * nnt_padded(layer->outputs); }

static size_t panel_place(const nnt_layer *layer, size_t panel)
{
  return panel * NNT_PANEL * rows_of(layer);
}

static size_t place(const nnt_layer *layer, size_t k, size_t o)
{
  size_t const panel = o / NNT_PANEL;
  return panel_place(layer, panel) + k * width_of(layer, panel) + o % NNT_PANEL;
}

static size_t tile(const nnt_layer *layer, size_t at)
{
  size_t const panel = at / panel_place(layer, 1);
  size_t const left = panel_place(layer, panel) + rows_of(layer) * width_of(layer, panel) - at;
  size_t const whole = TILE_ROWS * width_of(layer, panel);
  return whole < left ? whole : left;
}

static bool is_elementwise(const nnt_layer *layer)
{
  return layer->spec->activation != NNT_SOFTMAX;
}

void nnt_dense_forward_panel(const nnt_layer *layer, const float *arena, size_t panel,
                             const nnt_sparse *x, const size_t *sample, const nnt_layer_rows *rows)
{
  size_t const stride = layer->output_stride;
  size_t const first = panel * NNT_PANEL;
  size_t const width = width_of(layer, panel);
  float *const output = rows->output + first;
  float *const z = rows->pre == NULL ? output : rows->pre + first;
  layer->kernels->sparse_forward(x, sample, rows->count, layer->inputs,
                                 arena + layer->kernel + panel_place(layer, panel),
                                 arena + layer->bias + first, width, z, stride);
  if (!is_elementwise(layer)) return;
  layer->kernels->activate(layer->spec->activation, z, output,
                           (nnt_block){rows->count, width, stride});
  size_t const past = first + width - layer->outputs;
  if (first + width <= layer->outputs) return;
  for (size_t row = 0; row < rows->count; row++) {
    memset(output + row * stride + (width - past), 0, past * sizeof *output);
  }
}

static void forward(const nnt_layer *layer, const float *arena, const nnt_layer_rows *rows)
{
  (void)arena;
  if (is_elementwise(layer)) return;
  layer->kernels->activate(layer->spec->activation, rows->pre, rows->output,
                           nnt_output_block(layer, rows->count));
}

/* Nothing lies below the first layer. */
static void backward(const nnt_layer *layer, const float *arena, const nnt_layer_rows *rows)
{
  (void)layer;
  (void)arena;
  (void)rows;
}

static void gradient(const nnt_layer *layer, const nnt_layer_leaves *leaves, nnt_range part,
                     float *scratch, /* NOLINT(readability-non-const-parameter): others write */
                     float *out)
{
  (void)scratch;
  size_t const panel = part.first / panel_place(layer, 1);
  size_t const width = width_of(layer, panel);
  size_t const row = (part.first - panel_place(layer, panel)) / width;
  nnt_range const groups = {row / NNT_GROUP, part.count / width / NNT_GROUP};
  layer->kernels->sparse_gradient(leaves->index, leaves->rows.count, leaves->table, groups,
                                  leaves->delta + panel * NNT_PANEL, layer->output_stride, width,
                                  out);
}

nnt_dense_form const nnt_dense_sparse = {"sparse", floats,   place,   tile,
                                         forward,  backward, gradient};
