/** What a user can do about the time that a run has taken. */
#ifndef TRAIN_ADVICE_H
#define TRAIN_ADVICE_H

#include "train/phases.h"

/** One sentence, for instance "60 % of the time went to waiting for others: fewer ranks or a larger
 *  --batch-size", on the phase that took most of all that are not work; "" if none of them took a
 *  fifth of the ranks' time, or if that was less than a second.
 *  Local; cannot fail. */
void nnt_advice(const nnt_phase phases[NNT_PHASE_COUNT], char out[NNT_MESSAGE_SIZE]);

#endif
