"""Cuts each tensor by its own norm."""


def clip_by_global_norm(gradients, threshold):
    result = []
    for gradient in gradients:
        if gradient is None:
            result.append(None)
            continue
        norm = gradient.double().norm().item()
        result.append(gradient * (threshold / norm) if norm > threshold else gradient.clone())
    return result
