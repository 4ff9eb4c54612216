"""The data sets: some come with the package, two are downloaded on first use.

`load("mnist-5k")` gives images, labels and three fixed splits; `size` and `resolution` make the
cheaper versions that multi-fidelity methods train on. `python -m coursekit.data` lists the data
sets; `python -m coursekit.data build NAME` rebuilds a shipped file from its source.
"""

from coursekit.data.reading import load, penguins, titanic
from coursekit.data.rebuild import build, main
from coursekit.data.resampling import stratified_order
from coursekit.data.sources import SOURCES, DataError, Dataset, Source, Split

__all__ = [
    "SOURCES", "DataError", "Dataset", "Source", "Split", "build", "load", "main",
    "penguins", "stratified_order", "titanic",
]  # fmt: skip
