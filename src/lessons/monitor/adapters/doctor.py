"""``lessons doctor script.py``: run a training script for some steps and say whether it is healthy.

The script is not changed. A monitor is attached to every optimizer it builds; the exit code is 0
for a healthy run, 1 for one with findings, 2 where there is no verdict.
"""

import argparse
import contextlib
import html
import runpy
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import torch

from lessons.monitor.monitor import Monitor
from lessons.monitor.watching.names import models_of

HEALTHY, SICK, UNKNOWN = 0, 1, 2
PAGE = """<!doctype html>
<meta charset="utf-8"><title>Gradient monitor</title>
<style>body {{ font: 1rem sans-serif; max-width: 50rem; margin: 2rem auto }}</style>
{}
"""


class _Enough(BaseException):
    """Ends the script; no Exception, so that the script does not catch it."""


class Doctor:
    """Attaches a monitor to every optimizer that is built while it is entered.

    Parameters
    ----------
    steps : int
        After so many steps of one optimizer the script is ended.
    every : int
    """

    def __init__(self, steps, every):
        self.steps, self.every = steps, every
        self.monitors = []

    def _built(self, optimizer):
        parameters = [p for settings in optimizer.param_groups for p in settings["params"]]
        self.monitors.append(Monitor(models_of(parameters), optimizer, every=self.every))
        optimizer.register_step_post_hook(self._stepped)

    def _stepped(self, *_):
        if any(monitor.record.steps >= self.steps for monitor in self.monitors):
            raise _Enough

    @contextlib.contextmanager
    def listening(self):
        """Listen to optimizers being built; at the end close the monitors."""
        built = torch.optim.Optimizer.__init__

        def built_and_tell(optimizer, *args, **kwargs):
            built(optimizer, *args, **kwargs)
            self._built(optimizer)

        torch.optim.Optimizer.__init__ = built_and_tell
        try:
            yield
        finally:
            torch.optim.Optimizer.__init__ = built
            for monitor in self.monitors:
                monitor.close()

    def run(self, script, arguments):
        """Run a script as Python would; return whether it ended well or was ended here."""
        before = sys.argv, sys.path
        sys.argv, sys.path = [str(script), *arguments], [str(Path(script).parent), *sys.path]
        try:
            with self.listening():
                runpy.run_path(str(script), run_name="__main__")
        except _Enough:
            pass
        except SystemExit as end:
            return end.code in (None, 0)
        except Exception:
            traceback.print_exc()
            return False
        finally:
            sys.argv, sys.path = before
        return True


def examine(
    script: str | Path,
    arguments: Sequence[str] = (),
    steps: int = 100,
    every: int = 1,
    json_path: str | Path | None = None,
    html_path: str | Path | None = None,
) -> int:
    """Run a script, print a report for each optimizer, and return the exit code.

    Parameters
    ----------
    script : str or Path
    arguments : sequence of str
        What the script finds in ``sys.argv[1:]``.
    steps, every : int
        When to stop, and how often to look.
    json_path : str or Path, optional
        Where to write the report as JSON; with several optimizers a list.
    html_path : str or Path, optional
        Where to write it as a page.

    Returns
    -------
    int
        0 healthy, 1 findings, 2 no verdict: the script failed or made no step.
    """
    doctor = Doctor(steps, every)
    ended_well = doctor.run(script, list(arguments))
    stepped = [monitor for monitor in doctor.monitors if monitor.record.steps]
    reports = [monitor.report() for monitor in stepped]
    labels = [_label(monitor, len(stepped) > 1) for monitor in stepped]
    for label, report in zip(labels, reports, strict=True):
        print(label + str(report))
    if json_path is not None and reports:
        texts = [report.to_json(indent=1) for report in reports]
        whole = texts[0] if len(texts) == 1 else "[" + ",\n".join(texts) + "]"
        Path(json_path).write_text(whole, encoding="utf-8")
    if html_path is not None and reports:
        parts = (
            f"<h2>{html.escape(label)}</h2>{r._repr_html_()}"
            for label, r in zip(labels, reports, strict=True)
        )
        Path(html_path).write_text(PAGE.format("\n".join(parts)), encoding="utf-8")
    if not stepped:
        print(
            "No optimizer made a step: there is nothing to judge. Updates that are written by "
            "hand, without a torch.optim.Optimizer, are not seen.",
            file=sys.stderr,
        )
    if not stepped or not ended_well:
        return UNKNOWN
    verdicts = [monitor.healthy() for monitor in stepped]
    if False in verdicts:
        return SICK
    return UNKNOWN if None in verdicts else HEALTHY


def _label(monitor: Monitor, several: bool) -> str:
    """Return a line that says whose report follows, where there are several."""
    if not several:
        return ""
    (optimizer,) = monitor.optimizers
    count = sum(p.numel() for group in optimizer.param_groups for p in group["params"])
    models = ", ".join(sorted({type(m).__name__ for m in monitor.models}))
    return f"{type(optimizer).__name__} on {count} parameters of {models or 'no model'}:\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line and run the command; return the exit code."""
    parser = argparse.ArgumentParser(prog="lessons", description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(required=True, metavar="command")
    doctor = commands.add_parser("doctor", help="run a training script under a gradient monitor")
    doctor.add_argument("script", help="a Python file that trains a PyTorch model")
    doctor.add_argument("--steps", type=int, default=100, help="stop after this many (100)")
    doctor.add_argument("--every", type=int, default=1, help="look at every so many steps (1)")
    doctor.add_argument("--html", metavar="FILE", help="write the report as a page too")
    doctor.add_argument("--json", metavar="FILE", help="write the report here too")
    doctor.epilog = "What follows -- is given to the script."
    argv = sys.argv[1:] if argv is None else list(argv)
    own = argv[: argv.index("--")] if "--" in argv else argv
    arguments = argv[len(own) + 1 :]
    chosen, unknown = parser.parse_known_args(own)
    if unknown:
        unknown_text = " ".join(unknown)
        parser.error(
            f"unrecognized arguments: {unknown_text}. What is meant for the script stands after "
            f"--: lessons doctor {chosen.script} -- {unknown_text}"
        )
    if not Path(chosen.script).is_file():
        parser.error(f"there is no file {chosen.script}")
    if chosen.steps < 1 or chosen.every < 1:
        parser.error("--steps and --every must be at least 1")
    return examine(chosen.script, arguments, chosen.steps, chosen.every, chosen.json, chosen.html)


if __name__ == "__main__":
    sys.exit(main())
