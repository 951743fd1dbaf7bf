"$NNTRAIN" trane
