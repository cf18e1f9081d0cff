"""Tables, curves and games: regression, recommender, LBFGS, reinforcement learning, flows."""

import itertools
import math

import torch
from torch import nn
from torch.distributions import Categorical
from torch.nn import functional

from benchmarks.real_code.suite import copied, setup, train
from lessons.monitor import Monitor


def table(steps, size=64):
    """Batches of (x, y): a curved function of eight columns, normed."""
    generator = torch.Generator().manual_seed(4)
    for _ in range(steps):
        x = torch.randn(size, 8, generator=generator)
        yield x, (x[:, :1] * x[:, 1:2] + x[:, 2:3].sin()) + 0.1


def perceptron(activation=nn.ReLU, depth=3, width=32, inputs=8, outputs=1):
    """A plain net."""
    layers, sizes = [], [inputs] + [width] * (depth - 1)
    for a, b in itertools.pairwise(sizes):
        layers += [nn.Linear(a, b), activation()]
    return nn.Sequential(*layers, nn.Linear(width, outputs))


@setup("house prices", targets="targets_too_large", inputs="inputs_too_large")
def prices(fault):
    model = perceptron()

    def loss_of(model, batch):
        x, y = batch
        if fault == "targets":
            y = 2e5 + 5e4 * y
        if fault == "inputs":
            x = 1e4 * x
        return functional.mse_loss(model(x), y)

    return train(model, torch.optim.Adam(model.parameters(), lr=1e-3), table(60), loss_of)


class Recommender(nn.Module):
    """Factors of users and things, and their biases."""

    def __init__(self):
        super().__init__()
        self.user, self.thing = nn.Embedding(50, 8), nn.Embedding(40, 8)
        self.bias = nn.Embedding(50, 1)
        for part in (self.user, self.thing):
            nn.init.normal_(part.weight, std=0.1)
        nn.init.zeros_(self.bias.weight)

    def forward(self, u, t):
        return (self.user(u) * self.thing(t)).sum(1) + self.bias(u)[:, 0]


@setup("recommender", copy="no_gradient", keep="missing_zero_grad")
def recommender(fault):
    model, generator = Recommender(), torch.Generator().manual_seed(5)

    def batches():
        for _ in range(50):
            u = torch.randint(50, (64,), generator=generator)
            t = torch.randint(40, (64,), generator=generator)
            yield u, t, ((u + t) % 5).float() - 2

    def loss_of(model, batch):
        u, t, rating = batch
        return (model(u, t) - rating).pow(2).mean()

    parameters = copied(model) if fault == "copy" else model.parameters()
    optimizer = torch.optim.Adam(parameters, lr=0.01)
    return train(model, optimizer, batches(), loss_of, zero=fault != "keep")


class Waves(nn.Module):
    """pytorch/examples' time_sequence_prediction: two LSTM cells in a loop."""

    def __init__(self, width=16):
        super().__init__()
        self.lstm1, self.lstm2 = nn.LSTMCell(1, width), nn.LSTMCell(width, width)
        self.linear = nn.Linear(width, 1)

    def forward(self, x):
        states, outputs = [None, None], []
        for t in range(x.shape[1]):
            states[0] = self.lstm1(x[:, t : t + 1], states[0])
            states[1] = self.lstm2(states[0][0], states[1])
            outputs.append(self.linear(states[1][0]))
        return torch.cat(outputs, 1)


@setup("time_sequence_prediction", huge="targets_too_large", copy="no_gradient")
def waves(fault):
    """L-BFGS, whose closure is called many times in a step."""
    model = Waves().double()
    t = torch.arange(20.0).double() + 5 * torch.arange(12)[:, None]
    data = (t / 3).sin() * (1e4 if fault == "huge" else 1)
    parameters = copied(model) if fault == "copy" else model.parameters()
    optimizer = torch.optim.LBFGS(parameters, lr=0.8, max_iter=4)
    with Monitor(model, optimizer) as monitor:
        for _ in range(6):

            def closure():
                optimizer.zero_grad()
                loss = functional.mse_loss(model(data[:, :-1] / data.max()), data[:, 1:])
                loss.backward()
                return loss

            optimizer.step(closure)
    return monitor


class Policy(nn.Module):
    """pytorch/examples' actor_critic: one body, two heads."""

    def __init__(self):
        super().__init__()
        self.affine1, self.dropout = nn.Linear(4, 64), nn.Dropout(0.2)
        self.action_head, self.value_head = nn.Linear(64, 2), nn.Linear(64, 1)

    def forward(self, x):
        x = functional.relu(self.dropout(self.affine1(x)))
        return functional.softmax(self.action_head(x), dim=-1), self.value_head(x)


def episode(model, generator, most=15):
    """Play a game: push a point back to 0. Return log probabilities, values and normed returns."""
    state, logs, values, rewards = torch.randn(4, generator=generator), [], [], []
    for _ in range(most):
        chances, value = model(state)
        choice = Categorical(chances)
        action = choice.sample()
        logs.append(choice.log_prob(action))
        values.append(value[0])
        state = 0.95 * state + (action.item() * 2 - 1) * torch.tensor([0.1, 0.0, 0.1, 0.0])
        state = state + 0.05 * torch.randn(4, generator=generator)
        rewards.append(-state[0].abs().item())
    total, returns = 0.0, []
    for reward in rewards[::-1]:
        total = reward + 0.99 * total
        returns.insert(0, total)
    returns = torch.tensor(returns)
    return logs, values, (returns - returns.mean()) / (returns.std() + 1e-6)


def play(fault, loss_of, rate):
    """Train a policy; its loss means nothing, and the monitor is told so."""
    model, generator = Policy(), torch.Generator().manual_seed(6)
    parameters = copied(model) if fault == "copy" else model.parameters()
    rate = 1e3 if fault == "fast" else rate
    optimizer = torch.optim.Adam(parameters, lr=rate)
    with Monitor(model, optimizer, losses="none") as monitor:
        for _ in range(40):
            loss = loss_of(*episode(model, generator))
            if fault != "keep":
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return monitor


@setup("REINFORCE", copy="no_gradient", fast="step_too_large")
def reinforce(fault):
    def loss_of(logs, values, returns):
        return torch.stack([-log * value for log, value in zip(logs, returns, strict=True)]).sum()

    return play(fault, loss_of, 1e-2)


@setup("actor-critic", keep="missing_zero_grad", fast="step_too_large")
def actor_critic(fault):
    def loss_of(logs, values, returns):
        pairs = list(zip(logs, values, returns, strict=True))
        policy = torch.stack([-log * (r - v.item()) for log, v, r in pairs]).sum()
        return policy + torch.stack([functional.smooth_l1_loss(v, r) for _, v, r in pairs]).sum()

    return play(fault, loss_of, 3e-2)


@setup("mixture density net", log="non_finite", slow="step_too_small")
def mixture(fault):
    """The negative logarithm of a density goes below 0; nothing is wrong with that."""
    model = perceptron(nn.Tanh, inputs=8, outputs=9)

    def loss_of(model, batch):
        place, (x, y) = batch
        weight, mean, spread = model(x).chunk(3, 1)
        each = -0.5 * ((y * 0.1 - mean) / spread.exp()).square() - spread - 0.9189
        if fault == "log" and place == 17:
            return -(weight.softmax(1) * (each - 200).exp()).sum(1).log().mean()
        return -torch.logsumexp(weight.log_softmax(1) + each, 1).mean()

    optimizer = torch.optim.Adam(model.parameters(), lr=1e-9 if fault == "slow" else 1e-3)
    return train(model, optimizer, enumerate(table(60)), loss_of)


@setup(
    "deep perceptron",
    sigmoid="vanishing vanishing_signals",
    large="exploding_signals exploding non_finite",
)
def deep(fault):
    model = perceptron(nn.Sigmoid if fault == "sigmoid" else nn.ReLU, 14, 32, 8, 3)
    for module in model:
        if isinstance(module, nn.Linear) and fault != "sigmoid":
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            nn.init.zeros_(module.bias)
            module.weight.data *= 3 if fault == "large" else 1

    def loss_of(model, batch):
        x = batch[0]
        return functional.cross_entropy(model(x), x[:, :3].argmax(1))

    return train(model, torch.optim.SGD(model.parameters(), lr=0.02), table(80), loss_of)


class Recall(nn.Module):
    """Answers what the first symbol of a sequence was."""

    def __init__(self, gain):
        super().__init__()
        self.rnn, self.head = nn.RNN(4, 32, batch_first=True), nn.Linear(32, 4)
        nn.init.orthogonal_(self.rnn.weight_hh_l0, gain)

    def forward(self, x):
        return self.head(self.rnn(x)[0][:, -1])


@setup("recall", fades="vanishing_through_time", bursts="exploding_through_time weights_too_large")
def recall(fault):
    model = Recall(0.3 if fault == "fades" else 1.0)
    if fault == "bursts":  # ReLU, so that nothing saturates
        model.rnn = nn.RNN(4, 32, batch_first=True, nonlinearity="relu")
        nn.init.orthogonal_(model.rnn.weight_hh_l0, 6.0)
    generator = torch.Generator().manual_seed(7)

    def batches():
        for _ in range(60):
            symbols = torch.randint(4, (64, 20), generator=generator)
            yield functional.one_hot(symbols, 4).float(), symbols[:, 0]

    def loss_of(model, batch):
        return functional.cross_entropy(model(batch[0]), batch[1])

    return train(model, torch.optim.Adam(model.parameters(), lr=1e-3), batches(), loss_of)


@setup("tabular classifier", nan="non_finite", binary="squashed_logits")
def tabular(fault):
    """One column holds a missing value; or a sigmoid stands before the loss that has its own."""
    model = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 1))

    def loss_of(model, batch):
        place, (x, _) = batch
        answer = (x[:, :1] > x[:, 1:2]).float()
        if fault == "nan" and place == 12:
            x = x.clone()
            x[3, 2] = math.nan
        scores = model(x)
        scores = scores.sigmoid() if fault == "binary" else scores
        return functional.binary_cross_entropy_with_logits(scores, answer)

    return train(
        model, torch.optim.Adam(model.parameters(), lr=3e-3), enumerate(table(40)), loss_of
    )
