"""What a cut does to a gradient: the cosine between before and after, the norms by layer."""

from dataclasses import dataclass

import torch

from lessons._threads import one_thread
from lessons.gradients import direction_cosine, gradient_vector, gradients_of
from lessons.measure import gradient_norms


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


@one_thread()
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
