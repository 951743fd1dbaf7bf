/** What a run writes besides checkpoints: results and the trace. */
#ifndef TRAIN_RESULTS_H
#define TRAIN_RESULTS_H

#include "train/run.h"

/** The options that affect the result, as text. Local; NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_run_list_settings(nnt_run *run);

/** Makes room for the records of the epoch in progress. Local; NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_run_reserve_history(nnt_run *run);

/** The results file is to be renewed beside training, with the time of all ranks so far.
 *  Collective; NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_run_want_results(nnt_run *run);

/** Begins with the results, if they are wanted and due and no file is being written.
 *  Local, on rank 0; NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_run_renew_results(nnt_run *run);

/** A file has been written, or not: when are results due again? Local, on rank 0; cannot fail. */
void nnt_run_pause_results(nnt_run *run, const nnt_save_outcome *outcome);

/** Writes the results file, with the time of all ranks so far.
 *  evaluation [in] NULL before the end
 *  Collective; NNT_EIO, NNT_EBUSY, NNT_ENOMEM, NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_run_write_results(nnt_run *run, nnt_run_status status,
                                                const nnt_evaluation *evaluation);

/** Writes the trace, if there is one, however the run has ended. If not well, its own status is the
 *  one to report, and a trace that cannot be written is but a warning.
 *  Collective; `ended`, or NNT_EIO, NNT_EBUSY, NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_run_save_trace(nnt_run *run, nnt_status ended);

#endif
