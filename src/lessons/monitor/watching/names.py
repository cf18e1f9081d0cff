"""What the layers of a model are called, and which of them are layers in a chain."""

import gc

import torch
from torch import nn

from lessons.monitor.record.rows import Layer

WRAPPERS = ("module", "_orig_mod")


def is_compiled(module):
    """Return whether ``torch.compile`` or ``module.compile()`` was applied to the module."""
    compiled = getattr(module, "_compiled_call_impl", None) is not None
    return compiled or type(module).__name__ == "OptimizedModule"


def wrappers(model):
    """Yield ``model`` and what it wraps, from DataParallel, DDP or a compiled module inward.

    A wrapper is a module whose only child is called ``module`` or ``_orig_mod``.
    """
    yield model
    children = dict(model.named_children())
    if len(children) == 1 and (name := next(iter(children))) in WRAPPERS:
        yield from wrappers(children[name])


def short(name):
    """Return the name of a parameter or module without what ``torch.compile`` adds.

    Examples
    --------
    >>> short("encoder._orig_mod.0.weight")
    'encoder.0.weight'
    """
    return ".".join(part for part in name.split(".") if part != "_orig_mod")


def _lazy(parameter):
    return isinstance(parameter, nn.parameter.UninitializedParameter)


def _is_matrix(module, name, parameter):
    if isinstance(module, (nn.Embedding, nn.EmbeddingBag)) or _lazy(parameter):
        return False
    if "weight" in name:
        return parameter.ndim >= 2
    # Scales and shifts, class tokens and position codes are stored as (1, …) or (…, 1).
    return parameter.ndim >= 2 and min(parameter.shape) > 1


class Names:
    """The modules and parameters of one or several models by name.

    Parameters
    ----------
    models : nn.Module or dict of str to nn.Module
        With a dict its keys come before the names.

    Examples
    --------
    >>> names = Names({"net": nn.Sequential(nn.Linear(2, 2), nn.Tanh())})
    >>> [name for name, module in names.modules()]
    ['net', 'net.0', 'net.1']
    """

    def __init__(self, models):
        models = models if isinstance(models, dict) else {"": models}
        self._chains = {name: list(wrappers(model)) for name, model in models.items()}
        self._layers = {}
        self.refresh()

    def roots(self):
        """Return the models inside their wrappers."""
        return [chain[-1] for chain in self._chains.values()]

    def entrances(self):
        """Return (name, model) of the models that are not compiled, inside their wrappers."""
        return [
            (name, chain[-1])
            for name, chain in self._chains.items()
            if not any(map(is_compiled, chain))
            and not isinstance(chain[-1], torch.jit.ScriptModule)
        ]

    def holds(self, parameter):
        """Return whether a parameter belongs to the models."""
        self.refresh()
        found = self._layers.get(parameter)
        return found is not None and not found.name.startswith("group ")

    def classes(self):
        """Return the names of the classes of all modules."""
        roots = self.roots()
        return tuple(sorted({type(module).__name__ for root in roots for module in root.modules()}))

    def structure(self):
        """Return a list that is equal as long as `modules` returns the same."""
        found = [module for chain in self._chains.values() for module in chain]
        seen = set()
        for module in found:  # it grows
            if module not in seen:
                seen.add(module)
                found += [child for child in module._modules.values() if child is not None]
        return found + [getattr(module, "_compiled_call_impl", None) for module in found]

    def modules(self):
        """Return (name, module) of everything hooks may be put on: nothing that is compiled."""
        found = {}
        for prefix, chain in self._chains.items():
            if not any(map(is_compiled, chain)):
                _walk(prefix, chain[-1], found)
        return [(name, module) for module, name in found.items()]

    def refresh(self):
        """Read the parameters again: layers may have been added, lazy ones made real."""
        found = {}
        for prefix, chain in self._chains.items():
            for path, module in chain[-1].named_modules(prefix=prefix):
                for name, parameter in module.named_parameters(recurse=False):
                    full = short(f"{path}.{name}" if path else name)
                    layer = Layer(
                        full, short(path), _is_matrix(module, name, parameter), len(found)
                    )
                    found.setdefault(parameter, layer)
        self._layers = {**self._layers, **found}
        self.lazy = any(map(_lazy, found))

    def layer(self, parameter, group, number):
        """Return the layer of an optimizer's parameter, even if it is part of no model."""
        if self.lazy or parameter not in self._layers:
            self.refresh()
        if parameter not in self._layers:
            name = f"group {group}, parameter {number}"
            layer = Layer(name, name, parameter.ndim >= 2, len(self._layers))
            self._layers[parameter] = layer
        return self._layers[parameter]


def _walk(name, module, found):
    if module in found or is_compiled(module) or isinstance(module, torch.jit.ScriptModule):
        return
    found[module] = short(name)
    for child, below in module.named_children():
        _walk(f"{name}.{child}" if name else child, below, found)


def models_of(parameters):
    """Return the outermost modules that hold some of the parameters, by the name of their class.

    Parameters
    ----------
    parameters : iterable of Tensor

    Returns
    -------
    dict of str to nn.Module
        One model has the name "".

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(2, 2))
    >>> models_of(model.parameters())[""] is model
    True
    """
    wanted = {id(parameter) for parameter in parameters}
    modules = [item for item in gc.get_objects() if issubclass(type(item), nn.Module)]
    modules = [module for module in modules if "_modules" in vars(module)]
    parents = {}
    for module in modules:
        for child in vars(module)["_modules"].values():
            parents.setdefault(id(child), []).append(module)
    roots, seen = [], set()
    todo = [m for m in modules if wanted & set(map(id, vars(m)["_parameters"].values()))]
    while todo:
        module = todo.pop(0)
        if id(module) not in seen:
            seen.add(id(module))
            todo += parents.get(id(module), [])
            if id(module) not in parents:
                roots.append(module)
    if len(roots) == 1:
        return {"": roots[0]}
    return {f"{type(root).__name__}{place}": root for place, root in enumerate(roots, start=1)}
