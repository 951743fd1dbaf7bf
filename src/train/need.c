#include "train/need.h"

#include "base/tree.h"
#include "train/evaluate.h"

/* Products and sums stop at the largest number. */
static uint64_t times(uint64_t a, uint64_t b)
{
  return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

static uint64_t plus(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

static uint64_t floats(uint64_t count) { return times(count, sizeof(float)); }

static uint64_t workspace(const nnt_trainer_options *options, nnt_workspace_shape shape)
{
  size_t bytes = 0;
  nnt_status const status = nnt_workspace_bytes(options->model, shape, &bytes);
  return status == NNT_OK ? bytes : UINT64_MAX;
}

static nnt_workspace_shape shape_of(const nnt_trainer_options *options, size_t leaves)
{
  return (nnt_workspace_shape){.rows = options->batch_size * leaves / options->microbatches + 1,
                               .leaves = leaves,
                               .leaf_rows = options->batch_size / options->microbatches + 1,
                               .training = true};
}

/* What a board has for so many of the microbatches. */
static uint64_t passes(const nnt_trainer_options *options, size_t leaves)
{
  return workspace(options, shape_of(options, leaves));
}

/* What every thread has: a tile with the tree over it, what an index is built in, and a block of an
 * evaluation. */
static uint64_t threads(const nnt_trainer_options *options)
{
  nnt_model const *const model = options->model;
  nnt_workspace_shape const block = {.rows = NNT_EVALUATION_BLOCK, .training = false};
  uint64_t const tile =
      plus(nnt_model_tile_size_max(model), nnt_model_scratch_size(model, options->microbatches));
  uint64_t const index = nnt_workspace_own_bytes(model, shape_of(options, 1));
  return times(options->threads, plus(plus(floats(tile), index), workspace(options, block)));
}

/* The subtrees of all ranks: each has the sum of a whole gradient. */
static uint64_t subtrees(const nnt_trainer_options *options)
{
  size_t const ranks = (size_t)nnt_comm_size(options->comm);
  uint64_t count = 0;
  for (size_t rank = 0; rank < ranks; rank++) {
    nnt_range found[NNT_SUBTREES_MAX];
    size_t const first = rank * options->microbatches / ranks;
    size_t const end = (rank + 1) * options->microbatches / ranks;
    count += nnt_tree_subtrees(options->microbatches, (nnt_range){first, end - first}, found);
  }
  return count;
}

static nnt_need with_replicas(const nnt_trainer_options *options)
{
  uint64_t const arena = nnt_model_arena_size(options->model);
  uint64_t const slots = nnt_optimizer_slots(&options->optimizer);
  uint64_t const ranks = (uint64_t)nnt_comm_size(options->comm);
  uint64_t const nodes = (uint64_t)nnt_comm_nodes(options->comm);
  bool const whole = options->exchange == NNT_EXCHANGE_ALLREDUCE;
  uint64_t const segment = whole ? arena : arena / ranks;
  uint64_t const sums = subtrees(options);
  uint64_t own = plus(floats(arena), floats(times(segment, slots + 1)));
  own = plus(own, passes(options, (size_t)(options->microbatches / ranks + 1)));
  if (whole) return (nnt_need){.own = plus(own, floats(times(arena, sums / ranks)))};
  /* Sums of this node lie in memory that it shares, and segments of those of others come here. */
  own = plus(own, floats(times(segment, sums - sums / nodes)));
  return (nnt_need){.own = own, .shared = floats(times(arena, sums / nodes + 1))};
}

static nnt_need on_one_board(const nnt_trainer_options *options)
{
  uint64_t const arena = nnt_model_arena_size(options->model);
  uint64_t const slots = nnt_optimizer_slots(&options->optimizer);
  uint64_t const copies = 1 + slots + (options->optimizer.clip_norm > 0.0 ? 1 : 0);
  uint64_t const board = plus(floats(times(arena, copies)), passes(options, options->microbatches));
  /* One rank alone has it as its own; that is all the same to the node. */
  return (nnt_need){.shared = board};
}

uint64_t nnt_need_checkpoint(const nnt_trainer_options *options, uint64_t epochs, uint64_t steps)
{
  /* What HDF5 adds, as measured; and the columns of the history. */
  enum { HEAD = 13312, PER_TENSOR = 768, PER_SLOT = 400, PER_EPOCH = 48, PER_STEP = 12 };
  uint64_t const slots = nnt_optimizer_slots(&options->optimizer);
  uint64_t const count = nnt_model_parameter_count(options->model);
  uint64_t const tensors = nnt_model_tensor_count(options->model);
  uint64_t const history = plus(times(epochs, PER_EPOCH), times(steps, PER_STEP));
  return plus(plus(floats(times(count, 1 + slots)), history),
              HEAD + tensors * (PER_TENSOR + slots * PER_SLOT));
}

nnt_need nnt_need_of(const nnt_trainer_options *options)
{
  bool const is_shared = options->exchange == NNT_EXCHANGE_SHARED;
  nnt_need need = is_shared ? on_one_board(options) : with_replicas(options);
  need.own = plus(need.own, threads(options));
  /* The packed state, and the file made of it, as it lies in memory until it is written. */
  if (nnt_comm_rank(options->comm) == 0) {
    need.own = plus(need.own, times(2, nnt_need_checkpoint(options, 0, 0)));
  }
  return need;
}
