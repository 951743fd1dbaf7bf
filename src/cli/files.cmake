target_sources(nntrain_cli PRIVATE src/cli/main.c src/cli/options.c)
