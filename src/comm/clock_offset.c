/* How far the clocks of the ranks are apart. */
#include "comm/private.h"

enum { ROUNDS = 32 };

/* Tells `rank` the time, as often as it asks. */
static void answer(const nnt_comm *comm, int rank, int64_t (*now)(void))
{
  for (int i = 0; i < ROUNDS; i++) {
    MPI_Recv(NULL, 0, MPI_BYTE, rank, 0, comm->mpi, MPI_STATUS_IGNORE);
    int64_t const time = now();
    MPI_Send(&time, 1, MPI_INT64_T, rank, 0, comm->mpi);
  }
}

/* Rank 0 read its clock at some moment between question and answer; the middle of the quickest
 * round is the best guess. */
static nnt_clock_offset ask(const nnt_comm *comm, int64_t (*now)(void))
{
  int64_t quickest = INT64_MAX;
  int64_t offset = 0;
  for (int i = 0; i < ROUNDS; i++) {
    int64_t theirs = 0;
    int64_t const asked = now();
    MPI_Send(NULL, 0, MPI_BYTE, 0, 0, comm->mpi);
    MPI_Recv(&theirs, 1, MPI_INT64_T, 0, 0, comm->mpi, MPI_STATUS_IGNORE);
    int64_t const round = now() - asked;
    if (round >= quickest) continue;
    quickest = round;
    offset = theirs - (asked + round / 2);
  }
  int64_t const error = quickest - quickest / 2;
  bool const is_same = -error <= offset && offset <= error;
  return (nnt_clock_offset){is_same ? 0 : offset, error};
}

nnt_clock_offset nnt_comm_clock_offset(const nnt_comm *comm, int64_t (*now)(void))
{
  if (comm->rank != 0) return ask(comm, now);
  for (int rank = 1; rank < comm->size; rank++) {
    answer(comm, rank, now);
  }
  return (nnt_clock_offset){0, 0};
}
