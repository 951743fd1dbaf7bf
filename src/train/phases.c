#include "train/phases.h"

#include <stdlib.h>

#include "base/fault.h"
#include "base/memory.h"

char const *const nnt_phase_names[NNT_PHASE_COUNT] = {
#define X(name, text) text,
    NNT_PHASE_LIST(X)
#undef X
};

static int compare(const void *a, const void *b)
{
  int64_t const x = *(int64_t const *)a;
  int64_t const y = *(int64_t const *)b;
  return (x > y) - (x < y);
}

void nnt_phases_summarize(const int64_t *of_ranks, size_t ranks, int64_t *sorted,
                          nnt_phase out[NNT_PHASE_COUNT])
{
  for (size_t phase = 0; phase < NNT_PHASE_COUNT; phase++) {
    int64_t sum = 0;
    for (size_t rank = 0; rank < ranks; rank++) {
      sorted[rank] = of_ranks[rank * NNT_PHASE_COUNT + phase];
      sum += sorted[rank];
    }
    qsort(sorted, ranks, sizeof *sorted, compare);
    int64_t const middle_two = sorted[(ranks - 1) / 2] + sorted[ranks / 2];
    out[phase] = (nnt_phase){.min = 1e-9 * (double)sorted[0],
                             .median = 0.5e-9 * (double)middle_two,
                             .max = 1e-9 * (double)sorted[ranks - 1],
                             .mean = 1e-9 * (double)sum / (double)ranks};
  }
}

nnt_status nnt_phases_gather(const nnt_phases *phases, const nnt_comm *comm,
                             nnt_phase out[NNT_PHASE_COUNT])
{
  bool const here = nnt_comm_rank(comm) == 0;
  size_t const ranks = (size_t)nnt_comm_size(comm);
  void *memory = NULL;
  nnt_status status = NNT_OK;
  if (here) {
    status =
        nnt_memory_create(&memory, ranks, (NNT_PHASE_COUNT + 1) * sizeof(int64_t), "the phases");
    if (status == NNT_OK) status = nnt_fault("phases", 0);
  }
  status = nnt_comm_follow(comm, status);
  if (status == NNT_OK) {
    int64_t *const of_ranks = memory;
    nnt_comm_gather(comm, phases->nanoseconds, sizeof phases->nanoseconds, of_ranks);
    if (here) nnt_phases_summarize(of_ranks, ranks, of_ranks + ranks * NNT_PHASE_COUNT, out);
  }
  free(memory);
  return status;
}
