#include "base/thread.h"

#include <signal.h>
#include <string.h>

static int start(pthread_t *out, void *(*body)(void *), void *context, size_t stack)
{
  pthread_attr_t attributes;
  sigset_t all;
  sigset_t before;
  (void)sigfillset(&all);
  int error = pthread_attr_init(&attributes);
  if (error != 0) return error;
  /* The usual stack counts 8 MiB of the address space, which may be limited. */
  (void)pthread_attr_setstacksize(&attributes, stack);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  error = pthread_create(out, &attributes, body, context);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  (void)pthread_attr_destroy(&attributes);
  return error;
}

nnt_status nnt_thread_start(pthread_t *out, void *(*body)(void *), void *context, size_t stack)
{
  int const error = start(out, body, context, stack);
  if (error == 0) return NNT_OK;
  return nnt_fail(NNT_ENOMEM, "cannot start a thread: %s", strerror(error));
}
