"""Profiles over the layers: units of the data are no fault, explosions are."""

import math
import re

import pytest
import torch
from torch import nn
from torch.nn import functional

from lessons.monitor import Monitor, Record, Row, findings
from tests.monitor.nets import batches, plain, sgd


def record_with(gradients, weights=None, ratios=1e-3):
    """Three looks at twelve layers with these gradient and weight norms."""
    names = tuple(f"{i}.weight" for i in range(12))
    gradients = torch.tensor(gradients, dtype=torch.float64)
    weights = torch.ones(12).double() if weights is None else torch.tensor(weights).double()
    ratios = torch.as_tensor(ratios, dtype=torch.float64)
    record = Record(matrices=names)
    for step in range(3):
        record.add(
            Row(step, 0, names, torch.stack([gradients, gradients, weights, ratios * weights]))
        )
    return record


def kinds(record):
    return [(found.severity, found.kind) for found in findings(record)]


@pytest.mark.parametrize(
    ("decades", "found"),
    [(1.9, []), (2.1, [("warning", "exploding")]), (-2.9, []), (-3.1, [("notice", "vanishing")])],
)
def test_the_limits_hold_between_the_thirds(decades, found):
    """The medians of the first and the last third of 12 layers are 8 layers apart."""
    assert kinds(record_with([10 ** (-decades * i / 8) for i in range(12)])) == found


@pytest.mark.parametrize(
    ("ratios", "severity"),
    [
        ([1e-5] * 12, "notice"),
        ([1e-7] * 12, "error"),  # the first layers rest, and so do the last
        ([10 ** (-5 + 3.1 * i / 8) for i in range(12)], "error"),  # they move, the last far more
        ([10 ** (-5 + 2.9 * i / 8) for i in range(12)], "notice"),
    ],
)
def test_a_lost_gradient_is_an_error_where_the_first_layers_rest_or_lag(ratios, severity):
    record = record_with([10 ** (4 * i / 8) for i in range(12)], ratios=ratios)
    assert (severity, "vanishing") in kinds(record)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_a_layer_in_other_units_is_no_fault(factor):
    """The first four layers read inputs in another unit: w becomes w f, and g becomes g / f."""
    weights = [factor] * 4 + [1.0] * 8
    assert kinds(record_with([1 / weight for weight in weights], weights)) == []
    assert kinds(record_with([1 / weight for weight in weights])) != []


def test_weights_of_zero_do_not_hide_a_lost_gradient():
    gradients = [1e-9] * 6 + [1.0] * 6
    assert ("notice", "vanishing") in kinds(record_with(gradients, [0.0] * 12))


def test_batch_normalisation_explodes_as_its_theory_says():
    r"""A ReLU net with BatchNorm gains \sqrt{\pi / (\pi - 1)} a layer (Yang et al. 2019)."""
    torch.manual_seed(0)
    layers, size = [], 8
    for _ in range(59):
        layers += [nn.Linear(size, 128, bias=False), nn.BatchNorm1d(128), nn.ReLU()]
        size = 128
    model = nn.Sequential(*layers, nn.Linear(size, 3))
    for module in model:
        if isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-6)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in batches(3, size=256):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    found = next(f for f in monitor.findings() if f.kind == "exploding")
    assert found.severity == "warning"
    rate = float(re.search(r"gains ([\d.]+) decades per layer", found.evidence)[1])
    assert rate == pytest.approx(0.5 * math.log10(math.pi / (math.pi - 1)), rel=0.15)


@pytest.mark.parametrize("every", [1, 10])
def test_outputs_that_vanish_at_the_start_are_vanishing_though_biases_grow(every):
    """ReLU with half of He's gain: the outputs fall by log10(2) a layer, 19 layers long."""
    model = plain(20, 32)
    for module in model:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0, 0.5 * math.sqrt(2 / module.in_features))
            nn.init.zeros_(module.bias)
    with Monitor(model, sgd(model), every=every) as monitor:
        optimizer = monitor._watch.tracks[0].optimizer
        for x, y in batches(25):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x), y)
            monitor.loss(loss)
            loss.backward()
            optimizer.step()
    found = monitor.findings()[0]
    assert (found.kind, found.severity, found.since_step) == ("vanishing_signals", "error", 0)


def test_outputs_that_explode_are_a_warning_while_the_loss_falls():
    """Adam learns a little of what ReLU with twice He's gain gives it, from a huge loss."""
    model = plain(20, 32)
    for module in model:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0, 2 * math.sqrt(2 / module.in_features))
            nn.init.zeros_(module.bias)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    with Monitor(model, optimizer, every=1) as monitor:
        for x, y in batches(25):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x), y)
            monitor.loss(loss)
            loss.backward()
            optimizer.step()
    losses = [value for _, value in monitor.record.losses]
    assert losses[-1] < 0.8 * losses[0]
    assert monitor.findings()[0].kind == "exploding_signals"
    assert not monitor.healthy()


@pytest.mark.parametrize("matrices", [("0.weight",), ()])
@pytest.mark.parametrize(("update", "severity"), [(1e-3, "notice"), (0.2, "error")])
def test_a_whole_gradient_that_grows_is_an_error_where_the_steps_are_large(
    matrices, update, severity
):
    """Also of a net without a weight matrix, such as one of embeddings."""
    record = Record(matrices=matrices)
    for step in range(12):
        gradient = 1.0 if step < 6 else 200.0
        values = torch.tensor([[gradient], [gradient], [1.0], [update]], dtype=torch.float64)
        record.add(Row(step, 0, ("0.weight",), values))
    (found,) = [found for found in findings(record) if found.kind == "exploding"]
    assert (found.severity, found.since_step) == (severity, 6)
    assert f"2.3 decades above its start; update : weight is {update:.2g}" in found.evidence
