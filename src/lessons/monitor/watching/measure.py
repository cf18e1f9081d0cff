"""Norms and samples of many tensors at once, with one transfer to the host.

All of it is meant to be called under ``torch.no_grad()``.
"""

import math

import torch

SAMPLED = 4096  # elements: a norm known to about 1 / sqrt(2 * 4096) = 1 %
BLOCK = 64
HALVES = (torch.float16, torch.bfloat16)


def dense(tensor):
    """Return ``tensor``, of a sparse one the values: they have the same norm."""
    return tensor if tensor.layout is torch.strided else tensor.coalesce().values()


def norms(tensors):
    """Return the L2 norm of each tensor, still on its device, without waiting for it.

    The squares of half-precision numbers are added in float32, where they do not overflow.

    Parameters
    ----------
    tensors : sequence of Tensor
        Any shapes, dtypes, devices and layouts.

    Returns
    -------
    list of (list of int, Tensor)
        For each device and dtype: the places in ``tensors`` and the norms; see `to_host`.

    Examples
    --------
    >>> to_host(norms([torch.ones(4), torch.ones(3, 3).bfloat16()]), 2).tolist()
    [2.0, 3.0]
    """
    tensors = [dense(tensor) for tensor in tensors]
    groups, packed = {}, []
    for place, tensor in enumerate(tensors):
        groups.setdefault((tensor.device, tensor.dtype), []).append(place)
    for (_, dtype), places in groups.items():
        several = [tensors[place] for place in places]
        if dtype in HALVES:
            found = torch._foreach_norm(several, 2, dtype=torch.float32)
        else:
            found = torch._foreach_norm(several, 2)
        packed.append((places, torch.stack(found)))
    return packed


def pack(values):
    """Return tensors of no dimension as `norms` returns them."""
    groups = {}
    for place, value in enumerate(values):
        groups.setdefault((value.device, value.dtype), []).append(place)
    return [(places, torch.stack([values[p] for p in places])) for places in groups.values()]


def to_host(packed, count):
    """Return the ``count`` norms of `norms` as one float64 tensor; inf stands for NaN too."""
    return together((packed, count))[0]


def together(*requests):
    """Return what `to_host` does of several pairs of arguments, with one transfer per device."""
    parts = [found for packed, _ in requests for _, found in packed]
    if len({part.device for part in parts}) > 1:
        parts = [part.cpu().double() for part in parts]
    known = torch.cat(parts).cpu().double() if parts else torch.empty(0, dtype=torch.float64)
    known.nan_to_num_(nan=math.inf, posinf=math.inf)
    results, start = [], 0
    for packed, count in requests:
        if len(packed) == 1 and len(packed[0][0]) == count:  # all places, in order
            results.append(known[start : start + count])
            start += count
            continue
        values = torch.full((count,), math.nan, dtype=torch.float64)
        for places, _ in packed:
            values[places] = known[start : start + len(places)]
            start += len(places)
        results.append(values)
    return results


def again_in_float64(values, tensors):
    """Replace norms of 0 or infinity by those in float64, in place: the squares had no room.

    In float32 a norm below 1e-23 comes out as 0 and one above 1e19 as infinity.
    """
    for place, value in enumerate(values.tolist()):
        if value not in (0.0, math.inf):
            continue
        tensor = dense(tensors[place])
        if tensor.dtype is torch.float32:
            exact = torch.linalg.vector_norm(tensor.cpu(), dtype=torch.float64)
            values[place] = exact.nan_to_num(nan=math.inf, posinf=math.inf)
    return values


def sample(tensor, most=SAMPLED):
    """Return ``tensor`` flat, or if it has over ``most`` elements evenly spread blocks of it.

    Returns
    -------
    Tensor
        A view where the memory layout allows it. With n elements, of which m are returned, the
        norm of the whole is estimated by that of the sample times ``sqrt(n / m)``.

    Examples
    --------
    >>> sample(torch.ones(1000, 1000)).shape
    torch.Size([64, 64])
    """
    if tensor.numel() <= most:
        return tensor.reshape(-1)
    if not tensor.is_contiguous():
        # Channels-last weights are dense too; the order of the elements does not matter here.
        order = sorted(range(tensor.ndim), key=tensor.stride, reverse=True)
        tensor = tensor.permute(order).contiguous()
    blocks = most // BLOCK
    apart = (tensor.numel() - BLOCK) // (blocks - 1)
    return tensor.as_strided((blocks, BLOCK), (apart, 1), tensor.storage_offset())


def shares_at_most(vectors, limits):
    """Return the share of each vector's elements that are at most its limit.

    Parameters
    ----------
    vectors : list of Tensor
        On any devices.
    limits : list of float

    Examples
    --------
    >>> shares_at_most([torch.tensor([0.0, 1.0]), torch.zeros(3)], [0.0, 0.0])
    [0.5, 1.0]
    """
    if not vectors:
        return []
    if len({vector.device for vector in vectors}) > 1:
        vectors = [vector.cpu() for vector in vectors]
    if len({vector.dtype for vector in vectors}) > 1:
        vectors = [vector.float() for vector in vectors]
    sizes = [vector.numel() for vector in vectors]
    values, limit = torch.cat([vector.flatten() for vector in vectors]), limits[0]
    if len(set(limits)) > 1:
        limit = torch.tensor(limits).repeat_interleave(torch.tensor(sizes)).to(values.device)
    met = values <= limit
    if len(set(sizes)) == 1:
        total = met.view(len(sizes), -1).sum(1).tolist()
    else:
        total = [part.sum() for part in met.split(sizes)]
        total = torch.stack(total).tolist()
    return [count / max(size, 1) for count, size in zip(total, sizes, strict=True)]
