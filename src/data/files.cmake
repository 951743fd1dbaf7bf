target_sources(nntrain PRIVATE
  src/data/digit_shapes.c
  src/data/digits.c
  src/data/hdf5.c
  src/data/idx.c
  src/data/sampler.c
  src/data/source.c
  src/data/sparse.c)
set_source_files_properties(src/data/source.c PROPERTIES
  COMPILE_DEFINITIONS NNTRAIN_SHARE_DIR="${CMAKE_INSTALL_FULL_DATADIR}/nntrain")
