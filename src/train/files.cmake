# target_sources(nntrain PRIVATE src/train/....c)
