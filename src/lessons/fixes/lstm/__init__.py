"""LSTM: a memory that is kept or forgotten by gates, and not multiplied by a matrix."""

from lessons.fixes.lstm.forget import bias_that_keeps, kept, set_biases_
from lessons.fixes.lstm.layer import LSTM
from lessons.fixes.lstm.learning import TASKS, learn, solved
from lessons.fixes.lstm.nets import Reader, both_ways, reader
from lessons.fixes.lstm.textbook import GATES, TextbookGRU, TextbookLSTM

__all__ = [
    "GATES",
    "LSTM",
    "TASKS",
    "Reader",
    "TextbookGRU",
    "TextbookLSTM",
    "bias_that_keeps",
    "both_ways",
    "kept",
    "learn",
    "reader",
    "set_biases_",
    "solved",
]
