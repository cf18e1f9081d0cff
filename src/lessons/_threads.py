"""One thread for small nets: faster than several, and the same sums whoever runs them."""

import contextlib

import torch


@contextlib.contextmanager
def one_thread():
    """Let PyTorch compute with one thread, and give it back as many as it had.

    Two threads add the parts of a sum in another order than one, so a result may differ in its
    last bit, and training magnifies that. The nets of the course are so small that threads wait
    for each other longer than they compute. Works as a decorator too, one use inside another.

    Examples
    --------
    >>> with one_thread():
    ...     torch.get_num_threads()
    1
    """
    threads = torch.get_num_threads()
    if threads == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
