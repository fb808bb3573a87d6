"""PyTorch's side of bench/models.ts: the same networks, batch sizes, losses and optimiser, on the CPU.

Reads lines `name rounds times` and answers each with the least milliseconds a training step of the rounds. The first line it writes is its
version, threads, and GFLOP/s of a matrix product: a reference BLAS has one or two, and is no peer to measure against.
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def causal(x, conv):
    return torch.relu(conv(F.pad(x, (conv.dilation[0] * (conv.kernel_size[0] - 1), 0))))


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.head = nn.GRU(16, 32, batch_first=True), nn.Linear(32, 5)

    def forward(self, x):
        return self.head(self.gru(x)[0][:, -1])


class Tcn(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(16, 32, 10, stride=10)
        self.convs = nn.ModuleList(nn.Conv1d(32, 32, 3, dilation=d) for d in (1, 2, 4, 8, 16, 32))
        self.norms = nn.ModuleList(nn.LayerNorm(32) for _ in range(6))
        self.head = nn.Linear(32, 3)

    def forward(self, x):
        x = torch.relu(self.first(x.transpose(1, 2)))
        for conv, norm in zip(self.convs, self.norms):
            x = x + norm(causal(x, conv).transpose(1, 2)).transpose(1, 2)
        return self.head(x[:, :, -1])


class Book(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(40, 32)
        self.convs = nn.ModuleList(nn.Conv1d(32, 32, 3, dilation=d) for d in (1, 2, 4))
        self.gru = nn.GRU(32, 32, batch_first=True)
        self.heads = nn.ModuleList(nn.Linear(32, n) for n in (3, 3, 1))

    def forward(self, x):
        x = torch.relu(self.first(x)).transpose(1, 2)
        for conv in self.convs:
            x = causal(x, conv)
        x = self.gru(x.transpose(1, 2))[0][:, -1]
        return [head(x) for head in self.heads]


def listwise(scores, gains):
    gains = gains / gains.sum(1, keepdim=True).clamp(min=1e-6)
    return -(gains * F.log_softmax(scores, 1)).sum(1).mean()


def cases():
    """Name to (network, inputs, loss of its outputs)."""
    labels = lambda batch, classes: torch.randint(classes, (batch,))
    draw = torch.randn
    five, bars, seconds = labels(256, 5), labels(64, 5), labels(32, 3)
    direction, spread, impact = labels(64, 3), labels(64, 3), draw(64)
    gains = torch.randint(5, (16, 32)).float()
    regime = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.LayerNorm(128), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 5))
    rank = nn.Sequential(nn.Linear(24, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
    three = lambda out: F.cross_entropy(out[0], direction) + F.cross_entropy(out[1], spread) + F.huber_loss(out[2].squeeze(1), impact)
    return {
        "regime": (regime, draw(256, 64), lambda out: F.cross_entropy(out, five)),
        "gru": (Gru(), draw(64, 48, 16), lambda out: F.cross_entropy(out, bars)),
        "tcn": (Tcn(), draw(32, 1800, 16), lambda out: F.cross_entropy(out, seconds)),
        "book": (Book(), draw(64, 100, 40), three),
        "rank": (rank, draw(512, 24), lambda out: listwise(out.view(16, 32), gains)),
    }


def gigaflops(n=512):
    a, best = torch.randn(n, n), float("inf")
    for _ in range(8):
        started = time.perf_counter()
        torch.mm(a, a)
        best = min(best, time.perf_counter() - started)
    return 2 * n**3 / best / 1e9


def main():
    torch.manual_seed(42)
    networks = cases()
    optimisers = {name: torch.optim.Adam(network.parameters(), lr=1e-3) for name, (network, _, _) in networks.items()}

    def step(name):
        network, inputs, loss = networks[name]
        optimisers[name].zero_grad()
        loss(network(inputs)).backward()
        optimisers[name].step()

    print(f"{torch.__version__} {torch.get_num_threads()} {gigaflops():.1f}", flush=True)
    for line in sys.stdin:
        name, rounds, times = line.split()
        if name not in networks:
            print("nan", flush=True)
            continue
        step(name)
        best = float("inf")
        for _ in range(int(rounds)):
            started = time.perf_counter()
            for _ in range(int(times)):
                step(name)
            best = min(best, (time.perf_counter() - started) * 1000 / int(times))
        print(best, flush=True)


main()
