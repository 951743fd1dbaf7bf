/** Models in tests: rows go in and come out without strides, and gradients packed. All arrays are
 *  aligned as kernels want them; the caller frees them. */
#ifndef UNIT_MODEL_SAMPLE_H
#define UNIT_MODEL_SAMPLE_H

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "nntrain/model.h"

/** Calls `check` for every instruction set that this processor runs. */
static inline void on_every_isa(void (*check)(nnt_isa isa))
{
  for (int isa = 0; isa < NNT_ISA_COUNT; isa++) {
    if (nnt_isa_runs((nnt_isa)isa)) check((nnt_isa)isa);
  }
}

/** n zeros. */
static inline float *zeros_create(size_t n)
{
  float *x = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_floats_create(&x, n, "floats"), NNT_OK);
  return x;
}

/** A workspace for so many rows; in training on sparse rows, each may be a leaf of its own. */
static inline nnt_workspace *workspace_of(const nnt_model *model, size_t rows, bool training)
{
  nnt_workspace *workspace = NULL;
  nnt_workspace_shape const shape = {
      .rows = rows, .leaves = rows + 1, .leaf_rows = rows, .training = training};
  CU_ASSERT_EQUAL_FATAL(nnt_workspace_create(&workspace, model, shape, NULL), NNT_OK);
  return workspace;
}

/** The arena of packed parameters. */
static inline float *arena_of(const nnt_model *model, const float *packed)
{
  float *const arena = zeros_create(nnt_model_arena_size(model));
  nnt_model_unpack(model, packed, arena);
  return arena;
}

/** The input of row `row` of the workspace. */
static inline float *input_row(nnt_workspace *workspace, size_t row)
{
  return nnt_workspace_input(workspace) + row * nnt_workspace_input_stride(workspace);
}

/** x [in] (rows, features) goes into the first rows. */
static inline void put_inputs(const nnt_model *model, nnt_workspace *workspace, const float *x,
                              size_t rows)
{
  size_t const n = nnt_model_features(model);
  for (size_t row = 0; row < rows; row++) {
    memcpy(input_row(workspace, row), x + row * n, n * sizeof *x);
  }
}

/** y [out] (rows, outputs) of the last layer, from row `first` on. */
static inline void get_outputs(const nnt_model *model, const nnt_workspace *workspace,
                               nnt_range rows, float *y)
{
  size_t const n = nnt_model_outputs(model);
  size_t const stride = nnt_workspace_output_stride(workspace);
  for (size_t i = 0; i < rows.count; i++) {
    memcpy(y + i * n, nnt_workspace_outputs(workspace) + (rows.first + i) * stride, n * sizeof *y);
  }
}

/** The gradient over the leaves by the floats of the whole arena: (arena size). */
static inline void arena_gradient(const nnt_model *model, const nnt_workspace *workspace,
                                  const nnt_leaves *leaves, size_t first_leaf, float *arena)
{
  float *const scratch = zeros_create(nnt_model_scratch_size(model, leaves->count));
  for (size_t tile = 0; tile < nnt_model_tile_count(model); tile++) {
    float *const out = arena + nnt_model_tile(model, tile).first;
    nnt_model_tile_gradient(model, workspace, tile, leaves, first_leaf, scratch, out);
  }
  free(scratch);
}

/** packed [out] (P) gradient over some rows, as one leaf. */
static inline void gradient_of_rows(const nnt_model *model, const nnt_workspace *workspace,
                                    nnt_range rows, float *packed)
{
  float *const arena = zeros_create(nnt_model_arena_size(model));
  size_t const first[2] = {rows.first, rows.first + rows.count};
  arena_gradient(model, workspace, &(nnt_leaves){1, first}, 0, arena);
  nnt_model_pack(model, arena, packed);
  free(arena);
}

#endif
