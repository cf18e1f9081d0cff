"""Squares in float32, so that large elements overflow and small ones vanish."""


def global_norm(gradients):
    return math.sqrt(sum(g.square().sum().item() for g in gradients if g is not None))
