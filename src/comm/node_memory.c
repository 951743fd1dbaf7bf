/* One MPI shared-memory window per node, allocated by its leader. */
#include <stdint.h>
#include <stdlib.h>

#include "base/fault.h"
#include "comm/private.h"

struct nnt_node_memory {
  MPI_Win window;
  MPI_Comm node;
  void *bytes;
};

enum { ALIGNMENT = 64 };

/* Local; NNT_ENOMEM. The leader asks for all of it, the others for nothing. */
static nnt_status allocate(nnt_node_memory *memory, const nnt_comm *comm, size_t bytes)
{
  MPI_Aint const wanted = comm->node_rank == 0 ? (MPI_Aint)bytes + ALIGNMENT : 0;
  void *mine = NULL;
  memory->window = MPI_WIN_NULL;
  /* Too little shared memory is bad luck of the user's, not a bug: it gets a message. */
  MPI_Comm_set_errhandler(comm->node, MPI_ERRORS_RETURN);
  int const error =
      MPI_Win_allocate_shared(wanted, 1, MPI_INFO_NULL, comm->node, (void *)&mine, &memory->window);
  MPI_Comm_set_errhandler(comm->node, MPI_ERRORS_ARE_FATAL);
  if (error != MPI_SUCCESS) {
    memory->window = MPI_WIN_NULL;
    return nnt_fail(NNT_ENOMEM,
                    "cannot share %zu bytes among the ranks of a node; is /dev/shm large enough?",
                    bytes);
  }
  return NNT_OK;
}

static void *first_aligned(const nnt_node_memory *memory)
{
  MPI_Aint size = 0;
  int unit = 0;
  char *base = NULL;
  MPI_Win_shared_query(memory->window, 0, &size, &unit, (void *)&base);
  /* Mappings begin at a page on every rank, so all of them skip the same number of bytes. */
  size_t const past = (uintptr_t)base % ALIGNMENT;
  return past == 0 ? base : base + (ALIGNMENT - past);
}

nnt_status nnt_node_memory_create(nnt_node_memory **out, const nnt_comm *comm, size_t bytes)
{
  nnt_node_memory *memory = malloc(sizeof *memory);
  nnt_status status = NNT_OK;
  if (memory == NULL) status = nnt_fail(NNT_ENOMEM, "no memory for a handle of shared memory");
  if (bytes > PTRDIFF_MAX - ALIGNMENT) status = nnt_fail(NNT_ENOMEM, "%zu bytes to share", bytes);
  if (status == NNT_OK) status = nnt_fault("share", comm->rank);
  status = nnt_comm_agree(comm, status);
  if (status != NNT_OK || memory == NULL) {
    free(memory);
    return status;
  }
  memory->node = comm->node;
  status = nnt_comm_agree(comm, allocate(memory, comm, bytes));
  if (status != NNT_OK) {
    if (memory->window != MPI_WIN_NULL) MPI_Win_free(&memory->window);
    free(memory);
    return status;
  }
  memory->bytes = first_aligned(memory);
  *out = memory;
  return NNT_OK;
}

void nnt_node_memory_destroy(nnt_node_memory *memory)
{
  if (memory == NULL) return;
  MPI_Win_free(&memory->window);
  free(memory);
}

void *nnt_node_memory_bytes(nnt_node_memory *memory) { return memory->bytes; }

void nnt_node_memory_publish(nnt_node_memory *memory)
{
  MPI_Win_fence(0, memory->window);
  MPI_Barrier(memory->node);
}
