/* The arena cut into tiles, and what is formed tile by tile: gradients and the penalty. */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/tree.h"
#include "model/private.h"
#include "nntrain/optim.h"

static void add_tile(nnt_model *model, nnt_tile tile)
{
  if (tile.parameters.count > model->tile_size_max) model->tile_size_max = tile.parameters.count;
  model->tiles[model->tile_count++] = tile;
}

/* Without a list only counts them. */
static size_t tile_layer(nnt_model *model, const nnt_layer *layer)
{
  bool const counting = model->tiles == NULL;
  size_t const end = layer->bias - layer->kernel;
  size_t tiles = 0;
  for (size_t at = 0; at < end; tiles++) {
    size_t const count = layer->form->tile(layer, at);
    if (!counting) {
      add_tile(model, (nnt_tile){.layer = layer->index,
                                 .l2 = layer->spec->l2,
                                 .parameters = {layer->kernel + at, count}});
    }
    at += count;
  }
  if (layer->spec->use_bias) {
    if (!counting) {
      add_tile(model, (nnt_tile){.layer = layer->index,
                                 .is_bias = true,
                                 .parameters = {layer->bias, nnt_padded(layer->outputs)}});
    }
    tiles++;
  }
  return tiles;
}

static size_t tile_layers(nnt_model *model)
{
  size_t tiles = 0;
  for (size_t l = 0; l < model->spec.layer_count; l++) {
    if (model->spec.layers[l].kind == NNT_DENSE) tiles += tile_layer(model, &model->layers[l]);
  }
  return tiles;
}

nnt_status nnt_model_list_tiles(nnt_model *model)
{
  void *memory = NULL;
  NNT_TRY(
      nnt_memory_create(&memory, tile_layers(model), sizeof *model->tiles, "the list of tiles"));
  model->tiles = memory;
  (void)tile_layers(model);
  return NNT_OK;
}

size_t nnt_model_tile_count(const nnt_model *model) { return model->tile_count; }

nnt_range nnt_model_tile(const nnt_model *model, size_t tile)
{
  return model->tiles[tile].parameters;
}

double nnt_model_tile_l2(const nnt_model *model, size_t tile) { return model->tiles[tile].l2; }

void nnt_model_tile_text(const nnt_model *model, size_t tile, char out[NNT_NAME_SIZE + 8])
{
  nnt_tile const *const part = &model->tiles[tile];
  (void)snprintf(out, NNT_NAME_SIZE + 8, "%s/%s", model->spec.layers[part->layer].name,
                 part->is_bias ? "bias" : "kernel");
}

size_t nnt_model_tile_size_max(const nnt_model *model) { return model->tile_size_max; }

size_t nnt_model_scratch_size(const nnt_model *model, size_t leaves)
{
  size_t size = 0;
  if (!nnt_size_multiply(nnt_tree_levels(leaves), model->tile_size_max, &size)) return SIZE_MAX;
  return size;
}

void nnt_model_tile_gradient(const nnt_model *model, const nnt_workspace *workspace, size_t tile,
                             const nnt_leaves *leaves, size_t first_leaf, const nnt_sparse *x,
                             float *scratch, float *out)
{
  nnt_tile const *const part = &model->tiles[tile];
  nnt_layer const *const layer = &model->layers[part->layer];
  nnt_layer_rows const all = nnt_workspace_rows(workspace, part->layer, (nnt_range){0, 0});
  nnt_layer_leaves const from = {.rows = *leaves,
                                 .input = all.input,
                                 .delta = all.delta,
                                 .index = workspace->index == NULL ? NULL
                                                                   : workspace->index + first_leaf,
                                 .table = x == NULL || x->level == NULL ? NULL : x->value};
  if (part->is_bias) {
    layer->kernels->column_sums(&from.rows, from.delta, nnt_output_block(layer, 0), out);
  } else {
    nnt_range const in_kernel = {part->parameters.first - layer->kernel, part->parameters.count};
    layer->form->gradient(layer, &from, in_kernel, scratch, out);
  }
}

double nnt_model_tile_penalty(const nnt_model *model, const float *arena, size_t tile)
{
  nnt_tile const *const part = &model->tiles[tile];
  if (part->l2 == 0.0) return 0.0;
  return part->l2 *
         nnt_square_sum(model->isa, arena + part->parameters.first, part->parameters.count);
}

/* The tree over tiles, formed without an array of their penalties. */
/* NOLINTNEXTLINE(misc-no-recursion): it is as deep as the tree. */
static double penalty_of(const nnt_model *model, const float *arena, nnt_range tiles)
{
  if (tiles.count == 1) return nnt_model_tile_penalty(model, arena, tiles.first);
  size_t const half = nnt_tree_split(tiles.count);
  return penalty_of(model, arena, (nnt_range){tiles.first, half}) +
         penalty_of(model, arena, (nnt_range){tiles.first + half, tiles.count - half});
}

double nnt_model_penalty(const nnt_model *model, const float *arena)
{
  return penalty_of(model, arena, (nnt_range){0, model->tile_count});
}
