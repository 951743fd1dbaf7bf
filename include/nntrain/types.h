/** The kinds of things a configuration names, and the names Keras gives them. */
#ifndef NNTRAIN_TYPES_H
#define NNTRAIN_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Element-wise functions (softmax: row-wise) as keras.activations defines them, with Keras's
 *  default parameters: leaky_relu has slope 0.2, elu alpha 1, gelu is the exact one. */
#define NNT_ACTIVATION_LIST(X)                                                                     \
  X(NNT_LINEAR, "linear")                                                                          \
  X(NNT_SIGMOID, "sigmoid")                                                                        \
  X(NNT_RELU, "relu")                                                                              \
  X(NNT_TANH, "tanh")                                                                              \
  X(NNT_SOFTMAX, "softmax")                                                                        \
  X(NNT_LEAKY_RELU, "leaky_relu")                                                                  \
  X(NNT_ELU, "elu")                                                                                \
  X(NNT_SELU, "selu")                                                                              \
  X(NNT_GELU, "gelu")                                                                              \
  X(NNT_SILU, "silu")                                                                              \
  X(NNT_SOFTPLUS, "softplus")

/** Distributions of initial weights, as keras.initializers; "normal" is RandomNormal. */
#define NNT_INITIALIZER_LIST(X)                                                                    \
  X(NNT_GLOROT_UNIFORM, "glorot_uniform")                                                          \
  X(NNT_GLOROT_NORMAL, "glorot_normal")                                                            \
  X(NNT_HE_UNIFORM, "he_uniform")                                                                  \
  X(NNT_HE_NORMAL, "he_normal")                                                                    \
  X(NNT_NORMAL, "normal")                                                                          \
  X(NNT_ZEROS, "zeros")

/** Losses, as keras.losses. The labels are class numbers throughout; "categorical" and "sparse"
 *  differ only where the outputs are probabilities that no softmax made (see nntrain/model.h). */
#define NNT_LOSS_LIST(X)                                                                           \
  X(NNT_CATEGORICAL_CROSSENTROPY, "categorical_crossentropy")                                      \
  X(NNT_SPARSE_CATEGORICAL_CROSSENTROPY, "sparse_categorical_crossentropy")                        \
  X(NNT_MEAN_SQUARED_ERROR, "mean_squared_error")

/** Update rules, as keras.optimizers. */
#define NNT_OPTIMIZER_LIST(X)                                                                      \
  X(NNT_SGD, "sgd")                                                                                \
  X(NNT_ADAM, "adam")                                                                              \
  X(NNT_ADAMW, "adamw")

/** How ranks combine their gradients. `shared`: the ranks of one node work on one copy of the
 *  parameters; `tree`: each has a replica, and gradients are added in the fixed tree. Both give the
 *  same bits on any number of ranks. `allreduce`: one MPI_Allreduce, equal only to rounding.
 *  `auto`: shared on one node, else tree. */
#define NNT_EXCHANGE_LIST(X)                                                                       \
  X(NNT_EXCHANGE_AUTO, "auto")                                                                     \
  X(NNT_EXCHANGE_SHARED, "shared")                                                                 \
  X(NNT_EXCHANGE_TREE, "tree")                                                                     \
  X(NNT_EXCHANGE_ALLREDUCE, "allreduce")

/** Instruction sets that the numerical code is compiled for; a later one needs the earlier ones. */
#define NNT_ISA_LIST(X)                                                                            \
  X(NNT_ISA_BASELINE, "baseline")                                                                  \
  X(NNT_ISA_AVX2, "avx2")                                                                          \
  X(NNT_ISA_AVX512, "avx512")

#define X(name, text) name,
typedef enum nnt_activation { NNT_ACTIVATION_LIST(X) NNT_ACTIVATION_COUNT } nnt_activation;
typedef enum nnt_initializer_kind {
  NNT_INITIALIZER_LIST(X) NNT_INITIALIZER_COUNT
} nnt_initializer_kind;
typedef enum nnt_loss_kind { NNT_LOSS_LIST(X) NNT_LOSS_COUNT } nnt_loss_kind;
typedef enum nnt_optimizer_kind { NNT_OPTIMIZER_LIST(X) NNT_OPTIMIZER_COUNT } nnt_optimizer_kind;
typedef enum nnt_exchange_kind { NNT_EXCHANGE_LIST(X) NNT_EXCHANGE_COUNT } nnt_exchange_kind;
typedef enum nnt_isa { NNT_ISA_LIST(X) NNT_ISA_COUNT } nnt_isa;
#undef X

/** The names in the order of the enumerations; NNT_..._COUNT entries. Constants. */
extern char const *const nnt_activation_names[NNT_ACTIVATION_COUNT];
extern char const *const nnt_initializer_names[NNT_INITIALIZER_COUNT];
extern char const *const nnt_loss_names[NNT_LOSS_COUNT];
extern char const *const nnt_optimizer_names[NNT_OPTIMIZER_COUNT];
extern char const *const nnt_exchange_names[NNT_EXCHANGE_COUNT];
extern char const *const nnt_isa_names[NNT_ISA_COUNT];

/** The index of `name` in `names` (count entries), or -1. Local; cannot fail. */
int nnt_name_find(const char *const *names, size_t count, const char *name);

/** The best instruction set that this processor and system can run. Local; cannot fail. */
nnt_isa nnt_isa_best(void);

/** Does its code round a b + c once? avx2 and avx512 give the same bits, baseline others. Local;
 *  cannot fail. */
bool nnt_isa_fuses(nnt_isa isa);

/** A distribution of initial weights. `stddev` is used by NNT_NORMAL only. */
typedef struct nnt_initializer {
  nnt_initializer_kind kind;
  double stddev;
} nnt_initializer;

/** A loss with its settings.
 *  from_logits: the model's outputs are logits, though it has no softmax.
 *  label_smoothing s: the one-hot target t becomes t (1-s) + s/C. */
typedef struct nnt_loss {
  nnt_loss_kind kind;
  bool from_logits;
  double label_smoothing;
} nnt_loss;

/** An update rule with all its settings; 0 switches weight_decay and clip_norm off. */
typedef struct nnt_optimizer {
  nnt_optimizer_kind kind;
  double learning_rate;
  double momentum; /* sgd */
  bool nesterov;   /* sgd */
  double beta_1;   /* adam, adamw */
  double beta_2;
  double epsilon;
  double weight_decay;
  double clip_norm; /* the global norm of the gradient: Keras's global_clipnorm */
} nnt_optimizer;

/** The optimizer of Keras's name with Keras's default settings. Local; cannot fail.
 *  Source: keras.optimizers.SGD, Adam, AdamW. */
nnt_optimizer nnt_optimizer_default(nnt_optimizer_kind kind);

/** Rows of which only the non-zeros are kept. Those of row i are at start(i) <= k < start(i+1), in
 *  the order of columns: x(i, column(k)) = value(level(k)), or without levels value(k). */
typedef struct nnt_sparse {
  const uint64_t *start; /* (rows + 1) */
  const uint16_t *column;
  const uint8_t *level; /* NULL: values are not taken from a table */
  const float *value;   /* (256) with levels */
} nnt_sparse;

static inline float nnt_sparse_value(const nnt_sparse *x, uint64_t k)
{
  return x->level == NULL ? x->value[k] : x->value[x->level[k]];
}

/** A half-open range [first, first + count). */
typedef struct nnt_range {
  size_t first;
  size_t count;
} nnt_range;

/** Runs of rows that sums keep apart, and add in the fixed tree: the microbatches of a batch. Leaf
 *  l is the rows first(l) <= row < first(l+1), possibly none. */
typedef struct nnt_leaves {
  size_t count;        /* at least 1 */
  const size_t *first; /* (count + 1) */
} nnt_leaves;

/** Sums over samples. */
typedef struct nnt_tally {
  double loss;     /* sum of the samples' losses, nats, without the L2 penalty */
  int64_t correct; /* samples whose largest output (lowest index on ties) is their class */
} nnt_tally;

enum {
  NNT_PATH_SIZE = 4096,     /* bytes of a path, with the final NUL */
  NNT_NAME_SIZE = 64,       /* bytes of a layer's or tensor's name, with the final NUL */
  NNT_SHA256_TEXT_SIZE = 65 /* 64 hexadecimal digits and a NUL */
};

#endif
