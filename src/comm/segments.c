/* The parameters cut into one segment a rank, and what is brought together or spread along them. */
#include <string.h>

#include "base/memory.h"
#include "comm/exchange_private.h"
#include "comm/neighbours.h"

static nnt_status integers_create(int **out, size_t n)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, n, sizeof(int), "the table of segments"));
  *out = memory;
  return NNT_OK;
}

/* The rank whose segment tile t belongs to: as if the parameters were cut into equal parts, and the
 * tile went where it begins. */
static size_t owner_of(const nnt_exchange_shape *shape, size_t t, size_t ranks)
{
  size_t const part = shape->tile_first[shape->tiles] / ranks + 1;
  return shape->tile_first[t] / part;
}

nnt_status nnt_segments_create(nnt_exchange *exchange, const nnt_exchange_shape *shape)
{
  size_t const ranks = (size_t)exchange->comm->size;
  exchange->tiles = shape->tiles;
  NNT_TRY(integers_create(&exchange->segment_count, ranks));
  NNT_TRY(integers_create(&exchange->segment_first, ranks));
  NNT_TRY(integers_create(&exchange->tile_count, ranks));
  NNT_TRY(integers_create(&exchange->tile_first, ranks));

  bool const whole = exchange->kind == NNT_EXCHANGE_ALLREDUCE;
  size_t next = 0;
  for (size_t rank = 0; rank < ranks; rank++) {
    size_t const first = whole ? 0 : next;
    while (next < shape->tiles && (whole || owner_of(shape, next, ranks) == rank)) {
      next++;
    }
    size_t const end = whole ? shape->tiles : next;
    /* Places are at most P, which is at most INT_MAX. */
    exchange->tile_first[rank] = (int)first;
    exchange->tile_count[rank] = (int)(end - first);
    exchange->segment_first[rank] = (int)shape->tile_first[first];
    exchange->segment_count[rank] = (int)(shape->tile_first[end] - shape->tile_first[first]);
  }
  return NNT_OK;
}

nnt_range nnt_exchange_segment(const nnt_exchange *exchange)
{
  int const rank = exchange->comm->rank;
  return (nnt_range){(size_t)exchange->segment_first[rank], (size_t)exchange->segment_count[rank]};
}

nnt_range nnt_exchange_tiles(const nnt_exchange *exchange)
{
  int const rank = exchange->comm->rank;
  return (nnt_range){(size_t)exchange->tile_first[rank], (size_t)exchange->tile_count[rank]};
}

/* On one node: each rank lays open its segment, and copies those of the others. */
static void gather_here(nnt_exchange *exchange, float *parameters)
{
  nnt_range const mine = nnt_exchange_segment(exchange);
  float *const shared = exchange->neighbours->segments;
  memcpy(shared + mine.first, parameters + mine.first, mine.count * sizeof *parameters);
  nnt_neighbours_meet(exchange->neighbours, NNT_MEET_SEGMENTS);
  size_t const end = mine.first + mine.count;
  memcpy(parameters, shared, mine.first * sizeof *parameters);
  memcpy(parameters + end, shared + end, (exchange->parameters - end) * sizeof *parameters);
}

void nnt_exchange_gather(nnt_exchange *exchange, float *parameters)
{
  if (exchange->kind == NNT_EXCHANGE_ALLREDUCE || exchange->comm->size == 1) return;
  if (exchange->comm->nodes == 1) {
    gather_here(exchange, parameters);
    return;
  }
  nnt_neighbours_meet(exchange->neighbours, NNT_MEET_SEGMENTS);
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, parameters, exchange->segment_count,
                  exchange->segment_first, MPI_FLOAT, exchange->comm->mpi, &request);
  nnt_wait_all(exchange->comm, 1, &request);
}

double nnt_exchange_sum_tiles(nnt_exchange *exchange, double *values)
{
  if (exchange->kind == NNT_EXCHANGE_TREE && exchange->comm->size > 1) {
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, exchange->tile_count,
                   exchange->tile_first, MPI_DOUBLE, exchange->comm->mpi);
  }
  return nnt_tree_sum(values, exchange->tiles);
}

void nnt_exchange_collect(nnt_exchange *exchange, const float *segment, float *all)
{
  nnt_range const mine = nnt_exchange_segment(exchange);
  if (exchange->kind == NNT_EXCHANGE_ALLREDUCE) {
    if (all != NULL) memcpy(all, segment, mine.count * sizeof *all);
    return;
  }
  MPI_Gatherv(segment, (int)mine.count, MPI_FLOAT, all, exchange->segment_count,
              exchange->segment_first, MPI_FLOAT, 0, exchange->comm->mpi);
}

void nnt_exchange_distribute(nnt_exchange *exchange, const float *all, float *segment)
{
  nnt_range const mine = nnt_exchange_segment(exchange);
  if (exchange->kind == NNT_EXCHANGE_ALLREDUCE) {
    if (all != NULL) memcpy(segment, all, mine.count * sizeof *all);
    MPI_Bcast(segment, (int)mine.count, MPI_FLOAT, 0, exchange->comm->mpi);
    return;
  }
  MPI_Scatterv(all, exchange->segment_count, exchange->segment_first, MPI_FLOAT, segment,
               (int)mine.count, MPI_FLOAT, 0, exchange->comm->mpi);
}
