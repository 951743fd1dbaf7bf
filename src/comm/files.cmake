target_sources(nntrain PRIVATE src/comm/comm.c)
