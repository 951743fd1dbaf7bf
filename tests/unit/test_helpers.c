/* Helpers see what was posted last, and hold nobody up; with a team, they claim tasks as others do.
 */
#include "base/helpers.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "base/team.h"
#include "suite.h"

enum { HELPERS = 3, POSTS = 2000, ROUNDS = 5000, TASKS = 37 };

static void nap(void) { (void)nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL); }

/* Waits until *value is `wanted`, for some seconds at most. */
static bool becomes(_Atomic uint64_t *value, uint64_t wanted)
{
  for (int i = 0; i < 50000 && atomic_load(value) != wanted; i++) {
    nap();
  }
  return atomic_load(value) == wanted;
}

/* What the helpers have seen. */
typedef struct witness {
  _Atomic uint64_t last[HELPERS];
  _Atomic uint64_t wrong;   /* posts that came after later ones, or with signals allowed */
  _Atomic uint64_t is_held; /* the first helper does not come back from its work */
  _Atomic uint64_t is_at_work;
} witness;

static void look(void *context, size_t helper, uint64_t post)
{
  witness *const it = context;
  uint64_t const before = atomic_exchange(&it->last[helper], post);
  sigset_t blocked;
  (void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
  atomic_fetch_add(&it->wrong, before > post || sigismember(&blocked, SIGTERM) != 1);
  while (helper == 0 && atomic_load(&it->is_held) != 0) {
    atomic_store(&it->is_at_work, 1);
    nap();
  }
}

static void all_see_the_last_post(void)
{
  for (int spins = 0; spins < 2; spins++) {
    witness it = {.wrong = 0};
    nnt_helpers *helpers = NULL;
    CU_ASSERT_EQUAL_FATAL(nnt_helpers_create(&helpers, HELPERS, spins == 1, look, &it), NNT_OK);
    for (uint64_t post = 1; post <= POSTS; post++) {
      nnt_helpers_post(helpers, post);
      if (post % 500 != 0) continue;
      for (size_t h = 0; h < HELPERS; h++) {
        CU_ASSERT(becomes(&it.last[h], post));
      }
    }
    nnt_helpers_destroy(helpers);
    CU_ASSERT_EQUAL(atomic_load(&it.wrong), 0);
  }
}

static void a_helper_that_is_held_misses_posts(void)
{
  witness it = {.is_held = 1};
  nnt_helpers *helpers = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_helpers_create(&helpers, HELPERS, false, look, &it), NNT_OK);
  nnt_helpers_post(helpers, 1);
  CU_ASSERT(becomes(&it.is_at_work, 1));
  for (uint64_t post = 2; post <= POSTS; post++) {
    nnt_helpers_post(helpers, post);
  }
  CU_ASSERT(becomes(&it.last[1], POSTS));
  CU_ASSERT_EQUAL(atomic_load(&it.last[0]), 1);
  atomic_store(&it.is_held, 0);
  CU_ASSERT(becomes(&it.last[0], POSTS));
  nnt_helpers_destroy(helpers);
  CU_ASSERT_EQUAL(atomic_load(&it.wrong), 0);
}

static void no_helpers_are_no_threads(void)
{
  nnt_helpers *helpers = NULL;
  CU_ASSERT_EQUAL(nnt_helpers_create(&helpers, 0, true, look, NULL), NNT_OK);
  CU_ASSERT_PTR_NULL(helpers);
  nnt_helpers_post(helpers, 1);
  nnt_helpers_destroy(helpers);
}

/* A main thread and helpers as workers of a team: rounds of one phase. */
typedef struct match {
  nnt_team team;
  uint32_t done[TASKS]; /* plain: a task is done by one worker, in a round that is not past */
  uint32_t round;       /* plain: written between rounds */
  _Atomic uint64_t wrong;
  _Atomic uint64_t by_helpers;
} match;

static void do_task(void *context, size_t worker, size_t task)
{
  match *const it = context;
  atomic_fetch_add(&it->wrong, it->done[task] + 1 != it->round);
  it->done[task] = it->round;
  atomic_fetch_add(&it->by_helpers, worker > 0);
}

static nnt_team_work work_of(match *it, size_t worker, uint32_t round)
{
  return (nnt_team_work){.round = round, .worker = worker, .context = it, .task = do_task};
}

/* Helpers come late now and then. */
static void help(void *context, size_t helper, uint64_t post)
{
  match *const it = context;
  if ((post + helper * 37) % 101 == 0) nap();
  nnt_team_work const work = work_of(it, 1 + helper, (uint32_t)post);
  nnt_team_do(&it->team, &work);
}

static void helpers_claim_tasks_and_hold_nobody_up(void)
{
  for (int spins = 0; spins < 2; spins++) {
    size_t const active = 1 + HELPERS;
    void *memory = NULL;
    match it = {.team = {.phases = 1,
                         .tasks = {TASKS},
                         .workers = active,
                         .active = active,
                         .spins = spins == 1}};
    CU_ASSERT_EQUAL_FATAL(nnt_memory_create(&memory, 1, nnt_team_bytes(1, active), "a team"),
                          NNT_OK);
    it.team.memory = memory;
    nnt_helpers *helpers = NULL;
    CU_ASSERT_EQUAL_FATAL(nnt_helpers_create(&helpers, HELPERS, spins == 1, help, &it), NNT_OK);
    for (it.round = 1; it.round <= ROUNDS; it.round++) {
      nnt_team_work const work = work_of(&it, 0, it.round);
      nnt_helpers_post(helpers, it.round);
      nnt_team_do(&it.team, &work);
      nnt_team_wait(&it.team, &work);
      for (size_t t = 0; t < TASKS; t++) {
        atomic_fetch_add(&it.wrong, it.done[t] != it.round);
      }
    }
    nnt_helpers_destroy(helpers);
    CU_ASSERT_EQUAL(atomic_load(&it.wrong), 0);
    CU_ASSERT(atomic_load(&it.by_helpers) > 0);
    free(memory);
  }
}

static CU_TestInfo tests[] = {
    {"all see the last post", all_see_the_last_post},
    {"a helper that is held misses posts", a_helper_that_is_held_misses_posts},
    {"no helpers are no threads", no_helpers_are_no_threads},
    {"helpers claim tasks and hold nobody up", helpers_claim_tasks_and_hold_nobody_up},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("helpers", tests);
