"""The loss wall against autograd, and the number that the course quotes."""

import numpy as np
import pytest
import torch

from lessons.fixes.clipping import clip_by_global_norm
from lessons.loss_wall import curvature, descend, loss_and_gradient

POINTS = [(5.0, -2.0), (4.69, -2.42), (6.5, -3.5), (4.0, -1.0), (0.0, 0.0), (-3.0, 2.0)]


def loss(parameters):
    w, b = parameters
    x = torch.tensor(0.5, dtype=torch.float64)
    for _ in range(50):
        x = w * torch.sigmoid(x) + b
    return (torch.sigmoid(x) - 0.7) ** 2


@pytest.mark.parametrize("point", POINTS)
def test_loss_gradient_and_curvature_are_autograds(point):
    parameters = torch.tensor(point, dtype=torch.float64, requires_grad=True)
    value = loss(parameters)
    (gradient,) = torch.autograd.grad(value, parameters)
    ours, d_w, d_b = loss_and_gradient(*point)
    assert ours == pytest.approx(value.item(), rel=1e-9)
    assert (d_w, d_b) == pytest.approx(tuple(gradient.tolist()), rel=1e-8)
    hessian = torch.autograd.functional.hessian(loss, parameters.detach())
    largest = torch.linalg.eigvalsh(hessian).abs().max().item()
    assert curvature(*point) == pytest.approx(largest, rel=1e-3, abs=1e-8)


def test_the_steepest_point_is_ten_thousand_times_the_median():
    w, b = np.meshgrid(np.linspace(4, 7, 301), np.linspace(-4, -1, 301))
    _, d_w, d_b = loss_and_gradient(w, b)
    norm = np.hypot(d_w, d_b)
    assert norm.max() / np.median(norm) == pytest.approx(1.07e4, rel=5e-3)


@pytest.mark.parametrize("max_norm", [np.inf, 0.3])
def test_a_descent_is_gradient_descent_with_torchs_clipping(max_norm):
    path, norms = descend(5.0, -2.0, lr=0.5, max_norm=max_norm, steps=15)
    parameters = torch.tensor([5.0, -2.0], dtype=torch.float64, requires_grad=True)
    for step in range(15):
        assert path[step] == pytest.approx(parameters.detach().numpy(), abs=1e-5)
        parameters.grad = None
        loss(parameters).backward()
        norm = clip_by_global_norm(parameters, max_norm)
        assert norms[step] == pytest.approx(norm.item(), rel=1e-3)
        with torch.no_grad():
            parameters -= 0.5 * parameters.grad


def test_many_starts_at_once_are_the_same_as_one_by_one():
    w, b, limits = np.array([5.0, 6.0]), np.array([-2.0, -3.0]), np.array([0.1, np.inf])
    path, norms = descend(w, b, lr=1.0, max_norm=limits, steps=5)
    assert path.shape == (6, 2, 2) and norms.shape == (5, 2)
    for i in range(2):
        alone, _ = descend(w[i], b[i], lr=1.0, max_norm=limits[i], steps=5)
        np.testing.assert_allclose(path[:, :, i], alone, rtol=1e-12)


def test_no_clipped_step_is_longer_than_rate_times_threshold():
    generator = np.random.default_rng(0)
    w, b = generator.uniform(4, 7, 200), generator.uniform(-4, -1, 200)
    path, norms = descend(w, b, lr=2.0, max_norm=0.1, steps=30)
    assert norms.max() > 0.1
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() <= 0.2 * (1 + 1e-9)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: loss_and_gradient("a", 0), TypeError, "w is a str; expected a real number"),
        (lambda: loss_and_gradient(0, np.nan), ValueError, "b=nan is not finite"),
        (lambda: descend(5, -2, lr=0), ValueError, "lr=0.0 is out of range"),
        (lambda: descend(5, -2, 1, max_norm=-1), ValueError, "max_norm=-1.0 is out of range"),
        (lambda: descend(5, -2, 1, steps=0), ValueError, "steps=0"),
        (lambda: curvature(5, -2, step=0), ValueError, "step=0.0"),
    ],
)
def test_errors_name_argument_value_and_expectation(call, error, message):
    with pytest.raises(error, match=message):
        call()
