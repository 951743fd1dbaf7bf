#include "train/watchdog.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/background.h"
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
  nnt_background *thread;
  nnt_stall stall; /* the thread's */
  int64_t looked;  /* the thread's: when it last looked, nnt_nanoseconds() */
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

static void look(void *context)
{
  nnt_watchdog *const watchdog = context;
  int64_t const now = nnt_nanoseconds();
  /* After a longer time the process has not run: it was stopped, with its rank. */
  double const passed = fmin(1e-9 * (double)(now - watchdog->looked), 2.0 * watchdog->pause);
  watchdog->looked = now;
  atomic_store_explicit(&watchdog->own->seen, now, memory_order_relaxed);
  if (atomic_load(&watchdog->den->alarm) == ALARM_TOLD) end_process();
  if (nnt_stall_look(&watchdog->stall, watchdog->own, passed, watchdog->timeout)) {
    raise_alarm(watchdog, watchdog->stall.seconds);
  }
}

/* Local; NNT_ENOMEM. */
static nnt_status start(nnt_watchdog *watchdog, const nnt_comm *comm)
{
  enum { STACK = 1 << 18 };
  watchdog->looked = nnt_nanoseconds();
  atomic_store(&watchdog->own->seen, watchdog->looked);
  atomic_store(&watchdog->own->is_here, 1);
  NNT_TRY(nnt_background_create(&watchdog->thread, look, watchdog, watchdog->pause, STACK));
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
  nnt_background_destroy(watchdog->thread);
  nnt_node_memory_destroy(watchdog->memory);
  free(watchdog);
}

nnt_pulse *nnt_watchdog_pulse(const nnt_watchdog *watchdog)
{
  return watchdog == NULL ? NULL : watchdog->own;
}
