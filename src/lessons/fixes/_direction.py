"""What a cut does to a gradient: the cosine between before and after, the norms by layer."""

from dataclasses import dataclass

import numpy as np
import torch

from lessons.fixes._gradients import gradients_of
from lessons.training import gradient_norms


def gradient_vector(parameters):
    """Return all gradients as one long float64 vector: a copy, in the order of the parameters.

    Parameters
    ----------
    parameters : tensor or iterable of tensors
        Those without a gradient are skipped.

    Returns
    -------
    Tensor of float64, shape (elements,)

    Examples
    --------
    >>> w, b = torch.zeros(2), torch.zeros(1)
    >>> w.grad, b.grad = torch.tensor([3.0, 4.0]), torch.tensor([0.5])
    >>> gradient_vector([w, b])
    tensor([3.0000, 4.0000, 0.5000], dtype=torch.float64)
    """
    parts = [g.detach().to("cpu", torch.float64).flatten() for g in gradients_of(parameters)]
    return torch.cat(parts) if parts else torch.zeros(0, dtype=torch.float64)


def direction_cosine(before, after):
    r"""Return the cosine of the angle between two vectors, :math:`a \cdot b / (\|a\| \|b\|)`.

    1 says that the direction is the same. Each vector is first divided by its largest absolute
    element, so that no square overflows or underflows.

    Parameters
    ----------
    before, after : tensors or array-likes of one shape
        For example from `gradient_vector`.

    Returns
    -------
    float
        From -1 to 1. NaN where there is no direction: a vector of zeros or with an element that
        is not finite.

    Raises
    ------
    TypeError, ValueError
        The vectors hold no real numbers, or their shapes differ.

    Examples
    --------
    >>> direction_cosine([1e200, 0.0], [1e-200, 0.0])
    1.0
    >>> print(f"{direction_cosine([3.0, 4.0], [1.0, 1.0]):.3f}")
    0.990
    """
    a, b = as_vector("before", before), as_vector("after", after)
    if a.shape != b.shape:
        raise ValueError(f"after has shape {tuple(b.shape)}; expected {tuple(a.shape)} as before.")
    cosine = _direction(a.flatten()) @ _direction(b.flatten())
    return cosine.clamp(-1.0, 1.0).item()


@dataclass(frozen=True, repr=False)
class ClipEffect:
    """What one way of clipping did to a gradient; built by `compare`.

    Attributes
    ----------
    cosine : float
        Between the whole gradient before and after.
    norm_before, norm_after : float
        L2 norm of the whole gradient.
    by_layer : dict of str to float
        L2 norm of each weight matrix's gradient after clipping.
    """

    cosine: float
    norm_before: float
    norm_after: float
    by_layer: dict

    def __repr__(self):
        norms = f"norm {self.norm_before:.3g} -> {self.norm_after:.3g}"
        return f"ClipEffect(cosine {self.cosine:.3g}, {norms})"


def compare(model, clips):
    """Apply several ways of clipping to the same gradient and measure each.

    Parameters
    ----------
    model : nn.Module
        With gradients in ``.grad``; they are the same afterwards.
    clips : dict of str to callable
        Each is called as ``clip(parameters)``.

    Returns
    -------
    dict of str to ClipEffect

    Raises
    ------
    TypeError, ValueError
        ``clips`` is no dict of callables, or the model has no gradients.

    Examples
    --------
    >>> from lessons.fixes.clipping import clip_by_value
    >>> net = torch.nn.Linear(2, 1, bias=False)
    >>> net.weight.grad = torch.tensor([[3.0, 4.0]])
    >>> compare(net, {"value": lambda p: clip_by_value(p, 1.0)})["value"]
    ClipEffect(cosine 0.99, norm 5 -> 1.41)
    """
    if not isinstance(clips, dict) or not all(map(callable, clips.values())):
        raise TypeError(f"clips={clips!r}; expected a dict of label to callable.")
    parameters = list(model.parameters())
    gradients = gradients_of(parameters)
    if not gradients:
        raise ValueError("model has no gradients; expected one after a backward pass.")
    saved = [gradient.clone() for gradient in gradients]
    before = gradient_vector(parameters)
    effects = {}
    for label, clip in clips.items():
        try:
            clip(parameters)
            after = gradient_vector(parameters)
            norms = (torch.linalg.vector_norm(v).item() for v in (before, after))
            effects[label] = ClipEffect(
                direction_cosine(before, after), *norms, gradient_norms(model)
            )
        finally:
            for gradient, kept in zip(gradients, saved, strict=True):
                gradient.copy_(kept)
    return effects


def as_vector(name, value):
    if isinstance(value, torch.Tensor) and not value.is_complex():
        return value.detach().to("cpu", torch.float64)
    try:
        if value is None or isinstance(value, torch.Tensor):
            raise TypeError
        return torch.as_tensor(np.array(value, dtype=np.float64))
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise TypeError(
            f"{name} is a {kind}; expected real numbers in a tensor or array."
        ) from None


def _direction(vector):
    if not len(vector):
        return vector.new_full((1,), torch.nan)
    scaled = vector / vector.abs().max()
    return scaled / torch.linalg.vector_norm(scaled)
