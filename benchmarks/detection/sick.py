"""Configurations of the detection benchmark with a fault put in on purpose.

Whether a run is sick is decided by its outcome (`outcomes`), not here.
"""

import torch

from benchmarks.detection.config import Config, adam, adamw, momentum, sgd
from benchmarks.detection.nets import (
    Reader,
    Residual,
    Transformer,
    Words,
    cnn1d,
    cnn2d,
    loop,
    mlp,
    net,
    plain,
    shifted,
)  # fmt: skip


def naive(output, y):
    """Cross-entropy as the formula says it, without regard to overflow."""
    shares = output.exp() / output.exp().sum(1, keepdim=True)
    return -shares.gather(1, y[:, None]).log().mean()


def nan_at(when):
    """Return a data loader's fault: one pixel in a hundred of one batch is missing."""

    def spoil(step, x):
        return torch.where(torch.rand(x.shape) < 0.01, torch.nan, x) if step == when else x

    return spoil


CURVE = {"inputs": 8, "outputs": 1}
ROWS = [
    # --- weights of a wrong size --------------------------------------------------------------
    ("sigmoid 8, SGD 0.1", "digits", net(mlp, 8, "sigmoid", "xavier"), sgd(0.1),
     {"fault": "vanishing"}),
    ("sigmoid 20, Adam 1e-3", "digits", net(mlp, 20, "sigmoid", "xavier"), adam(1e-3),
     {"fault": "vanishing"}),
    ("sigmoid 12 functions, SGD 0.5", "digits",
     plain(12, activation="sigmoid", initialization="xavier"), sgd(0.5),
     {"fault": "vanishing"}),
    ("curve, sigmoid 10, momentum 0.05", "curve", net(mlp, 10, "sigmoid", "xavier", **CURVE),
     momentum(0.05), {"fault": "vanishing"}),
    ("tanh 25 x 0.4, SGD 0.1", "digits", net(mlp, 25, "tanh", "xavier", 0.4), sgd(0.1),
     {"fault": "vanishing"}),
    ("ReLU 20 x 0.5, SGD 0.1", "digits", net(mlp, 20, gain=0.5), sgd(0.1),
     {"fault": "vanishing"}),
    ("ReLU 40 x 0.3, Adam 1e-3", "digits", net(mlp, 40, gain=0.3), adam(1e-3),
     {"fault": "vanishing"}),
    ("ReLU 20 default, SGD 0.1", "digits", net(mlp, 20, "relu", "default"), sgd(0.1),
     {"fault": "vanishing"}),
    ("GELU 24 default, AdamW 5e-4", "digits", net(mlp, 24, "gelu", "default"), adamw(5e-4),
     {"fault": "vanishing"}),
    ("CNN 14 default, SGD 0.1", "digits", net(cnn2d, 14, initialization="default"), sgd(0.1),
     {"fault": "vanishing"}),
    ("CNN 1-D 10 sigmoid, SGD 0.1", "waves", net(cnn1d, 10, "sigmoid", "xavier"), sgd(0.1),
     {"fault": "vanishing"}),
    ("all weights zero, SGD 0.1", "digits", net(mlp, 6, "relu", "zero"), sgd(0.1),
     {"fault": "zero weights"}),
    ("tanh 20 N(0, 1), SGD 0.1", "digits", net(mlp, 20, "tanh", "normal"), sgd(0.1),
     {"fault": "large weights"}),
    ("tanh 20 N(0, 1), Adam 1e-3", "digits", net(mlp, 20, "tanh", "normal"), adam(1e-3),
     {"fault": "large weights"}),
    ("tanh 12 x 5, SGD 0.05", "digits", net(mlp, 12, "tanh", "xavier", 5.0), sgd(0.05),
     {"fault": "large weights"}),
    ("ReLU 20 x 2, SGD 0.1", "digits", net(mlp, 20, gain=2.0), sgd(0.1),
     {"fault": "exploding"}),
    ("ReLU 8 N(0, 1), SGD 0.01", "digits", net(mlp, 8, "relu", "normal"), sgd(0.01),
     {"fault": "exploding"}),
    ("ReLU 40 x 1.8, Adam 1e-3", "digits", net(mlp, 40, gain=1.8), adam(1e-3),
     {"fault": "exploding"}),
    ("CNN 10 x 3, SGD 0.05", "digits", net(cnn2d, 10, gain=3.0), sgd(0.05),
     {"fault": "exploding"}),
    ("SELU 25 x 2, SGD 0.02", "digits", net(mlp, 25, "selu", "lecun", 2.0), sgd(0.02),
     {"fault": "exploding"}),
    ("residual 80 unscaled, SGD 0.05", "digits", net(Residual, 80, 1.0, False), sgd(0.05),
     {"fault": "exploding"}),
    ("curve, softplus 20 x 2, SGD 0.01", "curve",
     net(mlp, 20, "softplus", "he", 2.0, **CURVE), sgd(0.01), {"fault": "exploding"}),
    ("dying ReLU, bias -10", "digits", net(mlp, 5, bias=-10.0), sgd(0.1), {"fault": "dead"}),
    ("dying ReLU CNN, bias -5", "digits", lambda: shifted(cnn2d(5), -5.0), adam(1e-3),
     {"fault": "dead"}),
    ("saturated sigmoid, bias 12", "digits", net(mlp, 4, "sigmoid", "xavier", bias=12.0),
     sgd(0.5), {"fault": "saturated"}),
    ("saturated tanh 3 x 60, SGD 0.1", "digits", net(mlp, 3, "tanh", "xavier", 60.0),
     sgd(0.1), {"fault": "saturated"}),
    ("BatchNorm 50, Adam 1e-3", "digits", net(mlp, 50, norm="batch"), adam(1e-3),
     {"fault": "exploding"}),
    ("BatchNorm 50, SGD 0.1", "digits", net(mlp, 50, norm="batch"), sgd(0.1),
     {"fault": "exploding"}),
    ("BatchNorm 45, AdamW 3e-3", "digits", net(mlp, 45, norm="batch"), adamw(3e-3),
     {"fault": "exploding"}),
    ("tanh 30 x 3, momentum 0.02", "digits", net(mlp, 30, "tanh", "xavier", 3.0), momentum(0.02),
     {"fault": "large weights"}),
    # --- steps of a wrong size ----------------------------------------------------------------
    ("ReLU 4, SGD 1e-4", "digits", net(mlp, 4), sgd(1e-4), {"fault": "too slow"}),
    ("ReLU 4, SGD 1e-6", "digits", net(mlp, 4), sgd(1e-6), {"fault": "too slow"}),
    ("ReLU 4, Adam 1e-6", "digits", net(mlp, 4), adam(1e-6), {"fault": "too slow"}),
    ("tanh 6, AdamW 1e-5", "digits", net(mlp, 6, "tanh", "xavier"), adamw(1e-5),
     {"fault": "too slow"}),
    ("curve, ReLU 4, SGD 1e-5", "curve", net(mlp, 4, **CURVE), sgd(1e-5), {"fault": "too slow"}),
    ("CNN 5, momentum 1e-5", "digits", net(cnn2d, 5), momentum(1e-5), {"fault": "too slow"}),
    ("transformer, SGD 1e-4", "digits", net(Transformer), sgd(1e-4), {"fault": "too slow"}),
    ("words, SGD 1e-3", "words", net(Words), sgd(1e-3), {"fault": "too slow"}),
    ("GRU recall 10, Adam 1e-5", "recall 10", net(Reader, "GRU", 8, 4), adam(1e-5),
     {"fault": "too slow"}),
    ("clipped to 1e-4, SGD 0.1", "digits", net(mlp, 5), sgd(0.1),
     {"clip": 1e-4, "fault": "too slow"}),
    ("loss x 1e-5, SGD 0.1", "digits", net(mlp, 6), sgd(0.1),
     {"factor": 1e-5, "fault": "too slow"}),
    ("loss x 1e5, SGD 0.1", "digits", net(mlp, 6), sgd(0.1),
     {"factor": 1e5, "fault": "too fast"}),
    ("ReLU 4, SGD 10", "digits", net(mlp, 4), sgd(10.0), {"fault": "too fast"}),
    ("ReLU 6, momentum 1", "digits", net(mlp, 6), momentum(1.0), {"fault": "too fast"}),
    ("ReLU 5, Adam 1", "digits", net(mlp, 5), adam(1.0), {"fault": "too fast"}),
    ("tanh 8, Adam 0.3", "digits", net(mlp, 8, "tanh", "xavier"), adam(0.3),
     {"fault": "too fast"}),
    ("ReLU 12, AdamW 0.1", "digits", net(mlp, 12), adamw(0.1), {"fault": "too fast"}),
    ("curve, ReLU 4, SGD 2", "curve", net(mlp, 4, **CURVE), sgd(2.0), {"fault": "too fast"}),
    ("steep curve, SGD 0.05", "steep curve", net(mlp, 4, **CURVE), sgd(0.05),
     {"fault": "too fast"}),
    ("CNN 6, SGD 5", "digits", net(cnn2d, 6), sgd(5.0), {"fault": "too fast"}),
    ("LSTM recall 30, Adam 1", "recall 30", net(Reader, "LSTM", 8, 4, forget=3.0), adam(1.0),
     {"fault": "too fast"}),
    ("transformer, Adam 0.3", "digits", net(Transformer), adam(0.3), {"fault": "too fast"}),
    ("huge inputs, SGD 0.1", "digits", net(mlp, 4), sgd(0.1),
     {"scale": 1e3, "fault": "large inputs"}),
    ("curve, huge inputs, Adam 1e-3", "curve", net(mlp, 4, **CURVE), adam(1e-3),
     {"scale": 1e3, "fault": "large inputs"}),
    # --- through time -------------------------------------------------------------------------
    ("RNN recall 60 x 0.5, Adam 1e-3", "recall 60", net(Reader, "RNN", 8, 4, gain=0.5),
     adam(1e-3), {"fault": "forgets"}),
    ("RNN recall 30 default, SGD 0.1", "recall 30", net(Reader, "RNN", 8, 4), sgd(0.1),
     {"fault": "forgets"}),
    ("LSTM recall 60 closed gate, Adam 1e-3", "recall 60", net(Reader, "LSTM", 8, 4, forget=-1.0),
     adam(1e-3), {"fault": "forgets"}),
    ("GRU adding 20, SGD 0.1", "adding 20", net(Reader, "GRU", 2, 1, gain=0.5), sgd(0.1),
     {"fault": "forgets"}),
    ("loop recall 60 x 0.6, Adam 1e-3", "recall 60", loop(gain=0.6), adam(1e-3),
     {"fault": "forgets"}),
    ("RNN ReLU recall 60 x 1.8, SGD 0.1", "recall 60",
     net(Reader, "RNN", 8, 4, gain=1.8, nonlinearity="relu"), sgd(0.1),
     {"fault": "explodes in time"}),
    ("loop ReLU recall 30 x 2, Adam 1e-3", "recall 30", loop(gain=2.0, activation="relu"),
     adam(1e-3), {"fault": "explodes in time"}),
    ("RNN recall 60 x 4, SGD 0.1", "recall 60", net(Reader, "RNN", 8, 4, gain=4.0), sgd(0.1),
     {"fault": "explodes in time"}),
    # --- numbers that are not finite ------------------------------------------------------------
    ("a NaN in batch 12", "digits", net(mlp, 4), sgd(0.1),
     {"spoil": nan_at(12), "fault": "not finite"}),
    ("a NaN in batch 100", "digits", net(mlp, 4), adam(1e-3),
     {"spoil": nan_at(100), "fault": "not finite"}),
    ("log of softmax, momentum 0.3", "digits", net(mlp, 4), momentum(0.3),
     {"loss": naive, "fault": "not finite"}),
    ("unnormalised exp, SGD 0.5", "digits", net(mlp, 3, width=64), sgd(0.5),
     {"loss": naive, "scale": 16.0, "fault": "not finite"}),
]  # fmt: skip
CONFIGS = [Config(*row) if len(row) == 4 else Config(*row[:4], **row[4]) for row in ROWS]
