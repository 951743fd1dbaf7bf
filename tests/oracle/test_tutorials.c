/* The two programs of the tutorial, as real Keras and TensorFlow ran them from saved weights. */
#include "oracle.h"
#include "suite.h"

static void seed_keras(void) { check_oracle("seed_keras"); }
static void seed_tensorflow(void) { check_oracle("seed_tensorflow"); }

static CU_TestInfo tests[] = {
    {"seed_keras", seed_keras},
    {"seed_tensorflow", seed_tensorflow},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("tutorials", tests);
