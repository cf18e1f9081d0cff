"""Parameters of which each process has a part are refused, and it is said why."""

import pytest
import torch
from torch import nn

from lessons.monitor import Monitor


def test_dtensors_are_refused():
    from torch.distributed.tensor import Replicate, distribute_tensor

    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        mesh = torch.distributed.init_device_mesh("cpu", (1,))
        model = nn.Linear(2, 2)
        whole = torch.ones(2, 2)
        model.weight = nn.Parameter(distribute_tensor(whole, mesh, [Replicate()]))
        with pytest.raises(TypeError, match="sharded parameter"):
            Monitor(model, torch.optim.SGD(model.parameters(), lr=0.1))
    finally:
        torch.distributed.destroy_process_group()
