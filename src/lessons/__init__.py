"""The tested code behind the course *Vanishing and Exploding Gradients*.

Importing ``lessons`` loads nothing heavy: each module is imported when it is first used.
"""

import importlib
import pkgutil

__version__ = "0.1.0"


def _submodules():
    return [m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")]


def __getattr__(name):
    if not name.startswith("_") and name in _submodules():
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_submodules()])
