#!/usr/bin/env python3
"""Reads a results file as a user of h5py would, and checks that everything is where it belongs.

  check_results.py results.h5
"""
import sys

import h5py
import numpy as np


def columns(group, scale):
    """The columns of a table; each must be counted by the scale."""
    length = len(group[scale])
    for name, data in group.items():
        assert data.shape == (length,), (name, data.shape)
        if name != scale:
            assert [s.name for s in data.dims[0].values()] == [group[scale].name], name
    return {name: data[:] for name, data in group.items()}


def main(path):
    with h5py.File(path, "r") as f:
        assert f.attrs["status"] in ("running", "complete", "stopped", "failed"), f.attrs["status"]
        assert f.attrs["NX_class"] == "NXroot" and f.attrs["default"] == "history"
        assert list(f)[:2] == ["history", "steps"], list(f)

        peak = [f.attrs.get("peak_memory_bytes_" + name) for name in ("min", "median", "max")]
        if f.attrs["status"] == "complete":
            assert 1 << 20 < peak[0] <= peak[1] <= peak[2], peak
        else:
            assert peak == [None] * 3, peak

        history = columns(f["history"], "epoch")
        assert list(history) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy",
                                 "learning_rate", "seconds"], list(history)
        assert (history["epoch"] == np.arange(1, len(history["epoch"]) + 1)).all()
        assert list(f["history"].attrs["axes"]) == ["epoch"]
        steps = columns(f["steps"], "step")
        assert list(steps) == ["step", "loss", "accuracy", "learning_rate"], list(steps)
        assert all(isinstance(v, str) for v in f["config"].attrs.values())
        assert list(f["phases"])[:2] == ["phase", "name"], list(f["phases"])
        phases = columns(f["phases"], "phase")
        assert (phases["phase"] == np.arange(len(phases["phase"]))).all()
        assert "forward" in f["phases/name"].asstr()[:]
        assert (0 <= phases["min"]).all() and (phases["min"] <= phases["median"]).all()
        assert (phases["median"] <= phases["max"]).all()
        assert (phases["min"] <= phases["seconds"]).all() and (phases["seconds"] <= phases["max"]).all()
        assert f["phases"].attrs["n_ranks"] >= 1
        assert isinstance(f["phases"].attrs["advice"], str)

        if "evaluation" in f:
            e = f["evaluation"]
            truth = e["predictions/true_label"][:]
            guess = e["predictions/predicted_label"][:]
            counts = e["confusion_matrix/counts"][:]
            classes = len(e["class"])
            expected = np.zeros((classes, classes), "i8")
            np.add.at(expected, (truth, guess), 1)
            assert (counts == expected).all()
            assert len(truth) == e.attrs["n_samples"] == counts.sum()
            assert abs(e.attrs["accuracy"] - np.trace(counts) / counts.sum()) < 1e-12
            table = e["per_class"]
            assert (table["support"][:] == counts.sum(1)).all()
            hits, called = np.diag(counts), np.maximum(counts.sum(0), 1)
            assert np.allclose(table["precision"][:], hits / called)
            assert np.allclose(table["recall"][:], hits / np.maximum(counts.sum(1), 1))
            assert list(table["class_name"].asstr()[:]) == [str(c) for c in range(classes)]
            axes = [[s.name for s in d.values()] for d in e["predictions/probability"].dims]
            assert axes == [["/evaluation/predictions/sample"], ["/evaluation/class"]], axes
    print("ok    results file")


main(*sys.argv[1:])
