"""What a lab's notebook imports: checks, hints, solutions, progress, predictions, questions.

Import it first: it hides messages that libraries print for their developers.
"""

import os
import warnings

from coursekit.labs import executions
from coursekit.labs.checks import check, hint, solution
from coursekit.labs.predictions import measured, predict
from coursekit.labs.progress import progress, progress_text
from coursekit.labs.recalls import recall

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow: errors only
for _library in ("google", "sklearn.gaussian_process"):
    warnings.filterwarnings("ignore", module=_library)

executions.watch()

__all__ = [
    "check",
    "hint",
    "measured",
    "predict",
    "progress",
    "progress_text",
    "recall",
    "solution",
]
