/** Kinds of layers: a table of functions each, over rows of activations.
 *
 *  A layer works on (B, I) inputs and (B, O) outputs. It holds no activations itself; the workspace
 *  passes them in. */
#ifndef LAYERS_LAYER_H
#define LAYERS_LAYER_H

#include "nntrain/layers.h"

typedef struct nnt_layer nnt_layer;

/** The activations of one layer for some rows, all beginning at the first of them. */
typedef struct nnt_layer_rows {
  size_t count;       /* B */
  const float *input; /* (B, I) */
  float *pre;         /* (B, O) pre-activations z; NULL for layers without */
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
  bool has_pre; /* wants room for pre-activations */
  /** O for I inputs; 0 if the specification is out of range, and *why says how. */
  size_t (*outputs)(const nnt_layer_spec *spec, size_t inputs, const char **why);
  void (*forward)(const nnt_layer *layer, const float *parameters, const nnt_layer_rows *rows);
  /** From the derivative by the output to that by the input.
   *  activated [in] whether delta is by the output; false: already by the pre-activations */
  void (*backward)(const nnt_layer *layer, const float *parameters, const nnt_layer_rows *rows,
                   bool activated);
} nnt_layer_kind_table;

struct nnt_layer {
  const nnt_layer_spec *spec;
  const nnt_layer_kind_table *kind;
  size_t index; /* in the specification */
  size_t inputs;
  size_t outputs;
  size_t kernel; /* offset of its parameters; those of a dense layer */
  size_t bias;
};

extern nnt_layer_kind_table const nnt_layer_flatten;
extern nnt_layer_kind_table const nnt_layer_dense;
extern nnt_layer_kind_table const nnt_layer_activation;
extern nnt_layer_kind_table const nnt_layer_dropout;

/** The table of a kind, by its number. Local; cannot fail. */
const nnt_layer_kind_table *nnt_layer_kind_of(nnt_layer_kind kind);

/** Rows [first, first + count) of the gradient of a dense layer's kernel, or its bias gradient,
 * summed over the rows. After backward(). Local; cannot fail. */
void nnt_dense_kernel_gradient(const nnt_layer *layer, const nnt_layer_rows *rows, nnt_range part,
                               float *out);
void nnt_dense_bias_gradient(const nnt_layer *layer, const nnt_layer_rows *rows, float *out);

#endif
