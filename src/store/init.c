#include <hdf5.h>
#include <signal.h>

#include "nntrain/store.h"
#include "store/hdf5_heap.h"

nnt_status nnt_store_init(void)
{
  /* HDF5's exit handler crashes after a failed close. It refuses this when HDF5 is already in use;
   * then the handler stays, and has nothing to do, since no file is ever open on disk. */
  (void)H5dont_atexit();
  if (H5open() < 0 || H5Eset_auto2(H5E_DEFAULT, NULL, NULL) < 0 || H5PLset_loading_state(0) < 0) {
    return nnt_fail(NNT_EINTERNAL, "HDF5 cannot be started");
  }
  NNT_TRY(nnt_h5_heap_init());
  /* A full quota, or a reader that went away, is an error of that write, not the end of the run. */
  if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
    return nnt_fail(NNT_EINTERNAL, "signals cannot be ignored");
  }
  return NNT_OK;
}

const char *nnt_store_library(void) { return H5_VERS_INFO; }
