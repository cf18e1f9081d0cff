"""Tensors as JSON, and back: dtype, shape and size are checked before anything is made of them."""

import base64
import binascii
import ctypes
import math

import torch

BYTES = 12 * 2**20
DIMENSIONS = 20
DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
        *(torch.complex64, torch.complex128, torch.bool, torch.uint8),
        *(torch.int8, torch.int16, torch.int32, torch.int64),
    )
}


class CodecError(ValueError):
    """The value cannot cross, or what arrived is no value."""


def from_numpy(array, numpy):
    """Return a tensor with a copy of the array."""
    try:
        return torch.from_numpy(numpy.ascontiguousarray(array).reshape(array.shape).copy())
    except (TypeError, ValueError):
        raise CodecError(f"holds an array of dtype {array.dtype}") from None


def encode_tensor(tensor, spend):
    """Return a tensor as JSON's types; ``spend`` is asked for its bytes before they are copied."""
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in DTYPES or tensor.layout is not torch.strided or tensor.is_meta:
        raise CodecError(f"holds a tensor of dtype {dtype} and layout {tensor.layout}")
    size = tensor.numel() * tensor.element_size()
    spend(size * 4 // 3)  # before an expanded tensor is written out
    plain = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    data = ctypes.string_at(plain.data_ptr(), size) if size else b""
    text = base64.b64encode(data).decode("ascii")
    return {"is": "tensor", "dtype": dtype, "shape": list(tensor.shape), "data": text}


def decode_tensor(dtype, shape, data, spend):
    """Return a new tensor; nothing is allocated before the sizes agree."""
    if type(dtype) is not str or dtype not in DTYPES or type(data) is not str:
        raise CodecError("holds a tensor of an unknown dtype")
    if (
        type(shape) is not list
        or len(shape) > DIMENSIONS
        or not all(type(n) is int and 0 <= n <= BYTES for n in shape)
    ):
        raise CodecError("holds a tensor with a wrong shape")
    extent = math.prod(max(n, 1) for n in shape)
    size = math.prod(shape) * DTYPES[dtype].itemsize
    misfit = f"holds a tensor whose data do not fit the shape {tuple(shape)}"
    if extent > BYTES or len(data) != (size + 2) // 3 * 4:
        raise CodecError(misfit)
    spend(len(data))
    try:
        raw = bytearray(base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError):
        raise CodecError("holds a tensor whose data are no base64") from None
    if len(raw) != size:
        raise CodecError(misfit)
    if not raw:
        return torch.empty(shape, dtype=DTYPES[dtype])
    if dtype == "bool":
        return (torch.frombuffer(raw, dtype=torch.uint8) != 0).reshape(shape)
    return torch.frombuffer(raw, dtype=DTYPES[dtype]).reshape(shape)
