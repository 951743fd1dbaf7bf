/** Kinds of layers: a table of functions each, over rows of activations.
 *
 *  A layer works on (B, I) inputs and (B, O) outputs, in rows of `stride` floats, the columns
 *  padded to whole cache lines; padding holds zeros. It holds no activations itself; the workspace
 *  passes them in. Parameters lie in the arena, in the form that the layer's kernels want. */
#ifndef LAYERS_LAYER_H
#define LAYERS_LAYER_H

#include "kernels/kernels.h"
#include "nntrain/layers.h"

typedef struct nnt_layer nnt_layer;
typedef struct nnt_dense_form nnt_dense_form;

/** The activations of one layer for some rows, all beginning at the first of them. */
typedef struct nnt_layer_rows {
  size_t count;       /* B */
  const float *input; /* (B, I); NULL for the layer that reads sparse rows */
  float *pre;         /* (B, O) pre-activations z; NULL where nothing looks at them */
  float *output;      /* (B, O) */
  float *delta;       /* (B, O) derivative of the loss by the output, then by what the layer's
                         parameters make; NULL in inference */
  float *input_delta; /* (B, I) derivative by the input; NULL: not wanted */
  const nnt_dropout *dropout; /* NULL: inference */
  const size_t *sample;       /* (B) with dropout: the sample in each row */
} nnt_layer_rows;

/** What a kind of layer can do. All functions are local and cannot fail. */
typedef struct nnt_layer_kind_table {
  char const *name;
  /** O for I inputs; 0 if the specification is out of range, and *why says how. */
  size_t (*outputs)(const nnt_layer_spec *spec, size_t inputs, const char **why);
  /** For a layer that reads sparse rows: what is left after nnt_dense_forward_panel(). */
  void (*forward)(const nnt_layer *layer, const float *arena, const nnt_layer_rows *rows);
  /** From the derivative by the output to that by the input.
   *  activated [in] whether delta is by the output; false: already by the pre-activations */
  void (*backward)(const nnt_layer *layer, const float *arena, const nnt_layer_rows *rows,
                   bool activated);
} nnt_layer_kind_table;

struct nnt_layer {
  const nnt_layer_spec *spec;
  const nnt_layer_kind_table *kind;
  const nnt_kernels *kernels;
  size_t index; /* in the specification */
  size_t inputs;
  size_t outputs;
  size_t input_stride;
  size_t output_stride;
  /* Of a dense layer: */
  const nnt_dense_form *form;
  size_t kernel; /* offset in the arena */
  size_t bias;
};

extern nnt_layer_kind_table const nnt_layer_flatten;
extern nnt_layer_kind_table const nnt_layer_dense;
extern nnt_layer_kind_table const nnt_layer_activation;
extern nnt_layer_kind_table const nnt_layer_dropout;

/** The table of a kind, by its number. Local; cannot fail. */
const nnt_layer_kind_table *nnt_layer_kind_of(nnt_layer_kind kind);

/** Floats from one row of so many columns to the next: whole cache lines, an odd number of them, so
 *  that rows do not fall into the same cache sets. Local; cannot fail. */
size_t nnt_row_stride(size_t columns);

#endif
