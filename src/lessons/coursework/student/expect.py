"""What tests expect: numbers, tensors and lists of them, with a message for people."""

import math


def number(got, expected, call, relative=1e-6, absolute=0.0):
    """Raise AssertionError unless ``got`` is the expected Python number.

    Parameters
    ----------
    got : object
        What the student's function returned.
    expected : float
        NaN expects NaN.
    call : str
        How the function was called, for the message.
    relative, absolute : float
        As in ``math.isclose``.

    Examples
    --------
    >>> number(4.0, 5.0, "f([3, 4])")
    Traceback (most recent call last):
        ...
    AssertionError: f([3, 4]) gives 4; expected 5.
    """
    if isinstance(got, bool) or not isinstance(got, int | float):
        raise AssertionError(f"{call} gives {described(got)}; expected a Python number.")
    same = math.isnan(got) if math.isnan(expected) else False
    if not (same or math.isclose(got, expected, rel_tol=relative, abs_tol=absolute)):
        raise AssertionError(f"{call} gives {got:.6g}; expected {expected:.6g}.")


def numbers(got, expected, call, relative=1e-6, absolute=0.0):
    """Raise AssertionError unless ``got`` is a tuple or list of the expected Python numbers."""
    many = "two" if len(expected) == 2 else len(expected)
    if not isinstance(got, tuple | list) or len(got) != len(expected):
        raise AssertionError(f"{call} gives {described(got)}; expected {many} numbers.")
    for place, (mine, wanted) in enumerate(zip(got, expected, strict=True)):
        number(mine, wanted, f"{call}, number {place + 1} of {len(expected)},", relative, absolute)


def tensors(got, expected, call, relative=1e-6):
    """Raise AssertionError unless ``got`` is the expected list of tensors (or None).

    Kind, number, shapes and dtypes must agree. An element may differ by ``relative`` times the
    largest expected element of its tensor; with 0 every element must be equal.

    Parameters
    ----------
    got : object
    expected : list of (Tensor or None)
    call : str
    relative : float
    """
    import torch

    if not isinstance(got, list | tuple):
        raise AssertionError(f"{call} gives {described(got)}; expected a list.")
    if len(got) != len(expected):
        entries = f"{len(got)} {'entry' if len(got) == 1 else 'entries'}"
        raise AssertionError(f"{call} gives a list of {entries}; expected {len(expected)}.")
    for place, (mine, wanted) in enumerate(zip(got, expected, strict=True)):
        where = f"{call}: entry {place} of the result is {described(mine)}"
        if wanted is None:
            if mine is not None:
                raise AssertionError(f"{where}; expected None.")
            continue
        if not isinstance(mine, torch.Tensor):
            raise AssertionError(f"{where}; expected a tensor.")
        if mine.shape != wanted.shape:
            raise AssertionError(f"{where}; expected the shape {tuple(wanted.shape)}.")
        if mine.dtype != wanted.dtype:
            raise AssertionError(f"{where} of {mine.dtype}; expected {wanted.dtype}.")
        if wanted.numel() == 0:
            continue
        room = relative * wanted.double().abs().max()
        # ~(<=) also catches NaN.
        if (~((mine.double() - wanted.double()).abs() <= room)).any():
            raise AssertionError(f"{where}; expected {described(wanted)}.")


def kept(function, given, before, call):
    """Raise AssertionError if a call changed the tensors it was given.

    Parameters
    ----------
    function : callable
        The student's; when it is graded it says itself what its last call did.
    given, before : list of (Tensor or None)
        What it was given, and a copy from before.
    call : str
    """
    import torch

    same = all(a is b or torch.equal(a, b) for a, b in zip(given, before, strict=True))
    if getattr(function, "changed", False) or not same:
        raise AssertionError(f"{call} has changed the tensors that were given. Return new ones.")


def described(value):
    """Return a few words for a value a student's function returned.

    Examples
    --------
    >>> described(None), described(2.5), described([1, 2])
    ('nothing (None)', '2.5', 'a list')
    """
    import torch

    if value is None:
        return "nothing (None)"
    if isinstance(value, torch.Tensor):
        if value.numel() <= 4 and not value.is_complex():
            rounded = [float(f"{x:.4g}") for x in value.detach().flatten().tolist()]
            return f"the tensor {rounded if value.ndim else rounded[0]}"
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, int | float):
        return f"{value:.6g}" if isinstance(value, float) else repr(value)
    kind = type(value).__name__
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"
