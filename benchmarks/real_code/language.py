"""Language: nanoGPT, makemore's models, a truncated LSTM, BERT with LoRA, Mamba."""

import math

import torch
from torch import nn
from torch.nn import functional

from benchmarks.real_code.suite import copied, setup, train

VOCABULARY = 27


def text(steps, size=16, length=16, vocabulary=VOCABULARY):
    """Batches of (x, y): each letter follows from the one before, mostly."""
    generator = torch.Generator().manual_seed(1)
    follows = torch.randperm(vocabulary, generator=generator)
    for _ in range(steps):
        x = torch.randint(vocabulary, (size, 1), generator=generator)
        while x.shape[1] <= length:
            noise = torch.randint(vocabulary, (size, 1), generator=generator)
            kept = torch.rand(size, 1, generator=generator) < 0.8
            x = torch.cat([x, torch.where(kept, follows[x[:, -1:]], noise)], 1)
        yield x[:, :-1], x[:, 1:]


def words(steps, size=32, length=12):
    """makemore's batches: words of 3 to ``length`` letters, padded, with targets of -1."""
    generator = torch.Generator().manual_seed(2)
    for x, y in text(steps, size, length):
        ends = torch.randint(3, length, (size, 1), generator=generator).clamp(max=9)
        padding = torch.arange(length) >= ends
        yield x.masked_fill(padding, 0), y.masked_fill(padding, -1)


def next_letter(model, batch):
    """The loss of makemore and nanoGPT: at every place, but for padding."""
    x, y = batch
    return functional.cross_entropy(model(x).flatten(0, 1), y.flatten(), ignore_index=-1)


class Block(nn.Module):
    """A block of nanoGPT: causal attention and an MLP, each after a LayerNorm."""

    def __init__(self, width, heads=2, axis=-1):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.c_attn, self.c_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(0.1)
        )
        self.heads, self.axis = heads, axis

    def attend(self, x):
        size, length, width = x.shape
        q, k, v = (
            part.view(size, length, self.heads, -1).transpose(1, 2)
            for part in self.c_attn(x).split(width, dim=2)
        )
        weights = q @ k.transpose(-2, -1) / math.sqrt(k.shape[-1])
        future = torch.ones(length, length).tril() == 0
        weights = weights.masked_fill(future, -math.inf).softmax(self.axis)
        weights = functional.dropout(weights, 0.1, self.training)
        return self.c_proj((weights @ v).transpose(1, 2).reshape(size, length, width))

    def forward(self, x):
        x = x + self.attend(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    """nanoGPT, with tied embeddings."""

    def __init__(self, width=32, depth=4, length=16, axis=-1, cut=None):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(VOCABULARY, width), nn.Embedding(length, width)
        self.h = nn.ModuleList(Block(width, axis=axis) for _ in range(depth))
        self.ln_f, self.lm_head = nn.LayerNorm(width), nn.Linear(width, VOCABULARY, bias=False)
        self.cut = cut
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)
            if isinstance(module, nn.Linear) and module.bias is not None:
                nn.init.zeros_(module.bias)
        self.wte.weight = self.lm_head.weight

    def forward(self, x):
        x = self.wte(x) + self.wpe(torch.arange(x.shape[1]))
        for place, block in enumerate(self.h):
            x = block(x.detach() if place == self.cut else x)
        return self.lm_head(self.ln_f(x))


@setup("nanoGPT", axis="wrong_axis", cut="no_gradient", large="weights_too_large")
def nanogpt(fault):
    model = GPT(axis=-2 if fault == "axis" else -1)
    if fault == "cut":  # tied weights still learn from the output, so cut behind the first block
        model.wte.weight = nn.Parameter(model.wte.weight.detach().clone())
        model.cut = 2
    if fault == "large":
        nn.init.normal_(model.lm_head.weight, std=4.0)
    decay = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": decay, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95))
    return train(model, optimizer, text(50), next_letter, clip=1.0)


class Bigram(nn.Module):
    """makemore's simplest: a table that begins at 0."""

    def __init__(self):
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(VOCABULARY, VOCABULARY))

    def forward(self, x):
        return self.logits[x]


@setup("makemore bigram", keep="missing_zero_grad", copy="no_gradient")
def bigram(fault):
    model = Bigram()
    parameters = copied(model) if fault == "copy" else model.parameters()
    optimizer = torch.optim.AdamW(parameters, lr=5e-3, weight_decay=0.01)
    return train(model, optimizer, words(50), next_letter, zero=fault != "keep")


class Letters(nn.Module):
    """makemore's MLP: embed three letters, one tanh layer."""

    def __init__(self, width=64):
        super().__init__()
        self.embed, self.hidden = nn.Embedding(VOCABULARY, 10), nn.Linear(30, width)
        self.output = nn.Linear(width, VOCABULARY)

    def forward(self, x):
        return self.output(torch.tanh(self.hidden(self.embed(x).flatten(1))))


@setup("makemore MLP", large="weights_too_large", twice="squashed_logits")
def letters(fault):
    model = Letters()
    if fault == "large":  # worse than in the lecture before it mends this
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=3.0)

    def loss_of(model, batch):
        scores = model(batch[0][:, -3:])
        return functional.cross_entropy(
            scores.softmax(1) if fault == "twice" else scores, batch[1][:, -1]
        )

    return train(model, torch.optim.SGD(model.parameters(), lr=0.1), text(60), loss_of)


class Recurrent(nn.Module):
    """makemore's RNN and GRU: a cell of one's own in a loop over the places."""

    def __init__(self, gated, width=32):
        super().__init__()
        self.start, self.wte = nn.Parameter(torch.zeros(1, width)), nn.Embedding(VOCABULARY, width)
        self.cell = nn.Linear(2 * width, width)
        if gated:
            self.reset, self.update = nn.Linear(2 * width, width), nn.Linear(2 * width, width)
        self.gated, self.lm_head = gated, nn.Linear(width, VOCABULARY)

    def step(self, x, h):
        both = torch.cat([x, h], 1)
        if not self.gated:
            return torch.tanh(self.cell(both))
        r, z = torch.sigmoid(self.reset(both)), torch.sigmoid(self.update(both))
        return (1 - z) * h + z * torch.tanh(self.cell(torch.cat([x, r * h], 1)))

    def forward(self, x):
        h, states = self.start.expand(len(x), -1), []
        for t in range(x.shape[1]):
            h = self.step(self.wte(x[:, t]), h)
            states.append(h)
        return self.lm_head(torch.stack(states, 1))


@setup("makemore RNN", fast="step_too_large", cut="no_gradient")
def rnn(fault):
    model = Recurrent(gated=False)
    if fault == "cut":
        model.wte.register_forward_hook(lambda module, inputs, output: output.detach())
    optimizer = torch.optim.AdamW(model.parameters(), lr=5 if fault == "fast" else 5e-3)
    return train(model, optimizer, words(50), next_letter)


@setup("makemore GRU", keep="missing_zero_grad", slow="step_too_small")
def gru(fault):
    model = Recurrent(gated=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-9 if fault == "slow" else 5e-3)
    return train(model, optimizer, words(40), next_letter, zero=fault != "keep")


class Words(nn.Module):
    """The LSTM of pytorch/examples' word_language_model."""

    def __init__(self, width=32):
        super().__init__()
        self.encoder, self.drop = nn.Embedding(VOCABULARY, width), nn.Dropout(0.2)
        self.rnn, self.decoder = nn.LSTM(width, width, 2, dropout=0.2), nn.Linear(width, VOCABULARY)
        for part in (self.encoder, self.decoder):
            nn.init.uniform_(part.weight, -0.1, 0.1)

    def forward(self, x, state):
        output, state = self.rnn(self.drop(self.encoder(x)), state)
        return functional.log_softmax(self.decoder(self.drop(output)).flatten(0, 1), 1), state


@setup("word_language_model", nan="non_finite", slow="step_too_small")
def truncated(fault):
    """Truncated backpropagation: the state goes on, its graph does not."""
    model = Words()
    carried = [None]

    def loss_of(model, batch):
        place, (x, y) = batch
        state = carried[0] and tuple(part.detach() for part in carried[0])
        scores, carried[0] = model(x.T, state)
        if fault == "nan" and place == 23:
            scores = (scores - scores.max() - 1e-3).abs().log() * 0 + torch.log(scores.exp() * 0)
        return functional.nll_loss(scores, y.T.flatten())

    optimizer = torch.optim.SGD(model.parameters(), lr=1e-7 if fault == "slow" else 5.0)
    return train(model, optimizer, enumerate(text(40)), loss_of, clip=0.25)


class Bert(nn.Module):
    """An encoder whose pooler nobody uses, and a head for each token."""

    def __init__(self, width=32, depth=3):
        super().__init__()
        self.embeddings = nn.Embedding(VOCABULARY, width)
        layer = nn.TransformerEncoderLayer(width, 2, 64, 0.1, "gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth)
        self.pooler, self.classifier = nn.Linear(width, width), nn.Linear(width, VOCABULARY)

    def forward(self, x):
        states = self.encoder(self.embeddings(x))
        self.pooled = torch.tanh(self.pooler(states[:, 0]))
        return self.classifier(states)


@setup("BERT, an unused pooler", fast="step_too_large", twice="squashed_logits")
def bert(fault):
    model = Bert()
    rate = 1.0 if fault == "fast" else 5e-4
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)

    def loss_of(model, batch):
        step, (x, y) = batch
        optimizer.param_groups[0]["lr"] = rate * min(1.0, (step + 1) / 5)
        scores = model(x).flatten(0, 1)
        scores = scores.softmax(1) if fault == "twice" else scores
        return functional.cross_entropy(scores, y.flatten())

    return train(model, optimizer, enumerate(text(40, length=8)), loss_of, clip=1.0)


class LoRA(nn.Module):
    """A frozen linear layer and a change of low rank that begins at 0."""

    def __init__(self, linear, rank=4):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.A = nn.Parameter(torch.randn(rank, linear.in_features) / math.sqrt(rank))
        self.B = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, x):
        return self.linear(x) + (x @ self.A.T) @ self.B.T * 2


@setup("LoRA", fast="step_too_large", keep="missing_zero_grad")
def lora(fault):
    model = GPT(depth=3)
    model.requires_grad_(False)
    for block in model.h:
        block.c_attn, block.mlp[0] = LoRA(block.c_attn), LoRA(block.mlp[0])
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=30.0 if fault == "fast" else 1e-3)
    return train(model, optimizer, text(50), next_letter, zero=fault != "keep")


class Mamba(nn.Module):
    """A selective state space, scanned in a loop."""

    def __init__(self, width=16, states=4):
        super().__init__()
        self.embed, self.norm = nn.Embedding(VOCABULARY, width), nn.LayerNorm(width)
        self.inner, self.dt = nn.Linear(width, 2 * width), nn.Linear(width, width)
        self.bc, self.out = nn.Linear(width, 2 * states), nn.Linear(width, width)
        self.A_log = nn.Parameter(torch.arange(1.0, states + 1).repeat(width, 1).log())
        self.head, self.broken = nn.Linear(width, VOCABULARY), False

    def forward(self, x):
        residual = self.embed(x)
        u, gate = self.inner(self.norm(residual)).chunk(2, -1)
        dt, (b, c) = functional.softplus(self.dt(u)), self.bc(u).chunk(2, -1)
        h, found = torch.zeros(len(x), *self.A_log.shape), []
        for t in range(x.shape[1]):
            decay = torch.exp(-dt[:, t, :, None] * self.A_log.exp())
            h = decay * h + (dt[:, t] * u[:, t])[:, :, None] * b[:, t, None]
            found.append((h * c[:, t, None]).sum(-1))
        y = torch.stack(found, 1) * functional.silu(gate)
        if self.broken:
            y = y / y.relu().sum(-1, keepdim=True).mul(0)
        return self.head(residual + self.out(y))


@setup("Mamba", nan="non_finite", keep="missing_zero_grad")
def mamba(fault):
    model = Mamba()

    def loss_of(model, batch):
        place, batch = batch
        model.broken = fault == "nan" and place == 13
        return next_letter(model, batch)

    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    batches = enumerate(text(30, length=8))
    return train(model, optimizer, batches, loss_of, zero=fault != "keep", clip=1.0)
