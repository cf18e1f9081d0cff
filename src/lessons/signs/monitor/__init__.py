"""The patients under the gradient monitor, and how often the monitor is right."""

from lessons.signs.monitor.watched import gradient_by_layer, seen, verdict, watched

__all__ = ["gradient_by_layer", "seen", "verdict", "watched"]
