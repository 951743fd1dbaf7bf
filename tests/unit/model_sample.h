/** Models in tests: rows go in and come out without strides, and gradients packed. All arrays are
 *  aligned as kernels want them; the caller frees them. */
#ifndef UNIT_MODEL_SAMPLE_H
#define UNIT_MODEL_SAMPLE_H

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "nntrain/data.h"
#include "nntrain/model.h"

/** Calls `check` for every instruction set that this processor runs. */
static inline void on_every_isa(void (*check)(nnt_isa isa))
{
  for (int isa = 0; isa < NNT_ISA_COUNT; isa++) {
    if (nnt_isa_runs((nnt_isa)isa)) check((nnt_isa)isa);
  }
}

/** Calls `check` for every way to compute a model on this processor: each instruction set, with
 *  and without the zeros of the input. */
static inline void on_every_plan(void (*check)(const nnt_model_plan *plan))
{
  for (int isa = 0; isa < NNT_ISA_COUNT; isa++) {
    if (!nnt_isa_runs((nnt_isa)isa)) continue;
    check(&(nnt_model_plan){(nnt_isa)isa, false});
    check(&(nnt_model_plan){(nnt_isa)isa, true});
  }
}

/** Defines the test `name`, which runs name##_on() for every plan. */
#define TEST_ON_EVERY_PLAN(name)                                                                   \
  static void name(void) { on_every_plan(name##_on); }

/** n zeros. */
static inline float *zeros_create(size_t n)
{
  float *x = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_floats_create(&x, n, "floats"), NNT_OK);
  return x;
}

static nnt_initializer const glorot = {NNT_GLOROT_UNIFORM, 0.0};

/** features -> dense `hidden`, tanh -> dense `classes`. */
static inline nnt_model_spec tanh_stack(size_t features, size_t hidden, size_t classes)
{
  nnt_model_spec spec;
  CU_ASSERT_EQUAL_FATAL(
      nnt_model_spec_dense(&spec, features, &hidden, 1, NNT_TANH, classes, glorot), NNT_OK);
  return spec;
}

static inline nnt_model *planned(const nnt_model_spec *spec, const nnt_model_plan *plan)
{
  nnt_model *model = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_model_create(&model, spec, plan), NNT_OK);
  return model;
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

/** Rows of input as a model wants them: x (rows, features) without its zeros. */
typedef struct input_rows {
  const float *x; /* borrowed */
  void *memory;
  nnt_sparse sparse;
  size_t *sample; /* 0, 1, 2, ... */
} input_rows;

static inline input_rows inputs_create(const float *x, size_t rows, size_t features)
{
  input_rows inputs = {.x = x};
  uint16_t *const zeros = calloc(rows + 1, sizeof *zeros);
  inputs.sample = calloc(rows + 1, sizeof *inputs.sample);
  CU_ASSERT_FATAL(zeros != NULL && inputs.sample != NULL);
  nnt_samples const plain = {.count = rows,
                             .features = features,
                             .pixel = NNT_PIXEL_FLOAT32,
                             .images = x,
                             .labels = zeros};
  uint64_t const nonzeros = nnt_samples_nonzeros(&plain);
  CU_ASSERT_EQUAL_FATAL(
      nnt_memory_create(&inputs.memory, nnt_sparse_bytes(&plain, nonzeros), 1, "rows"), NNT_OK);
  nnt_sparse_build(&plain, nonzeros, inputs.memory);
  inputs.sparse = nnt_sparse_view(&plain, nonzeros, inputs.memory).sparse;
  for (size_t row = 0; row < rows; row++) {
    inputs.sample[row] = row;
  }
  free(zeros);
  return inputs;
}

static inline void inputs_destroy(const input_rows *inputs)
{
  free(inputs->memory);
  free(inputs->sample);
}

/** Forward pass of some rows: rows.count samples of `inputs` from `sample` on. */
static inline void forward_rows(const nnt_model *model, const float *arena,
                                nnt_workspace *workspace, nnt_range rows, const input_rows *inputs,
                                size_t sample, const nnt_dropout *dropout)
{
  size_t const n = nnt_model_features(model);
  for (size_t i = 0; i < rows.count && !nnt_model_reads_sparse(model); i++) {
    memcpy(input_row(workspace, rows.first + i), inputs->x + (sample + i) * n,
           n * sizeof *inputs->x);
  }
  for (size_t panel = 0; panel < nnt_model_panels(model); panel++) {
    nnt_model_forward_panel(model, arena, workspace, panel, rows, &inputs->sparse,
                            inputs->sample + sample);
  }
  nnt_model_forward(model, arena, workspace, rows, dropout);
}

/** The rows of leaf `leaf` for its gradient, samples as above. */
static inline void index_rows(const nnt_model *model, nnt_workspace *workspace, size_t leaf,
                              nnt_range rows, const input_rows *inputs, size_t sample)
{
  if (!nnt_model_reads_sparse(model)) return;
  nnt_model_index(model, workspace, leaf, rows, &inputs->sparse, inputs->sample + sample);
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
                                  const nnt_leaves *leaves, size_t first_leaf, const nnt_sparse *x,
                                  float *arena)
{
  float *const scratch = zeros_create(nnt_model_scratch_size(model, leaves->count));
  for (size_t tile = 0; tile < nnt_model_tile_count(model); tile++) {
    float *const out = arena + nnt_model_tile(model, tile).first;
    nnt_model_tile_gradient(model, workspace, tile, leaves, first_leaf, x, scratch, out);
  }
  free(scratch);
}

/** packed [out] (P) gradient over some rows, as one leaf. The samples are those of the rows. */
static inline void gradient_of_rows(const nnt_model *model, nnt_workspace *workspace,
                                    nnt_range rows, const input_rows *inputs, float *packed)
{
  float *const arena = zeros_create(nnt_model_arena_size(model));
  size_t const first[2] = {rows.first, rows.first + rows.count};
  index_rows(model, workspace, 0, rows, inputs, rows.first);
  arena_gradient(model, workspace, &(nnt_leaves){1, first}, 0, &inputs->sparse, arena);
  nnt_model_pack(model, arena, packed);
  free(arena);
}

#endif
