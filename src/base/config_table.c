/* The one table of options. */
#include "base/config_table.h"

#include <limits.h>
#include <stddef.h>

char const *const nnt_option_groups[NNT_GROUP_COUNT] = {"data",     "model", "optimisation",
                                                        "parallel", "run",   "output"};

static char const *const recipe_names[] = {"keras", "tensorflow"};
static char const *const threads_names[] = {"auto"};
static char const *const first_layer_names[] = {"auto", "sparse", "dense"};
static char const *const instructions_names[] = {"auto", "baseline", "avx2", "avx512"};
static char const *const blas_core_names[] = {"auto", "keep"};
static char const *const progress_names[] = {"auto", "bar", "lines", "none"};

#define MEMBER(member)                                                                             \
  .offset = offsetof(nnt_config, member), .size = sizeof(((nnt_config *)NULL)->member)
#define ABOUT(id, name, group, value, help, affects)                                               \
  {                                                                                                \
    NNT_OPTION_##id, name, group, value, help, affects                                             \
  }
#define CHOICE(id, name, group, member, choices, count, affects, value, help)                      \
  [NNT_OPTION_##id] = {.option = ABOUT(id, name, group, value, help, affects),                     \
                       .type = NNT_TYPE_CHOICE,                                                    \
                       MEMBER(member),                                                             \
                       .names = (choices),                                                         \
                       .name_count = (count)}
#define PATH(id, name, group, member, affects, value, help)                                        \
  [NNT_OPTION_##id] = {.option = ABOUT(id, name, group, value, help, affects),                     \
                       .type = NNT_TYPE_PATH,                                                      \
                       MEMBER(member)}
#define COUNT(id, name, group, member, lowest, highest, affects, help)                             \
  [NNT_OPTION_##id] = {.option = ABOUT(id, name, group, "N", help, affects),                       \
                       .type = NNT_TYPE_COUNT,                                                     \
                       MEMBER(member),                                                             \
                       .low = (lowest),                                                            \
                       .high = (highest)}
#define REAL(id, name, group, member, smallest, largest, help)                                     \
  [NNT_OPTION_##id] = {.option = ABOUT(id, name, group, "X", help, true),                          \
                       .type = NNT_TYPE_REAL,                                                      \
                       MEMBER(member),                                                             \
                       .least = (smallest),                                                        \
                       .most = (largest)}
#define FLAG(id, name, group, member, affects, help)                                               \
  [NNT_OPTION_##id] = {.option = ABOUT(id, name, group, NULL, help, affects),                      \
                       .type = NNT_TYPE_FLAG,                                                      \
                       MEMBER(member)}
#define SPECIAL(id, name, group, kind, member, affects, value, help)                               \
  [NNT_OPTION_##id] = {                                                                            \
      .option = ABOUT(id, name, group, value, help, affects), .type = (kind), MEMBER(member)}

/* The bounds of rates keep what they become in float32 finite and, where 0 makes no sense, not 0.
 */

#define TINY 1e-30
#define HUGE_RATE 1e6
#define BELOW_1 0.9999999

static nnt_row const rows[NNT_OPTION_COUNT] = {
    CHOICE(RECIPE, "recipe", "model", recipe, recipe_names, 2, false, "keras|tensorflow",
           "Start from the options of the tutorial's Keras or TensorFlow program"),
    PATH(DATA, "data", "data", data, false, "PATH",
         "Folder of IDX files (plain or .gz) or an HDF5 file"),
    COUNT(TRAIN_SAMPLES, "train-samples", "data", train_samples, 1, INT_MAX, true,
          "Train on the first N samples only"),
    COUNT(TEST_SAMPLES, "test-samples", "data", test_samples, 1, INT_MAX, true,
          "Test on the first N samples only"),
    SPECIAL(VALIDATION, "validation", "data", NNT_TYPE_VALIDATION, validation, true, "test|none|N",
            "Evaluate after every epoch: on the test set, not at all, or on the last N training "
            "samples, which are then not trained on"),
    [NNT_OPTION_HIDDEN] = {.option = ABOUT(HIDDEN, "hidden", "model", "N,N...|none",
                                           "Widths of the hidden dense layers", true),
                           .type = NNT_TYPE_HIDDEN,
                           .offset = offsetof(nnt_config, hidden),
                           .size = offsetof(nnt_config, activation) - offsetof(nnt_config, hidden)},
    CHOICE(
        ACTIVATION, "activation", "model", activation, nnt_activation_names, NNT_ACTIVATION_COUNT,
        true, "NAME",
        "Activation of the hidden layers: linear, sigmoid, relu, tanh, softmax, leaky_relu, elu, "
        "selu, gelu, silu or softplus"),
    PATH(MODEL, "model", "model", model, true, "FILE",
         "Keras Sequential model (to_json() text or .h5), with its optimizer and loss"),
    SPECIAL(INIT, "init", "model", NNT_TYPE_INIT, init, true, "KIND[:STD]",
            "Initial weights: glorot_uniform, glorot_normal, he_uniform, he_normal, zeros or "
            "normal[:STD], whose standard deviation is 0.05 if not given"),
    PATH(INIT_FROM, "init-from", "model", init_from, true, "FILE",
         "Initial weights from a Keras file or a checkpoint"),
    COUNT(EPOCHS, "epochs", "optimisation", epochs, 1, INT_MAX, true, "Epochs to train"),
    COUNT(STEPS, "steps", "optimisation", steps, 1, (uint64_t)1 << 53U, true,
          "Steps to train, instead of epochs"),
    COUNT(BATCH_SIZE, "batch-size", "optimisation", batch_size, 1, INT_MAX, true,
          "Samples in a step, of all ranks together"),
    CHOICE(OPTIMIZER, "optimizer", "optimisation", optimizer.kind, nnt_optimizer_names,
           NNT_OPTIMIZER_COUNT, true, "sgd|adam|adamw",
           "Update rule; another one than the recipe's comes with Keras's default settings"),
    REAL(LEARNING_RATE, "learning-rate", "optimisation", optimizer.learning_rate, TINY, HUGE_RATE,
         "Learning rate, per step"),
    REAL(MOMENTUM, "momentum", "optimisation", optimizer.momentum, 0.0, BELOW_1, "Momentum of sgd"),
    FLAG(NESTEROV, "nesterov", "optimisation", optimizer.nesterov, true, "Nesterov momentum"),
    REAL(BETA_1, "beta-1", "optimisation", optimizer.beta_1, 0.0, BELOW_1,
         "Decay of adam's first moment; 0.9 if not given"),
    REAL(BETA_2, "beta-2", "optimisation", optimizer.beta_2, 0.0, BELOW_1,
         "Decay of adam's second moment; 0.999 if not given"),
    REAL(EPSILON, "epsilon", "optimisation", optimizer.epsilon, TINY, 1.0,
         "Adam's epsilon, added to the root; 1e-7 if not given"),
    REAL(WEIGHT_DECAY, "weight-decay", "optimisation", optimizer.weight_decay, 0.0, HUGE_RATE,
         "Decoupled weight decay, times the learning rate; 0 is off"),
    REAL(CLIP_NORM, "clip-norm", "optimisation", optimizer.clip_norm, 0.0, 1e30,
         "Clip the gradient to this global norm; 0 is off"),
    REAL(L2, "l2", "optimisation", l2, 0.0, HUGE_RATE,
         "Add X times the sum of squares of all kernels to the loss"),
    CHOICE(LOSS, "loss", "optimisation", loss.kind, nnt_loss_names, NNT_LOSS_COUNT, true, "NAME",
           "categorical_crossentropy, sparse_categorical_crossentropy or mean_squared_error"),
    REAL(LABEL_SMOOTHING, "label-smoothing", "optimisation", loss.label_smoothing, 0.0, BELOW_1,
         "Smoothing of the targets of categorical_crossentropy"),
    COUNT(SEED, "seed", "optimisation", seed, 0, UINT64_MAX, true,
          "Seed of weights, shuffling and dropout"),
    FLAG(NO_SHUFFLE, "no-shuffle", "optimisation", no_shuffle, true,
         "Visit the samples in the order of the file"),
    COUNT(MICROBATCHES, "microbatches", "parallel", microbatches, 1, 65536, true,
          "Parts of a batch, and the most ranks that give the same bits (default: 8, or the next "
          "power of two that is not below the number of ranks)"),
    CHOICE(EXCHANGE, "exchange", "parallel", exchange, nnt_exchange_names, NNT_EXCHANGE_COUNT, true,
           "auto|shared|tree|allreduce",
           "How gradients are added: on one copy of the parameters that ranks share, or in a tree "
           "between replicas, with the same bits; or by one MPI_Allreduce; auto: shared on one "
           "node"),
    [NNT_OPTION_THREADS] = {.option =
                                ABOUT(THREADS, "threads", "parallel", "N|auto",
                                      "Threads of each rank; auto: as many as there are cores "
                                      "for it",
                                      false),
                            .type = NNT_TYPE_COUNT,
                            MEMBER(threads),
                            .names = threads_names,
                            .name_count = 1,
                            .low = 1,
                            .high = 1024},
    CHOICE(FIRST_LAYER, "first-layer", "parallel", first_layer, first_layer_names, 3, true,
           "auto|sparse|dense",
           "Whether the first layer skips zeros of the input; auto: if at most 35 % are not zero"),
    CHOICE(INSTRUCTIONS, "instructions", "parallel", instructions, instructions_names, 4, false,
           "auto|baseline|avx2|avx512",
           "Instruction set of the kernels; avx2 and avx512 give the same bits, baseline others"),
    CHOICE(BLAS_CORE, "blas-core", "parallel", blas_core, blas_core_names, 2, false, "auto|keep",
           "Where OpenBLAS takes the CPU for a poorer one: correct it, or keep its choice; "
           "OPENBLAS_CORETYPE overrides both"),
    PATH(OUTPUT, "output", "run", output, false, "DIR", "Folder for checkpoints and results"),
    SPECIAL(RESUME, "resume", "run", NNT_TYPE_RESUME, resume, false, "auto|never|require|FILE",
            "Go on if DIR holds an unfinished run, refuse if it does, refuse if it does not, or "
            "begin with a checkpoint from elsewhere"),
    FLAG(FRESH, "fresh", "run", fresh, false, "Move an old run in DIR aside and start anew"),
    SPECIAL(TIME_LIMIT, "time-limit", "run", NNT_TYPE_TIME_LIMIT, time_limit, false,
            "TIME|auto|none",
            "Save and end with code 75 within this time, such as 50min, 3h or 2:30:00, and before "
            "the batch job ends; auto: only the latter, where the environment tells when"),
    SPECIAL(CHECKPOINT_EVERY, "checkpoint-every", "run", NNT_TYPE_INTERVAL, checkpoint_every, false,
            "auto|N[steps|epochs|s|min]",
            "How often to write a checkpoint; auto: every 30 s to 30 min, by what one costs"),
    COUNT(KEEP, "keep", "run", keep, 1, 1000000, false, "Checkpoints to keep"),
    FLAG(VERIFY, "verify", "run", verify, false,
         "Read each checkpoint back from the disk and compare, before older ones are removed"),
    FLAG(STRICT_IO, "strict-io", "run", strict_io, false,
         "End with code 74 when a checkpoint cannot be written, instead of a warning and another "
         "try when the next one is due"),
    COUNT(STALL_TIMEOUT, "stall-timeout", "run", stall_timeout, 0, 1000000, false,
          "End with code 70, and say where the ranks stand, if there is no step for N seconds; 0: "
          "wait for ever"),
    COUNT(CHECK_REPLICAS, "check-replicas", "run", check_replicas, 0, INT_MAX, false,
          "With tree or allreduce, compare the ranks' parameters every N steps, and before each "
          "save; 0: only then"),
    FLAG(DRY_RUN, "dry-run", "run", dry_run, false,
         "Say what memory, disk and time the run will need, and train and write nothing"),
    CHOICE(PROGRESS, "progress", "output", progress, progress_names, 4, false,
           "auto|bar|lines|none", "Show progress: a bar on a terminal, else a line an epoch"),
    FLAG(QUIET, "quiet", "output", quiet, false, "Print the final figures only"),
    FLAG(VERBOSE, "verbose", "output", verbose, false, "Print the whole configuration"),
    PATH(TRACE, "trace", "output", trace, false, "FILE.json",
         "Write what each rank did when, for Perfetto (ui.perfetto.dev) or chrome://tracing"),
};

const nnt_row *nnt_row_at(nnt_option_id id) { return &rows[id]; }

const nnt_option *nnt_option_at(nnt_option_id id) { return &rows[id].option; }
