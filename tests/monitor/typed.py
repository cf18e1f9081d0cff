"""What a practitioner writes, for the type checker alone: no test runs this file."""

from typing import Any, assert_type

import torch

from lessons.monitor import KINDS, Finding, Monitor, Record, Row, Thresholds, findings
from lessons.monitor.reporting.report import Report


def train(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> bool | None:
    limits = Thresholds(ratio_high=0.2)
    with Monitor(model, [optimizer], every=5, budget=0.02, limits=limits, live=True) as monitor:
        assert_type(monitor, Monitor)
        monitor.loss(0.5, step=3)
        monitor.within_step(optimizer)
    monitor.close()
    assert_type(monitor.closed, bool)
    assert_type(monitor.latest(step=3), dict[str, float])
    assert_type(limits.source("ratio_high"), str)
    return monitor.healthy("notice")


def read(monitor: Monitor) -> list[str]:
    assert_type(monitor.record, Record)
    assert_type(monitor.record.rows, list[Row])
    assert_type(monitor.record.rows[0].flat(), dict[str, float])
    assert_type(findings(monitor.record, Thresholds()), list[Finding])
    return [found.kind for found in monitor.findings() if found.kind in KINDS]


def save(report: Report) -> str:
    assert_type(report.findings, tuple[Finding, ...])
    assert_type(report.table(), list[dict[str, Any]])
    report.plot()
    report.to_frame()
    return report.to_json(indent=1) + report.summary() + str(report)
