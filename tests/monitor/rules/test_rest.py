"""A lost gradient that shows only at the start: afterwards nothing but rounding noise is left."""

import torch
from torch import nn

from lessons.monitor import Monitor
from tests.monitor.nets import plain, sgd


def test_a_net_that_fits_its_last_bias_and_then_lies_still_is_vanishing():
    model = plain(13, activation=nn.Sigmoid, outputs=1)
    optimizer = sgd(model)
    x = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))
    with Monitor(model, optimizer) as monitor:
        for _ in range(60):
            optimizer.zero_grad()
            (model(x) - x[:, :1]).square().mean().backward()
            optimizer.step()
    kinds = {found.kind: found for found in monitor.findings()}
    assert kinds["vanishing"].severity == "error" and kinds["vanishing"].since_step == 0
    assert not monitor.healthy()
