# Programs that measure, built only when asked for: cmake --build build/release --target bench
set(bench_dir ${CMAKE_CURRENT_LIST_DIR})

find_package(Threads REQUIRED)
add_executable(bench_round_trip EXCLUDE_FROM_ALL ${bench_dir}/round_trip.c)
target_compile_definitions(bench_round_trip PRIVATE _GNU_SOURCE) # sched_setaffinity()
target_include_directories(bench_round_trip PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(bench_round_trip PRIVATE nntrain nntrain_build Threads::Threads)

add_executable(bench_kernels EXCLUDE_FROM_ALL
  ${bench_dir}/main_kernels.c ${bench_dir}/kernels.c ${bench_dir}/operands.c ${bench_dir}/roofline.c)
target_include_directories(bench_kernels PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(bench_kernels PRIVATE nntrain nntrain_build)

# bench_probe(<name> <text> <floats in a vector> <option>...): probe.c for one instruction set. As
# an option of the file, -ffp-contract follows the one that all of our code is compiled with.
set_source_files_properties(${bench_dir}/probe.c PROPERTIES COMPILE_OPTIONS "-O3;-ffp-contract=fast")
function(bench_probe name text floats)
  add_library(bench_${name} OBJECT EXCLUDE_FROM_ALL ${bench_dir}/probe.c)
  target_compile_definitions(bench_${name} PRIVATE
    PROBE=${name} PROBE_NAME="${text}" PROBE_FLOATS=${floats})
  target_compile_options(bench_${name} PRIVATE ${ARGN})
  target_link_libraries(bench_${name} PRIVATE nntrain_build)
  target_link_libraries(bench_kernels PRIVATE bench_${name})
endfunction()
bench_probe(probe_baseline "baseline" 4)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  bench_probe(probe_avx2 "AVX2" 8 -mavx2 -mfma)
  bench_probe(probe_avx512 "AVX-512" 16 -mavx512f -mfma)
endif()

add_custom_target(bench DEPENDS bench_round_trip bench_kernels)
