/** The memory that the workers of a step share: parameters, activations, and what they tell each
 *  other.
 *
 *  With the exchange `shared`, all ranks of the node work on one board in node memory; otherwise
 *  each rank has a board of its own, which only its threads share. */
#ifndef TRAIN_BOARD_H
#define TRAIN_BOARD_H

#include <stdatomic.h>

#include "base/team.h"
#include "nntrain/comm.h"
#include "nntrain/model.h"
#include "nntrain/optim.h"

/** Records of this many steps are kept, so that a rank that comes late still finds its own. */
enum { NNT_RECORDS = 1024 };

/** What a worker has found wrong with a tile; two kinds, see train/guard.h. */
enum { NNT_FINDINGS = 2 };
typedef struct nnt_finding {
  _Atomic uint64_t step; /* from 1; written first */
  _Atomic uint64_t tile; /* 1 + its number, or 0: nothing is found */
} nnt_finding;

/** What a rank wishes or reports in a step, as bits. */
enum { NNT_FLAG_STOP = 1, NNT_FLAG_SAVE = 2, NNT_FLAG_FAILED = 4 };

/** What a step came to, written once by the worker that ends its forward and backward passes. */
typedef struct nnt_step_outcome {
  double loss; /* sum over the batch, without the penalty */
  double penalty;
  int64_t correct;
  uint32_t flags; /* of all ranks together */
} nnt_step_outcome;

/** The rows of a batch. */
typedef struct nnt_batch_rows {
  size_t *sample;   /* (rows) */
  uint16_t *labels; /* (rows) */
} nnt_batch_rows;

/** What a board has room for. */
typedef struct nnt_board_shape {
  nnt_workspace_shape workspace;
  size_t arena;     /* floats */
  size_t gradient;  /* floats; 0: none */
  size_t slots;     /* how many */
  size_t slot_size; /* floats of each */
  size_t tiles;
  size_t ranks;
  size_t phases;
  size_t workers; /* active ones of the team */
} nnt_board_shape;

typedef struct nnt_board {
  nnt_node_memory *shared; /* NULL: the memory is the rank's own */
  void *own;
  char *team;
  float *arena;
  float *gradient;
  float *slots[NNT_SLOTS_MAX];
  double *penalties;     /* (tiles) */
  double *squares;       /* (tiles) of the gradient */
  uint32_t *sums;        /* (tiles) of bits, see train/guard.h */
  nnt_finding *findings; /* (NNT_FINDINGS) */
  nnt_tally *leaves;
  nnt_batch_rows rows[2];     /* of this batch and the next */
  _Atomic uint32_t *flags;    /* (ranks) */
  nnt_step_outcome *outcomes; /* (NNT_RECORDS) */
  void *workspace;
} nnt_board;

/** Allocates a board of zeros. `out` must be empty ({NULL}).
 *  comm [in] NULL: for this rank alone, and Local; else for all ranks of the node, and Collective
 *  NNT_ENOMEM. The caller owns what *out holds: nnt_board_destroy(). */
NNT_MUST_CHECK nnt_status nnt_board_create(nnt_board *out, const nnt_comm *comm,
                                           const nnt_model *model, const nnt_board_shape *shape);
void nnt_board_destroy(nnt_board *board);

#endif
