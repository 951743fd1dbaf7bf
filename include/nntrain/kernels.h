/** What of the kernels concerns a whole run: the BLAS they use. */
#ifndef NNTRAIN_KERNELS_H
#define NNTRAIN_KERNELS_H

/** Keeps BLAS to one thread: ranks times threads would outnumber the cores. Once per process,
 * before any product. Local; cannot fail. */
void nnt_blas_init(void);

/** The core type whose kernels OpenBLAS has chosen ("Haswell"): bits of products depend on it.
 * Local; cannot fail. Borrowed: a constant. */
const char *nnt_blas_core(void);

/** "OpenBLAS 0.3.21 ...". Local; cannot fail. Borrowed: a constant. */
const char *nnt_blas_version(void);

#endif
