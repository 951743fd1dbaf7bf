#!/usr/bin/env python3
"""Writes keras_numbers.h: what real Keras computes in float32, for the unit tests.

    make_keras_numbers.py > keras_numbers.h        # needs keras and tensorflow

Made with Keras 3.15.1 on TensorFlow 2.21. The tests repeat the inputs by the same formulas.
"""
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf

ACTIVATIONS = "linear sigmoid relu tanh leaky_relu elu selu gelu silu softplus".split()
ARGUMENTS = [-20.0, -3.0, -1.0, -0.5, 0.0, 0.25, 1.0, 2.5, 20.0]
SOFTMAX_ROW = [1.0, -2.0, 0.5, 3.0, 0.0]
SOFTMAX_UPSTREAM = [0.5, -1.0, 2.0, 0.25, 1.0]

# Three rows each; the last row of the probabilities has values that are clipped.
LOGITS = [[0.5, -1.0, 2.0, 0.25], [30.0, -40.0, 0.0, 3.0], [-3.0, -3.0, 1.0, -100.0]]
PROBABILITIES = [[0.5, 0.125, 0.75, 0.25], [0.0625, 0.9375, 0.5, 0.03125], [0.0, 1.5, 0.5, 1e-9]]
LABELS = [2, 0, 3]

CATEGORICAL, SPARSE, SQUARED = "CATEGORICAL_CROSSENTROPY", "SPARSE_CATEGORICAL_CROSSENTROPY", "MEAN_SQUARED_ERROR"
LOSSES = [  # kind, from logits, label smoothing, outputs
    (CATEGORICAL, True, 0.0, LOGITS),
    (CATEGORICAL, True, 0.125, LOGITS),
    (SPARSE, True, 0.0, LOGITS),
    (CATEGORICAL, False, 0.0, PROBABILITIES),
    (CATEGORICAL, False, 0.125, PROBABILITIES),
    (SPARSE, False, 0.0, PROBABILITIES),
    (SQUARED, False, 0.0, LOGITS),
]

COUNT, FIRST_VARIABLE = 8, 5  # two variables, of 5 and 3 values
START = [(i - 3) / 4 for i in range(COUNT)]
UPDATES = 12
OPTIMIZERS = [
    ("SGD", dict(learning_rate=0.05)),
    ("SGD", dict(learning_rate=0.05, momentum=0.9)),
    ("SGD", dict(learning_rate=0.05, momentum=0.9, nesterov=True)),
    ("SGD", dict(learning_rate=0.05, momentum=0.7, weight_decay=0.01)),
    ("SGD", dict(learning_rate=0.3, global_clipnorm=0.7)),
    ("SGD", dict(learning_rate=0.3, global_clipnorm=1.3)),
    ("Adam", dict(learning_rate=0.001)),
    ("Adam", dict(learning_rate=0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-4)),
    ("Adam", dict(learning_rate=0.1, weight_decay=0.1, global_clipnorm=0.25)),
    ("AdamW", dict(learning_rate=0.01)),
]


def gradient(update, i):
    """Of value i in the given update, from 1: a multiple of 1/8."""
    return ((7 * i + 11 * update) % 17 - 8) / 8


def numbers(values):
    text = ", ".join("%.9gF" % v if "." in "%.9g" % v or "e" in "%.9g" % v else "%.1fF" % v for v in np.ravel(values))
    return "{%s}" % text


def slope(f, x, upstream=None):
    x = tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    d = tape.gradient(y, x, None if upstream is None else tf.constant(upstream, tf.float32))
    return y.numpy(), d.numpy()


def print_activations():
    print("static float const activation_arguments[] = %s;" % numbers(ARGUMENTS))
    print("typedef struct keras_activation {\n  nnt_activation kind;\n  float value[%d];\n  float slope[%d];\n} keras_activation;" % (2 * (len(ARGUMENTS),)))
    print("static keras_activation const keras_activations[] = {")
    for name in ACTIVATIONS:
        f = keras.activations.get(name)
        value, d = slope(lambda x: f(x) * 1.0, ARGUMENTS)
        print("{NNT_%s, %s, %s}," % (name.upper(), numbers(value), numbers(d)))
    print("};")
    value, d = slope(keras.activations.softmax, [SOFTMAX_ROW], [SOFTMAX_UPSTREAM])
    print("static float const softmax_arguments[] = %s;" % numbers(SOFTMAX_ROW))
    print("static float const softmax_upstream[] = %s;" % numbers(SOFTMAX_UPSTREAM))
    print("static float const softmax_value[] = %s;" % numbers(value))
    print("static float const softmax_slope[] = %s;" % numbers(d))


def print_losses():
    print("static uint16_t const loss_labels[] = {%s};" % ", ".join(map(str, LABELS)))
    print("typedef struct keras_loss {\n  nnt_loss loss;\n  float outputs[3][4];\n  float value[3];\n  float slope[3][4];\n} keras_loss;")
    print("static keras_loss const keras_losses[] = {")
    for kind, from_logits, smoothing, outputs in LOSSES:
        hot = np.eye(4, dtype=np.float32)[LABELS]
        target = np.array(LABELS) if kind == SPARSE else hot
        if kind == CATEGORICAL:
            f = lambda y: keras.losses.categorical_crossentropy(target, y, from_logits=from_logits, label_smoothing=smoothing)
        elif kind == SPARSE:
            f = lambda y: keras.losses.sparse_categorical_crossentropy(target, y, from_logits=from_logits)
        else:
            f = lambda y: keras.losses.mean_squared_error(target, y)
        value, d = slope(f, outputs)
        print("{{NNT_%s, %s, %g}, {%s}, %s, {%s}}," % (kind, str(from_logits).lower(), smoothing, ", ".join(map(numbers, outputs)), numbers(value), ", ".join(map(numbers, d))))
    print("};")


def run_optimizer(name, settings):
    optimizer = getattr(keras.optimizers, name)(**settings)
    parts = [slice(0, FIRST_VARIABLE), slice(FIRST_VARIABLE, COUNT)]
    variables = [keras.Variable(np.array(START[p], np.float32)) for p in parts]
    after = []
    for update in range(1, UPDATES + 1):
        g = np.array([gradient(update, i) for i in range(COUNT)], np.float32)
        optimizer.apply([tf.constant(g[p]) for p in parts], variables)
        after.append(np.concatenate([v.numpy() for v in variables]))
    return after[0], after[-1]


def print_optimizers():
    print("enum { KERAS_UPDATES = %d, KERAS_COUNT = %d };" % (UPDATES, COUNT))
    print("typedef struct keras_optimizer {\n  nnt_optimizer settings;\n  float first[KERAS_COUNT]; /* after one update */\n  float last[KERAS_COUNT];  /* after all */\n} keras_optimizer;")
    print("static keras_optimizer const keras_optimizers[] = {")
    for name, settings in OPTIMIZERS:
        c = getattr(keras.optimizers, name)(**settings).get_config()
        # As written above: the configuration holds the rate as float32 has it.
        members = [".kind = NNT_%s" % name.upper(), ".learning_rate = %r" % settings["learning_rate"]]
        for key in ("momentum", "beta_1", "beta_2", "epsilon", "weight_decay"):
            if c.get(key):
                members.append(".%s = %r" % (key, c[key]))
        if c.get("nesterov"):
            members.append(".nesterov = true")
        if c.get("global_clipnorm"):
            members.append(".clip_norm = %r" % c["global_clipnorm"])
        first, last = run_optimizer(name, settings)
        print("{{%s}, %s, %s}," % (", ".join(members), numbers(first), numbers(last)))
    print("};")


def main():
    print("/** Written by make_keras_numbers.py with Keras %s on TensorFlow %s (float32). */" % (keras.__version__, tf.__version__))
    print("#ifndef UNIT_KERAS_NUMBERS_H\n#define UNIT_KERAS_NUMBERS_H\n\n#include <stdint.h>\n")
    print('#include "nntrain/types.h"\n')
    print_activations()
    print()
    print_losses()
    print()
    print_optimizers()
    print("\n#endif")


if __name__ == "__main__":
    main()
