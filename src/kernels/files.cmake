target_sources(nntrain PRIVATE
  src/kernels/blas.c
  src/kernels/blas_core.c
  src/kernels/kernels.c)
nnt_per_instruction_set(
  src/kernels/activation.c
  src/kernels/narrow.c
  src/kernels/sparse.c
  src/kernels/sparse_gradient.c
  src/kernels/sparse_index.c
  src/kernels/table.c)
