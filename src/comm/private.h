/** What the files of this folder share; the only header with MPI types. */
#ifndef COMM_PRIVATE_H
#define COMM_PRIVATE_H

#include <mpi.h>

#include "nntrain/comm.h"

struct nnt_comm {
  MPI_Comm mpi;
  MPI_Comm node; /* the ranks of this node */
  int rank;
  int size;
  int node_rank;
  int nodes;
  int node_number;     /* of the calling rank's node among them */
  int cores;           /* of this node that its ranks can keep busy */
  bool oversubscribed; /* more ranks on this node than it has CPUs for */
  nnt_placement placement;
};

/** MPI_Waitall(); ranks that outnumber their cores sleep between looks, since one that spins keeps
 *  from work the very ranks it waits for. Local; cannot fail. */
void nnt_wait_all(const nnt_comm *comm, int count, MPI_Request *requests);

#endif
