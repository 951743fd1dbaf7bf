target_sources(nntrain PRIVATE
  src/base/background.c
  src/base/clock.c
  src/base/config.c
  src/base/config_parse.c
  src/base/config_table.c
  src/base/config_text.c
  src/base/cpu.c
  src/base/digest.c
  src/base/duration.c
  src/base/fault.c
  src/base/futex.c
  src/base/hash.c
  src/base/helpers.c
  src/base/memory.c
  src/base/random.c
  src/base/status.c
  src/base/suggest.c
  src/base/supply.c
  src/base/team.c
  src/base/thread.c
  src/base/tree.c
  src/base/types.c)
# For madvise(), and syscall(): the C library has no function for futexes.
set_source_files_properties(src/base/memory.c src/base/futex.c PROPERTIES COMPILE_DEFINITIONS _DEFAULT_SOURCE)
