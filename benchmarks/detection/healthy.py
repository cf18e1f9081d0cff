"""Configurations of the detection benchmark that are meant to be healthy, many of them odd.

Whether a run is sick is decided by its outcome (`outcomes`), not here.
"""

import torch

from benchmarks.detection.config import (
    Config,
    adam,
    adamw,
    first_layer_slower,
    momentum,
    rmsprop,
    sgd,
)
from benchmarks.detection.nets import (
    Reader,
    Residual,
    Rows,
    Transformer,
    Words,
    cnn1d,
    cnn2d,
    first_layer,
    frozen_but_last,
    mlp,
    net,
    plain,
)  # fmt: skip


def _warmup(step):
    return min(1.0, (step + 1) / 50)


def _decay(step):
    return 1 - step / 400


CURVE = {"inputs": 8, "outputs": 1}
ROWS = [
    # --- plain networks, meant to be healthy --------------------------------------------------
    ("ReLU 4, SGD 0.1", "digits", net(mlp, 4), sgd(0.1)),
    ("ReLU 4, momentum 0.02", "digits", net(mlp, 4), momentum(0.02)),
    ("ReLU 4, Adam 1e-3", "digits", net(mlp, 4, width=64), adam(1e-3)),
    ("ReLU 12, AdamW 2e-3", "digits", net(mlp, 12), adamw(2e-3)),
    ("ReLU 30, SGD 0.05", "digits", net(mlp, 30), sgd(0.05)),
    ("ReLU 50, Adam 5e-4", "digits", net(mlp, 50), adam(5e-4)),
    ("tanh 10 Xavier, SGD 0.1", "digits", net(mlp, 10, "tanh", "xavier"), sgd(0.1)),
    ("tanh 20 orthogonal, Adam 1e-3", "digits", net(mlp, 20, "tanh", "orthogonal"), adam(1e-3)),
    ("tanh 50 orthogonal, SGD 0.05", "digits", net(mlp, 50, "tanh", "orthogonal"), sgd(0.05)),
    ("sigmoid 3, Adam 1e-2", "digits", net(mlp, 3, "sigmoid", "xavier"), adam(1e-2)),
    ("sigmoid 3, SGD 1", "digits", net(mlp, 3, "sigmoid", "xavier"), sgd(1.0)),
    ("SELU 20, SGD 0.02", "digits", net(mlp, 20, "selu", "lecun"), sgd(0.02)),
    ("GELU 6 default, AdamW 3e-3", "digits", net(mlp, 6, "gelu", "default"), adamw(3e-3)),
    ("leaky 15, RMSprop 1e-3", "digits", net(mlp, 15, "leaky"), rmsprop(1e-3)),
    ("ELU 10, Adam 1e-3", "digits", net(mlp, 10, "elu", "lecun"), adam(1e-3)),
    ("ReLU 4 default, SGD 0.3", "digits", net(mlp, 4, "relu", "default"), sgd(0.3)),
    ("ReLU 8 functions, SGD 0.1", "digits", plain(8), sgd(0.1)),
    ("dropout, Adam 2e-3", "digits", net(mlp, 4, dropout=0.3, width=64), adam(2e-3)),
    ("BatchNorm 12, SGD 0.1", "digits", net(mlp, 12, norm="batch"), sgd(0.1)),
    ("BatchNorm sigmoid 8, Adam 5e-3", "digits",
     net(mlp, 8, "sigmoid", "xavier", norm="batch"), adam(5e-3)),
    ("LayerNorm 16, Adam 1e-3", "digits", net(mlp, 16, norm="layer"), adam(1e-3)),
    ("curve, ReLU 4, Adam 3e-3", "curve", net(mlp, 4, **CURVE), adam(3e-3)),
    ("curve, tanh 3, SGD 0.1", "curve", net(mlp, 3, "tanh", "xavier", **CURVE), sgd(0.1)),
    ("curve, GELU 8, AdamW 2e-3", "curve", net(mlp, 8, "gelu", **CURVE), adamw(2e-3)),
    ("steep curve, Adam 2e-3", "steep curve", net(mlp, 4, **CURVE), adam(2e-3)),
    ("autoencoder, tanh 5, Adam 3e-3", "autoencoder",
     net(mlp, 5, "tanh", "xavier", outputs=64), adam(3e-3)),
    ("noisy labels, Adam 3e-3", "noisy digits", net(mlp, 3, width=64), adam(3e-3)),
    ("rare class, Adam 1e-3", "rare digit", net(mlp, 3, outputs=2), adam(1e-3)),
    # --- other architectures ------------------------------------------------------------------
    ("CNN 5, Adam 3e-3", "digits", net(cnn2d, 5), adam(3e-3)),
    ("CNN 8 BatchNorm, SGD 0.1", "digits", net(cnn2d, 8, norm=True), sgd(0.1)),
    ("CNN 4 default, momentum 0.02", "digits", net(cnn2d, 4, initialization="default"),
     momentum(0.02)),
    ("CNN 1-D 4, Adam 3e-3", "waves", net(cnn1d, 4), adam(3e-3)),
    ("CNN 1-D 3 tanh, SGD 0.3", "waves", net(cnn1d, 3, "tanh", "xavier"), sgd(0.3)),
    ("residual 40 LayerNorm, Adam 1e-3", "digits", net(Residual, 40, 0.3), adam(1e-3)),
    ("residual 80 scaled, SGD 0.05", "digits", net(Residual, 80, 0.1, False), sgd(0.05)),
    ("residual 10, Adam 1e-3", "digits", net(Residual, 10), adam(1e-3)),
    ("transformer, Adam 3e-3", "digits", net(Transformer), adam(3e-3)),
    ("transformer post-norm warmup, AdamW 3e-3", "digits", net(Transformer, norm_first=False),
     adamw(3e-3), {"schedule": _warmup}),
    ("transformer causal, Adam 3e-3", "chain", net(Transformer, vocabulary=12), adam(3e-3)),
    ("words sparse, SGD 1", "words", net(Words, sparse=True), sgd(1.0)),
    ("words, AdamW 1e-2", "words", net(Words), adamw(1e-2)),
    ("GRU recall 10, Adam 1e-2", "recall 10", net(Reader, "GRU", 8, 4), adam(1e-2)),
    ("LSTM recall 30 open gate, Adam 1e-2", "recall 30",
     net(Reader, "LSTM", 8, 4, forget=3.0), adam(1e-2)),
    ("RNN recall 10 orthogonal, Adam 3e-3", "recall 10", net(Reader, "RNN", 8, 4, gain=1.0),
     adam(3e-3)),
    ("GRU adding 10, Adam 1e-2", "adding 10", net(Reader, "GRU", 2, 1), adam(1e-2)),
    ("LSTM chain, Adam 1e-2", "chain",
     net(Reader, "LSTM", 12, 12, vocabulary=12, every=True), adam(1e-2)),
    ("RNN rows clipped, SGD 0.2", "digits", lambda: Rows(Reader("RNN", 8, 10, 32), 8), sgd(0.2),
     {"clip": 1.0}),
    # --- odd, but meant to be healthy ---------------------------------------------------------
    ("loss x 1e5, Adam 1e-3", "digits", net(mlp, 6), adam(1e-3), {"factor": 1e5}),
    ("loss x 1e-5, Adam 1e-3", "digits", net(mlp, 6), adam(1e-3), {"factor": 1e-5}),
    ("loss x 1e5, SGD 1e-6", "digits", net(mlp, 6), sgd(1e-6), {"factor": 1e5}),
    ("loss x 1e-5, SGD 1e4", "digits", net(mlp, 6), sgd(1e4), {"factor": 1e-5}),
    ("loss x 1e-5, GRU, Adam 1e-2", "recall 10", net(Reader, "GRU", 8, 4), adam(1e-2),
     {"factor": 1e-5}),
    ("tiny inputs, first layer to match", "digits", lambda: first_layer(mlp(5), 1e4), sgd(0.1),
     {"scale": 1e-4}),
    ("huge inputs, first layer and its rate to match", "digits",
     lambda: first_layer(mlp(5), 1e-3), first_layer_slower(0.1, 1e-6), {"scale": 1e3}),
    ("huge inputs, LayerNorm first", "digits",
     lambda: torch.nn.Sequential(torch.nn.LayerNorm(64), mlp(5)), adam(2e-3), {"scale": 1e4}),
    ("converged, SGD 0.05", "digits", net(mlp, 4), sgd(0.05), {"warm": 400}),
    ("converged, Adam 1e-4", "digits", net(mlp, 8, "tanh", "xavier"), adam(1e-4),
     {"warm": 400}),
    ("converged CNN, Adam 1e-3", "digits", net(cnn2d, 4), adam(1e-3), {"warm": 300}),
    ("converged curve, SGD 0.01", "curve", net(mlp, 4, **CURVE), sgd(0.01), {"warm": 500}),
    ("large batch, SGD 0.3", "digits", net(mlp, 5), sgd(0.3), {"batch": 512}),
    ("batch of 4, SGD 0.02", "digits", net(mlp, 5), sgd(0.02), {"batch": 4}),
    ("last layer alone, Adam 1e-2", "digits", lambda: frozen_but_last(mlp(4, width=64)),
     adam(1e-2)),
    ("accumulation, SGD 0.1", "digits", net(mlp, 6), sgd(0.1), {"parts": 4}),
    ("bfloat16, SGD 0.1", "digits", net(mlp, 4), sgd(0.1), {"dtype": torch.bfloat16}),
    ("rate falls to zero, Adam 5e-3", "digits", net(mlp, 5), adam(5e-3), {"schedule": _decay}),
    ("clipped to 0.5, SGD 0.3", "digits", net(mlp, 6), sgd(0.3), {"clip": 0.5}),
    ("Adam 0.1, ReLU 3", "digits", net(mlp, 3), adam(0.1)),
    ("Adam 0.06, ReLU 4 wide", "digits", net(mlp, 4, width=64), adam(0.06)),
    ("Adam 0.03, ReLU 5", "digits", net(mlp, 5), adam(0.03)),
]  # fmt: skip
CONFIGS = [Config(*row) if len(row) == 4 else Config(*row[:4], **row[4]) for row in ROWS]
