target_sources(nntrain PRIVATE
  src/store/atomic_file.c
  src/store/checkpoint_folder.c
  src/store/checkpoint_layout.c
  src/store/checkpoint_read.c
  src/store/checkpoint_write.c
  src/store/description.c
  src/store/folder.c
  src/store/hdf5_attributes.c
  src/store/hdf5_heap.c
  src/store/hdf5_read.c
  src/store/hdf5_read_attributes.c
  src/store/hdf5_source.c
  src/store/hdf5_write.c
  src/store/holder.c
  src/store/init.c
  src/store/json_support.c
  src/store/keras_compile.c
  src/store/keras_file.c
  src/store/keras_layers.c
  src/store/keras_model.c
  src/store/keras_write.c
  src/store/lock.c
  src/store/lock_sight.c
  src/store/names.c
  src/store/results_evaluation.c
  src/store/results_read.c
  src/store/results_write.c
  src/store/temporary.c
  src/store/trace_file.c
  src/store/trailer.c
  src/store/weights.c)
set_source_files_properties(src/store/checkpoint_layout.c PROPERTIES
  COMPILE_DEFINITIONS NNTRAIN_VERSION="${PROJECT_VERSION}")
