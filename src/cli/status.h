/** The command `status`: what a folder holds. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include "nntrain/config.h"
#include "nntrain/status.h"

/** Prints, for people and job scripts, what became of the run in the folder of --output, by its own
 *  files: the launcher's exit code is not to be trusted. Every byte of the newest valid checkpoint
 *  is checked by its digest.
 *  Needs no ranks, and no MPI.
 *  Local; NNT_OK if the run is complete, NNT_STOPPED if it has a valid checkpoint to go on from,
 *  NNT_ECHECKPOINT if there is none, NNT_EIO, NNT_ENOMEM, NNT_EINTERNAL. */
NNT_MUST_CHECK nnt_status nnt_status_print(const nnt_config *config);

#endif
