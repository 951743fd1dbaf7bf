# target_sources(nntrain PRIVATE src/data/....c)
