target_sources(nntrain PRIVATE
  src/base/clock.c
  src/base/config.c
  src/base/config_parse.c
  src/base/config_table.c
  src/base/config_text.c
  src/base/digest.c
  src/base/fault.c
  src/base/memory.c
  src/base/random.c
  src/base/status.c
  src/base/suggest.c
  src/base/tree.c
  src/base/types.c)
