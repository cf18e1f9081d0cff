"""What to try first for each kind of finding, as code that runs, and where to read on.

The code speaks of ``model``, ``optimizer`` and, where a step is made, of ``loss``.
"""

from dataclasses import dataclass

from lessons.fixes import FIXES


@dataclass(frozen=True)
class Advice:
    """Code to try, and the name of the fix in the course's index; None if no fix is for it."""

    code: str
    fix: str | None = None

    @property
    def chapter(self) -> str:
        """The chapter that measures the fix, or the one that finds the causes."""
        return CHAPTER if self.fix is None else FIXES[self.fix].chapter


REINITIALIZE = """\
# Draw the weights so that signals keep their size (He et al. 2015).
for module in model.modules():
    if isinstance(module, (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d)):
        torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
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
CLIP = """\
# Cut long gradients between backward and step (Pascanu et al. 2013).
loss.backward()
torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
optimizer.step()
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
LEAKY = """\
# A slope on the negative side too (Maas et al. 2013), and a smaller step.
def leaky(module):
    for name, child in module.named_children():
        if isinstance(child, torch.nn.ReLU):
            setattr(module, name, torch.nn.LeakyReLU(0.01))
        leaky(child)

leaky(model)
for group in optimizer.param_groups:
    group["lr"] *= 0.1
"""
XAVIER = """\
# Weights that keep bounded activations in their steep part (Glorot and Bengio 2010).
for module in model.modules():
    if isinstance(module, (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d)):
        torch.nn.init.xavier_normal_(module.weight)
"""
FIND_NAN = """\
# Let torch say which operation made the first NaN; slow, so for a few steps only.
with torch.autograd.set_detect_anomaly(True):
    loss.backward()
"""
FIRST_THE_CAUSE = """\
# A loss follows from what is named above: see to that first.
"""
CHAPTER = "causes/vanishing_and_exploding"
CONSEQUENCES = "signs/symptoms"  # which sign follows from which

ADVICE = {
    "non_finite": Advice(FIND_NAN),
    "no_gradient": Advice("# todo\n"),
    "missing_zero_grad": Advice("# todo\n"),
    "squashed_logits": Advice("# todo\n"),
    "raw_logits": Advice("# todo\n"),
    "wrong_axis": Advice("# todo\n"),
    "targets_too_large": Advice("# todo\n"),
    "inputs_too_large": Advice("# todo\n"),
    "weights_too_large": Advice(REINITIALIZE, "initialization"),
    "exploding_signals": Advice(REINITIALIZE, "initialization"),
    "vanishing_signals": Advice(REINITIALIZE, "initialization"),
    "exploding": Advice(REINITIALIZE, "initialization"),
    "vanishing": Advice(RELU, "activation"),
    "exploding_through_time": Advice(CLIP, "clipping"),
    "vanishing_through_time": Advice(ORTHOGONAL, "lstm"),
    "dead_units": Advice(LEAKY, "activation"),
    "saturated": Advice(XAVIER, "initialization"),
    "step_too_large": Advice(SMALLER_STEP, "learning_rate"),
    "step_too_small": Advice(LARGER_STEP, "learning_rate"),
    "diverging_loss": Advice(SMALLER_STEP, "learning_rate"),
    "stalled_loss": Advice(LARGER_STEP, "learning_rate"),
}
