"""One look at a training step, and the first number in it that was not finite."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

QUANTITIES = ("gradient", "used", "weight", "update")


@dataclass(frozen=True)
class Layer:
    """One parameter tensor.

    Attributes
    ----------
    name : str
        As in ``model.named_parameters()``, without the names of wrappers.
    module : str
        The module that holds it.
    matrix : bool
        Whether it is a weight that signals pass through: two dimensions or more, no embedding.
    place : int
        Where it stands in the model's definition.
    """

    name: str
    module: str
    matrix: bool
    place: int


@dataclass(frozen=True, eq=False)
class Row:
    """One watched step of one optimizer.

    Attributes
    ----------
    step : int
        How many steps this optimizer had made before.
    optimizer : int
        Its place among the monitor's optimizers.
    names : tuple of str
        The parameters, in the order of the optimizer's groups.
    values : Tensor of float64, shape (4, parameters)
        L2 norms: of the gradient as the backward pass left it (unscaled, before clipping), of the
        gradient the optimizer used, of the weight before the step, of the update. The last two
        are estimated from samples where a tensor has over 4096 elements (the error is about
        1 %); updates are those of weights with two or more dimensions. NaN means that it was not
        seen or that there is no gradient, inf that an element was not finite.
    signals : dict of str to float
        Root mean square of each layer's output in the forward pass, in the order of the calls.
    dead, saturated : dict of str to float
        Share of dead units and saturated values by activation module.
    idle : dict of str to float
        Share of biases whose gradient is exactly 0, by layer; where no dead units can be seen.
    times : dict of str to tuple of (list of int, list of float)
        Time steps and gradient norms by recurrent module.
    """

    step: int
    optimizer: int
    names: tuple[str, ...]
    values: torch.Tensor
    signals: dict[str, float] = field(default_factory=dict)
    dead: dict[str, float] = field(default_factory=dict)
    saturated: dict[str, float] = field(default_factory=dict)
    idle: dict[str, float] = field(default_factory=dict)
    times: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)

    def get(self, quantity: str, names: Sequence[str] | None = None) -> torch.Tensor:
        """Return a quantity (also "ratio", update over weight) of the named parameters.

        Returns
        -------
        Tensor of float64
            NaN where nothing is known.
        """
        if quantity == "ratio":
            values = self.values[3] / self.values[2].clamp(min=1e-300)
            values = torch.where(self.values[2] > 0, values, math.nan)
        else:
            values = self.values[QUANTITIES.index(quantity)]
        if names is None:
            return values
        known = dict(zip(self.names, values.tolist(), strict=True))
        return torch.tensor([known.get(name, math.nan) for name in names], dtype=torch.float64)

    def flat(self) -> dict[str, float]:
        """Return all that is known as one dict of floats, for a logger.

        The keys are "gradient/…", "used/…", "weight/…", "update/…" and "ratio/…" with the name of
        a parameter, "signal/…", "dead/…", "saturated/…" and "idle/…" with that of a module, and
        "gradient_norm" for that of all gradients together.
        """
        gradients = self.values[0][~self.values[0].isnan()]
        found = {"gradient_norm": float(torch.linalg.vector_norm(gradients))}
        for quantity in (*QUANTITIES, "ratio"):
            for name, value in zip(self.names, self.get(quantity).tolist(), strict=True):
                if not math.isnan(value):
                    found[f"{quantity}/{name}"] = value
        for kind in ("signals", "dead", "saturated", "idle"):
            for name, value in getattr(self, kind).items():
                found[f"{kind.removesuffix('s')}/{name}"] = value
        return found

    def finite(self) -> bool:
        """Return whether everything that was measured is finite."""
        numbers = [*self.signals.values(), *(v for _, t in self.times.values() for v in t)]
        return not bool(self.values.isinf().any()) and all(map(math.isfinite, numbers))


@dataclass(frozen=True)
class Origin:
    """Where the first number arose that was not finite, seen in the failing pass run again.

    Attributes
    ----------
    step : int
    what : str
        "input", "weight", "output", or "finite" where the whole forward pass was.
    name : str
        The parameter, or the module in whose code it happened.
    operation : str
        As PyTorch names it: "log", "div".
    shape : tuple of int
    dtype : str
    nan, inf : int
        How many numbers of the tensor are NaN, and infinite.
    low, high : float or None
        The smallest and largest number that went into the operation.
    others : tuple of str
        The modules that passed it on.
    """

    step: int
    what: str
    name: str
    operation: str = ""
    shape: tuple[int, ...] = ()
    dtype: str = ""
    nan: int = 0
    inf: int = 0
    low: float | None = None
    high: float | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class NonFinite:
    """The first tensor seen that was not finite.

    Attributes
    ----------
    step : int
    what : str
        "input", "output", "loss", "gradient" or "weight".
    name : str
        Of the module or parameter; "loss" for the loss.
    certain : bool
        Whether the step before was seen to be finite, so that this is the first step.
    others : tuple of str
        What else of the same kind was not finite in that step.
    origin : Origin or None
        Where it arose, if the failing forward pass could be run again.
    """

    step: int
    what: str
    name: str
    certain: bool
    others: tuple[str, ...] = ()
    origin: Origin | None = None


def first_bad(row: Row, matrices: Sequence[str], certain: bool) -> NonFinite | None:
    """Return the first tensor of this step that is not finite, or None.

    In the order of the computation: weights, outputs from input to output, gradients back from
    the output, updates.
    """
    place = {name: i for i, name in enumerate(matrices)}

    def names_of(quantity: str) -> list[str]:
        values = zip(row.names, row.get(quantity).tolist(), strict=True)
        names = [name for name, value in values if value == math.inf]
        return sorted(names, key=lambda name: -place.get(name, -1))

    outputs = [name for name, value in row.signals.items() if not math.isfinite(value)]
    candidates = [("weight", names_of("weight")[::-1]), ("output", outputs)]
    candidates += [("gradient", names_of("gradient")), ("gradient", names_of("used"))]
    candidates += [("weight", names_of("update"))]
    for what, names in candidates:
        if names:
            return NonFinite(row.step, what, names[0], certain, tuple(names[1:]))
    return None
