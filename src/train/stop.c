#include "train/stop.h"

#include <signal.h>
#include <stddef.h>

static int const signals[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGXCPU};

/* The one thing that a signal handler may write to. */
static volatile sig_atomic_t requested;

static void remember(int signal) { requested = signal; }

static void handle_all(void (*handler)(int), int flags)
{
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  (void)sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    (void)sigaction(signals[i], &action, NULL);
  }
}

void nnt_stop_listen(void)
{
  requested = 0;
  handle_all(remember, (int)(SA_RESTART | SA_RESETHAND));
}

void nnt_stop_unlisten(void) { handle_all(SIG_DFL, 0); }

int nnt_stop_requested(void) { return (int)requested; }
