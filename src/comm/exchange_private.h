/** What the files of the exchange share. */
#ifndef COMM_EXCHANGE_PRIVATE_H
#define COMM_EXCHANGE_PRIVATE_H

#include "base/tree.h"
#include "comm/exchange.h"
#include "comm/private.h"

/** What a rank tells all others behind its gradient. */
typedef struct nnt_tail {
  nnt_tally tally[NNT_SUBTREES_MAX]; /* of its subtrees */
  int32_t failed;
  int32_t stop;
  int32_t save;
} nnt_tail;

/** A subtree of some rank, and where its gradient sum for our segment is. */
typedef struct nnt_subtree {
  nnt_range leaves;
  int owner;
  size_t index;     /* among the owner's subtrees */
  const float *sum; /* (count of our segment) */
} nnt_subtree;

typedef struct nnt_neighbours nnt_neighbours;

struct nnt_exchange {
  const nnt_comm *comm; /* borrowed; outlives the exchange */
  nnt_exchange_kind kind;
  size_t parameters;
  size_t microbatches;

  /* Of all ranks, in the order of ranks; int because MPI's collectives count in int. */
  int *segment_count;
  int *segment_first;
  int *tile_count;
  int *tile_first;
  size_t tiles; /* of all ranks */

  nnt_range own[NNT_SUBTREES_MAX]; /* our subtrees */
  size_t own_count;
  float *gradients;           /* (own_count, P) */
  float *own_gradients;       /* the same, if they are the rank's own memory */
  nnt_neighbours *neighbours; /* with NNT_EXCHANGE_TREE */

  nnt_subtree *subtrees; /* of all ranks, by leaves */
  size_t subtree_count;
  float *incoming; /* sums of our segment that come as messages */
  nnt_tail *tails; /* of all ranks, but for those of our node */
  MPI_Request *requests;
  size_t request_count;

  float *sum;     /* of our segment over the whole batch */
  float *scratch; /* partial sums, one chunk a level of the tree */
};

/** How many floats are taken through the tree at a time: a chunk of each level stays in L1. */
enum { NNT_CHUNK = 1024 };

/** The tail of a rank: in shared memory if it is on this node. Borrowed. Local; cannot fail. */
nnt_tail *nnt_tail_of(nnt_exchange *exchange, int rank);

/** With NNT_EXCHANGE_ALLREDUCE the tail is a few floats behind the gradient. */
enum { NNT_FLOAT_TAIL = 5 };

/** nnt_exchange_reduce() for NNT_EXCHANGE_ALLREDUCE. */
NNT_MUST_CHECK nnt_status nnt_exchange_allreduce(nnt_exchange *exchange, nnt_wishes *wishes,
                                                 nnt_status local, nnt_tally *total, float **sum);

/** Cuts the parameters into segments of whole tiles, one a rank, about equally long.
 *  Local; NNT_ENOMEM. */
NNT_MUST_CHECK nnt_status nnt_segments_create(nnt_exchange *exchange,
                                              const nnt_exchange_shape *shape);

#endif
