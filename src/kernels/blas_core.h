/** The core type that OpenBLAS takes the CPU for, and what to do when it is a poorer one.
 *
 *  OpenBLAS chooses its kernels when the program is loaded, by family and model of the CPU. It
 *  takes those that are newer than itself for old ones: Debian 12's 0.3.21 takes newer Intel cores
 *  for "Prescott", at a fifth of their speed. The instructions that a CPU has are not in doubt. */
#ifndef KERNELS_BLAS_CORE_H
#define KERNELS_BLAS_CORE_H

#include <stdbool.h>

#include "nntrain/status.h"
#include "nntrain/types.h"

/** How OpenBLAS has come to its kernels. */
typedef struct nnt_blas_choice {
  char const *core;  /* the core type they are for; a constant */
  char const *best;  /* the one this CPU is good for, NULL if unknown; a constant */
  char const *asked; /* the user's OPENBLAS_CORETYPE, or NULL; borrowed: the environment */
  char replaced[NNT_NAME_SIZE]; /* what OpenBLAS had chosen before it was corrected, or "" */
} nnt_blas_choice;

/** Does core type `core` know fewer vector instructions than `than`? A core type that is not known
 *  here is newer, hence not poorer. Local; cannot fail. */
bool nnt_blas_core_is_poorer(const char *core, const char *than);

/** Looks at OpenBLAS, the CPU and the environment, once per process and before threads of our own.
 *  Removes from the environment what nnt_blas_correct() has put there. Local; cannot fail. */
void nnt_blas_look(nnt_blas_choice *out);

/** If OpenBLAS has chosen a poorer core type by itself, starts the program again, in the same
 *  process, with OPENBLAS_CORETYPE set to the best one; at most once. So ranks, standard input and
 *  all that a launcher knows of the process stay. To be called before MPI starts and before
 *  anything is read or printed.
 *  argv [in] the arguments of main()
 *  Local; returns if there is nothing to correct, or if it cannot be done. */
void nnt_blas_correct(const nnt_blas_choice *choice, char **argv);

/** What there is to say behind the name of the core type: " (corrected from Prescott)", or "".
 *  Local; cannot fail. */
void nnt_blas_remark(const nnt_blas_choice *choice, char text[NNT_MESSAGE_SIZE]);

/** Are the kernels poorer than they could be? Then says why, and the remedy.
 *  Local; cannot fail. */
bool nnt_blas_warn(const nnt_blas_choice *choice, char text[NNT_MESSAGE_SIZE]);

#endif
