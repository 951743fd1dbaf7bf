# Jobs as a batch system runs them.
nnt_program_test(batch.nntrain_run batch/nntrain_run.sh)
nnt_program_test(batch.slurm batch/slurm.sh)
nnt_program_test(batch.several_hosts batch/several_hosts.sh)
nnt_program_test(batch.time_limit batch/time_limit.sh)
set_tests_properties(batch.slurm batch.several_hosts PROPERTIES SKIP_RETURN_CODE 77)
nnt_script_test(batch.scripts 1 batch/scripts.sh ${PROJECT_SOURCE_DIR})
nnt_script_test(batch.restarts 1 batch/restarts.sh ${PROJECT_SOURCE_DIR})
