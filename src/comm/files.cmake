target_sources(nntrain PRIVATE
  src/comm/allreduce.c
  src/comm/clock_offset.c
  src/comm/comm.c
  src/comm/exchange.c
  src/comm/neighbours.c
  src/comm/node_memory.c
  src/comm/placement.c
  src/comm/placement_text.c
  src/comm/quota.c
  src/comm/room.c
  src/comm/segments.c)
# For sched_getaffinity().
set_source_files_properties(src/comm/placement.c PROPERTIES COMPILE_DEFINITIONS _GNU_SOURCE)
