"""A gradient monitor: one line says what is wrong, where, since when, and what to do.

::

    with Monitor(model, optimizer) as monitor:
        ...  # the training loop, unchanged
    print(monitor.report())

It needs PyTorch alone.
"""

from lessons.monitor.finding import KINDS, Finding, Thresholds
from lessons.monitor.monitor import Monitor
from lessons.monitor.record.record import Record
from lessons.monitor.record.rows import Row
from lessons.monitor.rules import findings

__all__ = ["KINDS", "Finding", "Monitor", "Record", "Row", "Thresholds", "findings"]
