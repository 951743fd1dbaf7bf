# target_sources(nntrain PRIVATE src/store/....c)
