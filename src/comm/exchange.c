/* A step with NNT_EXCHANGE_TREE: every rank lays open the sums of its subtrees to the ranks of its
 * node, and sends each rank of other nodes that rank's segment of them, one message a subtree, and
 * its tail. All messages are prepared once. */
#include "comm/exchange.h"

#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "comm/exchange_private.h"
#include "comm/neighbours.h"

enum { TAG_TAIL = NNT_SUBTREES_MAX };

static nnt_range microbatches_of(const nnt_exchange *exchange, int rank)
{
  size_t const size = (size_t)exchange->comm->size;
  size_t const r = (size_t)rank;
  size_t const first = r * exchange->microbatches / size;
  return (nnt_range){first, (r + 1) * exchange->microbatches / size - first};
}

nnt_status nnt_exchange_check(size_t ranks, size_t microbatches)
{
  if (microbatches < ranks) {
    return nnt_fail(NNT_EUSAGE,
                    "%zu ranks cannot share %zu microbatches: start at most %zu ranks, or begin a "
                    "new run with --microbatches %zu or more",
                    ranks, microbatches, microbatches, ranks);
  }
  if (microbatches > INT_MAX) {
    return nnt_fail(NNT_EUSAGE, "%zu microbatches are more than %d", microbatches, INT_MAX);
  }
  return NNT_OK;
}

static nnt_status check_sizes(const nnt_exchange *exchange)
{
  NNT_TRY(nnt_exchange_check((size_t)exchange->comm->size, exchange->microbatches));
  if (exchange->parameters > INT_MAX - NNT_FLOAT_TAIL) {
    return nnt_fail(NNT_EUSAGE, "%zu parameters are more than this version exchanges (%d)",
                    exchange->parameters, INT_MAX - NNT_FLOAT_TAIL);
  }
  return NNT_OK;
}

/* Lists the subtrees of all ranks from left to right, and allocates room for the others' sums. */
static nnt_status list_subtrees(nnt_exchange *exchange)
{
  size_t const size = (size_t)exchange->comm->size;
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, size * NNT_SUBTREES_MAX, sizeof *exchange->subtrees,
                            "the list of subtrees"));
  exchange->subtrees = memory;
  for (int rank = 0; rank < exchange->comm->size; rank++) {
    nnt_range found[NNT_SUBTREES_MAX];
    nnt_range const leaves = microbatches_of(exchange, rank);
    size_t const count = nnt_tree_subtrees(exchange->microbatches, leaves, found);
    for (size_t k = 0; k < count; k++) {
      exchange->subtrees[exchange->subtree_count++] =
          (nnt_subtree){.leaves = found[k], .owner = rank, .index = k};
      if (rank == exchange->comm->rank) exchange->own[exchange->own_count++] = found[k];
    }
  }
  return NNT_OK;
}

/* Local; NNT_ENOMEM. Of the subtrees of other nodes, the segment comes here. */
static nnt_status allocate_incoming(nnt_exchange *exchange)
{
  size_t far = 0;
  for (size_t k = 0; k < exchange->subtree_count; k++) {
    far += !nnt_is_near(exchange->neighbours, exchange->subtrees[k].owner);
  }
  size_t floats = 0;
  if (!nnt_size_multiply(far, nnt_exchange_segment(exchange).count, &floats)) {
    return nnt_fail(NNT_ENOMEM, "the gradients of other ranks are too large to address");
  }
  NNT_TRY(nnt_floats_create(&exchange->incoming, floats, "the gradients of other ranks"));
  size_t const size = (size_t)exchange->comm->size;
  void *memory = NULL;
  size_t const messages = far + (exchange->own_count + 2) * size;
  NNT_TRY(nnt_memory_create(&memory, messages, sizeof(MPI_Request), "the message handles"));
  exchange->requests = memory;
  return NNT_OK;
}

/* Local; NNT_ENOMEM. */
static nnt_status allocate_buffers(nnt_exchange *exchange)
{
  size_t const segment = nnt_exchange_segment(exchange).count;
  NNT_TRY(nnt_floats_create(&exchange->sum, segment + NNT_FLOAT_TAIL, "the summed gradient"));
  /* The right child of a node on the lowest level has a chunk of its own as well. */
  size_t const chunks = nnt_tree_levels(exchange->microbatches) + 1;
  NNT_TRY(nnt_floats_create(&exchange->scratch, chunks * NNT_CHUNK, "partial sums"));
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, (size_t)exchange->comm->size, sizeof *exchange->tails,
                            "the tails of a step"));
  exchange->tails = memory;
  if (exchange->kind != NNT_EXCHANGE_ALLREDUCE) return NNT_OK;
  size_t floats = 0;
  if (!nnt_size_multiply(exchange->own_count, exchange->parameters, &floats)) {
    return nnt_fail(NNT_ENOMEM, "the gradients are too large to address");
  }
  return nnt_floats_create(&exchange->own_gradients, floats, "the gradients");
}

static MPI_Request *next_request(nnt_exchange *exchange)
{
  return &exchange->requests[exchange->request_count++];
}

/* The sum of a subtree that a rank of this node has formed lies in shared memory. */
static float *near_sum(const nnt_exchange *exchange, const nnt_subtree *subtree)
{
  nnt_neighbours const *const near = exchange->neighbours;
  return near->gradients[near->place[subtree->owner]] + subtree->index * exchange->parameters;
}

static void prepare_incoming(nnt_exchange *exchange)
{
  nnt_range const segment = nnt_exchange_segment(exchange);
  float *at = exchange->incoming;
  for (size_t k = 0; k < exchange->subtree_count; k++) {
    nnt_subtree *const subtree = &exchange->subtrees[k];
    if (nnt_is_near(exchange->neighbours, subtree->owner)) {
      subtree->sum = near_sum(exchange, subtree) + segment.first;
      continue;
    }
    subtree->sum = at;
    if (segment.count > 0) {
      MPI_Recv_init(at, (int)segment.count, MPI_FLOAT, subtree->owner, (int)subtree->index,
                    exchange->comm->mpi, next_request(exchange));
    }
    at += segment.count;
  }
}

static void prepare_messages(nnt_exchange *exchange)
{
  prepare_incoming(exchange);
  nnt_tail *const own = nnt_tail_of(exchange, exchange->comm->rank);
  for (int other = 0; other < exchange->comm->size; other++) {
    if (nnt_is_near(exchange->neighbours, other)) continue;
    MPI_Recv_init(&exchange->tails[other], sizeof(nnt_tail), MPI_BYTE, other, TAG_TAIL,
                  exchange->comm->mpi, next_request(exchange));
    for (size_t k = 0; k < exchange->own_count && exchange->segment_count[other] > 0; k++) {
      MPI_Send_init(nnt_exchange_gradient(exchange, k) + exchange->segment_first[other],
                    exchange->segment_count[other], MPI_FLOAT, other, (int)k, exchange->comm->mpi,
                    next_request(exchange));
    }
    MPI_Send_init(own, sizeof(nnt_tail), MPI_BYTE, other, TAG_TAIL, exchange->comm->mpi,
                  next_request(exchange));
  }
}

/* Collective; NNT_ENOMEM. */
static nnt_status connect(nnt_exchange *exchange)
{
  exchange->gradients = exchange->own_gradients;
  if (exchange->kind == NNT_EXCHANGE_ALLREDUCE) return NNT_OK;
  NNT_TRY(nnt_neighbours_create(&exchange->neighbours, exchange));
  exchange->gradients = exchange->neighbours->gradients[exchange->neighbours->me];
  NNT_TRY(nnt_comm_agree(exchange->comm, allocate_incoming(exchange)));
  prepare_messages(exchange);
  return NNT_OK;
}

static nnt_status set_up(nnt_exchange *exchange, const nnt_exchange_shape *shape)
{
  exchange->kind = shape->kind;
  exchange->parameters = shape->tile_first[shape->tiles];
  exchange->microbatches = shape->microbatches;
  NNT_TRY(check_sizes(exchange));
  NNT_TRY(nnt_segments_create(exchange, shape));
  NNT_TRY(list_subtrees(exchange));
  NNT_TRY(allocate_buffers(exchange));
  return nnt_fault("exchange", exchange->comm->rank);
}

nnt_status nnt_exchange_create(nnt_exchange **out, const nnt_comm *comm,
                               const nnt_exchange_shape *shape)
{
  void *memory = NULL;
  nnt_status status = nnt_memory_create(&memory, 1, sizeof(nnt_exchange), "the exchange");
  nnt_exchange *const exchange = memory;
  if (exchange != NULL) {
    exchange->comm = comm;
    status = set_up(exchange, shape);
  }
  status = nnt_comm_agree(comm, status);
  if (status == NNT_OK && exchange != NULL) status = connect(exchange);
  if (status != NNT_OK) {
    nnt_exchange_destroy(exchange);
    return status;
  }
  *out = exchange;
  return NNT_OK;
}

void nnt_exchange_destroy(nnt_exchange *exchange)
{
  if (exchange == NULL) return;
  for (size_t i = 0; i < exchange->request_count; i++) {
    MPI_Request_free(&exchange->requests[i]);
  }
  free(exchange->segment_count);
  free(exchange->segment_first);
  free(exchange->tile_count);
  free(exchange->tile_first);
  nnt_neighbours_destroy(exchange->neighbours);
  free(exchange->own_gradients);
  free(exchange->subtrees);
  free(exchange->incoming);
  free(exchange->tails);
  free(exchange->requests);
  free(exchange->sum);
  free(exchange->scratch);
  free(exchange);
}

nnt_tail *nnt_tail_of(nnt_exchange *exchange, int rank)
{
  nnt_neighbours const *const near = exchange->neighbours;
  if (near == NULL || !nnt_is_near(near, rank)) return &exchange->tails[rank];
  return &near->tails[near->place[rank]];
}

nnt_range nnt_exchange_microbatches(const nnt_exchange *exchange)
{
  return microbatches_of(exchange, exchange->comm->rank);
}

size_t nnt_exchange_subtree_count(const nnt_exchange *exchange) { return exchange->own_count; }

nnt_range nnt_exchange_subtree(const nnt_exchange *exchange, size_t k) { return exchange->own[k]; }

float *nnt_exchange_gradient(nnt_exchange *exchange, size_t k)
{
  return exchange->gradients + k * exchange->parameters;
}

/* Finds the subtree that covers exactly `node`, or NULL. */
static const nnt_subtree *find_subtree(const nnt_exchange *exchange, nnt_range node)
{
  size_t low = 0;
  size_t high = exchange->subtree_count;
  while (low < high) {
    size_t const middle = low + (high - low) / 2;
    nnt_subtree const *const subtree = &exchange->subtrees[middle];
    if (subtree->leaves.first == node.first) {
      return subtree->leaves.count == node.count ? subtree : NULL;
    }
    if (subtree->leaves.first < node.first) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return NULL;
}

/* The sum over the leaves of `node` of floats [offset, offset + n) of the segment, in tree order.
 * Left partial sums wait in the scratch chunk of their level while the right ones are formed in the
 * levels above. Returns a pointer to n floats, which is `out` for the root. */
static const float *add_in_tree(nnt_exchange *exchange, nnt_range node, size_t offset, size_t n,
                                size_t level, float *out)
{
  nnt_subtree const *const subtree = find_subtree(exchange, node);
  if (subtree != NULL) return subtree->sum + offset;
  size_t const half = nnt_tree_split(node.count);
  nnt_range const left_node = {node.first, half};
  nnt_range const right_node = {node.first + half, node.count - half};
  float *const left_room = exchange->scratch + level * NNT_CHUNK;
  float *const right_room = left_room + NNT_CHUNK;
  float const *const left = add_in_tree(exchange, left_node, offset, n, level, left_room);
  float const *const right = add_in_tree(exchange, right_node, offset, n, level + 1, right_room);
  for (size_t i = 0; i < n; i++) {
    out[i] = left[i] + right[i];
  }
  return out;
}

static float *reduce_segment(nnt_exchange *exchange)
{
  /* One subtree: its sum is the sum. */
  if (exchange->subtree_count == 1) return exchange->gradients;
  size_t const count = nnt_exchange_segment(exchange).count;
  nnt_range const root = {0, exchange->microbatches};
  for (size_t offset = 0; offset < count; offset += NNT_CHUNK) {
    size_t const n = count - offset < NNT_CHUNK ? count - offset : NNT_CHUNK;
    (void)add_in_tree(exchange, root, offset, n, 0, exchange->sum + offset);
  }
  return exchange->sum;
}

static nnt_tally add_tallies(nnt_exchange *exchange, nnt_range node)
{
  nnt_subtree const *const subtree = find_subtree(exchange, node);
  if (subtree != NULL) return nnt_tail_of(exchange, subtree->owner)->tally[subtree->index];
  size_t const half = nnt_tree_split(node.count);
  nnt_tally const left = add_tallies(exchange, (nnt_range){node.first, half});
  nnt_tally const right = add_tallies(exchange, (nnt_range){node.first + half, node.count - half});
  return (nnt_tally){left.loss + right.loss, left.correct + right.correct};
}

static void fill_tail(nnt_exchange *exchange, const nnt_tally *tallies, nnt_wishes wishes,
                      nnt_status local)
{
  nnt_tail *const tail = nnt_tail_of(exchange, exchange->comm->rank);
  memcpy(tail->tally, tallies, exchange->own_count * sizeof *tallies);
  tail->failed = local != NNT_OK;
  tail->stop = wishes.stop;
  tail->save = wishes.save;
}

/* Returns whether some rank failed. */
static bool read_tails(nnt_exchange *exchange, nnt_wishes *wishes)
{
  bool failed = false;
  *wishes = (nnt_wishes){false, false};
  for (int rank = 0; rank < exchange->comm->size; rank++) {
    nnt_tail const *const tail = nnt_tail_of(exchange, rank);
    failed |= tail->failed != 0;
    wishes->stop |= tail->stop != 0;
    wishes->save |= tail->save != 0;
  }
  return failed;
}

nnt_status nnt_exchange_reduce(nnt_exchange *exchange, const nnt_tally *tallies, nnt_wishes *wishes,
                               nnt_status local, nnt_tally *total, float **sum)
{
  fill_tail(exchange, tallies, *wishes, local);
  if (exchange->kind == NNT_EXCHANGE_ALLREDUCE) {
    return nnt_exchange_allreduce(exchange, wishes, local, total, sum);
  }
  int const count = (int)exchange->request_count;
  MPI_Startall(count, exchange->requests);
  nnt_neighbours_meet(exchange->neighbours, NNT_MEET_GRADIENTS);
  nnt_wait_all(exchange->comm, count, exchange->requests);
  if (read_tails(exchange, wishes)) return nnt_comm_agree(exchange->comm, local);
  *total = add_tallies(exchange, (nnt_range){0, exchange->microbatches});
  *sum = reduce_segment(exchange);
  return NNT_OK;
}
