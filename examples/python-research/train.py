"""The researcher's script: trains in PyTorch on rows that the feature code made, and writes what it trained as a Gatehouse artifact.

python3 train.py FOLDER SCHEMAS   reads FOLDER/task.json and rows.safetensors, writes FOLDER/artifact and FOLDER/said.safetensors
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

from gatehouse_artifact import Network, drift_reference, from_torch, read_safetensors, sha256, write_artifact, write_safetensors


class Direction(torch.nn.Module):
    """Causal convolution, layer norm, GRU, softmax head; normalisation is part of the model."""

    def __init__(self, rows, classes, units=32):
        super().__init__()
        flat = rows.reshape(-1, rows.shape[-1]).astype(np.float64)
        self.center, self.scale = torch.tensor(flat.mean(0)), torch.tensor(flat.std(0))
        self.conv = torch.nn.Conv1d(rows.shape[-1], 16, kernel_size=3)
        self.norm = torch.nn.LayerNorm(16)
        self.gru = torch.nn.GRU(16, units, batch_first=True)
        self.head = torch.nn.Linear(units, classes)

    def forward(self, raw):
        # In float64 before the cast, as it is served.
        x = ((raw.double() - self.center) / self.scale).clamp(-6, 6).float()
        x = torch.nn.functional.pad(x.transpose(1, 2), (2, 0))
        x = self.norm(torch.relu(self.conv(x)).transpose(1, 2))
        return self.head(self.gru(x)[0][:, -1])

    def as_network(self, steps, features):
        part = lambda module: {name: values.detach().numpy() for name, values in module.state_dict().items()}
        return (
            Network(steps, features)
            .layer("conv", "causal-conv1d", from_torch("causal-conv1d", part(self.conv)), filters=16, kernel=3, activation="relu")
            .layer("norm", "layer-norm", from_torch("layer-norm", part(self.norm)))
            .layer("gru", "gru", from_torch("gru", part(self.gru)), units=self.gru.hidden_size)
            .classes("direction", from_torch("dense", part(self.head)))
        )


def train(model, rows, epochs=6, batch=256):
    """Keeps the weights of the epoch with the least validation loss."""
    inputs, labels = torch.tensor(rows["train/inputs"]), torch.tensor(rows["train/labels"]).long()
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-3)
    best, kept = np.inf, None
    for epoch in range(epochs):
        model.train()
        for chosen in torch.randperm(len(inputs)).split(batch):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(inputs[chosen]), labels[chosen]).backward()
            optimiser.step()
        loss = float(torch.nn.functional.cross_entropy(*validation(model, rows)))
        print(f"  epoch {epoch + 1}: validation loss {loss:.4f}")
        if loss < best:
            best, kept = loss, {name: values.clone() for name, values in model.state_dict().items()}
    model.load_state_dict(kept)


@torch.no_grad()
def validation(model, rows):
    return model(torch.tensor(rows["validation/inputs"])), torch.tensor(rows["validation/labels"]).long()


def temperature(logits, labels):
    """Divides the logits so that the loss on rows that the weights were not fitted on is least."""
    candidates = np.geomspace(0.3, 5, 200)
    losses = [float(torch.nn.functional.cross_entropy(logits / t, labels)) for t in candidates]
    return float(candidates[int(np.argmin(losses))])


def main(folder, schemas):
    task = json.loads((folder / "task.json").read_text())
    rows = read_safetensors(folder / "rows.safetensors")
    seed = task["seed"]
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    inputs = rows["train/inputs"]
    model = Direction(inputs, len(task["heads"][0]["classes"]))
    train(model, rows)
    model.eval()
    with torch.no_grad():
        golden = inputs[:: len(inputs) // 5][:5]
        outputs = model(torch.tensor(golden)).numpy()
        said = model(torch.tensor(rows["unseen/inputs"])).numpy()
    calibration = {"output": "direction", "kind": "temperature", "temperature": temperature(*validation(model, rows))}
    names = [item["name"] for item in task["features"]["items"]]
    digest = write_artifact(
        folder / "artifact",
        schemas,
        model.as_network(*inputs.shape[1:]),
        {
            **{key: task[key] for key in ("name", "family", "features", "needs", "trigger")},
            "scaler": {"kind": "standard", "center": model.center.tolist(), "scale": model.scale.tolist(), "clip": [-6, 6]},
            "labels": {"heads": task["heads"]},
            "calibration": [calibration],
            "golden": {"vectors": [{"input": x.ravel().tolist(), "output": y.tolist()} for x, y in zip(golden, outputs)]},
            "provenance": {
                "backend": {"name": "torch-cpu", "version": torch.__version__, "precision": "float32"},
                "seeds": {"training": seed},
                "versions": {"numpy": np.__version__, "torch": torch.__version__},
                "hyperparameters": {"optimiser": "AdamW", "rate": 3e-3, "units": 32},
                "codeHash": sha256("".join(script.read_text() for script in sorted(Path(__file__).parent.glob("*.py")))),
                **task["provenance"],
            },
            "driftReference": drift_reference(names, inputs[:, -1]),
        },
        task["metadata"],
    )
    (folder / "said.safetensors").write_bytes(write_safetensors({"logits": said}))
    print(f"  wrote {digest}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
