#include "train/trainer.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "base/tree.h"
#include "train/guard.h"
#include "train/trainer_private.h"

/* Rows of a block of the first layer's forward pass, and groups of tiles: enough tasks for workers
 * to share evenly, few enough that claiming them costs nothing. */
enum { BLOCK_ROWS = 64, GROUPS = 32, GROUPS_PER_WORKER = 4 };

static nnt_status array_create(void *out, size_t count, size_t size)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, count, size, "the training step"));
  memcpy(out, &memory, sizeof memory);
  return NNT_OK;
}

/* Who works on the board: with `shared` the threads of all ranks of the node, else this rank's. */
static void form_team(nnt_trainer *trainer)
{
  nnt_trainer_options const *const options = &trainer->options;
  size_t const ranks = trainer->is_shared ? (size_t)nnt_comm_size(options->comm) : 1;
  size_t const rank = trainer->is_shared ? (size_t)nnt_comm_rank(options->comm) : 0;
  size_t const cores = (size_t)nnt_comm_cores(options->comm);
  size_t const busy = options->threads * (size_t)nnt_comm_size(options->comm);
  trainer->first_worker = rank * options->threads;
  trainer->team.workers = ranks * options->threads;
  trainer->team.active = trainer->team.workers;
  /* More workers than cores would only take turns. */
  if (trainer->is_shared && trainer->team.workers > cores) trainer->team.active = cores;
  trainer->team.spins =
      trainer->is_shared ? busy <= cores || trainer->team.active == cores : busy <= cores;
}

/* Cuts the board's tiles into groups of about the same number of floats. Local; NNT_ENOMEM. */
static nnt_status group_tiles(nnt_trainer *trainer)
{
  nnt_model const *const model = trainer->options.model;
  nnt_range const tiles = trainer->tiles;
  size_t wanted = GROUPS_PER_WORKER * trainer->team.active;
  if (wanted < GROUPS) wanted = GROUPS;
  NNT_TRY(array_create(&trainer->groups, wanted, sizeof *trainer->groups));
  size_t const step = trainer->span.count / wanted + 1;
  size_t group = 0;
  /* A rank that updates nothing still goes through the phases. */
  if (tiles.count == 0) trainer->group_count = 1;
  for (size_t i = 0; i < tiles.count; i++) {
    size_t const tile = tiles.first + i;
    size_t const at = (nnt_model_tile(model, tile).first - trainer->span.first) / step;
    if (i == 0 || at != group) {
      group = at;
      trainer->groups[trainer->group_count++] = (nnt_range){tile, 0};
    }
    trainer->groups[trainer->group_count - 1].count++;
  }
  return NNT_OK;
}

static void count_tasks(nnt_trainer *trainer)
{
  size_t const panels = nnt_model_panels(trainer->options.model);
  size_t const subtrees =
      trainer->is_shared ? 1 : nnt_exchange_subtree_count(trainer->exchange) * GROUPS;
  size_t *const tasks = trainer->team.tasks;
  trainer->team.phases = NNT_STEP_PHASES;
  tasks[NNT_STEP_PREPARE] = trainer->own.count;
  tasks[NNT_STEP_INPUT] = panels == 0 ? 1 : panels * trainer->row_blocks;
  tasks[NNT_STEP_ROWS] = trainer->own.count;
  tasks[NNT_STEP_SUBTREES] = subtrees;
  tasks[NNT_STEP_TILES] = trainer->group_count;
  tasks[NNT_STEP_CLIPPED] = trainer->group_count;
}

/* What lies on the board. */
static nnt_board_shape shape_of(const nnt_trainer *trainer)
{
  nnt_trainer_options const *const options = &trainer->options;
  nnt_model const *const model = options->model;
  size_t const b = options->batch_size;
  /* Smaller batches never give a board more rows than full ones and one. */
  size_t const rows = nnt_trainer_rows(trainer, b).count + 1;
  bool const waits = trainer->is_shared && options->optimizer.clip_norm > 0.0;
  return (nnt_board_shape){
      .workspace = {.rows = rows,
                    .leaves = trainer->own.count,
                    .leaf_rows = b / options->microbatches + 1,
                    .training = true},
      .arena = nnt_model_arena_size(model),
      .gradient = waits ? nnt_model_arena_size(model) : 0,
      .slots = nnt_optimizer_slots(&options->optimizer),
      .slot_size = trainer->span.count,
      .tiles = nnt_model_tile_count(model),
      .ranks = (size_t)nnt_comm_size(options->comm),
      .phases = NNT_STEP_PHASES,
      .workers = trainer->team.active,
  };
}

/* Local; NNT_ENOMEM. */
static nnt_status create_workers(nnt_trainer *trainer, const nnt_board_shape *shape)
{
  nnt_model const *const model = trainer->options.model;
  size_t const threads = trainer->options.threads;
  size_t const scratch = nnt_model_scratch_size(model, trainer->options.microbatches);
  NNT_TRY(array_create(&trainer->workers, threads, sizeof *trainer->workers));
  for (size_t i = 0; i < threads; i++) {
    nnt_worker *const worker = &trainer->workers[i];
    NNT_TRY(nnt_workspace_create(&worker->workspace, model, shape->workspace,
                                 trainer->board.workspace));
    NNT_TRY(nnt_floats_create(&worker->tile, nnt_model_tile_size_max(model), "a tile"));
    NNT_TRY(nnt_floats_create(&worker->scratch, scratch, "the tiles of the gradient"));
  }
  return NNT_OK;
}

static bool has_penalty(const nnt_model *model)
{
  for (size_t tile = 0; tile < nnt_model_tile_count(model); tile++) {
    if (nnt_model_tile_l2(model, tile) != 0.0) return true;
  }
  return false;
}

/* Local; NNT_ENOMEM. What is this rank's own: it has the exchange, if there is one. */
static nnt_status divide(nnt_trainer *trainer)
{
  nnt_trainer_options const *const options = &trainer->options;
  trainer->own = (nnt_range){0, options->microbatches};
  trainer->tiles = (nnt_range){0, nnt_model_tile_count(options->model)};
  trainer->span = (nnt_range){0, nnt_model_arena_size(options->model)};
  if (!trainer->is_shared) {
    trainer->own = nnt_exchange_microbatches(trainer->exchange);
    trainer->tiles = nnt_exchange_tiles(trainer->exchange);
    trainer->span = nnt_exchange_segment(trainer->exchange);
  }
  size_t const rows = nnt_trainer_rows(trainer, options->batch_size).count;
  trainer->row_blocks = rows / BLOCK_ROWS + 1;
  NNT_TRY(array_create(&trainer->hashes, (size_t)nnt_comm_size(options->comm),
                       sizeof *trainer->hashes));
  NNT_TRY(array_create(&trainer->bounds, trainer->own.count + 1, sizeof *trainer->bounds));
  return group_tiles(trainer);
}

/* Local; NNT_ENOMEM. Threads that would never claim a task are not started. */
static nnt_status create_helpers(nnt_trainer *trainer)
{
  size_t const after = trainer->first_worker + 1;
  size_t const active = trainer->team.active > after ? trainer->team.active - after : 0;
  size_t const others = trainer->options.threads - 1;
  return nnt_helpers_create(&trainer->helpers, others < active ? others : active,
                            trainer->team.spins, nnt_trainer_help, trainer);
}

/* Collective; NNT_ENOMEM. */
static nnt_status create_board(nnt_trainer *trainer)
{
  nnt_comm const *const comm = trainer->options.comm;
  NNT_TRY(nnt_comm_agree(comm, divide(trainer)));
  nnt_board_shape const shape = shape_of(trainer);
  nnt_status status = nnt_board_create(&trainer->board, trainer->is_shared ? comm : NULL,
                                       trainer->options.model, &shape);
  if (status == NNT_OK) {
    trainer->team.memory = trainer->board.team;
    count_tasks(trainer);
    status = create_workers(trainer, &shape);
  }
  if (status == NNT_OK) status = create_helpers(trainer);
  if (status == NNT_OK) status = nnt_fault("trainer", nnt_comm_rank(comm));
  return nnt_comm_agree(comm, status);
}

static nnt_status create_exchange(nnt_trainer *trainer)
{
  nnt_trainer_options const *const options = &trainer->options;
  size_t const ranks = (size_t)nnt_comm_size(options->comm);
  NNT_TRY(nnt_exchange_check(ranks, options->microbatches));
  if (trainer->is_shared) return NNT_OK;
  size_t const tiles = nnt_model_tile_count(options->model);
  size_t *first = NULL;
  nnt_status status = nnt_comm_agree(options->comm, array_create(&first, tiles + 1, sizeof *first));
  for (size_t i = 0; first != NULL && i < tiles; i++) {
    first[i] = nnt_model_tile(options->model, i).first;
  }
  if (status == NNT_OK && first != NULL) {
    first[tiles] = nnt_model_arena_size(options->model);
    nnt_exchange_shape const shape = {.kind = options->exchange,
                                      .tiles = tiles,
                                      .tile_first = first,
                                      .microbatches = options->microbatches};
    status = nnt_exchange_create(&trainer->exchange, options->comm, &shape);
  }
  free(first);
  return status;
}

nnt_status nnt_trainer_create(nnt_trainer **out, const nnt_trainer_options *options)
{
  void *memory = NULL;
  nnt_status status = nnt_comm_agree(
      options->comm, nnt_memory_create(&memory, 1, sizeof(nnt_trainer), "a trainer"));
  nnt_trainer *const trainer = memory;
  if (status == NNT_OK) {
    trainer->options = *options;
    trainer->is_shared = options->exchange == NNT_EXCHANGE_SHARED;
    trainer->has_penalty = has_penalty(options->model);
    form_team(trainer);
    status = create_exchange(trainer);
  }
  if (status == NNT_OK) status = create_board(trainer);
  if (status != NNT_OK) {
    nnt_trainer_destroy(trainer);
    return status;
  }
  *out = trainer;
  return NNT_OK;
}

void nnt_trainer_destroy(nnt_trainer *trainer)
{
  if (trainer == NULL) return;
  nnt_helpers_destroy(trainer->helpers);
  for (size_t i = 0; trainer->workers != NULL && i < trainer->options.threads; i++) {
    nnt_workspace_destroy(trainer->workers[i].workspace);
    free(trainer->workers[i].tile);
    free(trainer->workers[i].scratch);
  }
  free(trainer->workers);
  nnt_exchange_destroy(trainer->exchange);
  nnt_board_destroy(&trainer->board);
  free(trainer->bounds);
  free(trainer->groups);
  free(trainer->hashes);
  free(trainer);
}

const float *nnt_trainer_arena(const nnt_trainer *trainer) { return trainer->board.arena; }

/* Collective: the whole of slot i, as in the arena, on rank 0. `room` (arena) is used there without
 * `shared`. */
static const float *whole_slot(nnt_trainer *trainer, size_t i, float *room)
{
  if (trainer->is_shared) return trainer->board.slots[i];
  nnt_exchange_collect(trainer->exchange, trainer->board.slots[i], room);
  return room;
}

/* Local; NNT_ENOMEM. On rank 0, room for what lies spread over the ranks. */
static nnt_status room_create(float **room, const nnt_trainer *trainer)
{
  if (nnt_comm_rank(trainer->options.comm) != 0) return NNT_OK;
  return nnt_floats_create(room, nnt_model_arena_size(trainer->options.model),
                           "the optimizer's state");
}

nnt_status nnt_trainer_collect(nnt_trainer *trainer, float *parameters, float *const *slots)
{
  nnt_model const *const model = trainer->options.model;
  bool const here = nnt_comm_rank(trainer->options.comm) == 0;
  float *room = NULL;
  /* With `shared`, others may have gone through the last steps before this rank told its failure;
   * and then it is enough that one rank looks. */
  nnt_guard_inject_saved(trainer);
  nnt_status status = trainer->failure;
  if (status == NNT_OK && (here || !trainer->is_shared)) status = nnt_guard_verify(trainer);
  NNT_TRY(nnt_comm_agree(trainer->options.comm, status));
  NNT_TRY(nnt_guard_compare(trainer, trainer->job.step + 1));
  NNT_TRY(nnt_comm_follow(trainer->options.comm, room_create(&room, trainer)));
  if (here) nnt_model_pack(model, trainer->board.arena, parameters);
  for (size_t i = 0; i < nnt_optimizer_slots(&trainer->options.optimizer); i++) {
    float const *const slot = whole_slot(trainer, i, room);
    if (here) nnt_model_pack(model, slot, slots[i]);
  }
  free(room);
  return NNT_OK;
}

/* Collective: rank 0's `from` (arena) into the slots that the ranks keep. */
static void spread_slot(nnt_trainer *trainer, size_t i, float *from)
{
  if (!trainer->is_shared) {
    nnt_exchange_distribute(trainer->exchange, from, trainer->board.slots[i]);
  } else if (from != NULL) {
    memcpy(trainer->board.slots[i], from,
           nnt_model_arena_size(trainer->options.model) * sizeof *from);
  }
}

nnt_status nnt_trainer_distribute(nnt_trainer *trainer, const float *parameters,
                                  float *const *slots)
{
  nnt_model const *const model = trainer->options.model;
  nnt_comm const *const comm = trainer->options.comm;
  bool const here = nnt_comm_rank(comm) == 0;
  float *room = NULL;
  NNT_TRY(nnt_comm_follow(comm, room_create(&room, trainer)));
  float *const arena = trainer->board.arena;
  if (here) nnt_model_unpack(model, parameters, arena);
  if (!trainer->is_shared) {
    nnt_comm_broadcast(comm, arena, nnt_model_arena_size(model) * sizeof *arena);
  }
  for (size_t i = 0; slots != NULL && i < nnt_optimizer_slots(&trainer->options.optimizer); i++) {
    if (here) nnt_model_unpack(model, slots[i], room);
    spread_slot(trainer, i, room);
  }
  free(room);
  if (here || !trainer->is_shared) {
    nnt_trainer_refresh_penalties(trainer);
    nnt_guard_refresh(trainer);
  }
  /* With `shared`, others go on when rank 0 has written. */
  return nnt_comm_agree(comm, NNT_OK);
}
