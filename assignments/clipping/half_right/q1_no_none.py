"""Forgets that an entry may be None."""


def global_norm(gradients):
    return math.sqrt(sum(g.double().square().sum().item() for g in gradients))
