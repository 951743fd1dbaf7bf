#include "base/team.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 64, SPINS = 20000 };
static struct timespec const look_again = {.tv_nsec = 500000};

/* One phase in shared memory; each counter has a cache line of its own. `claimed` holds the round
 * in which each task was claimed last. */
typedef struct phase {
  _Alignas(LINE) _Atomic uint32_t finished;
  _Alignas(LINE) _Atomic uint32_t closed; /* the round: the futex */
  _Alignas(LINE) _Atomic uint32_t sleepers;
  _Alignas(LINE) _Atomic uint32_t claimed[];
} phase;

static size_t phase_bytes(size_t tasks)
{
  size_t const bytes = sizeof(phase) + tasks * sizeof(uint32_t);
  return (bytes + LINE - 1) / LINE * LINE;
}

size_t nnt_team_bytes(size_t phases, const size_t *tasks)
{
  size_t bytes = 0;
  for (size_t i = 0; i < phases; i++) {
    bytes += phase_bytes(tasks[i]);
  }
  return bytes;
}

static phase *phase_of(const nnt_team *team, size_t index)
{
  return (phase *)(void *)(team->memory + nnt_team_bytes(index, team->tasks));
}

/* Rounds are counted modulo 2^32. */
static bool has_come(uint32_t round, uint32_t wanted) { return (int32_t)(round - wanted) >= 0; }

static bool claim(phase *it, size_t task, uint32_t round)
{
  uint32_t before = round - 1;
  return atomic_load_explicit(&it->claimed[task], memory_order_relaxed) == before &&
         atomic_compare_exchange_strong(&it->claimed[task], &before, round);
}

/* Not FUTEX_PRIVATE_FLAG: the workers may be processes. */
static void wake_all(_Atomic uint32_t *word)
{
  (void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void sleep_while(_Atomic uint32_t *word, uint32_t value)
{
  (void)syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

/* One more task is done; the last one opens the phase for all. */
static void finish(phase *it, size_t tasks, const nnt_team_work *work)
{
  uint32_t const finished = atomic_fetch_add(&it->finished, 1) + 1;
  if (finished != (uint32_t)(work->round * tasks)) return;
  if (work->close != NULL) work->close(work->context);
  atomic_store(&it->closed, work->round);
  if (atomic_load(&it->sleepers) > 0) wake_all(&it->closed);
}

void nnt_team_do(const nnt_team *team, const nnt_team_work *work)
{
  if (work->worker >= team->active) return;
  phase *const it = phase_of(team, work->phase);
  size_t const tasks = team->tasks[work->phase];
  size_t const first = work->worker * tasks / team->active;
  for (size_t i = 0; i < tasks; i++) {
    size_t const task = (first + i) % tasks;
    if (!claim(it, task, work->round)) continue;
    work->task(work->context, work->worker, task);
    finish(it, tasks, work);
  }
}

void nnt_team_meet(const nnt_team *team, const nnt_team_work *work)
{
  finish(phase_of(team, work->phase), team->tasks[work->phase], work);
  nnt_team_wait(team, work);
}

static void pause_shortly(void)
{
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
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
    pause_shortly();
  }
  (void)atomic_fetch_add(&it->sleepers, 1);
  for (;;) {
    uint32_t const closed = atomic_load(&it->closed);
    if (has_come(closed, work->round)) break;
    sleep_while(&it->closed, closed);
  }
  (void)atomic_fetch_sub(&it->sleepers, 1);
}
