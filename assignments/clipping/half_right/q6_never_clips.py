"""Forgets to clip; the report is right for this train."""


def train(seed, rate, threshold, steps):
    net, x, y = setup(seed)
    weights = list(net.parameters())
    losses, norms = [], []
    for _ in range(steps):
        loss = cross_entropy(net(x), y)
        gradients = torch.autograd.grad(loss, weights)
        losses.append(loss.item())
        norms.append(global_norm(gradients))
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                weight -= rate * gradient
    accuracy = (net(x).argmax(1) == y).double().mean().item()
    return {"losses": losses, "norms": norms, "accuracy": accuracy}
