#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/progress.h"
#include "nntrain/kernels.h"
#include "nntrain/store.h"
#include "nntrain/train.h"

static void print_version(const nnt_blas_choice *blas)
{
  char remark[NNT_MESSAGE_SIZE];
  nnt_blas_remark(blas, remark);
  (void)printf("nntrain " NNTRAIN_VERSION "\n%s\n%s\nkernels for %s%s\n%s\n", nnt_comm_version(),
               nnt_blas_version(), nnt_blas_core(), remark, nnt_store_library());
}

/* Output is buffered: a full disk shows up here at the latest. Local; NNT_EIO. */
static nnt_status flush_output(void)
{
  if (fflush(stdout) == 0 && ferror(stdout) == 0) return NNT_OK;
  return nnt_fail(NNT_EIO, "cannot write to standard output: %s", strerror(errno));
}

/* For rank 0. Local; NNT_EUSAGE, NNT_EIO. */
static nnt_status answer(const nnt_options *options, const nnt_blas_choice *blas)
{
  switch (options->action) {
  case NNT_ACTION_HELP:
    nnt_options_help(stdout);
    break;
  case NNT_ACTION_VERSION:
    print_version(blas);
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

/* Kernels that are poorer than they need be, and ranks with other kernels than rank 0: bits of
 * products depend on them. Collective. */
static void warn_about_kernels(const nnt_comm *comm, const nnt_config *config,
                               const nnt_blas_choice *blas, const nnt_observer *observer)
{
  char core[NNT_NAME_SIZE] = "";
  (void)snprintf(core, sizeof core, "%s", blas->core);
  nnt_comm_broadcast(comm, core, sizeof core);
  int64_t others = strcmp(core, blas->core) != 0;
  nnt_comm_sum_integers(comm, &others, 1);
  if (nnt_comm_rank(comm) != 0) return;
  char text[NNT_MESSAGE_SIZE];
  if (config->blas_core == NNT_BLAS_CORE_AUTO && nnt_blas_warn(blas, text)) {
    observer->warning(observer->context, text);
  }
  if (others == 0) return;
  (void)snprintf(text, sizeof text,
                 "on %d of %d ranks OpenBLAS has other kernels than on rank 0 (%s), so the bits "
                 "depend on the number of ranks: export the same OPENBLAS_CORETYPE for all",
                 (int)others, nnt_comm_size(comm), core);
  observer->warning(observer->context, text);
}

static nnt_status train(const nnt_comm *comm, const nnt_options *options,
                        const nnt_blas_choice *blas)
{
  nnt_progress progress;
  nnt_progress_init(&progress, &options->config, blas);
  nnt_observer const observer = nnt_progress_observer(&progress);
  NNT_TRY(check_same(comm, options));
  warn_about_kernels(comm, &options->config, blas, &observer);
  NNT_TRY(nnt_train(comm, &options->config, &observer));
  return nnt_comm_follow(comm, nnt_comm_rank(comm) == 0 ? flush_output() : NNT_OK);
}

nnt_status nnt_command_run(const nnt_comm *comm, const nnt_options *options, nnt_status parsed,
                           const nnt_blas_choice *blas)
{
  NNT_TRY(nnt_comm_agree(comm, parsed));
  if (options->action == NNT_ACTION_TRAIN) return train(comm, options, blas);
  return nnt_comm_follow(comm, nnt_comm_rank(comm) == 0 ? answer(options, blas) : NNT_OK);
}
