"""Values cross as data: what comes back is equal, plain and new; everything else is refused."""

import base64
import json
import math
import struct

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lessons.coursework.inside.codec import DEPTH, CodecError, decode, encode
from lessons.coursework.inside.tensors import DTYPES

PLAIN = {type(None), bool, int, float, str, list, tuple, dict, torch.Tensor}
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**200), 2**200),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"])),
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
    ),
    max_leaves=20,
)


def cross(value):
    """Send a value through JSON, as the pipe does."""
    return decode(json.loads(json.dumps(encode(value), allow_nan=False)))


def same(one, other):
    """Say whether two values are of the same plain types and the same bits."""
    if type(one) is not type(other) or type(one) not in PLAIN:
        return False
    if isinstance(one, float):
        bits = [struct.pack("<d", number) for number in (one, other)]
        return bits[0] == bits[1] or (one != one and other != other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return one == other


@given(VALUES)
def test_what_crosses_comes_back_equal_and_plain(value):
    assert same(cross(value), value)


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0, 4), (2, 3)])
def test_tensors_cross_bit_by_bit(name, shape):
    dtype = DTYPES[name]
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    tensor = (drawn > 0) if dtype is torch.bool else (drawn * 50).abs().to(dtype)
    back = cross(tensor)
    assert back.dtype == dtype
    assert torch.equal(back, tensor)
    assert type(back) is torch.Tensor


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(6.0).reshape(2, 3).t(),
        torch.ones(1).expand(5),
        torch.nn.Parameter(torch.ones(2)),
        torch.arange(4.0)[::2],
        torch.tensor([1 + 2j]).conj(),
        torch.tensor([math.nan, math.inf, -0.0]),
    ],
)
def test_views_cross_as_what_they_show(tensor):
    back = cross(tensor)
    plain = tensor.detach().resolve_conj()
    assert torch.equal(back.nan_to_num(7.0), plain.nan_to_num(7.0)) or back.is_complex()
    assert back.is_contiguous()
    assert not back.requires_grad


def test_numpy_comes_back_as_tensors_and_plain_numbers():
    assert same(cross([np.float32(0.5), np.int64(3), np.bool_(True)]), [0.5, 3, True])
    assert torch.equal(
        cross(np.arange(6).reshape(2, 3)[::-1]), torch.tensor([[3, 4, 5], [0, 1, 2]])
    )


def test_subclasses_come_back_as_what_they_extend():
    class Always(float):
        def __eq__(self, other):
            return True

        __hash__ = float.__hash__
        __float__ = __repr__ = None

    class Names(dict):
        def items(self):
            raise RuntimeError

    back = cross([Always(2.0), Names(a=1), torch.Size([3])])
    assert same(back, [2.0, {"a": 1}, (3,)])


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        {1: 2},
        b"bytes",
        print,
        object(),
        iter([]),
        1j,
        ...,
        2**5000,
        "x" * 13_000_000,
        [0] * 300_000,
        torch.ones(1).expand(10**12),
        torch.empty(2, device="meta"),
        torch.eye(2).to_sparse(),
        np.array(["text"]),
        np.array([None]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_values_are_refused(value):
    with pytest.raises(CodecError):
        encode(value)


def test_what_contains_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(CodecError, match=f"more than {DEPTH} deep"):
        encode(loop)


def tensor(**changes):
    data = base64.b64encode(bytes(8)).decode()
    return {"is": "tensor", "dtype": "float32", "shape": [2], "data": data} | changes


@pytest.mark.parametrize(
    "coded",
    [
        tensor(shape=[10**12]),
        tensor(shape=[10**6, 10**6], data=""),
        tensor(shape=[0, 2**40, 2**40], data=""),
        tensor(shape=[-1]),
        tensor(shape=[True, 2]),
        tensor(shape=[2.0]),
        tensor(shape=2),
        tensor(shape=[1] * 100),
        tensor(shape=[3]),
        tensor(dtype="object"),
        tensor(dtype=["float32"]),
        tensor(data="!" * 12),
        tensor(data="AAAA===="),
        tensor(data=[0, 0]),
        tensor(device="cuda"),
        {"is": "float", "name": "1e3"},
        {"is": "float", "name": []},
        {"is": "tuple"},
        {"is": "tuple", "items": {}},
        {"is": "tuple", "items": [], "more": 1},
        {"is": "dict", "items": [["a"]]},
        {"is": "dict", "items": [[1, 2]]},
        {"is": "dict", "items": [[["a"], 2]]},
        {"is": "pickle", "data": "gASVAAAAAAAAAAA="},
        {"is": []},
        {"a": 1},
        {},
        "\ud800",
        [[[]] * 10] * 100_000,
        math.inf,
        math.nan,
        10**2000,
        b"",
        {"is": "dict", "items": [["\udfff", 1]]},
    ],
    ids=repr,
)
def test_what_no_value_is_written_as_is_refused(coded):
    with pytest.raises(CodecError):
        decode(coded)


def test_depth_is_limited_when_decoding():
    coded = 0
    for _ in range(DEPTH + 1):
        coded = [coded]
    with pytest.raises(CodecError, match="deep"):
        decode(coded)


def test_claims_are_checked_before_anything_is_made(monkeypatch):
    for module, name in [(base64, "b64decode"), (torch, "empty"), (torch, "frombuffer")]:
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("too early"))
    with pytest.raises(pytest.fail.Exception, match="too early"):
        decode(tensor())
    for shape in ([10**7], [10**12], [2**23], [0, 10**12]):
        with pytest.raises(CodecError, match=r"do not fit|wrong shape"):
            decode(tensor(shape=shape))


def test_bytes_of_a_truth_value_are_made_true():
    coded = tensor(dtype="bool", shape=[3], data=base64.b64encode(b"\x00\x01\xff").decode())
    assert decode(coded).view(torch.uint8).tolist() == [0, 1, 1]
