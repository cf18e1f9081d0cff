"""Pictures: pytorch/examples (MNIST, VAE, DCGAN, super resolution), timm's nets, DDPM, SimSiam."""

import torch
from torch import nn
from torch.nn import functional

from benchmarks.real_code.suite import copied, setup, train
from lessons.monitor import Monitor


def pictures(steps, size=32, side=8, classes=10):
    """Batches of (x, y): the class is where a bright bar lies, under noise."""
    generator = torch.Generator().manual_seed(3)
    for _ in range(steps):
        y = torch.randint(classes, (size,), generator=generator)
        x = 0.5 * torch.randn(size, 1, side, side, generator=generator)
        for place, label in enumerate(y.tolist()):
            row = label % side
            if label < side:
                x[place, 0, row] += 2
            else:
                x[place, 0, :, row] += 2
        yield x, y


class Mnist(nn.Module):
    """The net of pytorch/examples' mnist."""

    def __init__(self, axis=1, logarithm=True):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 3), nn.Conv2d(8, 16, 3)
        self.dropout1, self.dropout2 = nn.Dropout(0.25), nn.Dropout(0.5)
        self.fc1, self.fc2 = nn.Linear(64, 32), nn.Linear(32, 10)
        self.axis, self.logarithm = axis, logarithm

    def forward(self, x):
        x = functional.relu(self.conv2(functional.relu(self.conv1(x))))
        x = self.dropout1(functional.max_pool2d(x, 2)).flatten(1)
        x = self.fc2(self.dropout2(functional.relu(self.fc1(x))))
        return functional.log_softmax(x, self.axis) if self.logarithm else x


@setup("mnist", axis="wrong_axis", raw="raw_logits")
def mnist(fault):
    model = Mnist(axis=0 if fault == "axis" else 1, logarithm=fault != "raw")

    def loss_of(model, batch):
        return functional.nll_loss(model(batch[0]), batch[1])

    return train(model, torch.optim.Adadelta(model.parameters(), lr=1.0), pictures(60), loss_of)


class VAE(nn.Module):
    """The variational autoencoder of pytorch/examples."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(64, 32), nn.Linear(32, 4), nn.Linear(32, 4)
        self.fc3, self.fc4 = nn.Linear(4, 32), nn.Linear(32, 64)

    def forward(self, x, cut=False):
        h = functional.relu(self.fc1(x))
        mean, log_variance = self.fc21(h), self.fc22(h)
        z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        z = z.detach() if cut else z
        return torch.sigmoid(self.fc4(functional.relu(self.fc3(z)))), mean, log_variance


@setup("vae", log="non_finite", copy="no_gradient")
def vae(fault):
    model = VAE()

    def loss_of(model, batch):
        place, (x, _) = batch
        x = x.flatten(1).clamp(0, 1)
        y, mean, log_variance = model(x)
        kl = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()
        if fault == "log" and place >= 15:  # one's own cross-entropy, without an epsilon
            y = y.round()
            return -(x * y.log() + (1 - x) * (1 - y).log()).sum() + kl
        return functional.binary_cross_entropy(y, x, reduction="sum") + kl

    parameters = copied(model) if fault == "copy" else model.parameters()
    return train(model, torch.optim.Adam(parameters, lr=1e-3), enumerate(pictures(40)), loss_of)


def generator():
    """The generator of a small DCGAN."""
    return nn.Sequential(
        nn.ConvTranspose2d(8, 16, 2, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        nn.ConvTranspose2d(16, 8, 4, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        nn.ConvTranspose2d(8, 1, 4, 2, 1, bias=False), nn.Tanh(),
    )  # fmt: skip


def discriminator():
    """The discriminator of a small DCGAN."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 4, 2, 1, bias=False), nn.LeakyReLU(0.2),
        nn.Conv2d(8, 16, 4, 2, 1, bias=False), nn.BatchNorm2d(16), nn.LeakyReLU(0.2),
        nn.Conv2d(16, 1, 2, bias=False), nn.Sigmoid(), nn.Flatten(0),
    )  # fmt: skip


@setup("dcgan", cut="no_gradient", fast="step_too_large")
def dcgan(fault):
    net_g, net_d = generator(), discriminator()
    for module in [*net_g.modules(), *net_d.modules()]:
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0.0, 0.02)
    rate = 10.0 if fault == "fast" else 2e-4
    optimizer_d = torch.optim.Adam(net_d.parameters(), lr=rate, betas=(0.5, 0.999))
    optimizer_g = torch.optim.Adam(net_g.parameters(), lr=rate, betas=(0.5, 0.999))
    criterion = nn.BCELoss()
    with Monitor({"G": net_g, "D": net_d}, [optimizer_d, optimizer_g]) as monitor:
        for real, _ in pictures(40):
            net_d.zero_grad()
            criterion(net_d(real.tanh()), torch.ones(len(real))).backward()
            fake = net_g(torch.randn(len(real), 8, 1, 1))
            criterion(net_d(fake.detach()), torch.zeros(len(real))).backward()
            optimizer_d.step()
            net_g.zero_grad()
            answer = net_d(fake.detach() if fault == "cut" else fake)
            criterion(answer, torch.ones(len(real))).backward()
            optimizer_g.step()
    return monitor


class Sharpen(nn.Module):
    """The net of pytorch/examples' super_resolution."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 16, 5, padding=2), nn.Conv2d(16, 16, 3, padding=1)
        self.conv3, self.conv4 = nn.Conv2d(16, 8, 3, padding=1), nn.Conv2d(8, 4, 3, padding=1)
        self.relu, self.shuffle = nn.ReLU(), nn.PixelShuffle(2)
        for conv in (self.conv1, self.conv2, self.conv3):
            nn.init.orthogonal_(conv.weight, nn.init.calculate_gain("relu"))
        nn.init.orthogonal_(self.conv4.weight)

    def forward(self, x):
        for conv in (self.conv1, self.conv2, self.conv3):
            x = self.relu(conv(x))
        return self.shuffle(self.conv4(x))


@setup("super_resolution", dead="dead_units", huge="targets_too_large")
def super_resolution(fault):
    model = Sharpen()
    if fault == "dead":
        nn.init.constant_(model.conv2.bias, -50.0)

    def loss_of(model, batch):
        target = batch[0].sigmoid() * (65535 if fault == "huge" else 1)
        small = functional.avg_pool2d(batch[0].sigmoid(), 2)
        return functional.mse_loss(model(small), target)

    return train(model, torch.optim.Adam(model.parameters(), lr=1e-2), pictures(40), loss_of)


class BasicBlock(nn.Module):
    """A residual block whose last scale begins at 0, as timm and Goyal et al. (2017) have it."""

    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        nn.init.zeros_(self.bn2.weight)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(x + self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))


def resnet(width=8, depth=4):
    """A small residual net."""
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True),
        *(BasicBlock(width) for _ in range(depth)),
        nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16 * width, 10),
    )  # fmt: skip


def classify(model, batch):
    """Cross-entropy."""
    return functional.cross_entropy(model(batch[0]), batch[1])


@setup("timm ResNet", keep="missing_zero_grad", slow="step_too_small")
def timm_resnet(fault):
    model = resnet()
    rate = 1e-8 if fault == "slow" else 0.05
    optimizer = torch.optim.SGD(
        model.parameters(), rate, momentum=0.9, nesterov=True, weight_decay=1e-4
    )
    return train(model, optimizer, pictures(40), classify, zero=fault != "keep")


class ViT(nn.Module):
    """timm's vision transformer, small."""

    def __init__(self, width=32, depth=3):
        super().__init__()
        self.patch_embed, self.head = nn.Conv2d(1, width, 2, 2), nn.Linear(width, 10)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(0.02 * torch.randn(1, 17, width))
        layer = nn.TransformerEncoderLayer(
            width, 2, 64, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


@setup("timm ViT", twice="squashed_logits", fast="step_too_large")
def vit(fault):
    model = ViT()
    rate = 1.0 if fault == "fast" else 1e-3
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.05)

    def loss_of(model, batch):
        scores = model(batch[0])
        scores = scores.softmax(-1) if fault == "twice" else scores
        return functional.cross_entropy(scores, batch[1], label_smoothing=0.0)

    return train(model, optimizer, pictures(40), loss_of)


class Denoiser(nn.Module):
    """Predicts the noise in a picture, given how much there is; its last layer begins at 0."""

    def __init__(self, width=64):
        super().__init__()
        self.time, self.first = nn.Embedding(50, width), nn.Linear(64, width)
        self.middle = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.last = nn.Linear(width, 64)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x, t):
        h = self.first(x) + self.time(t)
        for norm, layer in zip(self.norms, self.middle, strict=True):
            h = h + functional.silu(layer(norm(h)))
        return self.last(h)


@setup("DDPM", nan="non_finite", copy="no_gradient")
def ddpm(fault):
    model = Denoiser()
    kept = torch.cumprod(1 - torch.linspace(1e-4, 0.1, 50), 0)
    if fault == "nan":
        kept = kept - 0.08  # below 0 at the end: the root of it is not a number

    def loss_of(model, batch):
        x, t = batch[0].flatten(1), torch.randint(50, (len(batch[0]),))
        noise, a = torch.randn_like(x), kept[t, None]
        return functional.mse_loss(model(a.sqrt() * x + (1 - a).sqrt() * noise, t), noise)

    parameters = copied(model) if fault == "copy" else model.parameters()
    return train(model, torch.optim.AdamW(parameters, lr=1e-3), pictures(40), loss_of)


class SimSiam(nn.Module):
    """Two views of a picture; one side's gradient is stopped on purpose."""

    def __init__(self, width=32):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(64, width), nn.BatchNorm1d(width), nn.ReLU(),
            nn.Linear(width, width), nn.BatchNorm1d(width, affine=False),
        )  # fmt: skip
        self.predictor = nn.Sequential(nn.Linear(width, 16), nn.ReLU(), nn.Linear(16, width))

    def forward(self, a, b):
        z1, z2 = self.encoder(a), self.encoder(b)
        return self.predictor(z1), self.predictor(z2), z1.detach(), z2.detach()


@setup("SimSiam", keep="missing_zero_grad", fast="step_too_large")
def simsiam(fault):
    model = SimSiam()

    def loss_of(model, batch):
        views = (batch[0] + 0.3 * torch.randn_like(batch[0]) for _ in range(2))
        p1, p2, z1, z2 = model(*views)
        near = functional.cosine_similarity
        return -(near(p1, z2).mean() + near(p2, z1).mean()) / 2

    rate = 1e4 if fault == "fast" else 0.05
    optimizer = torch.optim.SGD(model.parameters(), rate, momentum=0.9)
    return train(model, optimizer, pictures(40), loss_of, zero=fault != "keep")


class AutoEncoder(nn.Module):
    """The autoencoder of Lightning's first page."""

    def __init__(self, cut=False):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 3))
        self.decoder, self.cut = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 64)), cut

    def forward(self, x):
        z = self.encoder(x)
        return self.decoder(z.detach() if self.cut else z)


@setup("autoencoder", cut="no_gradient", slow="step_too_small")
def autoencoder(fault):
    model = AutoEncoder(cut=fault == "cut")

    def loss_of(model, batch):
        x = batch[0].flatten(1)
        return functional.mse_loss(model(x), x)

    optimizer = torch.optim.Adam(model.parameters(), lr=1e-9 if fault == "slow" else 1e-3)
    return train(model, optimizer, pictures(40), loss_of)


@setup("accumulation with bfloat16", keep="missing_zero_grad", fast="step_too_large")
def accumulation(fault):
    """Four micro-batches to a step, under autocast, with a scaler that is turned off."""
    model = resnet(depth=2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3.0 if fault == "fast" else 3e-3)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    with Monitor(model, optimizer) as monitor:
        for place, (x, y) in enumerate(pictures(120, size=16)):
            with torch.autocast("cpu", torch.bfloat16):
                loss = functional.cross_entropy(model(x), y) / 4
            scaler.scale(loss).backward()
            if place % 4 == 3:
                scaler.step(optimizer)
                scaler.update()
                if fault != "keep":
                    optimizer.zero_grad()
    return monitor
