target_sources(nntrain PRIVATE
  src/model/arena.c
  src/model/initialize.c
  src/model/loss.c
  src/model/model.c
  src/model/passes.c
  src/model/spec.c
  src/model/tiles.c
  src/model/workspace.c)
