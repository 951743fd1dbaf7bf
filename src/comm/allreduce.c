/* NNT_EXCHANGE_ALLREDUCE: one MPI_Allreduce of the gradient with a few floats behind it. */
#include <limits.h>
#include <string.h>

#include "comm/exchange_private.h"

/* Hits travel as two numbers, so that their sums stay exact in float32. */
enum { LOSS, CORRECT_HIGH, CORRECT_LOW, FLAGS, FAILED };
enum { CUT = 4096, STOP = 1 << 12, SAVE = 1 };

static void fill(const nnt_exchange *exchange, nnt_wishes wishes, nnt_status local, float *tail)
{
  nnt_tail const *const mine = &exchange->tails[exchange->comm->rank];
  nnt_tally sum = {0.0, 0};
  for (size_t k = 0; k < exchange->own_count; k++) {
    sum.loss += mine->tally[k].loss;
    sum.correct += mine->tally[k].correct;
  }
  tail[LOSS] = (float)sum.loss;
  int64_t const high = sum.correct / CUT;
  tail[CORRECT_HIGH] = (float)high;
  tail[CORRECT_LOW] = (float)(sum.correct % CUT);
  /* Sums of either flag stay apart: only rank 0 asks for a save. */
  tail[FLAGS] = (float)((wishes.stop ? STOP : 0) + (wishes.save ? SAVE : 0));
  tail[FAILED] = local == NNT_OK ? 0.0F : 1.0F;
}

nnt_status nnt_exchange_allreduce(nnt_exchange *exchange, nnt_wishes *wishes, nnt_status local,
                                  nnt_tally *total, float **sum)
{
  size_t const parameters = exchange->parameters;
  float *const gradient = exchange->sum;
  memcpy(gradient, exchange->gradients, parameters * sizeof *gradient);
  for (size_t k = 1; k < exchange->own_count; k++) {
    float const *const more = exchange->gradients + k * parameters;
    for (size_t i = 0; i < parameters; i++) {
      gradient[i] += more[i];
    }
  }
  float *const tail = gradient + parameters;
  fill(exchange, *wishes, local, tail);
  MPI_Allreduce(MPI_IN_PLACE, gradient, (int)(parameters + NNT_FLOAT_TAIL), MPI_FLOAT, MPI_SUM,
                exchange->comm->mpi);

  int const flags = (int)tail[FLAGS];
  wishes->stop = flags >= STOP;
  wishes->save = flags % STOP != 0;
  if (tail[FAILED] != 0.0F) return nnt_comm_agree(exchange->comm, local);
  total->loss = (double)tail[LOSS];
  total->correct = (int64_t)tail[CORRECT_HIGH] * CUT + (int64_t)tail[CORRECT_LOW];
  *sum = gradient;
  return NNT_OK;
}
