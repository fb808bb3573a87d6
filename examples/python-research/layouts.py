"""Every layer that can be taken over, from weights laid out as Keras has them, against a forward pass written after Keras' documentation.

python3 layouts.py FOLDER SCHEMAS   reads FOLDER/task.json, writes FOLDER/keras: an artifact whose golden vectors are that forward pass
"""

import json
import sys
from pathlib import Path

import numpy as np

from gatehouse_artifact import Network, from_keras, write_artifact


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def conv1d(x, kernel, bias, dilation=1):
    """keras.layers.Conv1D(padding="causal"): kernel [taps, in, out], the last tap at the present."""
    taps = len(kernel)
    padded = np.pad(x, ((dilation * (taps - 1), 0), (0, 0)))
    return sum(padded[k * dilation : k * dilation + len(x)] @ kernel[k] for k in range(taps)) + bias


def layer_normalization(x, gamma, beta, epsilon=1e-5):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + epsilon) * gamma + beta


def gru(x, kernel, recurrent, bias):
    """keras.layers.GRU(reset_after=True): gates update, reset, candidate; two biases."""
    state = np.zeros(len(recurrent))
    for row in x:
        update, reset, candidate = np.split(row @ kernel + bias[0], 3)
        of_update, of_reset, of_candidate = np.split(state @ recurrent + bias[1], 3)
        z, r = sigmoid(update + of_update), sigmoid(reset + of_reset)
        state = z * state + (1 - z) * np.tanh(candidate + r * of_candidate)
    return state


def main(folder, schemas):
    task = json.loads((folder / "task.json").read_text())
    random = np.random.default_rng(task["seed"])
    steps, features = task["features"]["rows"], len(task["features"]["items"])
    draw = lambda *shape: (random.standard_normal(shape) / np.sqrt(shape[0] if len(shape) > 1 else 4)).astype(np.float32)
    weights = {
        "dense": [draw(features, 12), draw(12)],
        "conv": [draw(3, 12, 16), draw(16)],
        "norm": [1 + draw(16), draw(16)],
        "gru": [draw(16, 24), draw(8, 24), draw(2, 24)],
        "head": [draw(8, 3), draw(3)],
    }

    def forward(x):
        # In float64: what float32 loses is the other side's to stay within 1e-5 of.
        x = np.tanh(x.astype(float) @ weights["dense"][0] + weights["dense"][1])
        x = np.maximum(conv1d(x, *weights["conv"], dilation=2), 0)
        x = layer_normalization(x, *weights["norm"])
        return gru(x, *weights["gru"]) @ weights["head"][0] + weights["head"][1]

    network = (
        Network(steps, features)
        .layer("dense", "dense", from_keras("dense", weights["dense"]), units=12, activation="tanh")
        .layer("conv", "causal-conv1d", from_keras("causal-conv1d", weights["conv"]), filters=16, kernel=3, dilation=2, activation="relu")
        .layer("norm", "layer-norm", from_keras("layer-norm", weights["norm"], epsilon=1e-5))
        .layer("gru", "gru", from_keras("gru", weights["gru"]), units=8)
        .classes("direction", from_keras("dense", weights["head"]))
    )
    inputs = random.standard_normal((5, steps, features)).astype(np.float32)
    description = {
        **{key: task[key] for key in ("name", "family", "features", "needs", "trigger")},
        "scaler": {"kind": "none", "center": [], "scale": []},
        "labels": {"heads": task["heads"]},
        "calibration": [],
        "golden": {"vectors": [{"input": x.ravel().tolist(), "output": forward(x).tolist()} for x in inputs]},
        "provenance": {
            "backend": {"name": "numpy", "version": np.__version__, "precision": "float64"},
            "seeds": {"weights": task["seed"]},
            "versions": {"numpy": np.__version__},
            "hyperparameters": {},
            **task["provenance"],
        },
    }
    print(f"  wrote {write_artifact(folder / 'keras', schemas, network, description, task['metadata'])}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
