"""Singular values of a net's end-to-end Jacobian, and the largest eigenvalue of its Hessian."""

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh

from lessons._check import integer
from lessons._threads import one_thread


@one_thread()
def jacobian_singular_values(network, inputs):
    """Return the singular values of the Jacobian from input to output, at each sample.

    Parameters
    ----------
    network : nn.Module
        Maps (batch, inputs) to (batch, outputs), each sample for itself.
    inputs : Tensor, shape (batch, inputs)

    Returns
    -------
    Tensor of float64, shape (batch, min(inputs, outputs))
        The largest first.

    Raises
    ------
    ValueError
        If ``inputs`` is no batch of vectors.

    References
    ----------
    Saxe, McClelland and Ganguli, 2014; Pennington, Schoenholz and Ganguli, 2017.

    Examples
    --------
    >>> net = torch.nn.Linear(2, 2, bias=False)
    >>> _ = net.weight.data.copy_(torch.diag(torch.tensor([3.0, 0.5])))
    >>> jacobian_singular_values(net, torch.zeros(1, 2))
    tensor([[3.0000, 0.5000]], dtype=torch.float64)
    """
    if not isinstance(inputs, torch.Tensor) or inputs.ndim != 2 or len(inputs) == 0:
        shape = tuple(getattr(inputs, "shape", ())) or type(inputs).__name__
        raise ValueError(f"inputs is {shape}; expected a Tensor of shape (batch, inputs).")

    def one(x):
        return network(x[None])[0]

    jacobians = torch.func.vmap(torch.func.jacrev(one))(inputs).detach()
    return torch.linalg.svdvals(jacobians.double())


@one_thread()
def top_hessian_eigenvalue(loss, parameters, *, seed=0):
    r"""Return the largest eigenvalue of the Hessian of a loss: its curvature where it is steepest.

    Gradient descent with rate η is stable on a quadratic loss while it is below 2/η; with
    momentum μ while it is below :math:`2(1 + \mu)/\eta`.

    Parameters
    ----------
    loss : callable
        ``loss()`` computes the loss, a tensor of no dimension, from the parameters.
    parameters : iterable of Tensor
        That require gradients.
    seed : int
        Of the first vector.

    Returns
    -------
    float

    Notes
    -----
    Lanczos' method (``scipy.sparse.linalg.eigsh``): power iteration that keeps all its vectors.
    Each step needs one Hessian-vector product, as costly as two gradients; no matrix is built.

    Raises
    ------
    ValueError
        If there are no parameters.

    References
    ----------
    Pearlmutter, 1994, Fast exact multiplication by the Hessian; Cohen et al., 2021.

    Examples
    --------
    >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> value = top_hessian_eigenvalue(lambda: 3 * w[0] ** 2 + w[1] ** 2, [w])
    >>> round(value, 4)
    6.0
    """
    parameters = list(parameters)
    size = sum(p.numel() for p in parameters)
    if size == 0:
        raise ValueError("parameters is empty; expected at least one tensor with gradients.")
    gradients = torch.autograd.grad(loss(), parameters, create_graph=True)
    gradient = torch.cat([g.reshape(-1) for g in gradients])

    def product(vector):
        v = torch.as_tensor(np.asarray(vector).ravel(), dtype=gradient.dtype)
        if not gradient.requires_grad:  # a linear loss
            return np.zeros(size)
        found = torch.autograd.grad(gradient @ v, parameters, retain_graph=True, allow_unused=True)
        parts = [
            torch.zeros(p.numel()) if g is None else g.reshape(-1)
            for p, g in zip(parameters, found, strict=True)
        ]
        return torch.cat(parts).double().numpy()

    if size <= 3:  # too small for Lanczos
        matrix = np.stack([product(row) for row in np.eye(size)])
        return float(np.linalg.eigvalsh(matrix)[-1])
    start = np.random.default_rng(integer("seed", seed, least=0)).standard_normal(size)
    operator = LinearOperator((size, size), matvec=product, dtype=np.float64)
    (value,) = eigsh(operator, k=1, which="LA", v0=start, tol=1e-4, return_eigenvectors=False)
    return float(value)
