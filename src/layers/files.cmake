target_sources(nntrain PRIVATE
  src/layers/activation.c
  src/layers/dense.c
  src/layers/dense_narrow.c
  src/layers/dense_product.c
  src/layers/dense_sparse.c
  src/layers/dropout.c
  src/layers/flatten.c
  src/layers/kinds.c)
