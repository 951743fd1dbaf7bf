target_sources(nntrain PRIVATE
  src/train/evaluate.c
  src/train/loop.c
  src/train/resume.c
  src/train/run.c
  src/train/saves.c
  src/train/setup.c
  src/train/stop.c
  src/train/trainer.c)
