target_sources(nntrain PRIVATE
  src/comm/allreduce.c
  src/comm/comm.c
  src/comm/exchange.c
  src/comm/node_memory.c
  src/comm/segments.c)
