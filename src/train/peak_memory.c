#include "train/peak_memory.h"

#include <stdlib.h>

#include "base/fault.h"
#include "base/memory.h"

static int compare(const void *a, const void *b)
{
  uint64_t const x = *(uint64_t const *)a;
  uint64_t const y = *(uint64_t const *)b;
  return (x > y) - (x < y);
}

nnt_peak_memory nnt_peak_memory_of(uint64_t *bytes, size_t ranks)
{
  qsort(bytes, ranks, sizeof *bytes, compare);
  return (nnt_peak_memory){.min = bytes[0],
                           .median = (bytes[(ranks - 1) / 2] + bytes[ranks / 2]) / 2,
                           .max = bytes[ranks - 1]};
}

nnt_status nnt_peak_memory_gather(nnt_peak_memory *out, const nnt_comm *comm)
{
  bool const here = nnt_comm_rank(comm) == 0;
  size_t const ranks = (size_t)nnt_comm_size(comm);
  void *memory = NULL;
  nnt_status status = NNT_OK;
  if (here) {
    status = nnt_memory_create(&memory, ranks, sizeof(uint64_t), "the peak memory of the ranks");
    if (status == NNT_OK) status = nnt_fault("peak_memory", 0);
  }
  status = nnt_comm_follow(comm, status);
  if (status == NNT_OK) {
    uint64_t const own = nnt_memory_peak();
    nnt_comm_gather(comm, &own, sizeof own, memory);
    if (here) *out = nnt_peak_memory_of(memory, ranks);
  }
  free(memory);
  return status;
}
