/** A whole run: data, model, training loop, checkpoints and results, over all ranks. */
#ifndef NNTRAIN_TRAIN_H
#define NNTRAIN_TRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nntrain/comm.h"
#include "nntrain/config.h"
#include "nntrain/data.h"
#include "nntrain/model.h"
#include "nntrain/status.h"
#include "nntrain/store.h"

/** What is known when training begins. */
typedef struct nnt_run_info {
  const nnt_placement *placement;
  int cores; /* of this node, that its ranks can keep busy */
  char const *blas_core;
  const nnt_config *config; /* with all defaults filled in */
  const nnt_data_info *data;
  const nnt_model *model;
  uint64_t batches; /* of an epoch */
  uint64_t steps;   /* of the whole run */
  uint64_t done;    /* steps done before this start */
  uint64_t microbatches;
  double seconds_left;    /* until the run must have ended; INFINITY without a limit */
  char const *limited_by; /* "--time-limit", or the variable that tells when the job ends */
} nnt_run_info;

/** Figures of the epoch in progress: running means over the samples so far. */
typedef struct nnt_epoch_view {
  uint64_t epoch;   /* from 0 */
  uint64_t epochs;  /* of the run, the last one perhaps partial */
  uint64_t batch;   /* batches done */
  uint64_t batches; /* of this epoch in this run */
  double loss;
  double accuracy;
  double val_loss; /* NaN without validation, and before the end of the epoch */
  double val_accuracy;
  double seconds; /* spent in this epoch so far */
} nnt_epoch_view;

/** How a run ended. */
typedef struct nnt_run_summary {
  double test_loss;
  double test_accuracy;
  char const *parameter_digest;
  char const *checkpoint;  /* path, "" if none was written */
  char const *results;     /* path */
  const nnt_phase *phases; /* (phase_count) where the time went; all 0 if not trained */
  char const *const *phase_names;
  size_t phase_count;
  char const *advice; /* what follows from them, "" if nothing */
  int ranks;
  double seconds;
  bool trained; /* false: the run had been finished before, and these are its results */
  nnt_peak_memory peak_memory; /* all 0 if not trained */
} nnt_run_summary;

/** What a run will need, as a dry run has found. Sizes in bytes, times in seconds. */
typedef struct nnt_plan {
  char const *start; /* "new", "resume" or "complete" */
  int ranks;
  int nodes;
  char const *exchange;
  uint64_t threads; /* of a rank */
  uint64_t parameters;
  uint64_t batches; /* of an epoch */
  uint64_t steps;   /* of the run */
  uint64_t steps_left;
  uint64_t memory_of_rank;   /* the most of any, with what it shares with others */
  uint64_t memory_of_node;   /* the most of any */
  uint64_t memory_available; /* on rank 0's node, beside that; UINT64_MAX if it cannot be told */
  uint64_t checkpoint;       /* one file, at the end of the run */
  uint64_t checkpoints;      /* all that are kept, and the one that is being written */
  uint64_t measured_steps;
  double step;
  double evaluation; /* after an epoch; 0 without validation */
  double epoch;
  double run; /* all that is left, without checkpoints */
} nnt_plan;

/** Who listens. Called on rank 0 only, from the main thread; all members must be set. */
typedef struct nnt_observer {
  void *context;
  void (*warning)(void *context, const char *text);
  void (*note)(void *context, const char *text);
  void (*begin)(void *context, const nnt_run_info *info);
  void (*epoch_begin)(void *context, const nnt_epoch_view *view);
  void (*step)(void *context, const nnt_epoch_view *view); /* after every step: must be quick */
  void (*epoch_end)(void *context, const nnt_epoch_view *view);
  void (*end)(void *context, const nnt_run_summary *summary);
  void (*plan)(void *context, const nnt_plan *plan); /* of a dry run, instead of the others */
} nnt_observer;

/** Runs `config` to its end: trains or goes on, writes checkpoints and results into its folder.
 *  With config->dry_run, takes a few steps on a copy that is thrown away, tells observer->plan what
 *  the run will need, and writes nothing.
 *
 *  The parameters are the same to the bit for any number of ranks (exchange "tree"), and for any
 *  history of stops and new starts.
 *  config [in] must be the same on all ranks
 *  Collective; NNT_STOPPED after a signal (a valid checkpoint exists), NNT_EUSAGE, NNT_EDATA,
 *  NNT_EBUSY (another run is at work in its folder), NNT_ECHECKPOINT, NNT_EIO, NNT_EDIVERGED,
 *  NNT_ECORRUPT, NNT_ENOMEM, NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_train(const nnt_comm *comm, const nnt_config *config,
                                    const nnt_observer *observer);

#endif
