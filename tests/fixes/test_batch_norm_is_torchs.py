"""BatchNorm and its three relatives against PyTorch's own, in float64, to 1e-10."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lessons.fixes.batch_norm import BatchNorm, GroupNorm, LayerNorm, RMSNorm

F64 = torch.float64
CLOSE = {"rtol": 1e-10, "atol": 1e-10}
TORCHS = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}


def draw(shape, seed=0, scale=3.0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(shape, generator=generator, dtype=F64) + 1


def pair(ours, theirs, seed=0):
    """Give both layers the same γ and β, by torch's own state."""
    with torch.no_grad():
        for i, p in enumerate(theirs.parameters()):
            p.copy_(draw(p.shape, seed + i))
    ours.load_state_dict(copy.deepcopy(theirs.state_dict()))
    return ours, theirs


def assert_equal(layers, x, seed=0):
    """Output, gradients and buffers of one forward and backward pass."""
    results = []
    for layer in layers:
        layer.zero_grad()
        inputs = x.clone().requires_grad_()
        output = layer(inputs)
        (output * draw(output.shape, seed + 9)).sum().backward()
        gradients = [p.grad for p in layer.parameters()]
        results.append([output, inputs.grad, *gradients, *layer.buffers()])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, **CLOSE)


SHAPES = st.tuples(
    st.integers(0, 5), st.integers(1, 4), st.lists(st.integers(1, 3), max_size=3)
).map(lambda parts: (parts[0], parts[1], *parts[2]))


@given(
    shape=SHAPES,
    seed=st.integers(0, 99),
    momentum=st.sampled_from([None, 0.0, 0.1, 1.0]),
    eps=st.sampled_from([1e-5, 0.1]),
)
@settings(max_examples=60)
def test_batch_norm_in_both_modes_over_shapes(shape, seed, momentum, eps):
    how = {"eps": eps, "momentum": momentum, "dtype": F64}
    layers = pair(BatchNorm(shape[1], **how), TORCHS[len(shape)](shape[1], **how), seed)
    x = draw(shape, seed)
    if x.numel() == shape[1]:  # one number for each feature
        for layer in layers:
            with pytest.raises(ValueError, match=r"[Mm]ore"):
                layer(x)
        layers[1].num_batches_tracked.zero_()  # PyTorch has counted the batch that it refused
    else:
        for step in range(3):
            assert_equal(layers, x + step, seed + step)
    for layer in layers:
        layer.eval()
    assert_equal(layers, x, seed)


def test_gradients_agree_with_finite_differences():
    layer, x = BatchNorm(3, dtype=F64), draw((5, 3)).requires_grad_()
    assert torch.autograd.gradcheck(layer, x)


def test_what_it_learned_fits_into_torchs():
    ours = BatchNorm(4, dtype=F64)
    for seed in range(3):
        ours(draw((6, 4), seed))
    theirs = nn.BatchNorm1d(4, dtype=F64)
    theirs.load_state_dict(ours.state_dict())
    x = draw((2, 4), 7)
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), **CLOSE)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_dtype_stays(dtype):
    x = draw((8, 2)).to(dtype).requires_grad_()
    y = BatchNorm(2, dtype=dtype)(x)
    y.square().sum().backward()
    assert y.dtype == x.grad.dtype == dtype


LEADING = st.lists(st.integers(0, 3), max_size=2)


@given(shape=LEADING, size=st.integers(1, 5), seed=st.integers(0, 99))
@settings(max_examples=30)
def test_layer_norm_and_rms_norm(shape, size, seed):
    x, eps = draw((*shape, size), seed), 1e-5
    assert_equal(pair(LayerNorm(size, eps, F64), nn.LayerNorm(size, eps, dtype=F64)), x)
    assert_equal(pair(RMSNorm(size, eps, F64), nn.RMSNorm(size, eps, dtype=F64)), x)


@given(
    samples=st.integers(0, 3),
    groups=st.integers(1, 3),
    size=st.integers(1, 3),
    places=st.lists(st.integers(1, 3), max_size=2),
)
@settings(max_examples=30)
def test_group_norm(samples, groups, size, places):
    channels = groups * size
    layers = GroupNorm(groups, channels, 1e-5, F64), nn.GroupNorm(groups, channels, dtype=F64)
    x = draw((samples, channels, *places))
    if x[:1].numel() == groups and samples == 1:
        return  # PyTorch refuses a single number for each group of a single sample
    assert_equal(pair(*layers), x)


def test_one_group_is_layer_norm():
    x = draw((3, 6))
    torch.testing.assert_close(GroupNorm(1, 6, dtype=F64)(x), LayerNorm(6, dtype=F64)(x), **CLOSE)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: BatchNorm(0), ValueError, "num_features=0"),
        (lambda: BatchNorm(2.0), TypeError, "num_features=2.0"),
        (lambda: BatchNorm(2, eps=0.0), ValueError, "eps=0.0"),
        (lambda: BatchNorm(2, momentum=1.5), ValueError, "momentum=1.5"),
        (lambda: BatchNorm(2)(torch.zeros(4, 3)), ValueError, r"\(4, 3\)"),
        (lambda: BatchNorm(2)(torch.zeros(2)), ValueError, r"\(2,\)"),
        (lambda: LayerNorm(2)(torch.zeros(4, 3)), ValueError, r"\(4, 3\)"),
        (lambda: RMSNorm(2)(torch.tensor(1.0)), ValueError, r"\(\)"),
        (lambda: GroupNorm(2, 3), ValueError, "num_groups=2"),
        (lambda: GroupNorm(1, 3)(torch.zeros(4, 2)), ValueError, r"\(4, 2\)"),
    ],
)
def test_bad_input_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()
