"""The gradients of many parameters read as one vector."""

import math

import pytest
import torch

from lessons.gradients import direction_cosine, gradient_vector
from tests.fixes.parameters import INF, NAN, with_gradients


def test_direction_cosine_neither_overflows_nor_underflows():
    huge = torch.tensor([3e38, 3e38], dtype=torch.float32)
    assert direction_cosine(huge, torch.tensor([1e-38, 0.0])) == pytest.approx(math.sqrt(0.5))
    assert direction_cosine([1e300, 1e300], [5e-324, 5e-324]) == pytest.approx(1.0)
    assert direction_cosine([1.0, 0.0], [0.0, -2.0]) == 0.0
    assert direction_cosine([1.0, 2.0], [-1.0, -2.0]) == pytest.approx(-1.0)


@pytest.mark.parametrize("none", [[0.0, 0.0], [INF, 1.0], [NAN, 1.0]])
def test_where_there_is_no_direction_the_cosine_is_nan(none):
    assert math.isnan(direction_cosine([1.0, 2.0], none))
    assert math.isnan(direction_cosine(none, [1.0, 2.0]))
    assert math.isnan(direction_cosine([], []))


def test_gradient_vector_is_a_copy_in_float64_in_the_order_of_the_parameters():
    parameters = with_gradients(torch.tensor([[1.0, 2.0]]), None, torch.tensor(3.0))
    vector = gradient_vector(parameters)
    assert vector.dtype == torch.float64 and vector.tolist() == [1.0, 2.0, 3.0]
    vector.zero_()
    assert parameters[0].grad.sum() == 3.0
    assert gradient_vector([]).shape == (0,)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: direction_cosine([1.0], [1.0, 2.0]), ValueError, r"after has shape \(2,\)"),
        (lambda: direction_cosine("a", [1.0]), TypeError, "before is a str"),
        (lambda: direction_cosine([1.0], None), TypeError, "after is a NoneType"),
        (lambda: direction_cosine([1.0], torch.ones(1) * 1j), TypeError, "after is a Tensor"),
    ],
)
def test_errors_name_argument_value_and_expectation(call, error, message):
    with pytest.raises(error, match=message):
        call()
