"""Gradient descent and Adam with three ways to hold weights small: L1, L2, and plain decay."""

import torch

from lessons._check import number


class Descent:
    r"""Gradient descent, with momentum if wanted; gradients come from ``.grad``, as in PyTorch.

    .. math::
        w \leftarrow (1 - \eta d)\, w, \qquad
        g \leftarrow g + \lambda_2 w + \lambda_1\,\mathrm{sign}(w), \qquad
        m \leftarrow \mu m + g, \qquad w \leftarrow w - \eta m

    Parameters
    ----------
    parameters : iterable of Tensor
        With ``requires_grad``.
    lr : float
        The rate η, above 0.
    momentum : float
        μ, at least 0.
    l1, l2 : float
        Strengths λ₁ and λ₂ of the penalties λ₁ Σ|w| and ½ λ₂ Σw² in the loss; at least 0.
    decay : float
        Strength d of the decoupled decay, past the gradient; at least 0.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range.

    Examples
    --------
    >>> w = torch.ones(1, requires_grad=True)
    >>> w.grad = torch.zeros(1)
    >>> Descent([w], lr=0.1, l2=0.5).step()
    >>> round(w.item(), 6)
    0.95
    """

    def __init__(self, parameters, lr, *, momentum=0.0, l1=0.0, l2=0.0, decay=0.0):
        self.parameters = list(parameters)
        self.lr = number("lr", lr, above=0)
        self.momentum = number("momentum", momentum, least=0)
        self.l1, self.l2 = number("l1", l1, least=0), number("l2", l2, least=0)
        self.decay = number("decay", decay, least=0)
        self.memory = {}
        self.steps = 0

    @torch.no_grad()
    def step(self):
        """Move each parameter that has a gradient once."""
        self.steps += 1
        for i, w in enumerate(self.parameters):
            if w.grad is None:
                continue
            g = w.grad + self.l2 * w + self.l1 * w.sign()  # the penalties' gradients
            w.mul_(1 - self.lr * self.decay)  # decoupled: the gradient does not hear of it
            w.sub_(self.lr * self._direction(i, g))

    def _direction(self, i, g):
        self.memory[i] = self.momentum * self.memory[i] + g if i in self.memory else g
        return self.memory[i]


class Adam(Descent):
    r"""Adam with the same three ways; with ``decay`` it is AdamW, with ``l2`` PyTorch's ``Adam``.

    The direction is :math:`\hat m / (\sqrt{\hat v} + \epsilon)`: the fading mean of the gradients
    by the root of the fading mean of their squares. What ``l2`` adds to the gradient goes into
    both, and so is divided by the size of the gradients; ``decay`` is not.

    Parameters
    ----------
    parameters, lr, l1, l2, decay
        See :class:`Descent`.
    betas : (float, float)
        How much of the two means is kept in each step; from 0 to below 1.
    eps : float
        ε, above 0.

    References
    ----------
    I. Loshchilov and F. Hutter, Decoupled weight decay regularization, 2019, algorithm 2.

    Examples
    --------
    >>> w = torch.ones(1, requires_grad=True)
    >>> w.grad = torch.zeros(1)
    >>> Adam([w], lr=0.1, decay=0.5).step()
    >>> round(w.item(), 6)
    0.95
    """

    def __init__(
        self, parameters, lr=1e-3, *, betas=(0.9, 0.999), eps=1e-8, l1=0.0, l2=0.0, decay=0.0
    ):
        super().__init__(parameters, lr, l1=l1, l2=l2, decay=decay)
        self.betas = tuple(number("betas", beta, least=0, most=1 - 1e-12) for beta in betas)
        self.eps = number("eps", eps, above=0)

    def _direction(self, i, g):
        (one, two), zero = self.betas, torch.zeros_like(g)
        mean, square = self.memory.get(i, (zero, zero))
        mean = one * mean + (1 - one) * g
        square = two * square + (1 - two) * g.square()
        self.memory[i] = mean, square
        mean, square = mean / (1 - one**self.steps), square / (1 - two**self.steps)
        return mean / (square.sqrt() + self.eps)
