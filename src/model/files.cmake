# target_sources(nntrain PRIVATE src/model/....c)
