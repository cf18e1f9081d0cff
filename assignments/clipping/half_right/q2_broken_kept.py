"""Does not look for inf and nan."""


def clip_by_global_norm(gradients, threshold):
    norm = global_norm(gradients)
    factor = threshold / norm if norm > threshold else 1.0
    return [None if g is None else g * factor for g in gradients]
