#include "train/advice.h"

#include <stdio.h>

static double const least_share = 0.2;
static double const least_seconds = 1.0;

/* Forward, backward and update are the work itself: no remedy. */
static char const *const remedies[NNT_PHASE_COUNT] = {
    [NNT_PHASE_DATA] = "bringing samples into place: see that the data fit into memory",
    [NNT_PHASE_EXCHANGE] = "the exchange between ranks: fewer ranks, or a larger --batch-size",
    [NNT_PHASE_WAIT] = "waiting for others: fewer ranks, or a larger --batch-size",
    [NNT_PHASE_EVALUATION] = "evaluation: --validation on fewer samples, or none",
    [NNT_PHASE_CHECKPOINT] = "writing checkpoints: a longer --checkpoint-every",
    [NNT_PHASE_RESULTS] = "writing results: --output on a faster disk",
};

void nnt_advice(const nnt_phase phases[NNT_PHASE_COUNT], char out[NNT_MESSAGE_SIZE])
{
  double total = 0.0;
  size_t worst = NNT_PHASE_WAIT;
  for (size_t i = 0; i < NNT_PHASE_COUNT; i++) {
    total += phases[i].mean;
    if (remedies[i] != NULL && phases[i].mean > phases[worst].mean) worst = i;
  }
  out[0] = '\0';
  if (total < least_seconds || phases[worst].mean < least_share * total) return;
  (void)snprintf(out, NNT_MESSAGE_SIZE, "%.0f %% of the time went to %s",
                 100.0 * phases[worst].mean / total, remedies[worst]);
}
