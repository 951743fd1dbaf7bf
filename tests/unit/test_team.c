/* Workers over shared memory: every task is done once a round, whoever comes late or only follows.
 */
#include "base/team.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "suite.h"

enum { PHASES = 3, TASKS_MAX = 200, WORKERS_MAX = 6 };

/* What all workers see: how often each task was done in each round, and what they found wrong. */
typedef struct ledger {
  _Atomic uint32_t done[PHASES][TASKS_MAX]; /* the round in which the task was done last */
  _Atomic uint32_t closed[PHASES];
  _Atomic uint32_t passive; /* tasks that a worker beyond the active ones did */
  _Atomic uint32_t wrong;
} ledger;

/* One run: all workers go through the phases, round after round. */
typedef struct game {
  nnt_team team;
  ledger *ledger;
  uint32_t first_round;
  uint32_t rounds;
  bool late; /* each worker comes late now and then */
} game;

/* One worker's view of a phase. */
typedef struct play {
  const game *game;
  size_t phase;
  uint32_t round;
} play;

static void task(void *context, size_t worker, size_t index)
{
  play const *const now = context;
  ledger *const all = now->game->ledger;
  uint32_t const before = atomic_exchange(&all->done[now->phase][index], now->round);
  atomic_fetch_add(&all->wrong, before != now->round - 1);
  atomic_fetch_add(&all->passive, worker >= now->game->team.active);
}

/* Once a round, when all tasks are done and nobody has gone on. */
static void close_phase(void *context)
{
  play const *const now = context;
  ledger *const all = now->game->ledger;
  for (size_t t = 0; t < now->game->team.tasks[now->phase]; t++) {
    atomic_fetch_add(&all->wrong, atomic_load(&all->done[now->phase][t]) != now->round);
  }
  uint32_t const before = atomic_exchange(&all->closed[now->phase], now->round);
  atomic_fetch_add(&all->wrong, before != now->round - 1);
}

static bool is_behind(uint32_t seen, uint32_t round) { return (int32_t)(seen - round) < 0; }

static void come_late(size_t worker, uint32_t round)
{
  struct timespec const pause = {.tv_nsec = 200000};
  if ((round + worker * 37) % 101 == 0) (void)nanosleep(&pause, NULL);
}

static void work(const game *it, size_t worker)
{
  for (uint32_t i = 0; i < it->rounds; i++) {
    uint32_t const round = it->first_round + i;
    for (size_t phase = 0; phase < PHASES; phase++) {
      play now = {it, phase, round};
      nnt_team_work const now_work = {.phase = phase,
                                      .round = round,
                                      .worker = worker,
                                      .context = &now,
                                      .task = task,
                                      .close = phase == 1 ? NULL : close_phase};
      if (it->late) come_late(worker, round);
      nnt_team_do(&it->team, &now_work);
      nnt_team_wait(&it->team, &now_work);
      /* Behind the wait everything of this round is visible; others may be further on. */
      for (size_t t = 0; t < it->team.tasks[phase]; t++) {
        bool const behind = is_behind(atomic_load(&it->ledger->done[phase][t]), round);
        atomic_fetch_add(&it->ledger->wrong, behind);
      }
    }
  }
}

static game game_create(const size_t *tasks, size_t workers, size_t active, bool spins)
{
  game it = {.team = {.phases = PHASES, .workers = workers, .active = active, .spins = spins},
             .first_round = 1};
  memcpy(it.team.tasks, tasks, PHASES * sizeof *tasks);
  size_t const bytes = nnt_team_bytes(PHASES, active) + 64;
  /* Shared, so that processes can play as well; 64 bytes behind it must not change. */
  FILE *const file = tmpfile();
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL_FATAL(ftruncate(fileno(file), (off_t)(bytes + sizeof(ledger))), 0);
  char *const memory =
      mmap(NULL, bytes + sizeof(ledger), PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
  CU_ASSERT_FATAL(memory != MAP_FAILED);
  CU_ASSERT_EQUAL(fclose(file), 0);
  it.team.memory = memory;
  it.ledger = (ledger *)(void *)(memory + bytes);
  return it;
}

static void game_end(const game *it)
{
  uint32_t const last = it->first_round + it->rounds - 1;
  size_t const bytes = nnt_team_bytes(PHASES, it->team.active);
  CU_ASSERT_EQUAL(atomic_load(&it->ledger->wrong), 0);
  CU_ASSERT_EQUAL(atomic_load(&it->ledger->passive), 0);
  CU_ASSERT_EQUAL(atomic_load(&it->ledger->closed[0]), last);
  CU_ASSERT_EQUAL(atomic_load(&it->ledger->closed[1]), 0);
  CU_ASSERT_EQUAL(atomic_load(&it->ledger->closed[2]), last);
  for (size_t phase = 0; phase < PHASES; phase++) {
    for (size_t t = 0; t < TASKS_MAX; t++) {
      uint32_t const expected = t < it->team.tasks[phase] ? last : 0;
      CU_ASSERT_EQUAL(atomic_load(&it->ledger->done[phase][t]), expected);
    }
  }
  for (size_t i = 0; i < 64; i++) {
    CU_ASSERT_EQUAL(it->team.memory[bytes + i], 0);
  }
  CU_ASSERT_EQUAL(munmap(it->team.memory, bytes + 64 + sizeof(ledger)), 0);
}

typedef struct player {
  const game *game;
  size_t worker;
} player;

static void *play_as_thread(void *context)
{
  player const *const self = context;
  work(self->game, self->worker);
  return NULL;
}

static void play_with_threads(game *it)
{
  pthread_t threads[WORKERS_MAX];
  player players[WORKERS_MAX];
  for (size_t w = 0; w < it->team.workers; w++) {
    players[w] = (player){it, w};
    CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[w], NULL, play_as_thread, &players[w]), 0);
  }
  for (size_t w = 0; w < it->team.workers; w++) {
    CU_ASSERT_EQUAL(pthread_join(threads[w], NULL), 0);
  }
}

static void play_with_processes(game *it)
{
  pid_t children[WORKERS_MAX];
  for (size_t w = 0; w < it->team.workers; w++) {
    children[w] = fork();
    CU_ASSERT_FATAL(children[w] >= 0);
    if (children[w] == 0) {
      work(it, w);
      _exit(0);
    }
  }
  for (size_t w = 0; w < it->team.workers; w++) {
    int status = -1;
    CU_ASSERT_EQUAL(waitpid(children[w], &status, 0), children[w]);
    CU_ASSERT_EQUAL(status, 0);
  }
}

static size_t const task_counts[][PHASES] = {{1, 1, 1}, {1, 2, 7}, {3, TASKS_MAX, 32}};
enum { TASK_COUNTS = sizeof task_counts / sizeof *task_counts };

static void every_task_is_done_once_a_round(void)
{
  for (size_t i = 0; i < TASK_COUNTS; i++) {
    for (size_t workers = 1; workers <= 4; workers++) {
      for (int spins = 0; spins < 2; spins++) {
        game it = game_create(task_counts[i], workers, workers, spins == 1);
        it.rounds = 5000;
        play_with_threads(&it);
        game_end(&it);
      }
    }
  }
}

static void late_workers_hold_nobody_up(void)
{
  for (size_t i = 0; i < TASK_COUNTS; i++) {
    game it = game_create(task_counts[i], 4, 4, i % 2 == 0);
    it.rounds = 5000;
    it.late = true;
    play_with_threads(&it);
    game_end(&it);
  }
}

static void passive_workers_only_follow(void)
{
  for (size_t i = 0; i < TASK_COUNTS; i++) {
    game it = game_create(task_counts[i], 4, 2, i % 2 == 0);
    it.rounds = 3000;
    it.late = i == 1;
    play_with_threads(&it);
    game_end(&it);
  }
}

static void processes_are_workers_too(void)
{
  for (size_t i = 0; i < TASK_COUNTS; i++) {
    game it = game_create(task_counts[i], 3, i == 0 ? 2 : 3, i % 2 == 1);
    it.rounds = 3000;
    it.late = i == 2;
    play_with_processes(&it);
    game_end(&it);
  }
}

/* A worker that comes to a round when all others are through finds it done, and alone can do one.
 */
static void whoever_comes_last_finds_it_done(void)
{
  game it = game_create(task_counts[2], 2, 2, true);
  it.rounds = 1;
  for (uint32_t round = 1; round <= 50; round++) {
    it.first_round = round;
    work(&it, round % 2);
    work(&it, (round + 1) % 2);
  }
  game_end(&it);
}

static CU_TestInfo tests[] = {
    {"every task is done once a round", every_task_is_done_once_a_round},
    {"late workers hold nobody up", late_workers_hold_nobody_up},
    {"passive workers only follow", passive_workers_only_follow},
    {"processes are workers too", processes_are_workers_too},
    {"whoever comes last finds it done", whoever_comes_last_finds_it_done},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("team", tests);
