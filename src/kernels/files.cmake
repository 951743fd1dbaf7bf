target_sources(nntrain PRIVATE
  src/kernels/activation.c
  src/kernels/blas.c)
