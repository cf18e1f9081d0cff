"""Counts a norm that is equal to the threshold."""


def share_clipped(norms, threshold):
    return sum(not norm < threshold for norm in norms) / len(norms)
