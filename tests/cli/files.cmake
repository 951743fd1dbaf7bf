# On one rank; two of them may run at a time.
foreach(name bad_values config_file contradictions full_disk help misspelled other_run placement print_config
    quickstart resume_file status unknown_command version)
  nnt_cli_test(${name})
  set_tests_properties(cli.${name} PROPERTIES PROCESSORS 1)
endforeach()
# On three.
nnt_cli_test(different_options)
nnt_cli_test(fault_on_one_rank)
nnt_cli_test(unknown_option)
