# Jobs as a batch system runs them.
nnt_program_test(batch.nntrain_run batch/nntrain_run.sh)
