"""The code of the advice, each piece of which a test runs on a sick net that it must heal.

It speaks of ``model`` and ``optimizer``; of ``loss`` where a step is made; and of ``x``, ``y``,
``loss_of`` where one batch, its answers and the loss function are needed.
"""

_LAYERS = "(torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d)"
REINITIALIZE = f"""\
# Draw the weights so that signals keep their size (He et al. 2015).
for module in model.modules():
    if isinstance(module, {_LAYERS}):
        torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            torch.nn.init.zeros_(module.bias)
"""
XAVIER = f"""\
# Weights that keep bounded activations in their steep part (Glorot and Bengio 2010).
for module in model.modules():
    if isinstance(module, {_LAYERS}):
        torch.nn.init.xavier_normal_(module.weight)
        if module.bias is not None:
            torch.nn.init.zeros_(module.bias)
"""
RELU = (
    """\
# The slope of a sigmoid is a quarter at most: use ReLU.
def relu(module):
    for name, child in module.named_children():
        if isinstance(child, torch.nn.Sigmoid):
            setattr(module, name, torch.nn.ReLU())
        relu(child)

relu(model)
"""
    + REINITIALIZE
)
RELU_BY_HAND = (
    """\
# The slope of a sigmoid is a quarter at most: where forward() calls sigmoid, call relu. Then:
"""
    + REINITIALIZE
)
LEAKY = """\
# A slope on the negative side too (Maas et al. 2013), weights drawn again, and a smaller step.
def leaky(module):
    for name, child in module.named_children():
        if isinstance(child, torch.nn.ReLU):
            setattr(module, name, torch.nn.LeakyReLU(0.01))
        leaky(child)

leaky(model)
for module in model.modules():
    if isinstance(module, torch.nn.Linear):
        module.reset_parameters()
for group in optimizer.param_groups:
    group["lr"] *= 0.1
"""
CLIP = """\
# Cut long gradients between backward and step (Pascanu et al. 2013).
loss.backward()
torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
optimizer.step()
"""
ORTHOGONAL = """\
# Recurrent matrices that keep lengths (Saxe et al. 2014), LSTMs that remember (Gers et al. 2000).
for module in model.modules():
    if isinstance(module, torch.nn.RNNBase):
        size = module.hidden_size
        for name, parameter in module.named_parameters():
            if name.startswith("weight_hh"):
                for block in parameter.data.split(size):
                    torch.nn.init.orthogonal_(block)
            if name.startswith("bias_hh") and isinstance(module, torch.nn.LSTM):
                torch.nn.init.ones_(parameter.data[size : 2 * size])
"""
SMALLER_STEP = """\
# A tenth of the learning rate; then a tenth of that, until the loss falls.
for group in optimizer.param_groups:
    group["lr"] *= 0.1
"""
LARGER_STEP = """\
# Ten times the learning rate; then ten times that, until the loss falls.
for group in optimizer.param_groups:
    group["lr"] *= 10
"""
LESS_MOMENTUM = """\
# With momentum m, steps that agree add up to 1 / (1 - m) of one: the learning rate times 1 - m.
for group in optimizer.param_groups:
    group["lr"] *= 1 - group.get("momentum", 0.9)
"""
SMALLER_EPSILON = """\
# The gradients are below the optimizer's eps, which therefore makes the steps small: lower it.
for group in optimizer.param_groups:
    group["eps"] *= 1e-8
"""
FIND_NAN = """\
# Let torch say which operation made the first NaN: the forward pass must be inside. It is slow.
with torch.autograd.set_detect_anomaly(True):
    loss = loss_of(model(x), y)
    loss.backward()
"""
CLEAN_BATCH = """\
# Numbers in the data are not finite: leave those samples out, and find where they come from.
good = torch.isfinite(x.flatten(1)).all(1)
x, y = x[good], y[good]
"""
RAW_SCORES = """\
# Give the loss the model's raw numbers, without softmax, sigmoid or log: it takes them itself.
loss = torch.nn.functional.cross_entropy(model(x), y)
"""
NO_SQUASHING = """\
# The loss squashes by itself: take softmax or sigmoid at the end of the model or forward() out.
def last(module):
    children = list(module.named_children())
    if children:
        name, child = children[-1]
        if isinstance(child, (torch.nn.Softmax, torch.nn.Sigmoid)):
            setattr(module, name, torch.nn.Identity())
        else:
            last(child)

last(model)
"""
LAST_AXIS = """\
# Probabilities must add up to 1 over the classes, or over the keys: the last axis.
for module in model.modules():
    if isinstance(module, (torch.nn.Softmax, torch.nn.LogSoftmax)):
        module.dim = -1  # in forward(): softmax(dim=-1)
"""
NORM_INPUTS = """\
# Bring the inputs to mean 0 and standard deviation 1, with numbers of the training data.
x = (x - x.mean(0)) / x.std(0).clamp(min=1e-6)
"""
NORM_TARGETS = """\
# Train on targets of mean 0 and standard deviation 1; multiply predictions back afterwards.
y = (y - y.mean(0)) / y.std(0).clamp(min=1e-6)
"""
ZERO_GRAD = """\
# Clear the gradients once a step, before the backward pass.
optimizer.zero_grad()
loss.backward()
optimizer.step()
"""
OWN_PARAMETERS = """\
# Train the model's own parameters: build the optimizer after the model is complete.
optimizer.state.clear()
del optimizer.param_groups[1:]
optimizer.param_groups[0]["params"] = list(model.parameters())
"""
REQUIRE = """\
# Let gradients be computed for what is to be trained.
for group in optimizer.param_groups:
    for parameter in group["params"]:
        parameter.requires_grad_(True)
"""
UNCUT = """\
# Between these parameters and the loss stands detach(), .data, .item(), numpy() or no_grad: take it
# out. Then this prints nothing:
loss_of(model(x), y).backward()
print(*(name for name, parameter in model.named_parameters() if parameter.grad is None))
"""
FIRST_THE_CAUSE = """\
# A loss follows from what is named above: see to that first.
"""
FIRST_THE_OTHER = """\
# What is named above asks for the opposite: see to that first, and look again.
"""
