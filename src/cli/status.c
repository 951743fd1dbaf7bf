#include "cli/status.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "nntrain/store.h"
#include "store/lock.h"

enum { DAMAGED_MAX = 8 };

/* The newest checkpoint, the results file, and the lock of a folder. */
typedef struct findings {
  nnt_checkpoint checkpoint;
  bool found;
  char path[NNT_PATH_SIZE];
  nnt_results_summary results;
  bool has_results;
  nnt_lock_sign sign;
  bool has_sign;
} findings;

static nnt_status find_checkpoint(findings *out, const char *folder)
{
  nnt_damage damaged[DAMAGED_MAX];
  size_t count = 0;
  nnt_status const status = nnt_checkpoint_find(folder, &out->checkpoint, &out->found, out->path,
                                                damaged, DAMAGED_MAX, &count);
  for (size_t i = 0; i < count && i < DAMAGED_MAX; i++) {
    (void)fprintf(stderr, "nntrain: warning: passed over a damaged checkpoint: %s\n",
                  damaged[i].message);
  }
  return status;
}

static void find_results(findings *out, const char *folder)
{
  char path[NNT_PATH_SIZE];
  int const length = snprintf(path, sizeof path, "%s/results.h5", folder);
  if (length < 0 || (size_t)length >= sizeof path) return;
  out->has_results = nnt_results_read(path, &out->results) == NNT_OK;
}

/* The results tell so, and they are of this checkpoint. */
static bool is_complete(const findings *found)
{
  return found->found && found->has_results && found->results.status == NNT_RUN_COMPLETE &&
         found->checkpoint.complete &&
         strcmp(found->results.parameter_digest, found->checkpoint.parameter_digest) == 0;
}

/* What the results file says of the run, as far as the other files agree: it is running only as long as
 * its lock is renewed, and complete only if the checkpoint is that of the end. */
static const char *state_of(const findings *found)
{
  if (!found->has_results) return found->found ? "unfinished" : "none";
  switch (found->results.status) {
  case NNT_RUN_RUNNING:
    if (!found->has_sign) return "unfinished";
    return found->sign.is_silent ? "silent" : "running";
  case NNT_RUN_STOPPED:
    return "stopped";
  case NNT_RUN_FAILED:
    return "failed";
  case NNT_RUN_COMPLETE:
    break;
  }
  return is_complete(found) ? "complete" : "unfinished";
}

/* Local; NNT_EIO. */
static nnt_status print(const findings *found, const char *folder)
{
  nnt_checkpoint const *const checkpoint = &found->checkpoint;
  (void)printf("Folder: %s\nState: %s\n", folder, state_of(found));
  if (found->has_sign) {
    (void)printf("Holder: %s; last sign of life %.0f s ago\n", found->sign.holder, found->sign.age);
  }
  if (found->found) {
    (void)printf("Step: %" PRIu64 "\nCheckpoint: %s\nParameters: sha256 %s\n",
                 checkpoint->position.step, found->path, checkpoint->parameter_digest);
  }
  if (fflush(stdout) == 0 && ferror(stdout) == 0) return NNT_OK;
  return nnt_fail(NNT_EIO, "cannot write to standard output: %s", strerror(errno));
}

/* What the exit code tells. */
static nnt_status judge(const findings *found, const char *folder)
{
  if (is_complete(found)) return NNT_OK;
  if (!found->found) return nnt_fail(NNT_ECHECKPOINT, "%s holds none to go on from", folder);
  return nnt_fail(NNT_STOPPED, "after step %" PRIu64 ", in %s", found->checkpoint.position.step,
                  found->path);
}

nnt_status nnt_status_print(const nnt_config *config)
{
  findings found = {.found = false};
  NNT_TRY(nnt_store_init());
  find_results(&found, config->output);
  found.has_sign = nnt_lock_look(config->output, &found.sign);
  nnt_status status = find_checkpoint(&found, config->output);
  char message[NNT_MESSAGE_SIZE];
  (void)snprintf(message, sizeof message, "%s", nnt_last_error());
  nnt_status const printed = print(&found, config->output);
  if (status != NNT_OK) {
    status = nnt_fail(status, "%s", message);
  } else {
    status = printed == NNT_OK ? judge(&found, config->output) : printed;
  }
  nnt_checkpoint_free(&found.checkpoint);
  return status;
}
