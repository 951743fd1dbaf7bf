/** Files: checkpoints, Keras models and weights, results. All in HDF5 (or JSON); one process.
 *
 *  Nothing here knows about ranks: rank 0 calls it. A file appears under its name only when it is
 *  complete and on disk. Every file that is read is untrusted: sizes and types are checked against
 *  what is expected before memory is allocated. */
#ifndef NNTRAIN_STORE_H
#define NNTRAIN_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nntrain/config.h"
#include "nntrain/model.h"
#include "nntrain/optim.h"
#include "nntrain/status.h"
#include "nntrain/types.h"

/** Once per process, before anything else here: no exit handler and no error printing of HDF5, no
 *  plugins, SIGXFSZ and SIGPIPE ignored. Local; NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_store_init(void);

/** "HDF5 library version 1.10.8". Local; cannot fail. Borrowed: a constant. */
const char *nnt_store_library(void);

/** What a run holds of its folder, so that it is alone there: see src/store/lock.h. Functions that
 *  write take one, or NULL, and make sure that it is still held before anything changes in the
 *  folder: if it is not, NNT_EBUSY. */
typedef struct nnt_lock nnt_lock;

/** Bytes of a run's id, 32 hexadecimal digits, with the final NUL. */
enum { NNT_RUN_ID_SIZE = 33 };

/** What is known after an epoch; NaN where it was not evaluated. */
typedef struct nnt_epoch_record {
  double loss; /* mean over the samples, with the penalty, each batch before its update */
  double accuracy;
  double val_loss;
  double val_accuracy;
  double learning_rate;
  double seconds;
} nnt_epoch_record;

/** What is known of a step: figures of the global batch before its update. */
typedef struct nnt_step_record {
  float loss;
  float accuracy;
  float learning_rate;
} nnt_step_record;

typedef struct nnt_history {
  size_t epoch_count;
  nnt_epoch_record *epochs;
  size_t step_count;
  nnt_step_record *steps;
} nnt_history;

/** Where training stands. */
typedef struct nnt_position {
  uint64_t step;          /* updates done: Keras's iteration */
  uint64_t epoch;         /* the epoch in progress, from 0 */
  uint64_t batch;         /* batches of it that are done */
  double epoch_loss;      /* of these: sum of batch loss times samples */
  uint64_t epoch_correct; /* of these: hits */
  uint64_t epoch_samples; /* of these: samples */
  double epoch_seconds;   /* time spent in this epoch so far */
} nnt_position;

/** An option and its value, as text. */
typedef struct nnt_setting {
  char name[NNT_NAME_SIZE];
  char *value;
} nnt_setting;

/** All that a resume needs, and nothing that depends on the number of ranks. */
typedef struct nnt_checkpoint {
  nnt_model_spec model;
  nnt_loss loss;
  nnt_optimizer optimizer;
  size_t parameter_count;
  float *parameters;           /* (P) */
  float *slots[NNT_SLOTS_MAX]; /* nnt_optimizer_slots() arrays (P), else NULL */
  nnt_position position;
  nnt_history history;
  uint64_t microbatches;
  uint64_t seed;
  size_t setting_count; /* the configuration: every option that affects the result */
  nnt_setting *settings;
  char data_digest[NNT_SHA256_TEXT_SIZE];
  char parameter_digest[NNT_SHA256_TEXT_SIZE];
  char blas_core[NNT_NAME_SIZE];
  nnt_isa instructions;         /* of the kernels */
  bool complete;                /* the run had done all its steps */
  char run_id[NNT_RUN_ID_SIZE]; /* of the start that wrote it; "" if none is stored */
} nnt_checkpoint;

/** Frees everything a checkpoint holds; nnt_checkpoint_read() fills one. */
void nnt_checkpoint_free(nnt_checkpoint *checkpoint);

/** How checkpoints are written. */
typedef struct nnt_checkpoint_policy {
  size_t keep;          /* the newest that stay; at least 1 */
  bool verify;          /* read the file back and compare, before it gets its name */
  const nnt_lock *lock; /* of the folder; NULL: none is needed */
} nnt_checkpoint_policy;

/** Writes <folder>/checkpoint-<step>.weights.h5, which Keras's load_weights() and load_model()
 *  open, and then removes all but the newest checkpoints of the folder. The image is made in
 *  memory, gets a trailer with its SHA-256, and is written to a temporary name, synced, renamed,
 *  and the folder synced: at any moment the old or the new checkpoint is whole.
 *  path [out] the file's name
 *  Local; NNT_EIO (path and errno; nothing half-written stays), NNT_EBUSY, NNT_ENOMEM,
 *  NNT_EINTERNAL. One thread at a time: HDF5 knows no threads. */
NNT_MUST_CHECK nnt_status nnt_checkpoint_write(const char *folder, const nnt_checkpoint *checkpoint,
                                               const nnt_checkpoint_policy *policy,
                                               char path[NNT_PATH_SIZE]);

/** Reads a checkpoint that nntrain wrote. Checks the digest over the whole file first.
 *  Local; NNT_ECHECKPOINT (what is wrong with it), NNT_EIO, NNT_ENOMEM.
 *  The caller owns what *out holds: nnt_checkpoint_free(). */
NNT_MUST_CHECK nnt_status nnt_checkpoint_read(const char *path, nnt_checkpoint *out);

/** One damaged checkpoint that was passed over. */
typedef struct nnt_damage {
  char message[NNT_MESSAGE_SIZE];
} nnt_damage;

/** Finds and reads the newest valid checkpoint of a folder.
 *  found   [out] whether there is one; *out is filled only then
 *  path    [out] its name
 *  damaged [out] (damaged_max) the newer ones that were passed over, and why
 *  Local; NNT_ECHECKPOINT if there are checkpoints and none is valid, NNT_EIO, NNT_ENOMEM. A folder
 *  that does not exist holds none. */
NNT_MUST_CHECK nnt_status nnt_checkpoint_find(const char *folder, nnt_checkpoint *out, bool *found,
                                              char path[NNT_PATH_SIZE], nnt_damage *damaged,
                                              size_t damaged_max, size_t *damaged_count);

/** What a Keras model's compile_config or training_config sets; each has_... tells whether. */
typedef struct nnt_compile {
  bool has_optimizer;
  nnt_optimizer optimizer;
  bool has_loss;
  nnt_loss loss;
} nnt_compile;

/** Reads a Keras Sequential model: to_json() text, or a whole-model .h5 (its architecture).
 *  Local; NNT_EDATA naming the layer or setting that is malformed or not supported, NNT_EIO,
 *  NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_keras_model_read(const char *path, nnt_model_spec *model,
                                               nnt_compile *compile);

/** Reads weights for `model` from a Keras .weights.h5, a Keras whole-model .h5, or a checkpoint of
 *  nntrain, which is refused if its parameters are not those it was written with. Layers go by
 *  their order, as in Keras.
 *  parameters [out] (nnt_model_parameter_count()) touched only on success
 *  Local; NNT_ECHECKPOINT naming the tensor and both shapes, NNT_EIO, NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_weights_read(const char *path, const nnt_model *model,
                                           float *parameters);

/** An evaluation on a data set. */
typedef struct nnt_evaluation {
  char const *dataset; /* "test" */
  size_t samples;
  size_t classes;
  double loss;
  double accuracy;
  const uint16_t *true_label;      /* (samples) */
  const uint16_t *predicted_label; /* (samples) */
  const float *probability;        /* (samples, classes), or NULL: not stored */
} nnt_evaluation;

typedef enum nnt_run_status {
  NNT_RUN_RUNNING,
  NNT_RUN_COMPLETE,
  NNT_RUN_STOPPED,
  NNT_RUN_FAILED
} nnt_run_status;

/** Seconds that the ranks spent in a phase of the run. */
typedef struct nnt_phase {
  double min; /* over ranks */
  double median;
  double max;
  double mean; /* the means of all phases add up to the time accounted for */
} nnt_phase;

/** The most memory that each rank has had, resident, in bytes. What the ranks of a node share
 *  counts on each that has used it. */
typedef struct nnt_peak_memory {
  uint64_t min; /* over ranks */
  uint64_t median;
  uint64_t max;
} nnt_peak_memory;

typedef struct nnt_results {
  nnt_run_status status;
  const nnt_peak_memory *peak_memory; /* NULL before the end */
  const nnt_history *history;
  const nnt_evaluation *evaluation; /* NULL before the end */
  const nnt_setting *settings;
  size_t setting_count;
  char const *data_description;
  char const *data_digest;
  char const *parameter_digest;   /* "" before the end */
  const nnt_phase *phases;        /* (phase_count) where the time of this start went so far */
  char const *const *phase_names; /* "forward" */
  size_t phase_count;
  char const *advice; /* what follows from them, "" if nothing */
  int ranks;
  uint64_t microbatches;
  char const *run_id; /* NULL: none */
} nnt_results;

/** Writes the results file, replacing the old one as a whole. README.md describes its layout.
 *  lock [in] may be NULL   Local; NNT_EIO, NNT_EBUSY, NNT_ENOMEM, NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_results_write(const char *path, const nnt_lock *lock,
                                            const nnt_results *results);

/** What a second start wants to know of a run's results file. */
typedef struct nnt_results_summary {
  nnt_run_status status;
  double test_loss; /* NaN if there is no evaluation */
  double test_accuracy;
  char parameter_digest[NNT_SHA256_TEXT_SIZE];
  char run_id[NNT_RUN_ID_SIZE]; /* of the start that wrote it; "" if none is stored */
} nnt_results_summary;

/** Local; NNT_EIO (also if there is none), NNT_EDATA, NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_results_read(const char *path, nnt_results_summary *out);

/** Makes a folder and its parents. Local; NNT_EIO naming the path and why. */
NNT_MUST_CHECK nnt_status nnt_folder_create(const char *path);

/** Does the folder hold checkpoints or a results file? Local; NNT_EIO. */
NNT_MUST_CHECK nnt_status nnt_folder_has_run(const char *path, bool *out);

/** Moves a run's folder aside, to <path>.1, <path>.2, ...: the first free one.
 *  moved_to [out] the new name. Local; NNT_EIO. */
NNT_MUST_CHECK nnt_status nnt_folder_move_aside(const char *path, char moved_to[NNT_PATH_SIZE]);

/** Can files be made there? Tries it. Local; NNT_EIO naming the path and why. */
NNT_MUST_CHECK nnt_status nnt_folder_check_writable(const char *path);

#endif
