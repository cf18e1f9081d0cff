"""One thread inside, the reader's own number outside, whatever happens."""

import contextlib

import pytest
import torch

from lessons import measure, training
from lessons._threads import one_thread
from lessons.signs import gradient_check, monitor

X, Y = torch.ones(8, 64), torch.zeros(8, dtype=torch.int64)


@pytest.fixture(autouse=True)
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_one_inside_and_the_old_number_after():
    with one_thread():
        assert torch.get_num_threads() == 1
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3


def test_an_error_gives_the_threads_back():
    with contextlib.suppress(KeyError), one_thread():
        raise KeyError
    assert torch.get_num_threads() == 3


def test_a_decorated_function_may_call_itself():
    @one_thread()
    def count(n):
        return [torch.get_num_threads()] + (count(n - 1) if n else [])

    assert count(2) == [1, 1, 1]
    assert torch.get_num_threads() == 3


class Spy(torch.nn.Linear):
    """A net that remembers how many threads computed it."""

    def __init__(self):
        super().__init__(64, 10)
        self.seen = set()

    def forward(self, x):
        self.seen.add(torch.get_num_threads())
        return super().forward(x)


@pytest.mark.parametrize(
    "use",
    [
        lambda net: measure.loss_gradients(net, X, Y),
        lambda net: measure.gradient_agreement(net, [(X, Y), (X, Y)]),
        lambda net: training.evaluate(net, X, Y),
        lambda net: training.train(net, X, Y, steps=2),
        lambda net: monitor.watched(net, X, Y, steps=2),
        lambda net: gradient_check.relative_errors(
            lambda: net(X.double()).sum(), net.double().parameters(), [1e-5]
        ),
    ],
)
def test_the_lab_computes_with_one_thread(use):
    net = Spy()
    use(net)
    assert net.seen == {1}
    assert torch.get_num_threads() == 3
