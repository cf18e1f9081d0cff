"""What a net says of an input that does not fit it."""

import torch


def check_inputs(x, layer, shape):
    """Raise unless ``x`` fits a net whose first ``nn.Linear`` is ``layer``.

    Parameters
    ----------
    x : Tensor
    layer : nn.Linear
    shape : tuple of str
        Names of the dimensions of ``x`` before its last one; "..." stands for any number.

    Raises
    ------
    TypeError, ValueError
        If ``x`` is no tensor, or of another dtype or shape than the net takes.
    """
    width = layer.in_features
    expected = f"({', '.join([*shape, str(width)])})"
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"x is a {type(x).__name__}; expected a Tensor of shape {expected}.")
    wrong = "..." not in shape and x.ndim != len(shape) + 1
    if wrong or x.ndim == 0 or x.shape[-1] != width or 0 in x.shape[1:]:
        raise ValueError(
            f"x has shape {tuple(x.shape)}; expected {expected}: the net has {width} inputs."
        )
    if x.dtype != layer.weight.dtype and not torch.is_autocast_enabled(x.device.type):
        raise TypeError(
            f"x has dtype {x.dtype}; expected {layer.weight.dtype} as the net's weights have."
        )
