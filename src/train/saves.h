/** Checkpoints of a run, and what becomes of the files that are written beside training. */
#ifndef TRAIN_SAVES_H
#define TRAIN_SAVES_H

#include "train/run.h"

/** On rank 0, makes what checkpoints need. Local; NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_run_create_saver(nnt_run *run);

/** Which checkpoint it is. */
typedef enum nnt_save_kind {
  NNT_SAVE_BESIDE, /* one of many: training goes on while it is written */
  NNT_SAVE_STOP,   /* the last one of this start: waited for */
  NNT_SAVE_END     /* the same, and the run has done all its steps */
} nnt_save_kind;

/** Saves the current position. Parameters that are not finite are not saved. A file that cannot be
 *  written is a warning if there will be others, unless --strict-io wants it otherwise.
 *  Collective; NNT_EDIVERGED, NNT_ECORRUPT, NNT_EIO, NNT_EBUSY, NNT_ENOMEM, NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_run_save(nnt_run *run, nnt_save_kind kind);

/** Between steps, rank 0 looks after the files that are written beside training: tells what has
 *  become of the last one, and of one that does not get on; looks whether the folder is still the
 *  run's; begins with the results that are wanted.
 *  Local; what ends the run: NNT_EBUSY, and with --strict-io NNT_EIO, NNT_ENOMEM, NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_run_tend_files(nnt_run *run);

#endif
