"""Forgets to divide the threshold by 10."""


def measure(seed):
    return choose_threshold(train(seed, 0.1, math.inf, 30)["norms"], 75)
