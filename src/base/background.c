#include "base/background.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "base/thread.h"

struct nnt_background {
  void (*work)(void *);
  void *context;
  double period; /* seconds */
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  atomic_bool is_asked; /* written under the lock */
  bool must_end;        /* under the lock */
};

/* On the clock of the condition. */
static struct timespec time_after(double seconds)
{
  struct timespec now = {0, 0};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t const nanoseconds = now.tv_nsec + (int64_t)(1e9 * (seconds - floor(seconds)));
  return (struct timespec){.tv_sec =
                               now.tv_sec + (time_t)seconds + (time_t)(nanoseconds / 1000000000),
                           .tv_nsec = (long)(nanoseconds % 1000000000)};
}

/* Returns whether there is work, or the thread is to end. */
static bool wait_for_work(nnt_background *it, bool *asked)
{
  bool const periodic = isfinite(it->period);
  struct timespec const until = periodic ? time_after(it->period) : (struct timespec){0, 0};
  int error = 0;
  (void)pthread_mutex_lock(&it->lock);
  while (!it->is_asked && !it->must_end && error == 0) {
    error = periodic ? pthread_cond_timedwait(&it->changed, &it->lock, &until)
                     : pthread_cond_wait(&it->changed, &it->lock);
  }
  *asked = it->is_asked;
  bool const ends = it->must_end && !*asked;
  (void)pthread_mutex_unlock(&it->lock);
  return !ends;
}

static void *run(void *context)
{
  nnt_background *const it = context;
  bool asked = false;
  while (wait_for_work(it, &asked)) {
    it->work(it->context);
    if (!asked) continue;
    (void)pthread_mutex_lock(&it->lock);
    it->is_asked = false;
    (void)pthread_cond_broadcast(&it->changed);
    (void)pthread_mutex_unlock(&it->lock);
  }
  return NULL;
}

static void init_lock(nnt_background *it)
{
  pthread_condattr_t monotonic;
  (void)pthread_condattr_init(&monotonic);
  (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  (void)pthread_cond_init(&it->changed, &monotonic);
  (void)pthread_condattr_destroy(&monotonic);
  (void)pthread_mutex_init(&it->lock, NULL);
}

static void destroy_lock(nnt_background *it)
{
  (void)pthread_cond_destroy(&it->changed);
  (void)pthread_mutex_destroy(&it->lock);
}

nnt_status nnt_background_create(nnt_background **out, void (*work)(void *), void *context,
                                 double period, size_t stack)
{
  void *memory = NULL;
  NNT_TRY(nnt_memory_create(&memory, 1, sizeof(nnt_background), "a thread"));
  nnt_background *const it = memory;
  it->work = work;
  it->context = context;
  it->period = period;
  init_lock(it);
  nnt_status const status = nnt_thread_start(&it->thread, run, it, stack);
  if (status != NNT_OK) {
    destroy_lock(it);
    free(it);
    return status;
  }
  *out = it;
  return NNT_OK;
}

void nnt_background_destroy(nnt_background *background)
{
  if (background == NULL) return;
  (void)pthread_mutex_lock(&background->lock);
  background->must_end = true;
  (void)pthread_cond_broadcast(&background->changed);
  (void)pthread_mutex_unlock(&background->lock);
  (void)pthread_join(background->thread, NULL);
  destroy_lock(background);
  free(background);
}

void nnt_background_ask(nnt_background *background)
{
  (void)pthread_mutex_lock(&background->lock);
  background->is_asked = true;
  (void)pthread_cond_broadcast(&background->changed);
  (void)pthread_mutex_unlock(&background->lock);
}

bool nnt_background_is_busy(const nnt_background *background)
{
  return atomic_load_explicit(&background->is_asked, memory_order_acquire);
}

void nnt_background_wait(nnt_background *background)
{
  (void)pthread_mutex_lock(&background->lock);
  while (background->is_asked) {
    (void)pthread_cond_wait(&background->changed, &background->lock);
  }
  (void)pthread_mutex_unlock(&background->lock);
}
