# Jobs as a batch system runs them.
nnt_program_test(batch.nntrain_run batch/nntrain_run.sh)
nnt_program_test(batch.slurm batch/slurm.sh)
set_tests_properties(batch.slurm PROPERTIES SKIP_RETURN_CODE 77)
