"""What a pipeline is to run on and with, checked before anything slow begins."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from coursekit.data import SOURCES
from coursekit.spaces import Float, Space
from coursekit.strategies import STRATEGIES
from coursekit.strategies.base import positive

# Those that are named where a name is wrong; any other tuner will do as well.
KERAS_TUNERS = ("BayesianOptimization", "GridSearch", "Hyperband", "RandomSearch")
# What the tuner of each strategy takes beside the strategy's options; to ask it would load Keras.
OF_EVERY_TUNER = (
    "inherit", "executions_per_trial", "max_retries_per_trial", "max_consecutive_failed_trials",
    "objective", "max_trials", "seed", "hyperparameters", "tune_new_entries", "allow_new_entries",
    "max_model_size", "optimizer", "loss", "metrics", "distribution_strategy", "logger", "tuner_id",
    "overwrite",
)  # fmt: skip
NAMES = (*SOURCES, "penguins")
TUNE, DEFAULTS = "tune", "defaults"
PERCEPTRON = Space({"rate": Float(1e-4, 1e-2, log=True)})  # of the kind that is tuned here
DATABASE = b"SQLite format 3\0"


@dataclass(frozen=True)
class Plan:
    """One pipeline: its data, its search, its training, and when its model is good enough.

    data: "mnist-5k", "digits" or another image data set of the kit's, "penguins", or a folder of
        your own: `*.tfrecord` files of examples with `image` (PNG or JPEG bytes) and `label`
        (0, 1, ...), or `*.csv` files. Subfolders train, eval and test are taken as those splits;
        else examples are dealt out 6 : 2 : 2 by a hash.
    folder: where everything goes: metadata, artifacts, the search's journal, pushed models, the
        log. A second run there takes from the first what would come out the same.
    label: the label's column in a table. classes: how many there are among images; None counts.
    strategy: a name in the registry, or the import path of a `keras_tuner.Tuner`, Keras Tuner's own
        ("keras_tuner.Hyperband") or yours ("my_module.MyTuner"), whose module is imported here.
    options: of the strategy, such as {"population_size": 8}, or of its tuner, {"inherit": True}.
    trials: how many configurations the Tuner tries, at most; a tuner that takes no max_trials, such
        as "keras_tuner.Hyperband", has a schedule instead, which follows from tune_steps.
    tune_steps, train_steps: of the optimizer, in a trial and in the Trainer, at most; each is
        turned into whole epochs, and early stopping may end before.
    hyperparameters: "tune"; or a folder or file with the best hyperparameters of an earlier run,
        to be imported; or "defaults", without either.
    schema: a `schema.pbtxt` that the data has to conform to; None infers one from the train split.
    tolerant: goes on in spite of anomalies in the data.
    threshold: the accuracy on the test split, in 0..1, below which a model is not pushed; one that
        is worse than the last blessed model, by more than a point, is not pushed either.
    beam: options for Beam, which Transform, statistics and Evaluator run on, such as
        "--runner=FlinkRunner".
    seed: of the search and of the weights.
    preprocessing_fn, tuner_fn, run_fn: your own module functions by their import paths, such as
        "my_module.run_fn"; None takes the kit's for this kind of data.

    Raises ValueError for a value that cannot be right, TypeError for a count that is no whole
    number.
    """

    data: str = "mnist-5k"
    folder: Path = Path("my-pipeline")
    label: str = "species"
    classes: int | None = None
    strategy: str = "regularized_evolution"
    options: Mapping[str, Any] = field(default_factory=dict)
    trials: int = 6
    tune_steps: int = 500
    train_steps: int = 2000
    hyperparameters: str = TUNE
    schema: str | None = None
    tolerant: bool = False
    threshold: float = 0.9
    beam: tuple[str, ...] = ()
    seed: int = 0
    preprocessing_fn: str | None = None
    tuner_fn: str | None = None
    run_fn: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Path(self.folder).absolute())
        if self.data not in NAMES and not Path(self.data).is_dir():
            known = ", ".join(NAMES)
            raise ValueError(
                f"data={self.data!r}: no folder, and no data set of the kit's ({known})"
            )
        strategy = check_strategy(self.strategy, self.options)
        if self.tuner_fn is None:
            _check_space(strategy)
        for name in ("trials", "tune_steps", "train_steps"):
            positive(name, getattr(self, name))
        positive("seed", self.seed, 0)
        if self.classes is not None:
            positive("classes", self.classes, 2)
        if not isinstance(self.threshold, int | float) or not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold={self.threshold!r}: an accuracy is a number from 0 to 1")
        if self.imports and not remote(self.hyperparameters):
            object.__setattr__(self, "hyperparameters", str(_hyperparameters(self.hyperparameters)))
        if self.schema is not None and not remote(self.schema):
            object.__setattr__(self, "schema", str(Path(self.schema).absolute()))
            if not Path(self.schema).is_file():
                raise ValueError(f"schema={self.schema!r}: there is no such file")
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"folder={str(self.folder)!r} is a file: give a folder")
        if self.metadata.exists():
            check_database(self.metadata)

    @property
    def imports(self) -> bool:
        """Whether hyperparameters are taken from an earlier run."""
        return self.hyperparameters not in (TUNE, DEFAULTS)

    @property
    def metadata(self) -> Path:
        """The database in which ML Metadata remembers what ran."""
        return self.folder / "metadata.sqlite"

    @property
    def served(self) -> Path:
        """Where good models are pushed, each in a folder of its own, the newest with the highest
        number."""
        return self.folder / "served"


def remote(path: str) -> bool:
    """Whether this is an address such as gs://bucket/file, which cannot be looked at from here."""
    return "://" in path


def check_database(path: Path) -> None:
    """Raises ValueError for a file that SQLite, later and less clearly, would not open."""
    with path.open("rb") as file:
        start = file.read(len(DATABASE))
    if start not in (DATABASE, b""):
        raise ValueError(
            f"{path} is no SQLite database: take another folder, or move that file away (what ran "
            "here before is then unknown, and runs again)"
        )


def check_strategy(name: str, options: Mapping[str, Any]) -> str:
    """The name, or for the import path of one of the kit's tuners that of its strategy.

    Raises ValueError unless it is a strategy's name or leads to a tuner, which takes these options.
    """
    if "." in name:
        from coursekit.tfx.searching import check_tuner, registered  # which needs Keras

        known = registered(name)
        if known is None:
            check_tuner(name, options)
            return name
        name = known
    if name not in STRATEGIES:
        raise unknown(name, f"no strategy is called {name!r}")
    _check_options(name, options)
    return name


def unknown(name: str, said: str) -> ValueError:
    """The error for a name that leads nowhere: what is said of it, and what there is."""
    known = [*STRATEGIES, *(f"keras_tuner.{tuner}" for tuner in KERAS_TUNERS)]
    close = get_close_matches(name, known, 1, 0.6)
    meant = f" (did you mean {close[0]}?)" if close else ""
    return ValueError(
        f"{said}{meant}; there are {', '.join(known)}, and any keras_tuner.Tuner by its import "
        "path, such as my_module.MyTuner"
    )


def _check_space(name: str) -> None:
    """The kit's module functions tune a perceptron: numbers and choices."""
    if name in STRATEGIES and not STRATEGIES[name].supports(PERCEPTRON):
        fitting = ", ".join(each for each, it in STRATEGIES.items() if it.supports(PERCEPTRON))
        raise ValueError(
            f"strategy={name!r} searches chains and cells only, and what is tuned here is numbers: "
            f"give one of {fitting}, or a tuner_fn of your own"
        )


def _check_options(name: str, options: Mapping[str, Any]) -> None:
    """Those of one of the kit's strategies, or of its tuner."""
    known = list(inspect.signature(STRATEGIES[name].__init__).parameters)[2:]  # self, space
    for option in options:
        if option not in known and option not in OF_EVERY_TUNER:
            takes = ", ".join([*known, *OF_EVERY_TUNER])
            raise ValueError(f"options: {name} takes no {option!r} (it takes {takes})")
    if STRATEGIES[name].supports(PERCEPTRON):
        try:
            own = {each: value for each, value in options.items() if each in known}
            STRATEGIES[name](PERCEPTRON, **own)
        except (TypeError, ValueError) as error:
            raise ValueError(f"options of {name}: {error}") from None


def _hyperparameters(given: str) -> Path:
    """The folder of a `best_hyperparameters` artifact, from itself or the file in it."""
    path = Path(given).absolute()
    folder = path.parent if path.is_file() else path
    if not (folder / "best_hyperparameters.txt").is_file():
        raise ValueError(
            f"hyperparameters={given!r}: there is no best_hyperparameters.txt; give {TUNE!r}, "
            f"{DEFAULTS!r}, or the folder of an earlier Tuner's best_hyperparameters"
        )
    return folder
