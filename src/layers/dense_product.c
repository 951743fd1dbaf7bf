/* Dense layers whose products are OpenBLAS's: one call a microbatch, since the bits of a product
 * may depend on its number of rows. */
#include "layers/dense.h"

#include <string.h>

#include "base/tree.h"
#include "kernels/blas.h"

/* OpenBLAS packs both factors anew in each call, which wants large tiles to pay; workers want
 * several to share. A tile that is not the last has at least so many floats and a share of the
 * layer. */
enum { TILE_FLOATS = 32768, SHARES = 16, TILE_ROWS_MAX = 512 };

static size_t floats(const nnt_layer *layer) { return layer->inputs * layer->output_stride; }

static size_t place(const nnt_layer *layer, size_t k, size_t o)
{
  return k * layer->output_stride + o;
}

static size_t tile(const nnt_layer *layer, size_t at)
{
  size_t const share = (layer->inputs + SHARES - 1) / SHARES;
  size_t const least = TILE_FLOATS / layer->output_stride + 1;
  size_t const wanted = share > least ? share : least;
  size_t const rows = wanted < TILE_ROWS_MAX ? wanted : TILE_ROWS_MAX;
  size_t const left = floats(layer) - at;
  return rows * layer->output_stride < left ? rows * layer->output_stride : left;
}

static nnt_product_shape shape_of(const nnt_layer *layer, size_t rows)
{
  return (nnt_product_shape){rows, layer->inputs, layer->outputs, layer->input_stride,
                             layer->output_stride};
}

/* Bias and activation row by row, while the row is in the nearest cache. */
static void forward(const nnt_layer *layer, const float *arena, const nnt_layer_rows *rows)
{
  float *const z = rows->pre == NULL ? rows->output : rows->pre;
  nnt_product(rows->input, arena + layer->kernel, z, shape_of(layer, rows->count));
  for (size_t row = 0; row < rows->count; row++) {
    size_t const at = row * layer->output_stride;
    layer->kernels->add(z + at, arena + layer->bias, layer->outputs);
    layer->kernels->activate(layer->spec->activation, z + at, rows->output + at,
                             nnt_output_block(layer, 1));
  }
}

static void backward(const nnt_layer *layer, const float *arena, const nnt_layer_rows *rows)
{
  nnt_product_transposed_right(rows->delta, arena + layer->kernel, rows->input_delta,
                               shape_of(layer, rows->count));
}

/* The left half is formed in `out`, the right one in the scratch tile of its level. */
/* NOLINTNEXTLINE(misc-no-recursion): it is as deep as the tree. */
static void add_leaves(const nnt_layer *layer, const nnt_layer_leaves *leaves, nnt_range node,
                       nnt_range part, float *scratch, float *out)
{
  if (node.count == 1) {
    size_t const row = leaves->rows.first[node.first];
    nnt_product_shape shape = shape_of(layer, leaves->rows.first[node.first + 1] - row);
    shape.in = part.count / layer->output_stride;
    size_t const column = part.first / layer->output_stride;
    nnt_product_transposed_left(leaves->input + row * layer->input_stride + column,
                                leaves->delta + row * layer->output_stride, out, shape);
    return;
  }
  size_t const half = nnt_tree_split(node.count);
  nnt_range const right = {node.first + half, node.count - half};
  add_leaves(layer, leaves, (nnt_range){node.first, half}, part, scratch, out);
  add_leaves(layer, leaves, right, part, scratch + part.count, scratch);
  layer->kernels->add(out, scratch, part.count);
}

/* BLAS leaves the padding as it was, which may be from another layer's tile. */
static void gradient(const nnt_layer *layer, const nnt_layer_leaves *leaves, nnt_range part,
                     float *scratch, float *out)
{
  size_t const stride = layer->output_stride;
  add_leaves(layer, leaves, (nnt_range){0, leaves->rows.count}, part, scratch, out);
  for (size_t at = 0; at < part.count; at += stride) {
    memset(out + at + layer->outputs, 0, (stride - layer->outputs) * sizeof *out);
  }
}

nnt_dense_form const nnt_dense_product = {"product", floats,   place,   tile,
                                          forward,   backward, gradient};
