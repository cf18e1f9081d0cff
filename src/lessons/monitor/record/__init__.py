"""What a monitor has seen: plain numbers, which anybody may read."""

from lessons.monitor.record.record import Record
from lessons.monitor.record.rows import Row

__all__ = ["Record", "Row"]
