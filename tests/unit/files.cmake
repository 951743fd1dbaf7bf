nnt_unit_test(status)
