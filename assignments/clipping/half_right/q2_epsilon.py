"""Adds 1e-6 to the norm, as PyTorch does."""


def clip_by_global_norm(gradients, threshold):
    norm = global_norm(gradients)
    if not math.isfinite(norm):
        return [None if g is None else torch.zeros_like(g) for g in gradients]
    factor = min(1.0, threshold / (norm + 1e-6))
    return [None if g is None else g * factor for g in gradients]
