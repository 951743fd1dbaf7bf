target_sources(nntrain PRIVATE src/optim/optim.c)
nnt_per_instruction_set(src/optim/rules.c)
