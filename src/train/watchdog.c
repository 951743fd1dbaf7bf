#include "train/watchdog.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/memory.h"

/* Whether the ranks of a node end because some of them are stuck. */
enum { ALARM_NONE, ALARM_RAISED, ALARM_TOLD };

/* What the ranks of a node share. */
typedef struct den {
  _Alignas(64) _Atomic uint32_t alarm;
  nnt_pulse pulses[]; /* (ranks of the job) */
} den;

struct nnt_watchdog {
  nnt_node_memory *memory;
  den *den; /* in that memory */
  size_t ranks;
  nnt_pulse *own;
  double timeout; /* seconds */
  double pause;   /* between looks, seconds */
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t ends;
  bool runs;
  bool must_end; /* under the lock */
};

/* Looks cost nothing at this pace, and a stall is noticed within a twentieth of the time-out. */
static double const pause_min = 0.05;
static double const pause_max = 1.0;
enum { LOOKS = 20, REPORT_SIZE = 16384 };

/* A single write: lines of several nodes do not mix, and no lock of stdio is waited for that a
 * stuck thread may hold. */
static void tell(const nnt_watchdog *watchdog, double seconds)
{
  static char const prefix[] = "nntrain:   ";
  char report[REPORT_SIZE];
  char host[65] = "?";
  if (gethostname(host, sizeof host - 1) != 0) host[0] = '?';
  int const head =
      snprintf(report, sizeof report,
               "nntrain: stuck: no progress for %.0f s (--stall-timeout %.0f); on %.64s:\n",
               seconds, watchdog->timeout, host);
  int64_t const silence = (int64_t)(1e9 * (1.0 + 3.0 * watchdog->pause));
  nnt_pulse_report(watchdog->den->pulses, watchdog->ranks, nnt_nanoseconds(), silence, prefix,
                   report + head, sizeof report - (size_t)head);
  ssize_t const written = write(STDERR_FILENO, report, strlen(report));
  (void)written; /* There is nobody left to tell. */
}

static void sleep_for(double seconds)
{
  struct timespec const time = {.tv_sec = (time_t)seconds,
                                .tv_nsec = (long)(1e9 * (seconds - floor(seconds)))};
  (void)nanosleep(&time, NULL);
}

/* Not exit(): handlers that run then might wait for the thread that is stuck. */
static _Noreturn void end_process(void) { _exit(nnt_exit_code(NNT_EINTERNAL)); }

/* One watchdog of the node speaks; the ranks of other nodes have as long as two looks to notice and
 * to speak for theirs, before the end of this one ends them. The others of the node wait for it,
 * but not for ever: it may be stopped as well. */
static _Noreturn void raise_alarm(nnt_watchdog *watchdog, double seconds)
{
  enum { TURNS = 10 };
  _Atomic uint32_t *const alarm = &watchdog->den->alarm;
  uint32_t before = ALARM_NONE;
  if (atomic_compare_exchange_strong(alarm, &before, ALARM_RAISED)) {
    tell(watchdog, seconds);
    sleep_for(2.0 * watchdog->pause);
    atomic_store(alarm, ALARM_TOLD);
  }
  for (int turn = 0; turn < TURNS && atomic_load(alarm) != ALARM_TOLD; turn++) {
    sleep_for(watchdog->pause);
  }
  end_process();
}

/* Returns whether the watchdog is to end. */
static bool wait_for_look(nnt_watchdog *watchdog)
{
  struct timespec until = {0, 0};
  (void)clock_gettime(CLOCK_MONOTONIC, &until);
  int64_t const at = until.tv_nsec + (int64_t)(1e9 * watchdog->pause);
  until.tv_sec += (time_t)(at / 1000000000);
  until.tv_nsec = (long)(at % 1000000000);
  (void)pthread_mutex_lock(&watchdog->lock);
  int error = 0;
  while (!watchdog->must_end && error == 0) {
    error = pthread_cond_timedwait(&watchdog->ends, &watchdog->lock, &until);
  }
  bool const ends = watchdog->must_end;
  (void)pthread_mutex_unlock(&watchdog->lock);
  return ends;
}

static void *watch(void *context)
{
  nnt_watchdog *const watchdog = context;
  nnt_stall stall = {.beat = 0};
  int64_t before = nnt_nanoseconds();
  while (!wait_for_look(watchdog)) {
    int64_t const now = nnt_nanoseconds();
    /* After a longer time the process has not run: it was stopped, with its rank. */
    double const passed = fmin(1e-9 * (double)(now - before), 2.0 * watchdog->pause);
    before = now;
    atomic_store_explicit(&watchdog->own->seen, now, memory_order_relaxed);
    if (atomic_load(&watchdog->den->alarm) == ALARM_TOLD) end_process();
    if (nnt_stall_look(&stall, watchdog->own, passed, watchdog->timeout)) {
      raise_alarm(watchdog, stall.seconds);
    }
  }
  return NULL;
}

/* The thread gets no signals: those that ask for a stop are the main thread's. */
static int start_thread(nnt_watchdog *watchdog)
{
  enum { STACK = 1 << 18 };
  pthread_attr_t attributes;
  sigset_t all;
  sigset_t before;
  (void)sigfillset(&all);
  int error = pthread_attr_init(&attributes);
  if (error != 0) return error;
  /* The usual stack counts 8 MiB of the address space, which may be limited. */
  (void)pthread_attr_setstacksize(&attributes, STACK);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  error = pthread_create(&watchdog->thread, &attributes, watch, watchdog);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  (void)pthread_attr_destroy(&attributes);
  return error;
}

static void init_lock(nnt_watchdog *watchdog)
{
  pthread_condattr_t monotonic;
  (void)pthread_condattr_init(&monotonic);
  (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  (void)pthread_cond_init(&watchdog->ends, &monotonic);
  (void)pthread_condattr_destroy(&monotonic);
  (void)pthread_mutex_init(&watchdog->lock, NULL);
}

/* Local; NNT_ENOMEM. */
static nnt_status start(nnt_watchdog *watchdog, const nnt_comm *comm)
{
  atomic_store(&watchdog->own->seen, nnt_nanoseconds());
  atomic_store(&watchdog->own->is_here, 1);
  init_lock(watchdog);
  int const error = start_thread(watchdog);
  watchdog->runs = error == 0;
  if (error != 0) {
    return nnt_fail(NNT_ENOMEM, "cannot start the watchdog's thread: %s", strerror(error));
  }
  return nnt_fault("watchdog", nnt_comm_rank(comm));
}

nnt_status nnt_watchdog_create(nnt_watchdog **out, const nnt_comm *comm, uint64_t timeout)
{
  if (timeout == 0) return NNT_OK;
  size_t const ranks = (size_t)nnt_comm_size(comm);
  size_t const bytes = sizeof(den) + ranks * sizeof(nnt_pulse);
  void *memory = NULL;
  NNT_TRY(
      nnt_comm_agree(comm, nnt_memory_create(&memory, 1, sizeof(nnt_watchdog), "the watchdog")));
  nnt_watchdog *const watchdog = memory;
  watchdog->ranks = ranks;
  watchdog->timeout = (double)timeout;
  watchdog->pause = fmin(fmax(watchdog->timeout / LOOKS, pause_min), pause_max);
  nnt_status status = nnt_node_memory_create(&watchdog->memory, comm, bytes);
  if (status == NNT_OK) {
    watchdog->den = nnt_node_memory_bytes(watchdog->memory);
    if (nnt_comm_is_node_leader(comm)) memset(watchdog->den, 0, bytes);
    nnt_node_memory_publish(watchdog->memory);
    watchdog->own = &watchdog->den->pulses[nnt_comm_rank(comm)];
    status = nnt_comm_agree(comm, start(watchdog, comm));
  }
  if (status != NNT_OK) {
    nnt_watchdog_destroy(watchdog);
    return status;
  }
  *out = watchdog;
  return NNT_OK;
}

void nnt_watchdog_destroy(nnt_watchdog *watchdog)
{
  if (watchdog == NULL) return;
  if (watchdog->runs) {
    (void)pthread_mutex_lock(&watchdog->lock);
    watchdog->must_end = true;
    (void)pthread_cond_signal(&watchdog->ends);
    (void)pthread_mutex_unlock(&watchdog->lock);
    (void)pthread_join(watchdog->thread, NULL);
    (void)pthread_cond_destroy(&watchdog->ends);
    (void)pthread_mutex_destroy(&watchdog->lock);
  }
  nnt_node_memory_destroy(watchdog->memory);
  free(watchdog);
}

nnt_pulse *nnt_watchdog_pulse(const nnt_watchdog *watchdog)
{
  return watchdog == NULL ? NULL : watchdog->own;
}
