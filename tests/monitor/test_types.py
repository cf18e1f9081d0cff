"""The types of what practitioners import: mypy (stage format) checks that they are true."""

import inspect

import pytest

import lessons.monitor
from lessons.monitor.adapters.callback import Attached
from lessons.monitor.reporting.report import Report

PUBLIC = [getattr(lessons.monitor, name) for name in lessons.monitor.__all__]
PUBLIC = [thing for thing in PUBLIC if callable(thing)] + [Attached, Report]


def functions(thing):
    """Yield the public functions of a class, its constructor included; or the function itself."""
    if not inspect.isclass(thing):
        yield thing
        return
    for name, member in vars(thing).items():
        member = member.fget if isinstance(member, property) else member
        if inspect.isfunction(member) and (name == "__init__" or not name.startswith("_")):
            yield member


@pytest.mark.parametrize(
    "function", [f for t in PUBLIC for f in functions(t)], ids=lambda f: f.__qualname__
)
def test_every_argument_and_result_has_a_type(function):
    signature = inspect.signature(function)
    untyped = [p.name for p in signature.parameters.values() if p.annotation is p.empty]
    assert [name for name in untyped if name != "self"] == []
    assert function.__name__ == "__init__" or signature.return_annotation is not signature.empty
