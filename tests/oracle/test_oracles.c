/* Small runs of real Keras: 3 epochs of 6,450 samples. */
#include "oracle.h"
#include "suite.h"

static void sgd_relu(void) { check_oracle("sgd_relu"); }
static void sgd_tanh(void) { check_oracle("sgd_tanh"); }
static void two_hidden(void) { check_oracle("two_hidden"); }
static void no_hidden(void) { check_oracle("no_hidden"); }
static void momentum(void) { check_oracle("momentum"); }
static void nesterov(void) { check_oracle("nesterov"); }
static void adam(void) { check_oracle("adam"); }
static void adamw(void) { check_oracle("adamw"); }
static void weight_decay_sgd(void) { check_oracle("weight_decay_sgd"); }
static void l2(void) { check_oracle("l2"); }
static void label_smoothing(void) { check_oracle("label_smoothing"); }
static void mse_sigmoid(void) { check_oracle("mse_sigmoid"); }
static void clipnorm_global(void) { check_oracle("clipnorm_global"); }

static CU_TestInfo tests[] = {
    {"sgd_relu", sgd_relu},
    {"sgd_tanh", sgd_tanh},
    {"two_hidden", two_hidden},
    {"no_hidden", no_hidden},
    {"momentum", momentum},
    {"nesterov", nesterov},
    {"adam", adam},
    {"adamw", adamw},
    {"weight_decay_sgd", weight_decay_sgd},
    {"l2", l2},
    {"label_smoothing", label_smoothing},
    {"mse_sigmoid", mse_sigmoid},
    {"clipnorm_global", clipnorm_global},
    CU_TEST_INFO_NULL,
};
TEST_SUITE("oracles", tests);
