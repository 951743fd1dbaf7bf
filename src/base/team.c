#include "base/team.h"

#include <stdatomic.h>
#include <time.h>

#include "base/futex.h"

enum { LINE = 64, SPINS = 20000, PATIENCE = 1000 };
static struct timespec const look_again = {.tv_nsec = 500000};

/* What is claimed of one worker's part of the tasks: the round, and how many of its tasks. Others
 * come here only when they have done their own part. */
typedef struct part {
  _Alignas(LINE) _Atomic uint64_t claimed;
} part;

/* One phase in shared memory; each counter has a cache line of its own, since lines that two cores
 * write cost as much as a small task. */
typedef struct phase {
  _Alignas(LINE) _Atomic uint32_t finished;
  _Alignas(LINE) _Atomic uint32_t closed; /* the round: the futex */
  _Alignas(LINE) _Atomic uint32_t sleepers;
  part parts[]; /* (active workers) */
} phase;

static size_t phase_bytes(size_t active) { return sizeof(phase) + active * sizeof(part); }

size_t nnt_team_bytes(size_t phases, size_t active) { return phases * phase_bytes(active); }

static phase *phase_of(const nnt_team *team, size_t index)
{
  return (phase *)(void *)(team->memory + nnt_team_bytes(index, team->active));
}

/* Rounds are counted modulo 2^32. */
static bool has_come(uint32_t reached, uint32_t wanted) { return (int32_t)(reached - wanted) >= 0; }

/* Claims the next task of a part of `size` tasks, in *task, unless only `spare` or fewer are left,
 * or the team has gone on to another round. */
static bool claim(part *of, uint32_t round, size_t size, size_t spare, size_t *task)
{
  uint64_t seen = atomic_load_explicit(&of->claimed, memory_order_relaxed);
  for (;;) {
    uint32_t const last = (uint32_t)(seen >> 32);
    uint32_t const count = last == round ? (uint32_t)seen : 0;
    if (count + spare >= size || (last != round && has_come(last, round))) return false;
    uint64_t const next = (uint64_t)round << 32 | (count + 1);
    if (atomic_compare_exchange_weak(&of->claimed, &seen, next)) {
      *task = count;
      return true;
    }
  }
}

/* So many more tasks are done; the last one opens the phase for all. */
static void finish(phase *it, size_t done, size_t tasks, const nnt_team_work *work)
{
  if (done == 0) return;
  uint32_t const finished = atomic_fetch_add(&it->finished, (uint32_t)done) + (uint32_t)done;
  if (finished != (uint32_t)(work->round * tasks)) return;
  if (work->close != NULL) work->close(work->context);
  atomic_store(&it->closed, work->round);
  if (atomic_load(&it->sleepers) > 0) nnt_futex_wake(&it->closed);
}

/* Does the tasks of a worker's part that nobody has claimed, but for the share that is left to it.
 */
static void do_part(const nnt_team *team, const nnt_team_work *work, size_t owner, bool leaves_some)
{
  phase *const it = phase_of(team, work->phase);
  size_t const tasks = team->tasks[work->phase];
  size_t const first = owner * tasks / team->active;
  size_t const size = (owner + 1) * tasks / team->active - first;
  size_t const spare = leaves_some ? size / 4 + 1 : 0;
  size_t done = 0;
  for (size_t task = 0; claim(&it->parts[owner], work->round, size, spare, &task); done++) {
    work->task(work->context, work->worker, first + task);
  }
  finish(it, done, tasks, work);
}

static void do_others(const nnt_team *team, const nnt_team_work *work, bool leaves_some)
{
  for (size_t i = 1; i < team->active; i++) {
    do_part(team, work, (work->worker + i) % team->active, leaves_some);
  }
}

void nnt_team_do(const nnt_team *team, const nnt_team_work *work)
{
  if (work->worker >= team->active) return;
  do_part(team, work, work->worker, false);
  do_others(team, work, team->spins);
}

void nnt_team_meet(const nnt_team *team, const nnt_team_work *work)
{
  finish(phase_of(team, work->phase), 1, team->tasks[work->phase], work);
  nnt_team_wait(team, work);
}

static bool is_closed(phase *it, uint32_t round)
{
  return has_come(atomic_load_explicit(&it->closed, memory_order_acquire), round);
}

void nnt_team_wait(const nnt_team *team, const nnt_team_work *work)
{
  phase *const it = phase_of(team, work->phase);
  /* Nobody wakes a worker that only follows; it looks now and then. */
  while (work->worker >= team->active) {
    if (is_closed(it, work->round)) return;
    (void)nanosleep(&look_again, NULL);
  }
  for (int i = 0; team->spins && i < SPINS; i++) {
    if (is_closed(it, work->round)) return;
    if (i == PATIENCE && work->task != NULL) do_others(team, work, false);
    nnt_pause();
  }
  (void)atomic_fetch_add(&it->sleepers, 1);
  for (;;) {
    uint32_t const closed = atomic_load(&it->closed);
    if (has_come(closed, work->round)) break;
    nnt_futex_sleep(&it->closed, closed);
  }
  (void)atomic_fetch_sub(&it->sleepers, 1);
}
