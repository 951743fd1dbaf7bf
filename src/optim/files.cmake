# target_sources(nntrain PRIVATE src/optim/....c)
