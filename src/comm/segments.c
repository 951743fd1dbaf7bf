/* The parameters cut into one segment a rank, and what is brought together or spread along them. */
#include <limits.h>
#include <string.h>

#include "base/memory.h"
#include "comm/exchange_private.h"

size_t nnt_block_count(size_t n) { return n / NNT_BLOCK + (n % NNT_BLOCK != 0); }

static nnt_status integers_create(int **out, size_t n)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, n, sizeof(int), "the table of segments"));
  *out = memory;
  return NNT_OK;
}

nnt_status nnt_segments_create(nnt_exchange *exchange)
{
  size_t const size = (size_t)exchange->comm->size;
  size_t const parameters = exchange->parameters;
  size_t const blocks = nnt_block_count(parameters);
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, blocks, sizeof(double), "the sums of blocks"));
  exchange->blocks = memory;
  NNT_TRY(integers_create(&exchange->segment_count, size));
  NNT_TRY(integers_create(&exchange->segment_first, size));
  NNT_TRY(integers_create(&exchange->block_count, size));
  NNT_TRY(integers_create(&exchange->block_first, size));

  bool const whole = exchange->kind == NNT_EXCHANGE_ALLREDUCE;
  for (size_t rank = 0; rank < size; rank++) {
    size_t const from = whole ? 0 : rank * blocks / size;
    size_t const to = whole ? blocks : (rank + 1) * blocks / size;
    size_t const first = from * NNT_BLOCK < parameters ? from * NNT_BLOCK : parameters;
    size_t const end = to * NNT_BLOCK < parameters ? to * NNT_BLOCK : parameters;
    /* At most `parameters`, which is at most INT_MAX. */
    exchange->block_first[rank] = (int)from;
    exchange->block_count[rank] = (int)(to - from);
    exchange->segment_first[rank] = (int)first;
    exchange->segment_count[rank] = (int)(end - first);
  }
  return NNT_OK;
}

nnt_range nnt_exchange_segment(const nnt_exchange *exchange)
{
  int const rank = exchange->comm->rank;
  return (nnt_range){(size_t)exchange->segment_first[rank], (size_t)exchange->segment_count[rank]};
}

void nnt_exchange_gather(nnt_exchange *exchange, float *parameters)
{
  if (exchange->kind == NNT_EXCHANGE_ALLREDUCE || exchange->comm->size == 1) return;
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, parameters, exchange->segment_count,
                  exchange->segment_first, MPI_FLOAT, exchange->comm->mpi, &request);
  nnt_wait_all(exchange->comm, 1, &request);
}

double nnt_exchange_sum_blocks(nnt_exchange *exchange, const double *of_segment)
{
  int const rank = exchange->comm->rank;
  size_t const mine = (size_t)exchange->block_count[rank];
  double *const at = exchange->blocks + exchange->block_first[rank];
  if (mine > 0) memcpy(at, of_segment, mine * sizeof *at);
  if (exchange->kind == NNT_EXCHANGE_TREE && exchange->comm->size > 1) {
    MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, exchange->blocks, exchange->block_count,
                   exchange->block_first, MPI_DOUBLE, exchange->comm->mpi);
  }
  return nnt_tree_sum(exchange->blocks, nnt_block_count(exchange->parameters));
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
