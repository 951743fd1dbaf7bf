target_sources(nntrain PRIVATE
  src/base/digest.c
  src/base/memory.c
  src/base/random.c
  src/base/status.c
  src/base/tree.c
  src/base/types.c)
