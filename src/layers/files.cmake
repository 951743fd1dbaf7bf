# target_sources(nntrain PRIVATE src/layers/....c)
