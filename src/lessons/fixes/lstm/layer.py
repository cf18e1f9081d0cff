"""An LSTM with the signature, the weights and the results of ``nn.LSTM``."""

import torch
from torch import nn
from torch.nn.functional import linear
from torch.nn.utils.rnn import PackedSequence

from lessons._check import integer
from lessons.fixes.lstm.forget import set_biases_
from lessons.fixes.lstm.loop import Loop


class LSTM(nn.Module):
    """Long short-term memory: takes, gives and stores what ``torch.nn.LSTM`` does.

    The product of the input with its weights is taken out of the walk through time: it is one
    large product before the first step. What is left in a step is one product for all gates.

    Parameters
    ----------
    input_size, hidden_size, num_layers : int
        Inputs of a step, width of the state, and layers upon each other.
    bias : bool
        Two biases for each gate, as PyTorch has them; only their sum counts.
    batch_first : bool
        Sequences are (batch, time, features) instead of (time, batch, features).
    dropout, proj_size
        There for the signature; only 0 is known.
    bidirectional : bool
        A second set of weights reads from the end.
    device, dtype
        Of the weights.
    forget_bias : float, optional
        The bias of the forget gate at the start; by default random, as PyTorch's.
    seed : int, optional
        Of the first weights, which are even between ±1/√hidden_size; by default PyTorch's
        global generator is used, in the same order as ``nn.LSTM``.

    Raises
    ------
    TypeError, ValueError
        On sizes below 1, dropout or a projection.

    Notes
    -----
    The gradient cannot be differentiated again; :class:`lessons.fixes.lstm.TextbookLSTM` can.

    References
    ----------
    Hochreiter and Schmidhuber, 1997; Gers, Schmidhuber and Cummins, 2000 (the forget gate).

    Examples
    --------
    >>> ours, theirs = LSTM(3, 4, num_layers=2), nn.LSTM(3, 4, num_layers=2)
    >>> ours.load_state_dict(theirs.state_dict())
    <All keys matched successfully>
    >>> x = torch.ones(5, 2, 3)
    >>> torch.allclose(ours(x)[0], theirs(x)[0], atol=1e-6)
    True
    """

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        proj_size=0,
        device=None,
        dtype=None,
        *,
        forget_bias=None,
        seed=None,
    ):
        super().__init__()
        self.input_size = integer("input_size", input_size)
        self.hidden_size = integer("hidden_size", hidden_size)
        self.num_layers = integer("num_layers", num_layers)
        for name, value in (("dropout", dropout), ("proj_size", proj_size)):
            if value:
                raise ValueError(f"{name}={value!r} is not in this class; expected 0. Use nn.LSTM.")
        self.bias, self.batch_first, self.bidirectional = bias, batch_first, bidirectional
        for layer in range(num_layers):
            for suffix in self._suffixes(layer):
                inputs = hidden_size * (1 + bidirectional) if layer else input_size
                shapes = {"weight_ih": (inputs,), "weight_hh": (hidden_size,)}
                shapes |= {"bias_ih": (), "bias_hh": ()} if bias else {}
                for name, shape in shapes.items():
                    made = torch.empty(4 * hidden_size, *shape, device=device, dtype=dtype)
                    self.register_parameter(f"{name}_{suffix}", nn.Parameter(made))
        self.reset_parameters(seed)
        if forget_bias is not None:
            set_biases_(self, forget=forget_bias)

    def _suffixes(self, layer):
        return [f"l{layer}", f"l{layer}_reverse"][: 1 + self.bidirectional]

    def reset_parameters(self, seed=None):
        """Draw all weights and biases evenly between ±1/√hidden_size, as ``nn.LSTM`` does."""
        generator = None
        if seed is not None:
            generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
        limit = self.hidden_size**-0.5
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -limit, limit, generator=generator)

    def forward(self, input, hx=None):
        """Read sequences.

        Parameters
        ----------
        input : Tensor or PackedSequence
            (time, batch, inputs), (batch, time, inputs) with ``batch_first``, (time, inputs) for
            a single sequence, or packed sequences of several lengths.
        hx : (Tensor, Tensor), optional
            h and c before the first step, each (layers · directions, batch, width); zeros by
            default.

        Returns
        -------
        output : Tensor or PackedSequence
            h of the last layer at each step, both directions side by side.
        (h, c) : tuple of Tensor
            The states of all layers at the end, shaped like ``hx``.

        Raises
        ------
        TypeError, ValueError
            If the shapes or dtypes do not fit.
        """
        if isinstance(input, PackedSequence):
            data, sizes, order, back = input
            sizes, batch = sizes.tolist(), int(sizes[0])
        else:
            data, sizes, batch = self._steps(input)
            order = back = None
        single = not isinstance(input, PackedSequence) and input.ndim == 2
        self._check(data, "input" if single or order is None else "input.data")
        h, c = self._start(hx, data, batch, order, single)
        ends = []
        for layer in range(self.num_layers):
            outs = []
            for way, suffix in enumerate(self._suffixes(layer)):
                k = len(ends)
                driven = linear(data, getattr(self, f"weight_ih_{suffix}"), self._bias(suffix))
                weight = getattr(self, f"weight_hh_{suffix}")
                out, *end = Loop.apply(driven, weight, h[k], c[k], sizes, bool(way))
                outs.append(out)
                ends.append(end)
            data = torch.cat(outs, 1) if len(outs) > 1 else outs[0]
        h, c = (torch.stack(parts) for parts in zip(*ends, strict=True))
        if isinstance(input, PackedSequence):
            if back is not None:
                h, c = h[:, back], c[:, back]
            return PackedSequence(data, input.batch_sizes, order, back), (h, c)
        out = data.view(len(sizes), batch, data.shape[1])
        if single:
            return out[:, 0], (h[:, 0], c[:, 0])
        return (out.transpose(0, 1) if self.batch_first else out), (h, c)

    def _steps(self, input):
        """Return (time · batch, inputs), the batch of each step, and the batch."""
        if not isinstance(input, torch.Tensor):
            raise TypeError(
                f"input is a {type(input).__name__}; expected a Tensor or a PackedSequence."
            )
        names = "(batch, time, " if self.batch_first else "(time, batch, "
        if input.ndim not in (2, 3) or input.shape[-1] != self.input_size:
            raise ValueError(
                f"input has shape {tuple(input.shape)}; expected {names}{self.input_size}), or "
                f"(time, {self.input_size}) for a single sequence."
            )
        if input.ndim == 2:
            input = input[:, None]
        elif self.batch_first:
            input = input.transpose(0, 1)
        time, batch = input.shape[:2]
        if time == 0:
            raise ValueError("input has no steps; expected at least 1.")
        return input.reshape(time * batch, self.input_size), [batch] * time, batch

    def _check(self, data, name):
        weight = self.weight_ih_l0
        if data.shape[-1] != self.input_size:
            raise ValueError(
                f"{name} has {data.shape[-1]} features; expected {self.input_size}, input_size."
            )
        if data.dtype != weight.dtype:
            raise TypeError(f"{name} has dtype {data.dtype}; expected {weight.dtype}.")

    def _start(self, hx, data, batch, order, single):
        """Return h and c before the first step, in the batch's sorted order."""
        layers = self.num_layers * (1 + self.bidirectional)
        shape = (layers, batch, self.hidden_size)
        if hx is None:
            return (data.new_zeros(shape),) * 2
        if not isinstance(hx, tuple | list) or len(hx) != 2:
            raise TypeError(f"hx is a {type(hx).__name__}; expected the two tensors (h, c).")
        asked = (layers, self.hidden_size) if single else shape
        for name, state in zip(("h", "c"), hx, strict=True):
            if tuple(state.shape) != asked:
                raise ValueError(f"hx: {name} has shape {tuple(state.shape)}; expected {asked}.")
        if single:
            hx = [state[:, None] for state in hx]
        return hx if order is None else [state[:, order] for state in hx]

    def _bias(self, suffix):
        if not self.bias:
            return None
        return getattr(self, f"bias_ih_{suffix}") + getattr(self, f"bias_hh_{suffix}")

    def extra_repr(self):
        """Return the sizes, as ``nn.LSTM`` prints them."""
        return f"{self.input_size}, {self.hidden_size}, num_layers={self.num_layers}"
