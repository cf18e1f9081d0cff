"""Makes short gradients longer, too."""


def clip_by_global_norm(gradients, threshold):
    norm = global_norm(gradients)
    if not math.isfinite(norm):
        return [None if g is None else torch.zeros_like(g) for g in gradients]
    return [None if g is None else g * (threshold / norm) for g in gradients]
