"""The largest eigenvalues of many Hessians at once, each of its own small net."""

import torch


def flat(tensors):
    """Return stacked tensors of shape (nets, ...) as one matrix of shape (nets, numbers)."""
    return torch.cat([t.reshape(len(t), -1) for t in tensors], 1)


def top_eigenvalues(losses, parameters, start=None, *, products=5, first=20):
    """Return the largest eigenvalue of each net's Hessian, and its eigenvector.

    Lanczos' method, for all nets at once. Where a run has moved little since the last call, the
    eigenvector found there is a good start, and few products are enough.

    Parameters
    ----------
    losses : callable
        ``losses()`` returns one loss for each net, of its own parameters alone.
    parameters : list of Tensor, shape (nets, ...)
        That require gradients.
    start : Tensor, shape (nets, numbers), optional
        Vectors to start from. By default random ones.
    products, first : int
        Hessian-vector products with a start, and without one.

    Returns
    -------
    values, vectors : Tensor, shape (nets,) and (nets, numbers)

    Examples
    --------
    >>> w = torch.tensor([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]], dtype=torch.float64).requires_grad_()
    >>> scale = torch.tensor([[3.0, 1.0, 0.5], [1.0, 5.0, 2.0]], dtype=torch.float64)
    >>> values, _ = top_eigenvalues(lambda: (scale * w**2).sum(1), [w], first=3)
    >>> [round(v, 6) for v in values.tolist()]
    [6.0, 10.0]
    """
    gradient = flat(torch.autograd.grad(losses().sum(), parameters, create_graph=True))
    count = products
    if start is None:
        generator = torch.Generator().manual_seed(0)
        start = torch.randn(gradient.shape, dtype=gradient.dtype, generator=generator)
        count = first
    vector = start / start.norm(dim=1, keepdim=True)
    basis, diagonal, beside = [], [], []
    for _ in range(min(count, gradient.shape[1])):
        basis.append(vector)
        kept = torch.stack(basis, 2)  # (nets, numbers, vectors)
        product = (gradient * vector).sum()
        vector = flat(torch.autograd.grad(product, parameters, retain_graph=True))
        diagonal.append((vector * basis[-1]).sum(1))
        for _ in range(2):  # once leaves rounding behind
            vector = vector - (kept @ (kept.transpose(1, 2) @ vector[:, :, None]))[:, :, 0]
        beside.append(vector.norm(dim=1))
        vector = vector / beside[-1][:, None].clamp_min(torch.finfo(vector.dtype).tiny)
    small = torch.diag_embed(torch.stack(diagonal, 1))
    if len(beside) > 1:
        off = torch.stack(beside[:-1], 1)
        small = small + torch.diag_embed(off, 1) + torch.diag_embed(off, -1)
    values, vectors = torch.linalg.eigh(small)
    return values[:, -1].detach(), (kept @ vectors[:, :, -1:])[:, :, 0].detach()
