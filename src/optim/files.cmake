target_sources(nntrain PRIVATE src/optim/optim.c)
