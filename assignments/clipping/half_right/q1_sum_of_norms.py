"""Adds the lengths of the tensors instead of their squares."""


def global_norm(gradients):
    return sum(g.double().norm().item() for g in gradients if g is not None) + 0.0
