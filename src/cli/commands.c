#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "cli/progress.h"
#include "nntrain/kernels.h"
#include "nntrain/store.h"
#include "nntrain/train.h"

static void print_version(void)
{
  (void)printf("nntrain " NNTRAIN_VERSION "\n%s\n%s\nkernels for %s\n%s\n", nnt_comm_version(),
               nnt_blas_version(), nnt_blas_core(), nnt_store_library());
}

/* Output is buffered: a full disk shows up here at the latest. Local; NNT_EIO. */
static nnt_status flush_output(void)
{
  if (fflush(stdout) == 0 && ferror(stdout) == 0) return NNT_OK;
  return nnt_fail(NNT_EIO, "cannot write to standard output: %s", strerror(errno));
}

/* For rank 0. Local; NNT_EUSAGE, NNT_EIO. */
static nnt_status answer(const nnt_options *options)
{
  switch (options->action) {
  case NNT_ACTION_HELP:
    nnt_options_help(stdout);
    break;
  case NNT_ACTION_VERSION:
    print_version();
    break;
  default:
    NNT_TRY(nnt_config_file_print(&options->config, stdout));
    break;
  }
  return flush_output();
}

/* Collective; NNT_EUSAGE if a rank was started with other options than rank 0. */
static nnt_status check_same(const nnt_comm *comm, const nnt_options *options)
{
  char mine[NNT_VALUE_SIZE];
  char expected[NNT_VALUE_SIZE];
  nnt_status status = NNT_OK;
  for (int id = 0; id < NNT_OPTION_COUNT; id++) {
    nnt_config_text(&options->config, (nnt_option_id)id, mine);
    memcpy(expected, mine, sizeof expected);
    nnt_comm_broadcast(comm, expected, sizeof expected);
    if (status == NNT_OK && strcmp(mine, expected) != 0) {
      status = nnt_fail(NNT_EUSAGE, "--%s is '%.80s' here, but '%.80s' on rank 0",
                        nnt_option_at((nnt_option_id)id)->name, mine, expected);
    }
  }
  return nnt_comm_agree(comm, status);
}

static nnt_status train(const nnt_comm *comm, const nnt_options *options)
{
  nnt_progress progress;
  nnt_progress_init(&progress, &options->config);
  nnt_observer const observer = nnt_progress_observer(&progress);
  NNT_TRY(check_same(comm, options));
  NNT_TRY(nnt_train(comm, &options->config, &observer));
  return nnt_comm_follow(comm, nnt_comm_rank(comm) == 0 ? flush_output() : NNT_OK);
}

nnt_status nnt_command_run(const nnt_comm *comm, int argc, char **argv)
{
  nnt_options *const options = calloc(1, sizeof *options);
  nnt_status status = options == NULL ? nnt_fail(NNT_ENOMEM, "no memory for the options") : NNT_OK;
  if (options != NULL) status = nnt_options_parse(options, argc, argv);
  status = nnt_comm_agree(comm, status);
  if (options != NULL && status == NNT_OK && options->action == NNT_ACTION_TRAIN) {
    status = train(comm, options);
  } else if (options != NULL && status == NNT_OK) {
    status = nnt_comm_follow(comm, nnt_comm_rank(comm) == 0 ? answer(options) : NNT_OK);
  }
  free(options);
  return status;
}
