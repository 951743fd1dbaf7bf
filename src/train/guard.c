#include "train/guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/hash.h"

void nnt_guard_note(nnt_trainer *trainer, nnt_finding_kind kind, size_t tile)
{
  atomic_store(&trainer->board.findings[kind].step, trainer->job.step + 1);
  atomic_store(&trainer->board.findings[kind].tile, (uint64_t)tile + 1);
}

bool nnt_guard_noted(const nnt_trainer *trainer)
{
  for (int kind = 0; kind < NNT_FINDING_KINDS; kind++) {
    if (atomic_load(&trainer->board.findings[kind].tile) != 0) return true;
  }
  return false;
}

/* step [in] of its last update, from 1 */
static nnt_status not_kept(const nnt_trainer *trainer, size_t tile, uint64_t step)
{
  char name[NNT_NAME_SIZE + 8];
  nnt_model_tile_text(trainer->options.model, tile, name);
  return nnt_fail(NNT_ECORRUPT,
                  "%s, or the optimizer's state with it, has changed in memory since its update in "
                  "step %" PRIu64
                  "; nothing of it is saved, the same command goes on from the last "
                  "checkpoint",
                  name, step);
}

/* step [in] from 1 */
static nnt_status not_finite(const nnt_trainer *trainer, size_t tile, uint64_t step)
{
  nnt_trainer_options const *const options = &trainer->options;
  uint64_t const batches = nnt_batches_per_epoch(options->samples.count, options->batch_size);
  char name[NNT_NAME_SIZE + 8];
  nnt_model_tile_text(options->model, tile, name);
  return nnt_fail(NNT_EDIVERGED,
                  "the gradient of %s is not finite at step %" PRIu64 " (epoch %" PRIu64
                  ", batch %" PRIu64 "); a smaller --learning-rate or --clip-norm may help",
                  name, step, (step - 1) / batches + 1, (step - 1) % batches + 1);
}

/* With `shared`, a rank that comes late to a step may see what others have found in a later one. */
nnt_status nnt_guard_status(const nnt_trainer *trainer)
{
  nnt_finding *const findings = trainer->board.findings;
  uint64_t const changed = atomic_load(&findings[NNT_FINDING_MEMORY].tile);
  if (changed != 0) {
    uint64_t const step = atomic_load(&findings[NNT_FINDING_MEMORY].step);
    return not_kept(trainer, (size_t)changed - 1, step - 1);
  }
  uint64_t const bad = atomic_load(&findings[NNT_FINDING_GRADIENT].tile);
  if (bad == 0) return NNT_OK;
  return not_finite(trainer, (size_t)bad - 1, atomic_load(&findings[NNT_FINDING_GRADIENT].step));
}

/* Over the parameters of a tile, and the slots. */
static uint32_t sum_of(const nnt_trainer *trainer, size_t tile)
{
  nnt_trainer_options const *const options = &trainer->options;
  nnt_isa const isa = nnt_model_isa(options->model);
  nnt_range const part = nnt_model_tile(options->model, tile);
  uint32_t sum = nnt_bits_sum(isa, trainer->board.arena + part.first, part.count);
  for (size_t i = 0; i < nnt_optimizer_slots(&options->optimizer); i++) {
    sum +=
        nnt_bits_sum(isa, trainer->board.slots[i] + (part.first - trainer->span.first), part.count);
  }
  return sum;
}

void nnt_guard_refresh(nnt_trainer *trainer)
{
  for (size_t i = 0; i < trainer->tiles.count; i++) {
    size_t const tile = trainer->tiles.first + i;
    trainer->board.sums[tile] = sum_of(trainer, tile);
  }
}

nnt_status nnt_guard_verify(const nnt_trainer *trainer)
{
  for (size_t i = 0; i < trainer->tiles.count; i++) {
    size_t const tile = trainer->tiles.first + i;
    if (trainer->board.sums[tile] == sum_of(trainer, tile)) continue;
    return not_kept(trainer, tile, trainer->job.step + 1);
  }
  return NNT_OK;
}

static uint64_t hash_replica(const nnt_trainer *trainer)
{
  nnt_trainer_options const *const options = &trainer->options;
  size_t const arena = nnt_model_arena_size(options->model);
  uint64_t hash = nnt_hash(trainer->board.arena, arena * sizeof(float), 0);
  if (options->exchange != NNT_EXCHANGE_ALLREDUCE) return hash;
  for (size_t i = 0; i < nnt_optimizer_slots(&options->optimizer); i++) {
    hash = nnt_hash(trainer->board.slots[i], trainer->span.count * sizeof(float), hash);
  }
  return hash;
}

nnt_status nnt_guard_compare(nnt_trainer *trainer, uint64_t when)
{
  nnt_comm const *const comm = trainer->options.comm;
  size_t const ranks = (size_t)nnt_comm_size(comm);
  if (trainer->is_shared || ranks == 1) return NNT_OK;
  memset(trainer->hashes, 0, ranks * sizeof *trainer->hashes);
  trainer->hashes[nnt_comm_rank(comm)] = (int64_t)hash_replica(trainer);
  nnt_comm_sum_integers(comm, trainer->hashes, ranks);
  return nnt_guard_judge(trainer->hashes, ranks, when);
}

/* The value that more than half of the ranks have; if there is none, any value. Source: Boyer and
 * Moore 1981. */
static int64_t majority(const int64_t *hashes, size_t ranks)
{
  int64_t value = hashes[0];
  size_t lead = 0;
  for (size_t i = 0; i < ranks; i++) {
    if (lead == 0) value = hashes[i];
    if (hashes[i] == value) {
      lead++;
    } else {
      lead--;
    }
  }
  return value;
}

/* "rank 1 (0123456789abcdef), rank 4 (...)": those whose hash is not `value`, or all; cut. */
static void list_ranks(const int64_t *hashes, size_t ranks, int64_t value, bool all, char *out,
                       size_t size)
{
  size_t length = 0;
  for (size_t i = 0; i < ranks && length < size; i++) {
    if (hashes[i] == value && !all) continue;
    length += (size_t)snprintf(out + length, size - length, "%srank %zu (%016" PRIx64 ")",
                               length == 0 ? "" : ", ", i, (uint64_t)hashes[i]);
  }
}

nnt_status nnt_guard_judge(const int64_t *hashes, size_t ranks, uint64_t when)
{
  enum { LIST_SIZE = NNT_MESSAGE_SIZE / 2 };
  int64_t const value = majority(hashes, ranks);
  size_t equal = 0;
  for (size_t i = 0; i < ranks; i++) {
    equal += hashes[i] == value;
  }
  if (equal == ranks) return NNT_OK;
  bool const decided = 2 * equal > ranks;
  char list[LIST_SIZE] = "";
  list_ranks(hashes, ranks, value, !decided, list, sizeof list);
  if (!decided) {
    return nnt_fail(NNT_ECORRUPT,
                    "after step %" PRIu64 " the parameters of the ranks differ, by their hashes: "
                    "%s; nothing of it is saved",
                    when, list);
  }
  return nnt_fail(NNT_ECORRUPT,
                  "after step %" PRIu64 " the parameters of %s differ from those of the other %zu "
                  "ranks (%016" PRIx64 "); nothing of it is saved",
                  when, list, equal, (uint64_t)value);
}

enum { MANTISSA_BIT = 20, EXPONENT_BITS = 0x7F800000, PLACE = 3 };

static void flip(float *x, uint32_t bits)
{
  uint32_t value = 0;
  memcpy(&value, x, sizeof value);
  value ^= bits;
  memcpy(x, &value, sizeof value);
}

static uint32_t const bit = UINT32_C(1) << (uint32_t)MANTISSA_BIT;

void nnt_guard_inject_copy(nnt_trainer *trainer)
{
  int const rank = nnt_comm_rank(trainer->options.comm);
  size_t const end = trainer->span.first + trainer->span.count;
  size_t const other = end == nnt_model_arena_size(trainer->options.model) ? 0 : end;
  if (!nnt_fault_at("flip-copy", rank, trainer->job.step + 1)) return;
  flip(trainer->board.arena + other + PLACE, bit);
}

void nnt_guard_inject_saved(nnt_trainer *trainer)
{
  int const rank = nnt_comm_rank(trainer->options.comm);
  if (!nnt_fault_at("flip-saved", rank, trainer->job.step + 1)) return;
  flip(trainer->board.arena + trainer->span.first + PLACE, bit);
}

void nnt_guard_inject_tile(nnt_trainer *trainer, size_t tile, float *g)
{
  if (tile != trainer->tiles.first) return;
  uint64_t const step = trainer->job.step + 1;
  /* With `shared`, any rank may come to update a tile. */
  int const rank = trainer->is_shared ? 0 : nnt_comm_rank(trainer->options.comm);
  if (nnt_fault_at("flip-parameter", rank, step)) {
    flip(trainer->board.arena + trainer->span.first + PLACE, bit);
  }
  if (nnt_fault_at("flip-slot", rank, step)) flip(trainer->board.slots[0] + PLACE, bit);
  if (nnt_fault_at("flip-gradient", rank, step)) flip(g, bit);
  if (nnt_fault_at("bad-gradient", rank, step)) {
    memcpy(g, &(uint32_t){EXPONENT_BITS}, sizeof *g);
  }
}
