/** Files written beside training: the main thread hands over a copy of the state, and a thread of
 *  its own makes the file of it. On rank 0 alone; one file at a time.
 *
 *  HDF5 knows no threads: while the saver is busy, nobody else may use it. */
#ifndef TRAIN_SAVER_H
#define TRAIN_SAVER_H

#include <stdbool.h>
#include <stddef.h>

#include "nntrain/status.h"
#include "nntrain/store.h"

typedef struct nnt_saver nnt_saver;

typedef struct nnt_saver_options {
  char const *folder; /* borrowed */
  size_t parameters;
  size_t slots; /* arrays of the optimizer's state */
  nnt_checkpoint_policy policy;
} nnt_saver_options;

/** What became of a file. */
typedef struct nnt_save_outcome {
  nnt_status status;
  char message[NNT_MESSAGE_SIZE]; /* if that is not NNT_OK */
  bool is_checkpoint;
  char path[NNT_PATH_SIZE];                    /* of a checkpoint */
  char parameter_digest[NNT_SHA256_TEXT_SIZE]; /* of a checkpoint */
  double seconds;                              /* from the copy to the file on disk */
} nnt_save_outcome;

/** Makes room for the copy, and starts the thread.
 *  Local; NNT_ENOMEM. The caller owns *out: nnt_saver_destroy(). */
NNT_MUST_CHECK nnt_status nnt_saver_create(nnt_saver **out, const nnt_saver_options *options);

/** Waits for the file that is being written. Local; cannot fail. */
void nnt_saver_destroy(nnt_saver *saver);

/** Where the copy of the parameters (P) and of the optimizer's state (slots, P) goes. Not to be
 *  touched while the saver is busy. Borrowed. Local; cannot fail. */
float *nnt_saver_parameters(nnt_saver *saver);
float *const *nnt_saver_slots(nnt_saver *saver);

/** Begins to write a checkpoint of the copy. The saver must not be busy.
 *  state [in] everything else. Its settings are borrowed and must stay as they are; all the rest is
 *  copied, of the history only what is new since the last time: records that were there stay
 *  Local; NNT_ENOMEM, and then nothing is written. */
NNT_MUST_CHECK nnt_status nnt_saver_begin_checkpoint(nnt_saver *saver, const nnt_checkpoint *state);

/** Begins to write a results file. The saver must not be busy.
 *  path [in] borrowed until it is written   results [in] history, phases and advice are copied, the
 *  rest is borrowed and must stay as it is
 *  Local; NNT_ENOMEM, and then nothing is written. */
NNT_MUST_CHECK nnt_status nnt_saver_begin_results(nnt_saver *saver, const char *path,
                                                  const nnt_results *results);

/** Local; cannot fail. */
bool nnt_saver_is_busy(const nnt_saver *saver);
void nnt_saver_wait(nnt_saver *saver);

/** For how many seconds it has been busy with a file; 0 if it is not. Local; cannot fail. */
double nnt_saver_seconds(const nnt_saver *saver);

/** Takes what became of a file since the last question. Local; cannot fail. Returns false if none
 *  has ended since. Cost when not: two loads. */
bool nnt_saver_take(nnt_saver *saver, nnt_save_outcome *out);

#endif
