"""LSTM: a memory that is kept or forgotten by gates, and not multiplied by a matrix."""

from lessons.fixes.lstm.forget import bias_that_keeps, kept, set_biases_
from lessons.fixes.lstm.layer import LSTM
from lessons.fixes.lstm.nets import Reader, reader
from lessons.fixes.lstm.textbook import GATES, TextbookGRU, TextbookLSTM

__all__ = [
    "GATES",
    "LSTM",
    "Reader",
    "TextbookGRU",
    "TextbookLSTM",
    "bias_that_keeps",
    "kept",
    "reader",
    "set_biases_",
]
