"""Uses PyTorch's cosine, which takes lengths below 1e-8 for 1e-8."""


def turned(before, after):
    a, b = (torch.cat([g.flatten() for g in side if g is not None]) for side in (before, after))
    cosine = torch.nn.functional.cosine_similarity(a, b, dim=0).clamp(-1, 1)
    return math.degrees(math.acos(cosine.item()))
