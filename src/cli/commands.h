/** The commands of the program. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/options.h"
#include "kernels/blas_core.h"
#include "nntrain/comm.h"

/** Does what the command line says: the whole program between the start and the end of MPI.
 *  options [in] meaningful if `parsed`, the status of nnt_options_parse(), is NNT_OK
 *  Collective; any status. */
NNT_MUST_CHECK nnt_status nnt_command_run(const nnt_comm *comm, const nnt_options *options,
                                          nnt_status parsed, const nnt_blas_choice *blas);

#endif
