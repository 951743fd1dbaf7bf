/** The run's hold on its output folder. */
#ifndef TRAIN_FOLDER_H
#define TRAIN_FOLDER_H

#include "train/run.h"

/** Makes the folder of --output, if there is none, and takes its lock: run->lock. From then on no
 *  other run reads or writes there, and a thread shows that this one lives. May wait for about a
 *  minute, and tells so.
 *  Local, on rank 0; NNT_EBUSY (another run has it), NNT_EIO, NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_run_take_folder(nnt_run *run);

/** Is it still this run's, as far as its thread has found? Local, on rank 0; NNT_EBUSY. Cost when
 *  it is: one load. */
NNT_MUST_CHECK nnt_status nnt_run_hold_folder(const nnt_run *run);

/** Gives the folder back, and removes it if this run has made it and written nothing. When no
 *  thread writes there any more.
 *  Local; cannot fail: does nothing without a lock. */
void nnt_run_leave_folder(nnt_run *run);

#endif
