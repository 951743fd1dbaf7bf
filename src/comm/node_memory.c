/* One MPI shared-memory window per node, allocated by its leader. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "comm/private.h"

struct nnt_node_memory {
  MPI_Win window;
  MPI_Comm node;
  void *bytes;
};

enum { ALIGNMENT = 64 };

/* Local; NNT_ENOMEM. The leader takes the memory and gives it back at once: if MPI found too
 * little, the leader would get an error while the others wait for it inside MPI, for ever. */
static nnt_status check_room(const nnt_comm *comm, size_t bytes)
{
  int node_size = 1;
  MPI_Comm_size(comm->node, &node_size);
  /* One rank gets ordinary memory. */
  if (comm->node_rank != 0 || node_size == 1) return NNT_OK;
  char name[64];
  (void)snprintf(name, sizeof name, "/nntrain-room-%ld", (long)getpid());
  int const file = shm_open(name, O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
  if (file < 0) {
    return nnt_fail(NNT_ENOMEM, "cannot share memory among the ranks of a node: %s",
                    strerror(errno));
  }
  (void)shm_unlink(name);
  int error = EINTR;
  while (error == EINTR) {
    error = posix_fallocate(file, 0, (off_t)bytes);
  }
  (void)close(file);
  if (error == 0) return NNT_OK;
  return nnt_fail(NNT_ENOMEM,
                  "cannot share %zu bytes among the ranks of a node: %s; is /dev/shm large enough?",
                  bytes, strerror(error));
}

/* Collective over the node. The leader asks for all of it, the others for nothing. */
static void allocate(nnt_node_memory *memory, const nnt_comm *comm, size_t bytes)
{
  MPI_Aint const wanted = comm->node_rank == 0 ? (MPI_Aint)bytes + ALIGNMENT : 0;
  void *mine = NULL;
  memory->node = comm->node;
  MPI_Win_allocate_shared(wanted, 1, MPI_INFO_NULL, comm->node, (void *)&mine, &memory->window);
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
  if (status == NNT_OK) status = check_room(comm, bytes + ALIGNMENT);
  if (status == NNT_OK) status = nnt_fault("share", comm->rank);
  status = nnt_comm_agree(comm, status);
  if (status != NNT_OK || memory == NULL) {
    free(memory);
    return status;
  }
  allocate(memory, comm, bytes);
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
