/** The commands of the program. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "nntrain/comm.h"

/** Reads the command line and does what it says: the whole program between the start and the end of
 *  MPI. Collective; any status. */
NNT_MUST_CHECK nnt_status nnt_command_run(const nnt_comm *comm, int argc, char **argv);

#endif
