"""Does not look for inf and nan."""


def choose_threshold(norms, percent):
    return torch.tensor(norms, dtype=torch.float64).quantile(percent / 100).item()


def share_clipped(norms, threshold):
    return sum(norm > threshold for norm in norms) / len(norms)
