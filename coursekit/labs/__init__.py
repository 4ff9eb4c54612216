"""What a lab's notebook imports: checks, hints, solutions, progress and predictions."""

from coursekit.labs.checks import check, hint, solution
from coursekit.labs.overview import progress, progress_text
from coursekit.labs.predictions import measured, predict

__all__ = ["check", "hint", "measured", "predict", "progress", "progress_text", "solution"]
