/** What of the kernels concerns a whole run: the BLAS they use. */
#ifndef NNTRAIN_KERNELS_H
#define NNTRAIN_KERNELS_H

/** Keeps BLAS to one thread, and ends those that it has started: ranks times threads would
 *  outnumber the cores. Before any product, and as early as may be; may be repeated.
 *  Local; cannot fail. */
void nnt_blas_init(void);

/** The core type whose kernels OpenBLAS has chosen ("Haswell"): bits of products depend on it.
 *  Local; cannot fail. Borrowed: a constant. */
const char *nnt_blas_core(void);

/** "OpenBLAS 0.3.21 ...". Local; cannot fail. Borrowed: a constant. */
const char *nnt_blas_version(void);

#endif
