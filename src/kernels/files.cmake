# target_sources(nntrain PRIVATE src/kernels/....c)
