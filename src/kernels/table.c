/* The table of kernels of one instruction set. Compiled once for each. */
#include "kernels/parts.h"
#include "kernels/tables.h"

nnt_kernels const NNT_OF_ISA(nnt_kernels) = {
    .activate = NNT_OF_ISA(nnt_activate),
    .activate_backward = NNT_OF_ISA(nnt_activate_backward),
    .exponentials = NNT_OF_ISA(nnt_exponentials),
    .add = NNT_OF_ISA(nnt_add),
    .sparse_forward = NNT_OF_ISA(nnt_sparse_forward),
    .sparse_index = NNT_OF_ISA(nnt_sparse_index),
    .sparse_gradient = NNT_OF_ISA(nnt_sparse_gradient),
    .narrow_forward = NNT_OF_ISA(nnt_narrow_forward),
    .narrow_backward = NNT_OF_ISA(nnt_narrow_backward),
    .narrow_gradient = NNT_OF_ISA(nnt_narrow_gradient),
    .column_sums = NNT_OF_ISA(nnt_column_sums),
};
