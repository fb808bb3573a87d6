"""Writes Gatehouse artifacts from PyTorch or Keras weights, with numpy alone.

An artifact is `model.json` (canonical JSON; the SHA-256 of its bytes is the artifact's name), `weights.safetensors` and `metadata.json`. The registry
treats one that was written here like one that was trained in TypeScript: same schemas, same gate, and golden vectors that must come out again.
"""

import hashlib
import json
import struct
from pathlib import Path

import numpy as np


def canonical_json(value):
    """RFC 8785: members sorted by UTF-16 code units, no white space, numbers as ECMAScript writes them."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
        return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{canonical_json(member)}" for key, member in members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(canonical_json, value)) + "]"
    if value is None or isinstance(value, (bool, str)):
        return json.dumps(value, ensure_ascii=False)
    return _number(value)


def _number(value):
    if not np.isfinite(value):
        raise ValueError(f"JSON cannot carry {value}")
    # Python's repr has the shortest digits, as ECMAScript does; only where the point and the exponent stand differs.
    sign, digits, exponent = "-" if value < 0 else "", *repr(abs(float(value))).replace("e+", "e").partition("e")[::2]
    whole, _, fraction = digits.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent or 0)
    digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(digits)
    digits = digits.rstrip("0")
    if digits == "":
        return "0"
    if len(digits) <= point <= 21:
        return sign + digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    rest = "." + digits[1:] if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{point - 1:+d}"


def sha256(content):
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


def write_safetensors(tensors):
    """The bytes of a safetensors file: float32, names sorted, header padded to 8 bytes. `safetensors.numpy.save` does as well."""
    header, body = {}, b""
    for name, values in sorted(tensors.items()):
        data = np.ascontiguousarray(values, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(np.shape(values)), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def read_safetensors(path):
    """Float32 arrays by name."""
    content = Path(path).read_bytes()
    start = 8 + struct.unpack("<Q", content[:8])[0]
    header = {name: entry for name, entry in json.loads(content[8:start]).items() if name != "__metadata__"}
    wrong = [name for name, entry in header.items() if entry["dtype"] != "F32"]
    if wrong:
        raise ValueError(f"{path}: {', '.join(wrong)} is not float32")
    return {
        name: np.frombuffer(content[start + entry["data_offsets"][0] : start + entry["data_offsets"][1]], "<f4").reshape(entry["shape"])
        for name, entry in header.items()
    }


def from_torch(kind, state):
    """Tensors of one layer by role, from the `state_dict` of its PyTorch module: Linear, Conv1d, LayerNorm (eps 1e-5), GRU (one layer, one direction)."""
    state = {name: np.asarray(values) for name, values in state.items()}
    if kind == "gru":
        return {
            "kernel": state["weight_ih_l0"].T,
            "bias": state["bias_ih_l0"],
            "recurrent": state["weight_hh_l0"].T,
            "recurrent-bias": state["bias_hh_l0"],
        }
    if kind == "layer-norm":
        return {"gamma": state["weight"], "beta": state["bias"]}
    # Linear [out, in] and Conv1d [out, in, taps]: the axes the other way round.
    return {"kernel": state["weight"].T, "bias": state["bias"]}


def from_keras(kind, weights, epsilon=None):
    """Tensors of one layer by role, from `layer.get_weights()`: Dense, Conv1D (padding="causal"), LayerNormalization, GRU (reset_after=True, the default)."""
    weights = [np.asarray(values) for values in weights]
    if kind == "gru":
        kernel, recurrent, bias = weights
        if bias.ndim != 2:
            raise ValueError("a GRU with reset_after=False computes something else; train it with reset_after=True")
        # Keras has the gates as update, reset, candidate; PyTorch, cuDNN and Gatehouse as reset, update, candidate.
        update, reset, candidate = np.split(np.arange(kernel.shape[1]), 3)
        order = np.concatenate([reset, update, candidate])
        return {"kernel": kernel[:, order], "bias": bias[0, order], "recurrent": recurrent[:, order], "recurrent-bias": bias[1, order]}
    if kind == "layer-norm":
        if epsilon != 1e-5:
            raise ValueError(f"LayerNormalization has epsilon {epsilon}; train it with epsilon=1e-5 (Keras' default is 1e-3)")
        return {"gamma": weights[0], "beta": weights[1]}
    return {"kernel": weights[0], "bias": weights[1]}


class Network:
    """A network as data, beside its tensors. Layers are added in order, each with what `from_torch` or `from_keras` gave."""

    def __init__(self, *input_shape):
        self.shape, self.last, self.tensors = list(input_shape), "input", {}
        self.description = {"inputs": [{"name": "input", "shape": list(input_shape)}], "outputs": [], "layers": []}

    def layer(self, name, kind, tensors=None, **parameters):
        *steps, features = self.shape
        shapes = {
            "dense": lambda: [*steps, parameters["units"]],
            "causal-conv1d": lambda: [*steps, parameters["filters"]],
            "gru": lambda: [parameters["units"]],
            "patch": lambda: [steps[0] // parameters["size"], parameters["size"] * features],
            "flatten": lambda: [int(np.prod(self.shape))],
            "last-step": lambda: [features],
        }
        self.shape = shapes.get(kind, lambda: self.shape)()
        self._add(name, kind, self.last, self.shape, tensors or {}, parameters)
        self.last = name
        return self

    def classes(self, name, tensors):
        """A softmax head on the last layer; its output are logits."""
        count = len(tensors["bias"])
        self.description["outputs"].append({"name": name, "kind": "logits", "shape": [count]})
        self._add(name, "head-classes", self.last, [count], tensors, {"classes": count})
        return self

    def _add(self, name, kind, source, shape, tensors, parameters):
        weights = [{"role": role, "tensor": f"{name}/{role}", "shape": list(np.shape(values))} for role, values in tensors.items()]
        layer = {"name": name, "kind": kind, "from": [source], "outputShape": list(shape), "parameters": parameters, "weights": weights}
        self.description["layers"].append(layer)
        self.tensors.update({f"{name}/{role}": values for role, values in tensors.items()})

    def describe(self):
        return {**self.description, "parameterCount": int(sum(np.size(values) for values in self.tensors.values()))}


def drift_reference(names, rows, bins=10):
    """Deciles of every feature over the training rows `[rows, features]` of float32: what live features are compared with."""
    reference = []
    for name, column in zip(names, np.asarray(rows, float).T):
        ordered = np.sort(column)
        edges = np.unique(ordered[[k * len(ordered) // bins for k in range(1, bins)]])
        if len(edges) == 1:
            # Nearly always one value: an edge just above it, or all that it may become would lie in one bin with it.
            value, above = edges[0], ordered[ordered > edges[0]]
            edges = np.append(edges, above[0] if len(above) else value + max(abs(value) * 2.0**-22, 2.0**-126))
        counts = np.bincount(np.searchsorted(edges, column, side="right"), minlength=len(edges) + 1)
        reference.append({"feature": name, "edges": edges.tolist(), "fractions": (counts / len(ordered)).tolist()})
    return reference


def write_artifact(folder, schemas, network, description, metadata):
    """Writes an artifact, after both documents were judged by the JSON Schemas.

    `description` is `model.json` without network and weights; its golden vectors are the training framework's own forward pass. Returns the digest.
    """
    spec = description["features"]
    if sha256(canonical_json({"items": spec["items"], "rows": spec["rows"]})) != spec["hash"]:
        raise ValueError("features.hash is not the hash of the features: take the specification over unchanged")
    weights = write_safetensors(network.tensors)
    model = {
        "type": "model-description",
        "contractVersion": "1.0",
        **description,
        "network": network.describe(),
        "weights": {"file": "weights.safetensors", "format": "safetensors", "sha256": sha256(weights), "byteLength": len(weights)},
    }
    model_bytes = canonical_json(model).encode()
    about = {"type": "model-metadata", "contractVersion": "1.0", "artifactDigest": sha256(model_bytes), **metadata}
    validate(schemas, "model-description", model)
    validate(schemas, "model-metadata", about)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_bytes(model_bytes)
    (folder / "weights.safetensors").write_bytes(weights)
    (folder / "metadata.json").write_text(canonical_json(about))
    return about["artifactDigest"]


def validate(schemas, name, document):
    """Judges a document by one of the published JSON Schemas; the places that do not fit are in the error."""
    from jsonschema import Draft202012Validator

    schema = json.loads((Path(schemas) / f"{name}.schema.json").read_text())
    # What is validated is what is written: plain JSON, no numpy scalars, no tuples.
    errors = list(Draft202012Validator(schema).iter_errors(json.loads(canonical_json(document))))
    if errors:
        raise ValueError(f"{name}: " + "; ".join(f"/{'/'.join(map(str, error.absolute_path))} {error.message}" for error in errors[:5]))
