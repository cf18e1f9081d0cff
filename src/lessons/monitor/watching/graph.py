"""What the graph of a loss proves: softmax twice, softmax along the wrong axis, no softmax at all.

And what it compares: the first loss with that of a guess, targets with outputs. It is read once,
before the first backward pass.
"""

import math

import torch
from torch.nn import functional

from lessons.monitor.record.start import Start

MOST = 50_000  # nodes that are looked at
# Operations that change the shape of a tensor and not its numbers.
SHAPES = (
    "View", "UnsafeView", "Reshape", "Transpose", "Permute", "T", "Squeeze", "Unsqueeze", "Slice",
    "Select", "Index", "Expand", "Clone", "ToCopy", "Stack", "Cat", "Alias",
)  # fmt: skip
KEEP_THE_LAST_AXIS = ("View", "UnsafeView", "Expand", "Clone", "ToCopy", "NativeDropout", "Mul")
SQUASHED = ("Softmax", "Sigmoid")
RAW = ("Addmm", "Mm", "Linear", "Softmax", "Sigmoid", "Relu", "Convolution", "Add")


def _name(node):
    """Return "Softmax" for a node called SoftmaxBackward0."""
    return node.name().split("Backward")[0]


def _nodes(root):
    seen, queue = {root}, [root]
    for node in queue:  # it grows
        if len(queue) > MOST:
            break
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                queue.append(following)
    return queue


def _behind(node, passed=SHAPES):
    """Return the first node towards the input that changes numbers; None where there is none."""
    node = node.next_functions[0][0] if node.next_functions else None
    while node is not None and _name(node) in passed and node.next_functions:
        node = node.next_functions[0][0]
    return node


def _axis(node):
    """Return the axis of a softmax and how many its tensor has."""
    ndim = node._saved_result.ndim
    axis = node._saved_dim
    return (axis - 2**64 + ndim if axis >= 2**63 else axis), ndim


def _rms(tensor):
    return tensor.detach().float().square().mean().sqrt().item()


def _of_classes(node, start):
    """Read a negative log-likelihood: what stands before it, and how large it is."""
    behind = _behind(node)
    if behind is None:
        return
    name = _name(behind)
    if name in RAW:
        start.faults["raw_logits"] = (
            f"nll_loss wants logarithms of probabilities and gets what {name.lower()} gives"
        )
        return
    soft = behind if name == "LogSoftmax" else _behind(behind) if name == "Log" else None
    if soft is None or _name(soft) not in ("LogSoftmax", "Softmax"):
        return
    axis, ndim = _axis(soft)
    if ndim == 2 and axis == 0:
        start.faults["wrong_axis"] = (
            "the loss gets a softmax along axis 0, over the samples of the batch; the classes lie "
            "along axis 1"
        )
        return
    if start.loss is None and name == "LogSoftmax":
        ignored = node._saved_ignore_index
        ignored = ignored - 2**64 if ignored >= 2**63 else ignored
        scores, target = node._saved_self.detach(), node._saved_target
        loss = functional.nll_loss(scores.float(), target, ignore_index=ignored).item()
        start.loss, start.guess = loss, math.log(max(soft._saved_result.shape[axis], 2))


def _of_numbers(node, start):
    """Read a regression's loss: the sizes of outputs, targets and differences."""
    if start.residuals is not None:
        return
    name = _name(node)
    if name in ("MseLoss", "SmoothL1Loss", "HuberLoss"):
        output, target = node._saved_self, node._saved_target
        start.outputs, start.targets = _rms(output), _rms(target)
        start.residuals = _rms(output.detach() - target.detach())
    elif name == "Pow" and node._saved_exponent == 2:
        behind = node.next_functions[0][0]
        if behind is not None and _name(behind) in ("Sub", "Rsub"):
            start.residuals = _rms(node._saved_self)


@torch.no_grad()
def read(loss):
    """Return what the graph of a loss shows before the backward pass.

    Examples
    --------
    >>> scores = torch.zeros(2, 3, requires_grad=True)
    >>> start = read(functional.cross_entropy(scores.softmax(1), torch.tensor([0, 2])))
    >>> list(start.faults), f"{start.loss:.2f} {start.guess:.2f}"
    (['squashed_logits'], '1.10 1.10')
    """
    start = Start()
    if loss.grad_fn is None:
        return start
    near = 0
    for place, node in enumerate(_nodes(loss.grad_fn)):
        name = _name(node)
        start.operations.add(name)
        if name in ("NllLoss", "NllLoss2D", "NllLossNd"):
            _of_classes(node, start)
        elif place < 12:
            _of_numbers(node, start)
        if name in ("LogSoftmax", "BinaryCrossEntropyWithLogits"):
            behind = _behind(node)
            if behind is not None and _name(behind) in SQUASHED:
                what = "cross_entropy" if name == "LogSoftmax" else "with_logits"
                start.faults["squashed_logits"] = (
                    f"the loss ({what}) takes raw numbers and squashes them itself, but gets what "
                    f"a {_name(behind).lower()} has squashed already"
                )
        elif name == "Bmm" and near < 64:
            near += 1
            behind = _behind(node, KEEP_THE_LAST_AXIS)
            if behind is not None and _name(behind) == "Softmax":
                axis, ndim = _axis(behind)
                if axis != ndim - 1:
                    start.faults["wrong_axis"] = (
                        f"weights of a sum come from a softmax along axis {axis} of {ndim}, and "
                        f"the sum runs along the last one: they do not add up to 1"
                    )
    return start
