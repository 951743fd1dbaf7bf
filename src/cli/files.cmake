target_sources(nntrain_cli PRIVATE
  src/cli/commands.c
  src/cli/config_file.c
  src/cli/help.c
  src/cli/main.c
  src/cli/options.c
  src/cli/plan.c
  src/cli/progress.c
  src/cli/status.c)
