"""Spikes that passed: what the last looks no longer show."""

from lessons.monitor.finding import Finding


def spikes(record, limits):
    """Return a notice for each quantity that jumped for a moment and came back."""
    found = []
    for what in ("loss", "gradient"):
        seen = [(step, factor) for step, name, factor in record.spikes if name == what]
        if seen:
            worst = max(seen, key=lambda spike: spike[1])
            steps = ", ".join(str(step) for step, _ in seen[:5]) + ", …" * (len(seen) > 5)
            evidence = (
                f"{len(seen)} times (steps {steps}) the {what} was far above its median of the "
                f"looks before, {worst[1]:.2g} times at step {worst[0]}"
            )
            rule = f"at most {record.spike[what]:g} times the median of the {record.window} before"
            source = "own choice: far beyond what batches differ by"
            found.append(Finding("spike", what, seen[0][0], "notice", evidence, rule, source))
    return found
