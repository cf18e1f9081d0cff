"""Parameters of which each process has a part are refused, and it is said why."""

import pytest
import torch

from tests.monitor.processes import two_processes

WORKER = """
    import sys
    import warnings

    import pytest
    import torch
    import torch.distributed as dist
    from torch import nn
    from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard

    from lessons.monitor import Monitor
    from tests.monitor.nets import plain, sgd

    rank = int(sys.argv[1])
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{sys.argv[2]}", rank=rank, world_size=2)


    def fsdp2():
        model = plain()
        for module in (*model[::2], model):
            fully_shard(module, mesh=torch.distributed.init_device_mesh("cpu", (2,)))
        return model


    def fsdp1(original):
        warnings.simplefilter("ignore")
        cpu = torch.device("cpu")
        return FullyShardedDataParallel(plain(), use_orig_params=original, device_id=cpu)


    whole = [parameter.numel() for parameter in plain().parameters()]
    for model in (fsdp2(), fsdp1(False), fsdp1(True)):
        # What the optimizer holds is not the whole, in one process at least.
        held = [getattr(p, "to_local", lambda p=p: p)().numel() for p in model.parameters()]
        assert held != whole, type(model)
        with pytest.raises(TypeError, match="holds a sharded parameter"):
            Monitor(model, sgd(model))
    dist.destroy_process_group()
"""


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without distributed")
def test_two_processes_with_a_part_each(tmp_path):
    """FSDP2 holds DTensors. FSDP1 holds plain parameters that are parts of a flattened one."""
    two_processes(WORKER, tmp_path)
