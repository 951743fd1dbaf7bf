/** The configuration of a run, and the one table that knows all options.
 *
 *  The table holds name, type, bounds, default, unit and help of each option. The command line, the
 *  configuration file, --print-config, --help and the checkpoint all read that table; the values
 *  are plain members of nnt_config. */
#ifndef NNTRAIN_CONFIG_H
#define NNTRAIN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nntrain/status.h"
#include "nntrain/types.h"

enum { NNT_HIDDEN_MAX = 64, NNT_VALUE_SIZE = NNT_PATH_SIZE };

/** Which samples are evaluated after every epoch. */
typedef enum nnt_validation_kind {
  NNT_VALIDATION_TEST,   /* the test set */
  NNT_VALIDATION_NONE,   /* none */
  NNT_VALIDATION_HOLDOUT /* the last `samples` training samples, which are then not trained on */
} nnt_validation_kind;

typedef struct nnt_validation {
  nnt_validation_kind kind;
  uint64_t samples;
} nnt_validation;

typedef enum nnt_interval_unit {
  NNT_INTERVAL_STEPS,
  NNT_INTERVAL_EPOCHS,
  NNT_INTERVAL_SECONDS,
  NNT_INTERVAL_AUTO /* by what a checkpoint costs; `count` is 0 */
} nnt_interval_unit;

/** "every 500 steps", "every 2 epochs", "every 90 s", "auto". */
typedef struct nnt_interval {
  nnt_interval_unit unit;
  uint64_t count;
} nnt_interval;

typedef enum nnt_resume_kind {
  NNT_RESUME_AUTO,    /* go on if the output folder holds an unfinished run */
  NNT_RESUME_NEVER,   /* refuse a folder that holds a run */
  NNT_RESUME_REQUIRE, /* refuse a folder that holds none */
  NNT_RESUME_FILE     /* go on from the checkpoint `file` */
} nnt_resume_kind;

typedef struct nnt_resume {
  nnt_resume_kind kind;
  char file[NNT_PATH_SIZE];
} nnt_resume;

/** By when a run saves and ends. */
typedef enum nnt_time_limit_kind {
  NNT_TIME_LIMIT_AUTO, /* before the batch job ends, where its environment tells when */
  NNT_TIME_LIMIT_NONE, /* never */
  NNT_TIME_LIMIT_GIVEN /* within `seconds`, and before the batch job ends */
} nnt_time_limit_kind;

typedef struct nnt_time_limit {
  nnt_time_limit_kind kind;
  uint64_t seconds;
} nnt_time_limit;

typedef enum nnt_first_layer {
  NNT_FIRST_LAYER_AUTO,
  NNT_FIRST_LAYER_SPARSE,
  NNT_FIRST_LAYER_DENSE
} nnt_first_layer;

typedef enum nnt_progress_kind {
  NNT_PROGRESS_AUTO, /* a bar on a terminal, else lines */
  NNT_PROGRESS_BAR,
  NNT_PROGRESS_LINES,
  NNT_PROGRESS_NONE
} nnt_progress_kind;

typedef enum nnt_blas_core_kind {
  NNT_BLAS_CORE_AUTO, /* correct OpenBLAS where it has taken the CPU for a poorer one */
  NNT_BLAS_CORE_KEEP  /* keep its choice */
} nnt_blas_core_kind;

/** Who set an option; a later one overrides an earlier one. */
typedef enum nnt_origin {
  NNT_FROM_RECIPE,
  NNT_FROM_MODEL, /* the compile_config of --model */
  NNT_FROM_FILE,  /* --config */
  NNT_FROM_COMMAND_LINE
} nnt_origin;

/** The options, as indices into the table. */
typedef enum nnt_option_id {
  NNT_OPTION_RECIPE,
  NNT_OPTION_DATA,
  NNT_OPTION_TRAIN_SAMPLES,
  NNT_OPTION_TEST_SAMPLES,
  NNT_OPTION_VALIDATION,
  NNT_OPTION_HIDDEN,
  NNT_OPTION_ACTIVATION,
  NNT_OPTION_MODEL,
  NNT_OPTION_INIT,
  NNT_OPTION_INIT_FROM,
  NNT_OPTION_EPOCHS,
  NNT_OPTION_STEPS,
  NNT_OPTION_BATCH_SIZE,
  NNT_OPTION_OPTIMIZER,
  NNT_OPTION_LEARNING_RATE,
  NNT_OPTION_MOMENTUM,
  NNT_OPTION_NESTEROV,
  NNT_OPTION_BETA_1,
  NNT_OPTION_BETA_2,
  NNT_OPTION_EPSILON,
  NNT_OPTION_WEIGHT_DECAY,
  NNT_OPTION_CLIP_NORM,
  NNT_OPTION_L2,
  NNT_OPTION_LOSS,
  NNT_OPTION_LABEL_SMOOTHING,
  NNT_OPTION_SEED,
  NNT_OPTION_NO_SHUFFLE,
  NNT_OPTION_MICROBATCHES,
  NNT_OPTION_EXCHANGE,
  NNT_OPTION_THREADS,
  NNT_OPTION_FIRST_LAYER,
  NNT_OPTION_INSTRUCTIONS,
  NNT_OPTION_BLAS_CORE,
  NNT_OPTION_OUTPUT,
  NNT_OPTION_RESUME,
  NNT_OPTION_FRESH,
  NNT_OPTION_TIME_LIMIT,
  NNT_OPTION_CHECKPOINT_EVERY,
  NNT_OPTION_KEEP,
  NNT_OPTION_VERIFY,
  NNT_OPTION_STRICT_IO,
  NNT_OPTION_STALL_TIMEOUT,
  NNT_OPTION_CHECK_REPLICAS,
  NNT_OPTION_DRY_RUN,
  NNT_OPTION_PROGRESS,
  NNT_OPTION_QUIET,
  NNT_OPTION_VERBOSE,
  NNT_OPTION_TRACE,
  NNT_OPTION_COUNT
} nnt_option_id;

typedef enum nnt_recipe { NNT_RECIPE_KERAS, NNT_RECIPE_TENSORFLOW } nnt_recipe;

typedef struct nnt_config {
  int recipe; /* nnt_recipe */

  char data[NNT_PATH_SIZE]; /* "": look in the usual places */
  uint64_t train_samples;   /* 0: all */
  uint64_t test_samples;    /* 0: all */
  nnt_validation validation;

  size_t hidden[NNT_HIDDEN_MAX]; /* widths of the hidden layers */
  size_t hidden_count;
  int activation;            /* nnt_activation of the hidden layers */
  char model[NNT_PATH_SIZE]; /* "": the stack of --hidden */
  nnt_initializer init;
  char init_from[NNT_PATH_SIZE]; /* "": initial weights from `init` and `seed` */

  uint64_t epochs;
  uint64_t steps;      /* 0: as many as `epochs` have */
  uint64_t batch_size; /* of all ranks together */
  nnt_optimizer optimizer;
  double l2; /* of every kernel; with --model, that of the model unless the option is given */
  nnt_loss loss;
  uint64_t seed;
  bool no_shuffle;

  uint64_t microbatches; /* 0: 8, or the next power of two >= the number of ranks */
  int exchange;          /* nnt_exchange_kind */
  uint64_t threads;      /* of each rank; 0: as many as there are cores for it */
  int first_layer;       /* nnt_first_layer */
  int instructions;      /* 0: the best, else nnt_isa + 1 */
  int blas_core;         /* nnt_blas_core_kind */

  char output[NNT_PATH_SIZE];
  nnt_resume resume;
  nnt_time_limit time_limit;
  nnt_interval checkpoint_every;
  uint64_t keep;
  bool verify;             /* read each checkpoint back before it counts */
  bool strict_io;          /* a checkpoint that cannot be written ends the run */
  uint64_t stall_timeout;  /* seconds; 0: a run that does not get on is not ended */
  uint64_t check_replicas; /* steps; 0: only before each save */
  bool dry_run;

  int progress; /* nnt_progress_kind */
  bool fresh;
  bool quiet;
  bool verbose;
  char trace[NNT_PATH_SIZE]; /* "": none */

  unsigned char origin[NNT_OPTION_COUNT]; /* nnt_origin of each option */
} nnt_config;

/** The groups of options in the order of the help. Constants. */
enum { NNT_GROUP_COUNT = 6 };
extern char const *const nnt_option_groups[NNT_GROUP_COUNT];

/** What the table tells about one option. All strings are constants. */
typedef struct nnt_option {
  nnt_option_id id;
  char const *name;    /* "batch-size" */
  char const *group;   /* "optimisation" */
  char const *value;   /* placeholder in the help, "N"; NULL for an option without a value */
  char const *help;    /* with the unit, without the default */
  bool affects_result; /* false: free to differ when a run goes on */
} nnt_option;

/** The table, in the order of nnt_option_id. Local; cannot fail. */
const nnt_option *nnt_option_at(nnt_option_id id);

/** Finds an option by its name, without dashes. Local; cannot fail. Returns NULL if there is none.
 */
const nnt_option *nnt_option_find(const char *name);

/** The option whose name is nearest to `name`, or NULL if none is near. Local; cannot fail. */
const nnt_option *nnt_option_nearest(const char *name);

/** Does the option have an effect in this configuration? --momentum has none with adam, --epochs
 *  none where --steps is given, and an option that is not set has none.
 *  Local; cannot fail. */
bool nnt_config_uses(const nnt_config *config, nnt_option_id id);

/** Fills in the values of a recipe; every origin is then NNT_FROM_RECIPE.
 *  Local; cannot fail. */
void nnt_config_init(nnt_config *config, nnt_recipe recipe);

/** Sets one option from text, unless a later origin has set it already.
 *  text [in] NULL for an option without a value on the command line; "true" or "false" in a file.
 *  Choosing another optimizer also sets learning_rate, betas, epsilon and weight decay to Keras's
 *  defaults for it, as far as they still come from the recipe. RECIPE resets all that does not come
 *  from a later origin than the recipe.
 *  Local; NNT_EUSAGE naming option, value, the legal range and, for a choice, the nearest valid
 *  one. */
NNT_MUST_CHECK nnt_status nnt_config_set(nnt_config *config, nnt_option_id id, const char *text,
                                         nnt_origin origin);

/** Checks what no single option shows. An option of the user's that has no effect is refused, as
 *  are options that contradict each other.
 *  Local; NNT_EUSAGE. */
NNT_MUST_CHECK nnt_status nnt_config_check(const nnt_config *config);

/** The value as text that nnt_config_set() reads back exactly; "" for an option that is not set.
 *  Local; cannot fail. */
void nnt_config_text(const nnt_config *config, nnt_option_id id, char out[NNT_VALUE_SIZE]);

#endif
