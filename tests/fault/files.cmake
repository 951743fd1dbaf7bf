# The fault campaigns. CTest runs their short forms; for the long ones see ../README.md.

# nnt_campaign(<name> <argument>...): fault/<name>.sh, which may find that it cannot run here.
function(nnt_campaign name)
  nnt_program_test(fault.${name} fault/${name}.sh ${ARGN})
  set_tests_properties(fault.${name} PROPERTIES SKIP_RETURN_CODE 77)
endfunction()

add_executable(test_mutations fault/mutations.c fault/mutate.c)
target_compile_definitions(test_mutations PRIVATE _DEFAULT_SOURCE) # MAP_ANONYMOUS
target_include_directories(test_mutations PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(test_mutations PRIVATE nntrain nntrain_build test_sanitizer)
nnt_campaign(mutations $<TARGET_FILE:test_mutations>)

# The others want a program that starts in a moment, and a library loaded before all others.
if(NOT NNT_SANITIZE)
  add_library(fault_shim MODULE fault/shim.c)
  target_compile_definitions(fault_shim PRIVATE _GNU_SOURCE) # RTLD_NEXT
  target_link_libraries(fault_shim PRIVATE nntrain_build ${CMAKE_DL_LIBS})
  nnt_campaign(every_call_of_a_save $<TARGET_FILE:fault_shim>)
  nnt_campaign(failing_saves $<TARGET_FILE:fault_shim>)
  nnt_campaign(one_folder)
  nnt_campaign(signals $<TARGET_FILE:fault_shim>)
  nnt_campaign(kill_loop)
  nnt_campaign(bad_disk)
  add_executable(test_power_cut fault/power_cut.c)
  target_link_libraries(test_power_cut PRIVATE nntrain_build)
  nnt_campaign(power_cut $<TARGET_FILE:fault_shim> $<TARGET_FILE:test_power_cut>)
endif()
