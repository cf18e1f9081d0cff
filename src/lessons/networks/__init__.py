"""Deep networks by depth, width, activation and initialization."""

from lessons.networks.initialization import INITIALIZATIONS, initialize_
from lessons.networks.plain import MLP, THREE_NETS, mlp, three_nets
from lessons.networks.recurrent import RNN, rnn

__all__ = [
    "INITIALIZATIONS",
    "MLP",
    "RNN",
    "THREE_NETS",
    "initialize_",
    "mlp",
    "rnn",
    "three_nets",
]
