#include "train/folder.h"

#include <unistd.h>

#include "store/lock.h"

/* The thread's work. A disk that cannot be read now may be so again. */
static void renew(void *context)
{
  nnt_run *const run = context;
  if (nnt_lock_renew(run->lock) == NNT_EBUSY) atomic_store(&run->lock_is_lost, true);
}

nnt_status nnt_run_take_folder(nnt_run *run)
{
  enum { STACK = 1 << 18 };
  char const *const folder = run->config.output;
  nnt_lock_options const options = {.tell = run->observer->note, .context = run->observer->context};
  run->made_folder = access(folder, F_OK) != 0;
  NNT_TRY(nnt_folder_create(folder));
  NNT_TRY(nnt_lock_take(&run->lock, folder, &options));
  return nnt_background_create(&run->heart, renew, run, (double)NNT_LOCK_BEAT, STACK);
}

nnt_status nnt_run_hold_folder(const nnt_run *run)
{
  return atomic_load_explicit(&run->lock_is_lost, memory_order_relaxed) ? nnt_lock_check(run->lock)
                                                                        : NNT_OK;
}

void nnt_run_leave_folder(nnt_run *run)
{
  if (run->lock == NULL) return;
  nnt_background_destroy(run->heart);
  run->heart = NULL;
  nnt_lock_release(run->lock);
  run->lock = NULL;
  /* Only an empty folder can be removed like this. */
  if (run->made_folder) (void)rmdir(run->config.output);
}
