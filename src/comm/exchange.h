/** How ranks combine their gradients in every step.
 *
 *  A batch is cut into M microbatches, the leaves of the fixed tree (see base/tree.h). Each rank
 *  owns a run of them, forms the gradient sums of the maximal subtrees in that run, and hands them
 *  over. The parameters come in tiles, which are cut into one segment a rank: the owner of a
 *  segment gets all subtree sums of it, adds them in tree order, updates the segment, and sends the
 *  new parameters to all. Whatever the number of ranks, the same numbers are added in the same
 *  order.
 *
 *  With NNT_EXCHANGE_ALLREDUCE one MPI_Allreduce adds whole gradients in an order of MPI's choice,
 *  and every rank updates all parameters: for comparison, equal only to rounding. */
#ifndef COMM_EXCHANGE_H
#define COMM_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "nntrain/comm.h"
#include "nntrain/status.h"
#include "nntrain/types.h"

typedef struct nnt_exchange nnt_exchange;

/** What rides behind the gradient: known to all ranks when the step ends. */
typedef struct nnt_wishes {
  bool stop; /* some rank was asked to stop */
  bool save; /* rank 0 finds that a checkpoint is due */
} nnt_wishes;

/** What is exchanged. */
typedef struct nnt_exchange_shape {
  nnt_exchange_kind kind;   /* NNT_EXCHANGE_TREE or NNT_EXCHANGE_ALLREDUCE */
  size_t tiles;             /* at least 1 */
  const size_t *tile_first; /* (tiles + 1) of each tile, and the end: P floats, at most INT_MAX */
  size_t microbatches;      /* M, at least the number of ranks */
} nnt_exchange_shape;

/** Can so many ranks share M microbatches? Local; NNT_EUSAGE with the remedy. */
NNT_MUST_CHECK nnt_status nnt_exchange_check(size_t ranks, size_t microbatches);

/** Allocates all buffers and prepares all messages.
 *  shape [in] needed only during the call
 *  Collective; NNT_EUSAGE if M or P is out of range, NNT_ENOMEM. The caller owns *out:
 *  nnt_exchange_destroy(). */
NNT_MUST_CHECK nnt_status nnt_exchange_create(nnt_exchange **out, const nnt_comm *comm,
                                              const nnt_exchange_shape *shape);
void nnt_exchange_destroy(nnt_exchange *exchange);

/** The microbatches that a rank owns: [floor(r M / n), floor((r+1) M / n)). Local; cannot fail. */
nnt_range nnt_exchange_microbatches(const nnt_exchange *exchange);

/** The subtrees of the calling rank, each a range of microbatches. Local; cannot fail. */
size_t nnt_exchange_subtree_count(const nnt_exchange *exchange);
nnt_range nnt_exchange_subtree(const nnt_exchange *exchange, size_t k);

/** Where the calling rank puts the gradient sum of its k-th subtree: (P). Borrowed. Local. */
float *nnt_exchange_gradient(nnt_exchange *exchange, size_t k);

/** The floats that the calling rank updates, and the tiles that they are. Local; cannot fail. */
nnt_range nnt_exchange_segment(const nnt_exchange *exchange);
nnt_range nnt_exchange_tiles(const nnt_exchange *exchange);

/** Sums gradients and tallies over all microbatches, and agrees on the way.
 *
 *  A rank that failed in this step still takes part; its failure rides behind the gradient, so a
 *  good step pays no message for it, and a bad one ends on all ranks together.
 *  tallies [in] of the rank's subtrees
 *  wishes  [in,out] the rank's own, then those of any rank
 *  local   [in] how the rank fared, as for nnt_comm_agree()
 *  total   [out] tally of the batch, the same on all ranks
 *  sum     [out] gradient sum of the rank's segment; borrowed until the next call
 *  Collective; any status that some rank passed in. */
NNT_MUST_CHECK nnt_status nnt_exchange_reduce(nnt_exchange *exchange, const nnt_tally *tallies,
                                              nnt_wishes *wishes, nnt_status local,
                                              nnt_tally *total, float **sum);

/** Brings the updated segments together: parameters (P) are complete on every rank afterwards.
 *  Collective; cannot fail. */
void nnt_exchange_gather(nnt_exchange *exchange, float *parameters);

/** The sum in tree order over one value a tile.
 *  values [in,out] (tiles) those of the rank's tiles; then all
 *  Collective; cannot fail. Returns the same on all ranks. */
double nnt_exchange_sum_tiles(nnt_exchange *exchange, double *values);

/** Brings an array that is spread over the segments (an optimizer's slot) to rank 0, or from there
 *  to the segments.
 *  segment [in/out] (segment count)   all [out/in] (P) on rank 0, NULL elsewhere
 *  Collective; cannot fail. */
void nnt_exchange_collect(nnt_exchange *exchange, const float *segment, float *all);
void nnt_exchange_distribute(nnt_exchange *exchange, const float *all, float *segment);

#endif
