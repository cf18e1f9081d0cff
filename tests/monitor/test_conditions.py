"""Right under real conditions: small real models, each number against the plain computation."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from lessons.monitor import Monitor
from tests.monitor.nets import batches, norm, plain, sgd, train


def true_gradients(model, x, y, names):
    """The gradient norms of a fresh copy of the model, without any monitor."""
    twin = copy.deepcopy(model)
    twin.zero_grad()
    functional.cross_entropy(twin(x), y).backward()
    known = dict(twin.named_parameters())
    return [norm(known[name].grad) for name in names]


def names_of(model):
    return [name for name, _ in model.named_parameters()]


# --- mixed precision -----------------------------------------------------------------------------
@pytest.mark.parametrize("unscale_first", [False, True])
def test_grad_scaler_gradients_are_unscaled(unscale_first):
    model = plain()
    optimizer = sgd(model)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in batches(3):
            true = true_gradients(model, x, y, names_of(model))
            optimizer.zero_grad()
            scaler.scale(functional.cross_entropy(model(x), y)).backward()
            if unscale_first:
                scaler.unscale_(optimizer)
                nn.utils.clip_grad_norm_(model.parameters(), 1e-3)
            scaler.step(optimizer)
            scaler.update()
            row = monitor.record.rows[-1]
            assert row.get("gradient", names_of(model)).tolist() == pytest.approx(true, rel=1e-5)
            if unscale_first:
                assert math.hypot(*row.get("used").tolist()) == pytest.approx(1e-3, rel=1e-3)
    assert monitor.record.skipped[0] == 0


def test_grad_scaler_with_an_optimizer_that_unscales_itself():
    model = plain()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    with Monitor(model, optimizer, every=1) as monitor:
        for step, (x, y) in enumerate(batches(3)):
            true = true_gradients(model, x, y, names_of(model))
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x), y) * (math.inf if step == 1 else 1)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            if step != 1:
                row = monitor.record.rows[-1]
                assert row.get("used", names_of(model)).tolist() == pytest.approx(true, rel=1e-5)
    assert monitor.record.skipped == [1, 1, 0]
    assert monitor.record.steps == 2


def test_skipped_steps_are_counted_and_are_no_finding():
    model = plain()
    optimizer = sgd(model, lr=0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**127, growth_interval=1000)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in batches(20):
            optimizer.zero_grad()
            scaler.scale(8 * functional.cross_entropy(model(x), y)).backward()
            scaler.step(optimizer)
            scaler.update()
    skipped, longest, _ = monitor.record.skipped
    assert 3 <= longest <= skipped < 20
    assert skipped + monitor.record.steps == 20
    assert monitor.record.bad is None
    assert monitor.healthy()


def test_a_scaler_that_skips_without_end_is_a_finding():
    model = plain()
    optimizer = sgd(model)
    scaler = torch.amp.GradScaler("cpu")
    with Monitor(model, optimizer) as monitor:
        for x, y in batches(16):
            optimizer.zero_grad()
            scaler.scale(functional.cross_entropy(model(x), y) * math.nan).backward()
            scaler.step(optimizer)
            scaler.update()
    assert [found.kind for found in monitor.findings()] == ["non_finite"]


def test_autocast_bfloat16():
    model = plain()
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in batches(3):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = functional.cross_entropy(model(x), y)
            loss.backward()
            true = [norm(parameter.grad) for parameter in model.parameters()]
            optimizer.step()
            got = monitor.record.rows[-1].get("gradient", names_of(model)).tolist()
            assert got == pytest.approx(true, rel=1e-5)
    assert monitor.record.rows[-1].dead.keys() == {"1", "3", "5"}


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_dtypes(dtype):
    model = plain(dtype=dtype)
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in batches(3, dtype=dtype):
            true = true_gradients(model, x, y, names_of(model))
            train(model, optimizer, [(x, y)])
            got = monitor.record.rows[-1].get("gradient", names_of(model)).tolist()
            assert got == pytest.approx(true, rel=1e-5)
    assert monitor.record.rows[-1].signals["0"] > 0


# --- the loop ------------------------------------------------------------------------------------
def test_gradient_accumulation_counts_the_sum():
    model = plain()
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        for _ in range(3):
            optimizer.zero_grad()
            for x, y in batches(4):
                (functional.cross_entropy(model(x), y) / 4).backward()
            true = [norm(parameter.grad) for parameter in model.parameters()]
            optimizer.step()
            got = monitor.record.rows[-1].get("gradient", names_of(model)).tolist()
            assert got == pytest.approx(true, rel=1e-5)
    assert monitor.record.steps == 3


@pytest.mark.parametrize("set_to_none", [True, False])
def test_clipping_shows_both_norms(set_to_none):
    model = plain()
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in batches(3):
            optimizer.zero_grad(set_to_none)
            functional.cross_entropy(model(x), y).backward()
            whole = nn.utils.clip_grad_norm_(model.parameters(), 1e-2).item()
            optimizer.step()
            row = monitor.record.rows[-1]
            assert math.hypot(*row.get("gradient").tolist()) == pytest.approx(whole, rel=1e-5)
            assert math.hypot(*row.get("used").tolist()) == pytest.approx(1e-2, rel=1e-3)


def test_gradients_set_by_hand():
    model = plain()
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in batches(2):
            loss = functional.cross_entropy(model(x), y)
            gradients = torch.autograd.grad(loss, list(model.parameters()))
            for parameter, gradient in zip(model.parameters(), gradients, strict=True):
                parameter.grad = gradient
            optimizer.step()
            row = monitor.record.rows[-1]
            for quantity in ("gradient", "used"):
                got = row.get(quantity, names_of(model)).tolist()
                assert got == pytest.approx([norm(g) for g in gradients], rel=1e-5)


def test_a_closure_runs_within_the_step():
    model = plain(depth=2)
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=3)
    data = list(batches(1)) * 3
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in data:

            def closure(x=x, y=y):
                optimizer.zero_grad()
                loss = functional.cross_entropy(model(x), y)
                loss.backward()
                return loss

            before = [parameter.detach().clone() for parameter in model.parameters()]
            optimizer.step(closure)
            row = monitor.record.rows[-1]
            true = [norm(parameter.grad) for parameter in model.parameters()]
            assert row.get("used", names_of(model)).tolist() == pytest.approx(true, rel=1e-5)
            moved = norm(model[0].weight - before[0])
            assert row.get("update", ["0.weight"]).item() == pytest.approx(moved, rel=1e-4)


@pytest.mark.parametrize("every", [1, 2])
def test_a_closure_may_clip(every):
    model = plain()
    optimizer = sgd(model)
    whole = []

    with Monitor(model, optimizer, every=every) as monitor:
        for x, y in batches(5):

            def closure(x=x, y=y):
                optimizer.zero_grad()
                loss = functional.cross_entropy(model(x), y)
                loss.backward()
                whole.append(nn.utils.clip_grad_norm_(model.parameters(), 1e-3).item())
                return loss

            optimizer.step(closure)
    for row in monitor.record.rows:
        assert math.hypot(*row.get("gradient").tolist()) == pytest.approx(whole[row.step], rel=1e-5)
        assert math.hypot(*row.get("used").tolist()) == pytest.approx(1e-3, rel=1e-2)


def test_a_closure_may_make_lazy_layers_real():
    torch.manual_seed(0)
    model = nn.Sequential(nn.LazyLinear(16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in batches(3):

            def closure(x=x, y=y):
                optimizer.zero_grad()
                loss = functional.cross_entropy(model(x), y)
                loss.backward()
                return loss

            optimizer.step(closure)
    assert monitor.record.matrices == ("0.weight", "2.weight")


def test_the_backward_pass_may_come_before_a_closure():
    """As Lightning does in manual optimization."""
    model = plain()
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in batches(3):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            whole = nn.utils.clip_grad_norm_(model.parameters(), 1e-3).item()
            optimizer.step(lambda: None)
            row = monitor.record.rows[-1]
            assert math.hypot(*row.get("gradient").tolist()) == pytest.approx(whole, rel=1e-5)
            assert math.hypot(*row.get("used").tolist()) == pytest.approx(1e-3, rel=1e-2)


def test_layers_that_are_added():
    """The hooks follow the model as it is when they are put on again."""
    model = plain(3)
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=3) as monitor:
        train(model, optimizer, batches(5))  # the next look is at step 6
        added = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
        model.append(added)
        optimizer.add_param_group({"params": list(added.parameters())})
        train(model, optimizer, batches(2))
    last = monitor.record.rows[-1]
    assert last.step == 6
    assert {"5.0.weight", "5.0.bias"} < set(last.names)
    assert "5.0" in last.signals
    assert "5.1" in last.saturated
    assert monitor.record.matrices == ("0.weight", "2.weight", "4.weight", "5.0.weight")


def test_modules_that_refer_to_each_other():
    model = plain(3)
    model[1].parent = model  # a ring
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in batches(2):
            optimizer.zero_grad()
            out = model[4](model[3](model[2](model[1](model[0](x)))))
            functional.cross_entropy(out, y).backward()
            optimizer.step()
    assert monitor.record.rows[-1].signals.keys() == {"0", "2", "4"}


def test_parameters_that_take_turns():
    """Each step has its own parameters: what was planned for others is not used."""
    models = [plain(depth, inputs=8) for depth in (2, 3, 4, 5, 6)]
    parameters = [p for model in models for p in model.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    whole = nn.ModuleList(models)
    with Monitor(whole, optimizer, every=1) as monitor:
        for turn, (x, y) in enumerate(batches(15)):
            model = models[turn % 5]
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            true = [norm(parameter.grad) for parameter in model.parameters()]
            names = [f"{turn % 5}.{name}" for name in names_of(model)]
            optimizer.step()
            row = monitor.record.rows[-1]
            assert set(row.names) == set(names)
            assert row.get("gradient", names).tolist() == pytest.approx(true, rel=1e-5)


def test_evaluation_in_between_is_not_looked_at():
    def run(evaluate):
        model = plain()
        optimizer = sgd(model)
        with Monitor(model, optimizer, every=1) as monitor:
            for x, y in batches(4):
                optimizer.zero_grad()
                loss = functional.cross_entropy(model(x), y)
                if evaluate:
                    model.eval()
                    model(1e6 * x)
                    model.train()
                    with torch.no_grad():
                        model(1e6 * x)
                loss.backward()
                optimizer.step()
        return monitor.record.rows

    for plainly, between in zip(run(False), run(True), strict=True):
        assert plainly.signals == between.signals
        assert plainly.dead == between.dead


def test_checkpointed_layers_are_counted_once():
    class Checkpointed(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.rest = nn.Linear(8, 16), plain(inputs=16)

        def forward(self, x):
            x = self.first(x)
            return torch.utils.checkpoint.checkpoint(self.rest, x, use_reentrant=False)

    torch.manual_seed(0)
    model = Checkpointed()
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        train(model, optimizer, batches(3))
    assert list(monitor.record.rows[-1].dead) == ["rest.1", "rest.3", "rest.5"]


# --- parameters ----------------------------------------------------------------------------------
def test_several_groups_and_a_group_added_later():
    model = plain()
    optimizer = torch.optim.SGD(
        [
            {"params": model[:2].parameters(), "lr": 0.1},
            {"params": model[2:4].parameters(), "lr": 0.0},
        ],
    )
    names = ["0.weight", "2.weight"]
    with Monitor(model, optimizer, every=1) as monitor:
        train(model, optimizer, batches(1))
        optimizer.add_param_group({"params": model[4:].parameters(), "lr": 0.1})
        train(model, optimizer, batches(2))
    first, *_, last = monitor.record.rows
    moved, resting = first.get("update", names).tolist()
    assert moved > 0 == resting
    assert "6.weight" not in first.names
    assert last.get("update", ["6.weight"]).item() > 0


def test_several_optimizers_count_their_own_steps():
    torch.manual_seed(0)
    maker, critic = plain(outputs=8), plain(outputs=1)
    optimizers = [sgd(maker), sgd(critic)]
    with Monitor({"maker": maker, "critic": critic}, optimizers, every=1) as monitor:
        for step, (x, _) in enumerate(batches(6)):
            optimizers[1].zero_grad()
            loss = functional.softplus(-critic(x)).mean()
            (loss + functional.softplus(critic(maker(x).detach())).mean()).backward()
            true = norm(critic[0].weight.grad)
            optimizers[1].step()
            row = monitor.record.rows[-1]
            assert row.optimizer == 1
            assert row.get("gradient", ["critic.0.weight"]).item() == pytest.approx(true, rel=1e-5)
            if step % 2:
                optimizers[0].zero_grad()
                functional.softplus(-critic(maker(x))).mean().backward()
                true = norm(maker[0].weight.grad)
                optimizers[0].step()
                got = monitor.record.rows[-1].get("gradient", ["maker.0.weight"]).item()
                assert got == pytest.approx(true, rel=1e-5)
    steps = {
        place: [r.step for r in monitor.record.rows if r.optimizer == place] for place in (0, 1)
    }
    assert steps == {0: [0, 1, 2], 1: [0, 1, 2, 3, 4, 5]}


def test_frozen_shared_and_unused_parameters():
    torch.manual_seed(0)
    model = nn.ModuleDict(
        {
            "frozen": nn.Linear(8, 8),
            "one": nn.Linear(8, 8),
            "two": nn.Linear(8, 8),
            "head": nn.Linear(8, 3),
            "unused": nn.Linear(8, 3),
        }
    )
    model["frozen"].requires_grad_(False)
    model["two"].weight = model["one"].weight
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in batches(3):
            optimizer.zero_grad()
            hidden = model["two"](torch.relu(model["one"](model["frozen"](x))))
            functional.cross_entropy(model["head"](hidden), y).backward()
            true = norm(model["one"].weight.grad)
            optimizer.step()
            row = monitor.record.rows[-1]
            assert row.get("gradient", ["one.weight"]).item() == pytest.approx(true, rel=1e-5)
    assert set(row.names) == {"one.weight", "one.bias", "two.bias", "head.weight", "head.bias"}
    assert monitor.healthy()


@pytest.mark.parametrize("sparse", [True, False])
def test_embeddings(sparse):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(50, 8, sparse=sparse), nn.Flatten(), nn.Linear(32, 3))
    optimizer = sgd(model)
    words, y = torch.randint(0, 50, (16, 4)), torch.randint(0, 3, (16,))
    with Monitor(model, optimizer, every=1) as monitor:
        for _ in range(3):
            optimizer.zero_grad()
            functional.cross_entropy(model(words), y).backward()
            gradient = model[0].weight.grad
            true = norm(gradient.to_dense() if sparse else gradient)
            before = model[0].weight.detach().clone()
            optimizer.step()
            row = monitor.record.rows[-1]
            assert row.get("gradient", ["0.weight"]).item() == pytest.approx(true, rel=1e-5)
            moved = norm(model[0].weight - before)
            assert row.get("update", ["0.weight"]).item() == pytest.approx(moved, rel=1e-4)
    assert monitor.record.matrices == ("2.weight",)  # a table is no layer of the chain


def test_lazy_layers():
    torch.manual_seed(0)
    model = nn.Sequential(nn.LazyLinear(16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = sgd(model)
    with Monitor(model, optimizer, every=1) as monitor:
        train(model, optimizer, batches(3))
    assert monitor.record.matrices == ("0.weight", "2.weight")


# --- models --------------------------------------------------------------------------------------
@pytest.mark.parametrize("activation", [nn.ReLU, nn.SiLU, nn.ELU])
def test_activations_in_place(activation):
    def rows(inplace):
        model = plain(activation=lambda: activation(inplace=inplace))
        optimizer = sgd(model)
        with Monitor(model, optimizer, every=1) as monitor:
            train(model, optimizer, batches(3))
        return monitor.record.rows

    for a, b in zip(rows(True), rows(False), strict=True):
        torch.testing.assert_close(a.values, b.values, equal_nan=True)
        assert a.dead in ({}, b.dead)  # SiLU's input is gone


def convolutional(dimensions):
    torch.manual_seed(0)
    convolution, norm_ = ((nn.Conv1d, nn.BatchNorm1d), (nn.Conv2d, nn.BatchNorm2d))[dimensions - 1]
    return nn.Sequential(
        nn.Unflatten(1, (1, *(8,) * dimensions)),
        convolution(1, 6, 3, padding=1),
        norm_(6),
        nn.ReLU(inplace=True),
        convolution(6, 6, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(6 * 8**dimensions, 3),
    )


@pytest.mark.parametrize("dimensions", [1, 2])
@pytest.mark.parametrize("channels_last", [False, True])
def test_convolutional_networks(dimensions, channels_last):
    model = convolutional(dimensions)
    if channels_last and dimensions == 2:
        model = model.to(memory_format=torch.channels_last)
    optimizer = sgd(model)
    with torch.no_grad():
        model[4].bias[:3] = -100.0  # three of six channels never answer
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in batches(4, inputs=8**dimensions):
            true = true_gradients(model, x, y, names_of(model))
            train(model, optimizer, [(x, y)])
            got = monitor.record.rows[-1].get("gradient", names_of(model)).tolist()
            assert got == pytest.approx(true, rel=1e-4, abs=1e-7)
    assert monitor.record.rows[-1].dead["5"] == 0.5
    assert monitor.record.matrices == ("1.weight", "4.weight", "7.weight")


def test_a_transformer_block():
    torch.manual_seed(0)
    block = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
    model = nn.Sequential(nn.Unflatten(1, (4, 2)), nn.Linear(2, 16), block, nn.Flatten())
    model.append(nn.Linear(64, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in batches(15):
            true = true_gradients(model, x, y, names_of(model))
            train(model, optimizer, [(x, y)], monitor)
            got = monitor.record.rows[-1].get("gradient", names_of(model)).tolist()
            assert got == pytest.approx(true, rel=1e-4, abs=1e-7)
    assert monitor.healthy()
    assert len(monitor.record.matrices) == 6
    # It calls its activation as a function: dead units show in the biases.
    assert "2.linear1" in monitor.record.rows[-1].idle


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
@pytest.mark.parametrize("when", ["before", "after", "in place"])
def test_compiled_models(backend, when):
    class Wrapped(nn.Module):  # torch does not compile an nn.Sequential in place
        def __init__(self):
            super().__init__()
            self.layers = plain()

        def forward(self, x):
            return self.layers(x)

    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    model = Wrapped()
    twin = copy.deepcopy(model)
    optimizer = sgd(model)
    compiled = model
    if when == "before":
        compiled = torch.compile(model, backend=backend, fullgraph=True)
    elif when == "in place":
        model.compile(backend=backend, fullgraph=True)
    with Monitor(compiled, optimizer, every=2) as monitor:
        if when == "after":
            compiled = torch.compile(model, backend=backend, fullgraph=True)
        train(compiled, optimizer, batches(8))
    compilations = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    assert compilations <= 2  # hooks that come and go do not compile it again
    train(twin, sgd(twin), batches(8))
    assert [row.step for row in monitor.record.rows] == [0, 1, 2, 4, 6]
    assert set(monitor.record.rows[0].names) == set(names_of(twin))
    row = monitor.record.rows[0]
    x, y = next(batches(1))
    true = true_gradients(Wrapped(), x, y, names_of(twin))
    assert row.get("gradient", names_of(twin)).tolist() == pytest.approx(true, rel=1e-4)
    for a, b in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    torch._dynamo.reset()


@pytest.mark.parametrize("wrap", [nn.DataParallel, torch.optim.swa_utils.AveragedModel])
def test_wrappers_do_not_show_in_the_names(wrap):
    model = plain()
    wrapper = wrap(model)
    inner = wrapper.module
    optimizer = sgd(inner)
    with Monitor(wrapper, optimizer, every=1) as monitor:
        train(wrapper, optimizer, batches(3))
    assert set(monitor.record.rows[-1].names) == set(names_of(model))
    assert list(monitor.record.rows[-1].dead) == ["1", "3", "5"]
