/** The tables of kernels of all instruction sets of this build. */
#ifndef KERNELS_TABLES_H
#define KERNELS_TABLES_H

#include "kernels/kernels.h"

extern nnt_kernels const nnt_kernels_baseline;
#if defined(__x86_64__)
extern nnt_kernels const nnt_kernels_avx2;
extern nnt_kernels const nnt_kernels_avx512;
#endif

#endif
