/** What the parts of a run share. */
#ifndef TRAIN_RUN_H
#define TRAIN_RUN_H

#include <stdatomic.h>

#include "base/background.h"
#include "nntrain/train.h"
#include "train/deadline.h"
#include "train/evaluate.h"
#include "train/history.h"
#include "train/phases.h"
#include "train/save_schedule.h"
#include "train/saver.h"
#include "train/setup.h"
#include "train/trainer.h"
#include "train/watchdog.h"

/** A run in progress. Members marked "rank 0" are empty elsewhere. */
typedef struct nnt_run {
  const nnt_comm *comm;
  const nnt_observer *observer;
  nnt_config config;
  nnt_data data;
  nnt_model_spec *spec;
  nnt_model *model;
  nnt_trainer *trainer;
  nnt_evaluator *evaluator;
  nnt_watchdog *watchdog;
  uint64_t microbatches;
  uint64_t batches;            /* of an epoch */
  uint64_t steps;              /* of the whole run */
  nnt_peak_memory peak_memory; /* rank 0: of all ranks, at the end */
  nnt_position position;
  nnt_phases phases;  /* with the trace, which the run owns */
  nnt_score score;    /* of the test set, at the end */
  double ended;       /* when all was done and written */
  double began;       /* when this process began to train */
  double epoch_began; /* so that now - epoch_began is the time spent in this epoch */

  nnt_phase time[NNT_PHASE_COUNT]; /* rank 0: of all ranks, at the last writing of results */
  char advice[NNT_MESSAGE_SIZE];   /* rank 0: what follows from it */
  nnt_history history;             /* rank 0 */
  nnt_history_room history_room;   /* rank 0 */
  nnt_setting *settings;           /* rank 0: every option that affects the result */
  size_t setting_count;            /* rank 0 */
  nnt_lock *lock;                  /* rank 0: of the output folder; NULL: nothing is written */
  nnt_background *heart;           /* rank 0: renews it */
  atomic_bool lock_is_lost;        /* rank 0: as that has found */
  bool has_begun;                  /* this start has written to its folder */
  bool made_folder;                /* rank 0: was there no output folder? */
  nnt_saver *saver;                /* rank 0 */
  bool interval_is_news;           /* rank 0: the user does not know of the interval of saves */
  bool disk_is_stuck;              /* rank 0: a file is on its way for too long */
  bool results_wanted;             /* rank 0: the results file is to be renewed */
  double results_due;              /* rank 0: but not before this time, nnt_seconds() */
  nnt_save_schedule schedule;      /* of all ranks; its clock is rank 0's */
  nnt_deadline deadline;           /* rank 0 */
  char parameter_digest[NNT_SHA256_TEXT_SIZE]; /* rank 0: of the last save */
  char checkpoint[NNT_PATH_SIZE];              /* rank 0: the last one */
  char results[NNT_PATH_SIZE];                 /* rank 0 */
} nnt_run;

/** Is the calling rank the one that reads, writes and speaks? Local; cannot fail. */
bool nnt_run_is_writer(const nnt_run *run);

/** What the output folder asks for. */
typedef enum nnt_start_kind {
  NNT_START_NEW,
  NNT_START_GO_ON,
  NNT_START_DONE /* all steps are done and results are written */
} nnt_start_kind;

typedef struct nnt_start {
  nnt_start_kind kind;
  nnt_checkpoint checkpoint; /* rank 0, unless kind is NNT_START_NEW */
  char path[NNT_PATH_SIZE];
  nnt_results_summary results; /* rank 0, if kind is NNT_START_DONE */
} nnt_start;

/** Looks into the output folder and decides how to start; moves an old run aside with --fresh.
 *  Before that it takes the folder's lock, unless nothing will be written: in a dry run, and when
 *  all is done. Fills in run->microbatches. Writes nothing else.
 *  Collective; NNT_EUSAGE (another configuration), NNT_EBUSY (another run is at work there),
 *  NNT_ECHECKPOINT, NNT_EIO, NNT_ENOMEM. The caller owns what `out` holds: nnt_checkpoint_free().
 */
NNT_MUST_CHECK nnt_status nnt_start_decide(nnt_start *out, nnt_run *run);

/** Puts the state of start->checkpoint into all ranks. Collective; NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_start_restore(nnt_run *run, nnt_start *start);

/** Takes all steps that are left, with validation after each epoch and checkpoints as they are due.
 *  Collective; NNT_STOPPED when a stop was asked for and the checkpoint is written, and whatever
 *  nnt_trainer_step(), nnt_run_save() and nnt_run_write_results() return. */
NNT_MUST_CHECK nnt_status nnt_run_loop(nnt_run *run);

/** The options of the trainer. Borrows from the run. Local; cannot fail. */
nnt_trainer_options nnt_run_trainer_options(nnt_run *run);

/** Instead of training: takes some steps from the parameters that the trainer has, and tells the
 *  observer what the run will need. Writes nothing. done [in] steps done before, on rank 0
 *  Collective; NNT_ENOMEM, NNT_EDIVERGED, NNT_ECORRUPT. */
NNT_MUST_CHECK nnt_status nnt_run_plan(nnt_run *run, nnt_start_kind start, uint64_t done);

#endif
