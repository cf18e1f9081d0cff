"""Small real and synthetic data sets: seeded, bundled or generated, never downloaded."""

from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

import numpy as np
import torch

from lessons._check import integer, number


@dataclass(frozen=True, repr=False)
class Digits:
    """The handwritten digits as tensors, split into a training and a test part.

    Attributes
    ----------
    train_x, test_x : Tensor, shape (samples, 64)
        8 x 8 pixels, row by row.
    train_y, test_y : Tensor of int64, shape (samples,)
        The digit, 0 to 9.
    """

    train_x: torch.Tensor
    train_y: torch.Tensor
    test_x: torch.Tensor
    test_y: torch.Tensor

    def __repr__(self):
        shapes = (f"{f.name}: {tuple(getattr(self, f.name).shape)}" for f in fields(self))
        return f"Digits({', '.join(shapes)})"


PARTS = ("train_x", "test_x", "train_y", "test_y")
SAMPLES = 1797


@cache
def _digits():
    from sklearn.datasets import load_digits

    return load_digits(return_X_y=True)


def _split(test_fraction, seed):
    """Return the parts, pixels in float64; the split of the book is stored beside this module.

    Importing scikit-learn takes longer than most cells of a chapter.
    """
    if (test_fraction, seed) == (0.2, 0):
        with files("lessons").joinpath("digits.npz").open("rb") as file, np.load(file) as stored:
            parts = [stored[name] for name in PARTS]
    else:
        from sklearn.model_selection import train_test_split

        x, y = _digits()
        parts = train_test_split(x, y, test_size=test_fraction, random_state=seed, stratify=y)
    x, y = parts[:2], parts[2:]
    return *(torch.as_tensor(part).double() for part in x), *(torch.as_tensor(p) for p in y)


def digits(standardize=True, test_fraction=0.2, seed=0, dtype=torch.float32):
    """Load scikit-learn's 1797 handwritten digits.

    Parameters
    ----------
    standardize : bool
        Subtract the mean of all training pixels and divide by their standard deviation (two
        numbers for the whole set, so that pixels that are always blank stay harmless). Otherwise
        the pixels keep their raw values 0 to 16.
    test_fraction : float
        The share that is held out; each digit keeps its share, so both parts must be large
        enough to hold all ten.
    seed : int
        Of the split.
    dtype : torch.dtype
        Of the pixels.

    Returns
    -------
    Digits

    Raises
    ------
    TypeError, ValueError
        On a share too near to 0 or 1, a negative seed or a dtype without fractions.

    References
    ----------
    E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.

    Examples
    --------
    >>> digits()
    Digits(train_x: (1437, 64), train_y: (1437,), test_x: (360, 64), test_y: (360,))
    """
    if not isinstance(standardize, bool):
        raise TypeError(f"standardize={standardize!r}; expected True or False.")
    test_fraction = number("test_fraction", test_fraction, above=0)
    _floating(dtype)
    share = 10 / SAMPLES  # each part must hold each digit at least once
    if not share < test_fraction < 1 - share:
        limits = f"expected a share between {share:.3g} and {1 - share:.3g}"
        raise ValueError(f"test_fraction={test_fraction!r} is out of range; {limits}.")
    seed = integer("seed", seed, least=0)
    train_x, test_x, train_y, test_y = _split(test_fraction, seed)
    if standardize:
        mean, deviation = train_x.mean(), train_x.std(correction=0)
        train_x, test_x = (train_x - mean) / deviation, (test_x - mean) / deviation
    return Digits(train_x.to(dtype), train_y.long(), test_x.to(dtype), test_y.long())


def diabetes(dtype=torch.float64):
    """Load scikit-learn's bundled measurements of 442 patients with diabetes, in raw units.

    Parameters
    ----------
    dtype : torch.dtype

    Returns
    -------
    x : Tensor, shape (442, 10)
        Age in years, sex (1 or 2), body mass index, blood pressure, six blood values.
    y : Tensor, shape (442, 1)
        How far the disease went in a year, 25 to 346.

    References
    ----------
    Efron, Hastie, Johnstone and Tibshirani, Least angle regression, 2004, table 1.

    Examples
    --------
    >>> x, y = diabetes()
    >>> x.shape, (y.min().item(), y.max().item())
    (torch.Size([442, 10]), (25.0, 346.0))
    """
    from sklearn.datasets import load_diabetes

    _floating(dtype)
    x, y = load_diabetes(return_X_y=True, scaled=False)
    return torch.as_tensor(x, dtype=dtype), torch.as_tensor(y, dtype=dtype)[:, None]


def adding(samples, length, seed=0, dtype=torch.float32):
    """Generate the adding problem: remember two numbers among many, answer with their sum.

    Each step shows a number from U(0, 1) and a mark. One mark lies in the first half of the
    sequence, one in the second; the answer is the sum of the two marked numbers. Always
    answering 1 has a mean squared error of 1/6.

    Parameters
    ----------
    samples, length : int
        Number of sequences, and of steps in each (at least 2).
    seed : int
    dtype : torch.dtype

    Returns
    -------
    x : Tensor, shape (samples, length, 2)
        The number and the mark (0 or 1) of each step.
    y : Tensor, shape (samples, 1)

    Raises
    ------
    TypeError, ValueError
        On sizes that are too small or no integers.

    References
    ----------
    Hochreiter and Schmidhuber, 1997, section 5.4, in the form of Le, Jaitly and Hinton, 2015.

    Examples
    --------
    >>> x, y = adding(3, 10)
    >>> torch.equal((x[:, :, 0] * x[:, :, 1]).sum(1, keepdim=True), y)
    True
    """
    samples, length = integer("samples", samples), integer("length", length, least=2)
    _floating(dtype)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    values = torch.rand(samples, length, generator=generator, dtype=torch.float64)
    half = length // 2
    first = torch.randint(0, half, (samples, 1), generator=generator)
    second = torch.randint(half, length, (samples, 1), generator=generator)
    marks = torch.zeros_like(values).scatter_(1, first, 1).scatter_(1, second, 1)
    x = torch.stack([values, marks], dim=2).to(dtype)  # (samples, length, 2)
    return x, (x[:, :, 0] * x[:, :, 1]).sum(1, keepdim=True)


def recall(samples, length, classes=4, seed=0, dtype=torch.float32):
    """Generate the recall task: name the first symbol after ``length`` steps of other symbols.

    Parameters
    ----------
    samples, length : int
        Number of sequences, and of steps in each (at least 2).
    classes : int
        Number of symbols, at least 2. Guessing has a cross-entropy of ln(classes).
    seed : int
    dtype : torch.dtype

    Returns
    -------
    x : Tensor, shape (samples, length, 2 * classes)
        One-hot: the first step uses the first ``classes`` places, the distractors the others.
    y : Tensor of int64, shape (samples,)

    Raises
    ------
    TypeError, ValueError
        On sizes that are too small or no integers.

    References
    ----------
    After the noise-free long-lag tasks of Hochreiter and Schmidhuber, 1997, section 5.2.

    Examples
    --------
    >>> x, y = recall(5, 20)
    >>> x.shape, torch.equal(x[:, 0].argmax(1), y)
    (torch.Size([5, 20, 8]), True)
    """
    samples, length = integer("samples", samples), integer("length", length, least=2)
    classes = integer("classes", classes, least=2)
    _floating(dtype)
    generator = torch.Generator().manual_seed(integer("seed", seed, least=0))
    symbols = torch.randint(0, classes, (samples, length), generator=generator)
    places = symbols + classes
    places[:, 0] = symbols[:, 0]
    return torch.nn.functional.one_hot(places, 2 * classes).to(dtype), symbols[:, 0].clone()


def _floating(dtype):
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(f"dtype={dtype!r}; expected a floating-point dtype such as torch.float32.")
