/** What the files of the trainer share. */
#ifndef TRAIN_TRAINER_PRIVATE_H
#define TRAIN_TRAINER_PRIVATE_H

#include "base/helpers.h"
#include "train/board.h"
#include "train/trainer.h"

/** The phases of a step. */
typedef enum nnt_trainer_phase {
  NNT_STEP_PREPARE,  /* the rows of the very first batch; a task a microbatch */
  NNT_STEP_INPUT,    /* on sparse rows, the first layer; a task a panel and block of rows */
  NNT_STEP_ROWS,     /* forward, loss, backward; a task a microbatch */
  NNT_STEP_SUBTREES, /* not with `shared`: gradient sums of subtrees; a task a subtree and group */
  NNT_STEP_TILES,    /* gradient of the mean loss, and update unless it must be clipped; a task a
                        group of tiles */
  NNT_STEP_CLIPPED,  /* clipping and update; a task a group of tiles */
  NNT_STEP_PHASES
} nnt_trainer_phase;

/** What a thread needs for itself. */
typedef struct nnt_worker {
  nnt_workspace *workspace; /* over the board's memory */
  float *tile;              /* the gradient of one tile */
  float *scratch;           /* nnt_model_scratch_size() */
  uint32_t fetched;         /* the last round whose rows it has begun to fetch */
} nnt_worker;

/** The batch that is being trained on. */
typedef struct nnt_job {
  uint64_t epoch;
  uint64_t batch;
  uint64_t step;     /* updates done before */
  size_t samples;    /* in the batch, of all ranks */
  nnt_range rows;    /* of the batch that lie on the board */
  double square_sum; /* not with `shared`, in clipping: of the whole gradient */
  float *sum;        /* not with `shared`: the summed gradient of the rank's segment */
} nnt_job;

struct nnt_trainer {
  nnt_trainer_options options;
  bool is_shared;
  bool has_penalty;
  nnt_exchange *exchange; /* NULL with `shared` */
  nnt_board board;
  nnt_team team;
  size_t first_worker;  /* of this rank's threads, in the team */
  nnt_worker *workers;  /* (threads) */
  nnt_helpers *helpers; /* the threads but for the main one */
  nnt_range own;        /* the microbatches whose rows lie on the board */
  size_t row_blocks;    /* of the phase NNT_STEP_INPUT */
  size_t *bounds;       /* (own.count + 1) the first row of each, on the board, in this batch */
  nnt_range tiles;      /* that are updated on this board */
  nnt_range span;       /* the part of the arena that they cover */
  nnt_range *groups;    /* of these tiles, about equally long */
  size_t group_count;
  int64_t *hashes; /* (ranks) of the replicas */
  uint32_t round;
  nnt_status failure; /* of this rank, until all have agreed on it */
  nnt_job job;
};

/** The tasks of the phases, and the end of NNT_STEP_ROWS with `shared`. `context` is the trainer.
 */
void nnt_task_prepare(void *context, size_t worker, size_t task);
void nnt_task_input(void *context, size_t worker, size_t task);
void nnt_task_rows(void *context, size_t worker, size_t j);
void nnt_task_subtrees(void *context, size_t worker, size_t task);
void nnt_task_tiles(void *context, size_t worker, size_t task);
void nnt_task_clipped(void *context, size_t worker, size_t task);
void nnt_close_rows(void *context);

/** What a helper of this rank does with a post: the tasks of phase post / 2^32 in round post % 2^32
 *  that it can claim. `context` is the trainer; see base/helpers.h.
 *  Local; cannot fail. */
void nnt_trainer_help(void *context, size_t helper, uint64_t post);

/** The time since the last call belonged to `phase`. Only the rank's first thread, which also
 *  speaks to other ranks, measures.
 *  Local; cannot fail. */
void nnt_trainer_end_phase(nnt_trainer *trainer, size_t worker, nnt_phase_id phase);

/** The sum of tallies in tree order. Local; cannot fail. */
nnt_tally nnt_add_tallies(const nnt_tally *leaves, size_t count);

/** The penalty of the parameters as they are. Local; cannot fail. */
double nnt_penalty_now(const nnt_trainer *trainer);

/** Works out all tiles' penalties, where they are not kept as tiles are updated.
 *  Local; cannot fail. */
void nnt_trainer_refresh_penalties(nnt_trainer *trainer);

/** The outcome of this round. Borrowed. Local; cannot fail. */
nnt_step_outcome *nnt_outcome_now(const nnt_trainer *trainer);

/** The samples of a batch. Local; cannot fail. */
static inline size_t nnt_trainer_batch_samples(const nnt_trainer *trainer, uint64_t batch)
{
  size_t const at = (size_t)batch * trainer->options.batch_size;
  size_t const left = trainer->options.samples.count - at;
  return left < trainer->options.batch_size ? left : trainer->options.batch_size;
}

/** The rows of the board's microbatches in a batch of b samples. Local; cannot fail. */
static inline nnt_range nnt_trainer_rows(const nnt_trainer *trainer, size_t b)
{
  nnt_range const own = trainer->own;
  size_t const count = trainer->options.microbatches;
  size_t const first = nnt_microbatch_rows(b, count, own.first).first;
  return (nnt_range){first, nnt_microbatch_rows(b, count, own.first + own.count).first - first};
}

#endif
