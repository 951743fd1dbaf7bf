/* Whether there is room for what is about to be allocated. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fault.h"
#include "comm/private.h"
#include "comm/quota.h"

uint64_t nnt_comm_node_sum(const nnt_comm *comm, uint64_t x)
{
  MPI_Allreduce(MPI_IN_PLACE, &x, 1, MPI_UINT64_T, MPI_SUM, comm->node);
  return x;
}

uint64_t nnt_comm_largest(const nnt_comm *comm, uint64_t x)
{
  MPI_Allreduce(MPI_IN_PLACE, &x, 1, MPI_UINT64_T, MPI_MAX, comm->mpi);
  return x;
}

uint64_t nnt_room_available(void)
{
  double const bytes = nnt_memory_available("");
  return isfinite(bytes) ? (uint64_t)bytes : UINT64_MAX;
}

/* Bytes of address space that the process may still take; UINT64_MAX if there is no limit. */
static uint64_t address_space_left(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  char line[256];
  FILE *const file = fopen("/proc/self/statm", "r");
  if (file == NULL) return UINT64_MAX;
  if (fgets(line, sizeof line, file) == NULL) line[0] = '\0';
  (void)fclose(file);
  uint64_t const taken = strtoull(line, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
  return taken < limit.rlim_cur ? limit.rlim_cur - taken : 0;
}

/* The sum, or the largest number if it is beyond. */
static uint64_t sum_of(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

static double mebibytes(uint64_t bytes) { return (double)bytes / (1024.0 * 1024.0); }

/* Local; NNT_ENOMEM. */
static nnt_status check_address_space(const char *what, uint64_t own, uint64_t shared)
{
  uint64_t const left = address_space_left();
  uint64_t const wanted = sum_of(own, shared);
  if (wanted <= left) return NNT_OK;
  return nnt_fail(NNT_ENOMEM,
                  "%s needs %.1f MiB of address space in a rank, but the limit (ulimit -v) leaves "
                  "%.1f MiB",
                  what, mebibytes(wanted), mebibytes(left));
}

/* Local; NNT_ENOMEM. all [in] of the node's ranks, without what they share */
static nnt_status check_node(const char *what, uint64_t all, uint64_t shared)
{
  uint64_t const available = nnt_room_available();
  uint64_t const wanted = sum_of(all, shared);
  if (wanted <= available) return NNT_OK;
  return nnt_fail(
      NNT_ENOMEM,
      "%s needs %.1f MiB on a node, of which its ranks share %.1f MiB, but %.1f MiB are "
      "available; fewer ranks on the node, or a smaller model or batch, need less",
      what, mebibytes(wanted), mebibytes(shared), mebibytes(available));
}

nnt_status nnt_room_check(const nnt_comm *comm, const char *what, uint64_t own, uint64_t shared)
{
  /* So that the sum over a node stays in range. */
  uint64_t const most = UINT64_MAX / (2 * (uint64_t)comm->size);
  uint64_t const all = nnt_comm_node_sum(comm, own < most ? own : most);
  nnt_status status = check_address_space(what, own, shared);
  if (status == NNT_OK && comm->node_rank == 0) status = check_node(what, all, shared);
  if (status == NNT_OK) status = nnt_fault("room", comm->rank);
  return nnt_comm_agree(comm, status);
}
