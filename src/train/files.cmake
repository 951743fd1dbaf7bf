target_sources(nntrain PRIVATE
  src/train/advice.c
  src/train/board.c
  src/train/data.c
  src/train/deadline.c
  src/train/evaluate.c
  src/train/folder.c
  src/train/guard.c
  src/train/history.c
  src/train/loop.c
  src/train/need.c
  src/train/peak_memory.c
  src/train/phases.c
  src/train/plan.c
  src/train/pulse.c
  src/train/results.c
  src/train/resume.c
  src/train/run.c
  src/train/save_schedule.c
  src/train/saver.c
  src/train/saves.c
  src/train/setup.c
  src/train/step.c
  src/train/stop.c
  src/train/tasks.c
  src/train/trace.c
  src/train/trainer.c
  src/train/watchdog.c)
set_source_files_properties(src/train/saver.c PROPERTIES COMPILE_DEFINITIONS _GNU_SOURCE) # SCHED_BATCH
target_link_libraries(nntrain PRIVATE OpenMP::OpenMP_C)
