"""The LSTM and the GRU as a textbook writes them: to be read, not to be fast."""

import torch
from torch import nn

from lessons._check import choice, integer, number

GATES = ("input", "forget", "output")


class _Textbook(nn.Module):
    """Two linear maps for each name: one of the input, one of the state before."""

    def __init__(self, inputs, width, names, seed, dtype):
        super().__init__()
        self.width = integer("width", width)
        sizes = {"of_input": integer("inputs", inputs), "of_state": width}
        generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
        for way, size in sizes.items():
            maps = {name: nn.Linear(size, width, dtype=dtype) for name in names}
            setattr(self, way, nn.ModuleDict(maps))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -(width**-0.5), width**-0.5, generator=generator)

    def sum_of(self, name, x, h):
        """Return what the input and the state before add up to."""
        return self.of_input[name](x) + self.of_state[name](h)

    def forward(self, x, state=None):
        """Read (batch, time, inputs); return h of each step and the last state, as torch does."""
        if state is None:
            zero = x.new_zeros(len(x), self.width)
            state = (zero,) * self.parts
        else:
            state = [part[0] for part in (state if self.parts > 1 else [state])]
        outs = []
        for step in x.unbind(1):
            state = self.step(step, *state)
            outs.append(state[0])
        last = tuple(part[None] for part in state)
        return torch.stack(outs, 1), last if self.parts > 1 else last[0]

    @torch.no_grad()
    def load(self, layer):
        """Take the weights of a one-layer ``nn.LSTM`` or ``nn.GRU``; return self."""
        for way, end in (("of_input", "ih"), ("of_state", "hh")):
            maps = getattr(self, way)
            weights = getattr(layer, f"weight_{end}_l0").chunk(len(self.torch_order))
            biases = getattr(layer, f"bias_{end}_l0").chunk(len(self.torch_order))
            for name, weight, bias in zip(self.torch_order, weights, biases, strict=True):
                maps[name].weight.copy_(weight)
                maps[name].bias.copy_(bias)
        return self


class TextbookLSTM(_Textbook):
    """One LSTM layer by its equations; a gate that is left out is always open.

    Parameters
    ----------
    inputs, width : int
    gates : sequence of str
        Which of "input", "forget" and "output" there are.
    biases : dict of str to float, optional
        Of gates, by name; those of the others are random, as the weights.
    seed : int
    dtype : torch.dtype

    Raises
    ------
    TypeError, ValueError
        On sizes below 1 or an unknown gate.

    References
    ----------
    Hochreiter and Schmidhuber, 1997 (no forget gate); Gers, Schmidhuber and Cummins, 2000.

    Examples
    --------
    >>> out, (h, c) = TextbookLSTM(3, 4)(torch.zeros(2, 5, 3))
    >>> out.shape, h.shape
    (torch.Size([2, 5, 4]), torch.Size([1, 2, 4]))
    """

    parts = 2
    torch_order = ("input", "forget", "candidate", "output")

    def __init__(self, inputs, width, gates=GATES, *, biases=None, seed=0, dtype=torch.float32):
        for gate in gates:
            choice("gates", gate, GATES)
        names = [name for name in self.torch_order if name in (*gates, "candidate")]
        super().__init__(inputs, width, names, seed, dtype)
        for gate, bias in (biases or {}).items():
            nn.init.constant_(self.of_input[choice("biases", gate, gates)].bias, number(gate, bias))
            nn.init.zeros_(self.of_state[gate].bias)

    def gate(self, name, x, h):
        """Return numbers between 0, closed, and 1, open."""
        if name not in self.of_input:
            return 1.0
        return torch.sigmoid(self.sum_of(name, x, h))

    def step(self, x, h, c):
        """Return h and c after one step."""
        candidate = torch.tanh(self.sum_of("candidate", x, h))
        c = self.gate("forget", x, h) * c + self.gate("input", x, h) * candidate
        h = self.gate("output", x, h) * torch.tanh(c)
        return h, c


class TextbookGRU(_Textbook):
    """One GRU layer by its equations, in the form that ``nn.GRU`` has.

    Parameters
    ----------
    inputs, width : int
    seed : int
    dtype : torch.dtype

    References
    ----------
    Cho and others, 2014.

    Examples
    --------
    >>> out, h = TextbookGRU(3, 4)(torch.zeros(2, 5, 3))
    >>> out.shape, h.shape
    (torch.Size([2, 5, 4]), torch.Size([1, 2, 4]))
    """

    parts = 1
    torch_order = ("reset", "keep", "candidate")

    def __init__(self, inputs, width, *, seed=0, dtype=torch.float32):
        super().__init__(inputs, width, self.torch_order, seed, dtype)

    def step(self, x, h):
        """Return h after one step, in a tuple."""
        reset = torch.sigmoid(self.sum_of("reset", x, h))
        keep = torch.sigmoid(self.sum_of("keep", x, h))
        recalled = reset * self.of_state["candidate"](h)
        candidate = torch.tanh(self.of_input["candidate"](x) + recalled)
        return (keep * h + (1 - keep) * candidate,)
