#include "base/background.h"

#include <math.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "suite.h"

enum { STACK = 1 << 18 };

static void pause_for(double seconds)
{
  double const until = nnt_seconds() + seconds;
  while (nnt_seconds() < until) {
  }
}

/* The thread works slowly, so that a caller that does not wait is found out. */
typedef struct sum {
  int add; /* by the caller */
  int total;
} sum;

static void add_slowly(void *context)
{
  sum *const it = context;
  int const add = it->add;
  pause_for(0.002);
  it->total += add;
}

static void work_is_done_once_each_time_it_is_asked_for(void)
{
  enum { TIMES = 20 };
  sum it = {0, 0};
  nnt_background *thread = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_background_create(&thread, add_slowly, &it, (double)INFINITY, STACK),
                        NNT_OK);
  CU_ASSERT_FALSE(nnt_background_is_busy(thread));
  for (int i = 1; i <= TIMES; i++) {
    it.add = i;
    nnt_background_ask(thread);
    nnt_background_wait(thread);
    CU_ASSERT_FALSE(nnt_background_is_busy(thread));
  }
  CU_ASSERT_EQUAL(it.total, TIMES * (TIMES + 1) / 2);
  nnt_background_destroy(thread);
}

static void the_caller_goes_on_meanwhile(void)
{
  sum it = {7, 0};
  nnt_background *thread = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_background_create(&thread, add_slowly, &it, (double)INFINITY, STACK),
                        NNT_OK);
  nnt_background_ask(thread);
  int looks = 0;
  while (nnt_background_is_busy(thread)) {
    looks++;
  }
  CU_ASSERT(looks > 0);
  CU_ASSERT_EQUAL(it.total, 7);
  nnt_background_destroy(thread);
}

static void what_was_asked_for_is_done_before_the_end(void)
{
  for (int i = 0; i < 20; i++) {
    sum it = {3, 0};
    nnt_background *thread = NULL;
    CU_ASSERT_EQUAL_FATAL(nnt_background_create(&thread, add_slowly, &it, (double)INFINITY, STACK),
                          NNT_OK);
    nnt_background_ask(thread);
    nnt_background_destroy(thread);
    CU_ASSERT_EQUAL(it.total, 3);
  }
}

static void count_one(void *context) { (void)atomic_fetch_add((atomic_int *)context, 1); }

static void periodic_work_goes_on_by_itself(void)
{
  atomic_int count = 0;
  nnt_background *thread = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_background_create(&thread, count_one, &count, 0.005, STACK), NNT_OK);
  double const limit = nnt_seconds() + 10.0;
  while (atomic_load(&count) < 3 && nnt_seconds() < limit) {
  }
  CU_ASSERT(atomic_load(&count) >= 3);
  nnt_background_ask(thread);
  nnt_background_wait(thread);
  nnt_background_destroy(thread);
  int const at_end = atomic_load(&count);
  pause_for(0.02);
  CU_ASSERT_EQUAL(atomic_load(&count), at_end);
}

static void a_long_period_does_not_delay_the_end(void)
{
  atomic_int count = 0;
  nnt_background *thread = NULL;
  CU_ASSERT_EQUAL_FATAL(nnt_background_create(&thread, count_one, &count, 3600.0, STACK), NNT_OK);
  double const began = nnt_seconds();
  nnt_background_destroy(thread);
  CU_ASSERT(nnt_seconds() - began < 60.0);
  CU_ASSERT_EQUAL(atomic_load(&count), 0);
}

static void look_at_mask(void *context)
{
  (void)pthread_sigmask(SIG_SETMASK, NULL, (sigset_t *)context);
}

static void the_thread_gets_no_signals(void)
{
  sigset_t mask;
  nnt_background *thread = NULL;
  (void)sigemptyset(&mask);
  CU_ASSERT_EQUAL_FATAL(
      nnt_background_create(&thread, look_at_mask, &mask, (double)INFINITY, STACK), NNT_OK);
  nnt_background_ask(thread);
  nnt_background_destroy(thread);
  CU_ASSERT_EQUAL(sigismember(&mask, SIGTERM), 1);
  CU_ASSERT_EQUAL(sigismember(&mask, SIGUSR1), 1);
  /* The caller's own mask is as it was. */
  CU_ASSERT_EQUAL(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
  CU_ASSERT_EQUAL(sigismember(&mask, SIGUSR1), 0);
}

static CU_TestInfo tests[] = {
    {"work is done once each time it is asked for", work_is_done_once_each_time_it_is_asked_for},
    {"the caller goes on meanwhile", the_caller_goes_on_meanwhile},
    {"what was asked for is done before the end", what_was_asked_for_is_done_before_the_end},
    {"periodic work goes on by itself", periodic_work_goes_on_by_itself},
    {"a long period does not delay the end", a_long_period_does_not_delay_the_end},
    {"the thread gets no signals", the_thread_gets_no_signals},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("background", tests);
