"""What all peers share: the recipe, its data, and the line that a run reports.

784-500 sigmoid-10 softmax, cross-entropy, SGD 0.5, batches of 128 in a new order every epoch, float32,
Glorot uniform weights. 60,000 images make 469 steps an epoch; the last one has 96 samples.
"""

import argparse
import gzip
import json
import os
import time

import numpy as np

HIDDEN = 500
CLASSES = 10
BATCH = 128
RATE = 0.5


def options():
    """The command line that every peer takes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default=os.environ.get("NNTRAIN_DATA"), help="folder of IDX files")
    parser.add_argument("--epochs", type=int, default=4, help="the first one is warm-up")
    parser.add_argument("--hidden", type=int, nargs="+", default=[HIDDEN], help="units of the hidden layers")
    parser.add_argument("--batch-size", type=int, default=BATCH)
    arguments = parser.parse_args()
    if not arguments.data:
        parser.error("name the folder of IDX files by --data or NNTRAIN_DATA")
    return arguments


def read_idx(folder, name):
    """The bytes of one IDX file, plain or .gz, in the shape that its header gives."""
    path = os.path.join(folder, name)
    opened = open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz", "rb")
    with opened as file:
        content = file.read()
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def load(folder):
    """(train images, train labels, test images, test labels): float32 in [0, 1], (N, 784), and int32."""
    arrays = []
    for part in ("train", "t10k"):
        images = read_idx(folder, part + "-images-idx3-ubyte")
        arrays.append(images.reshape(len(images), -1).astype(np.float32) / np.float32(255))
        arrays.append(read_idx(folder, part + "-labels-idx1-ubyte").astype(np.int32))
    return arrays


def glorot(rng, rows, columns):
    """Glorot uniform weights, (rows, columns)."""
    limit = np.sqrt(6 / (rows + columns))
    return rng.uniform(-limit, limit, (rows, columns)).astype(np.float32)


def time_epochs(epochs, epoch):
    """Calls epoch(0), epoch(1), ... and returns the seconds that each took.

    epoch(e) returns only when its work is done. The first figure has compilation in it and is not used.
    """
    seconds = []
    for e in range(epochs):
        began = time.perf_counter()
        epoch(e)
        seconds.append(time.perf_counter() - began)
    return seconds


def report(seconds, accuracy, versions):
    """Prints the one line of JSON that peers.sh reads."""
    print(json.dumps({"seconds": seconds, "accuracy": float(accuracy), "versions": versions}), flush=True)
