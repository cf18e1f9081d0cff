"""Calls PyTorch's own clipping on copies."""


def clip_by_global_norm(gradients, threshold):
    weights = [None if g is None else torch.nn.Parameter(g.clone()) for g in gradients]
    for weight, gradient in zip(weights, gradients, strict=True):
        if weight is not None:
            weight.grad = gradient.clone()
    torch.nn.utils.clip_grad_norm_([w for w in weights if w is not None], threshold)
    return [None if w is None else w.grad for w in weights]
