"""Values as JSON, and back: exact types only, every size checked before anything is made of it.

``None``, ``bool``, ``int``, finite ``float``, ``str`` and ``list`` are themselves; the rest is an
object with the key ``"is"``: a tuple, a dict with text as keys, a float that is not finite, or a
tensor (its bytes in base64). What is decoded holds plain Python objects and fresh tensors alone, so
that nothing in it can answer for itself. NumPy's arrays come back as tensors, its
numbers as Python's.
"""

import functools
import math
import sys

import torch

from lessons.coursework.inside.tensors import (
    BYTES,
    CodecError,
    decode_tensor,
    encode_tensor,
    from_numpy,
)

DEPTH = 20
ITEMS = 200_000
DIGITS = 4096  # bits of an int
ALLOWED = "None, bool, int, float, str, list, tuple, dict with text as keys, and tensors"


class _Budget:
    """Counts items and bytes, so that a value is refused before it is copied."""

    def __init__(self):
        self.items, self.bytes = ITEMS, BYTES

    def spend(self, depth, count=0):
        self.items -= 1
        self.bytes -= count
        if depth > DEPTH:
            raise CodecError(f"is nested more than {DEPTH} deep")
        if self.items < 0:
            raise CodecError(f"has more than {ITEMS} items")
        if self.bytes < 0:
            raise CodecError(f"has more than {BYTES // 2**20} MiB")

    def at(self, depth):
        return functools.partial(self.spend, depth)


def encode(value):
    """Return ``value`` as something that ``json.dumps`` writes.

    Subclasses are written as the plain type they extend, and tensors without their history.

    Raises
    ------
    CodecError
        For another type, or a value that is too large or too deep.

    Examples
    --------
    >>> encode((1, [0.5, float("nan")]))
    {'is': 'tuple', 'items': [1, [0.5, {'is': 'float', 'name': 'nan'}]]}
    >>> decode(encode(torch.tensor([1.0, 2.0])))
    tensor([1., 2.])
    """
    return _encode(value, _Budget(), 0)


def _encode(value, budget, depth):
    if isinstance(value, str):
        value = str.__str__(value)
        budget.spend(depth, len(value))
        return value
    if isinstance(value, torch.Tensor):
        return encode_tensor(value, budget.at(depth))
    if numpy := sys.modules.get("numpy"):
        if isinstance(value, numpy.generic) and value.dtype.kind in "biuf":
            value = value.item()
        elif isinstance(value, numpy.ndarray):
            return encode_tensor(from_numpy(value, numpy), budget.at(depth))
    budget.spend(depth)
    if value is None or value is True or value is False:
        return value
    if isinstance(value, int):
        value = int.__int__(value)
        if value.bit_length() > DIGITS:
            raise CodecError(f"holds an int of more than {DIGITS} bits")
        return value
    if isinstance(value, float):
        value = float.__float__(value)
        return value if math.isfinite(value) else {"is": "float", "name": repr(value)}
    if isinstance(value, list):
        return [_encode(item, budget, depth + 1) for item in list.__iter__(value)]
    if isinstance(value, tuple):
        items = [_encode(item, budget, depth + 1) for item in tuple.__iter__(value)]
        return {"is": "tuple", "items": items}
    if isinstance(value, dict):
        pairs = list(dict.items(value))
        if not all(isinstance(key, str) for key, _ in pairs):
            raise CodecError("holds a dict with keys that are not text")
        coded = [[_encode(k, budget, depth + 1), _encode(v, budget, depth + 1)] for k, v in pairs]
        return {"is": "dict", "items": coded}
    raise CodecError(f"holds a {type(value).__name__}; what can be checked is {ALLOWED}")


def decode(coded):
    """Return the value that ``encode`` wrote, made anew.

    Raises
    ------
    CodecError
        When ``coded`` (from ``json.loads``) is anything else.
    """
    return _decode(coded, _Budget(), 0)


def _decode(coded, budget, depth):
    kind = type(coded)
    if kind is str:
        budget.spend(depth, len(coded))
        if not coded.isascii() and any("\ud800" <= c <= "\udfff" for c in coded):
            raise CodecError("holds text with half a character (a lone surrogate)")
        return coded
    budget.spend(depth)
    if coded is None or kind is bool:
        return coded
    if kind is int:
        if coded.bit_length() > DIGITS:
            raise CodecError(f"holds an int of more than {DIGITS} bits")
        return coded
    if kind is float and math.isfinite(coded):
        return coded
    if kind is list:
        return [_decode(item, budget, depth + 1) for item in coded]
    if kind is not dict:
        raise CodecError(f"holds a {kind.__name__} that no value is written as")
    what = coded.get("is")
    if what == "float" and coded.keys() == {"is", "name"}:
        if coded["name"] not in ("nan", "inf", "-inf"):
            raise CodecError("holds an unknown float")
        return float(coded["name"])
    if what in ("tuple", "dict") and coded.keys() == {"is", "items"}:
        items = coded["items"]
        if type(items) is list and what == "tuple":
            return tuple(_decode(item, budget, depth + 1) for item in items)
        if type(items) is list and all(type(p) is list and len(p) == 2 for p in items):
            pairs = [(k, _decode(v, budget, depth + 1)) for k, v in items]
            if all(type(k) is str and _decode(k, budget, depth) == k for k, _ in pairs):
                return dict(pairs)
    if what == "tensor" and coded.keys() == {"is", "dtype", "shape", "data"}:
        return decode_tensor(coded["dtype"], coded["shape"], coded["data"], budget.at(depth))
    raise CodecError("holds an object that no value is written as")
