#include "comm/neighbours.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/supply.h"

static size_t node_size(const nnt_exchange *exchange)
{
  int size = 1;
  MPI_Comm_size(exchange->comm->node, &size);
  return (size_t)size;
}

/* Local; NNT_ENOMEM. */
static nnt_status allocate(nnt_neighbours *it, const nnt_exchange *exchange)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, (size_t)exchange->comm->size, sizeof *it->place,
                            "the list of neighbours"));
  it->place = memory;
  NNT_TRY(nnt_memory_create(&memory, node_size(exchange), sizeof *it->gradients,
                            "the list of neighbours"));
  it->gradients = memory;
  return NNT_OK;
}

/* Collective: who is on this node, and where in it. */
static void find_places(nnt_neighbours *it, const nnt_exchange *exchange)
{
  nnt_comm const *const comm = exchange->comm;
  MPI_Group all;
  MPI_Group here;
  MPI_Comm_group(comm->mpi, &all);
  MPI_Comm_group(comm->node, &here);
  for (int rank = 0; rank < comm->size; rank++) {
    MPI_Group_translate_ranks(all, 1, &rank, here, &it->place[rank]);
    if (it->place[rank] == MPI_UNDEFINED) it->place[rank] = -1;
  }
  MPI_Group_free(&all);
  MPI_Group_free(&here);
  it->me = (size_t)comm->node_rank;
}

/* Places all arrays in the memory, or counts its bytes. */
static void place(nnt_neighbours *it, const nnt_exchange *exchange, nnt_supply *from)
{
  size_t const size = node_size(exchange);
  size_t const parameters = exchange->parameters;
  it->team.memory = nnt_supply_take(from, nnt_team_bytes(NNT_MEETINGS, it->team.active), 1);
  it->tails = nnt_supply_take(from, size, sizeof *it->tails);
  it->segments = nnt_supply_take(from, parameters, sizeof *it->segments);
  for (int rank = 0; rank < exchange->comm->size; rank++) {
    if (!nnt_is_near(it, rank)) continue;
    size_t subtrees = 0;
    for (size_t k = 0; k < exchange->subtree_count; k++) {
      subtrees += exchange->subtrees[k].owner == rank;
    }
    size_t floats = 0;
    if (!nnt_size_multiply(subtrees, parameters, &floats)) from->fits = false;
    it->gradients[it->place[rank]] = nnt_supply_take(from, floats, sizeof(float));
  }
}

/* Collective; NNT_ENOMEM. */
static nnt_status share(nnt_neighbours *it, const nnt_exchange *exchange)
{
  nnt_comm const *const comm = exchange->comm;
  size_t const size = node_size(exchange);
  it->team = (nnt_team){.phases = NNT_MEETINGS,
                        .tasks = {size, size},
                        .workers = size,
                        .active = size,
                        .spins = !comm->oversubscribed};
  nnt_supply counted = {.fits = true};
  place(it, exchange, &counted);
  nnt_status status = NNT_OK;
  if (!counted.fits) status = nnt_fail(NNT_ENOMEM, "the gradients are too large to address");
  NNT_TRY(nnt_comm_agree(comm, status));
  NNT_TRY(nnt_node_memory_create(&it->memory, comm, counted.used));
  nnt_supply from = {.base = nnt_node_memory_bytes(it->memory), .fits = true};
  if (nnt_comm_is_node_leader(comm)) memset(from.base, 0, counted.used);
  place(it, exchange, &from);
  nnt_node_memory_publish(it->memory);
  return NNT_OK;
}

nnt_status nnt_neighbours_create(nnt_neighbours **out, const nnt_exchange *exchange)
{
  void *memory = NULL;
  nnt_status status = nnt_memory_create(&memory, 1, sizeof(nnt_neighbours), "the neighbours");
  nnt_neighbours *const it = memory;
  if (status == NNT_OK) status = allocate(it, exchange);
  status = nnt_comm_agree(exchange->comm, status);
  if (status == NNT_OK) {
    find_places(it, exchange);
    status = share(it, exchange);
  }
  if (status != NNT_OK) {
    nnt_neighbours_destroy(it);
    return status;
  }
  *out = it;
  return NNT_OK;
}

void nnt_neighbours_destroy(nnt_neighbours *neighbours)
{
  if (neighbours == NULL) return;
  nnt_node_memory_destroy(neighbours->memory);
  free(neighbours->gradients);
  free(neighbours->place);
  free(neighbours);
}

void nnt_neighbours_meet(nnt_neighbours *neighbours, nnt_meeting meeting)
{
  nnt_team_work const work = {
      .phase = meeting, .round = ++neighbours->rounds[meeting], .worker = neighbours->me};
  nnt_team_meet(&neighbours->team, &work);
}
