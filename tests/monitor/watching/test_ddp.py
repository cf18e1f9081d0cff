"""DistributedDataParallel on two processes of this machine: the gradients are those of the mean."""

import pytest
import torch

from tests.monitor.processes import two_processes

WORKER = """
    import sys

    import torch
    import torch.distributed as dist
    from torch.nn import functional
    from torch.nn.parallel import DistributedDataParallel

    from lessons.monitor import Monitor
    from tests.monitor.nets import batches, norm, plain, sgd

    rank = int(sys.argv[1])
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{sys.argv[2]}", rank=rank, world_size=2)
    for as_view in (False, True):
        model, whole = plain(), plain()
        wrapped = DistributedDataParallel(model, gradient_as_bucket_view=as_view)
        optimizer, whole_optimizer = sgd(model), sgd(whole)
        data = list(batches(4, size=16))
        with Monitor(wrapped, optimizer, every=1) as monitor:
            for x, y in data:
                mine = slice(8 * rank, 8 * rank + 8)
                optimizer.zero_grad()
                functional.cross_entropy(wrapped(x[mine]), y[mine]).backward()
                whole_optimizer.zero_grad()
                functional.cross_entropy(whole(x), y).backward()
                true = [norm(p.grad) for p in whole.parameters()]
                optimizer.step()
                whole_optimizer.step()
                names = [name for name, _ in model.named_parameters()]
                row = monitor.record.rows[-1]
                for quantity in ("gradient", "used"):
                    got = row.get(quantity, names)
                    torch.testing.assert_close(
                        got, torch.tensor(true, dtype=torch.float64), rtol=1e-4, atol=1e-7
                    )
        assert list(row.dead) == ["1", "3", "5"]
        assert monitor.healthy()
    dist.destroy_process_group()
"""


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without distributed")
def test_two_processes(tmp_path):
    two_processes(WORKER, tmp_path)
