"""What a search talks about."""

from typing import NamedTuple


class Epoch(NamedTuple):
    """One epoch of a training run: what a run yields (law 5 of the design).

    score: higher is better, validation accuracy in 0..1 unless said otherwise.
    seconds: what this epoch cost, in seconds of training and validation.
    """

    score: float
    seconds: float
