"""Plans: a pipeline's data and settings, checked before anything slow begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coursekit.arguments import as_path, probability, whole_number
from coursekit.data import SOURCES
from coursekit.lookup import options_of
from coursekit.strategies import STRATEGIES
from coursekit.tfx.strategy_names import PERCEPTRON, check_values, unknown

NAMES = (*SOURCES, "penguins")
TUNE, DEFAULTS = "tune", "defaults"
DATABASE = b"SQLite format 3\0"


@dataclass(frozen=True)
class Plan:
    """One pipeline: its data, its search, its training, and when its model is good enough.

    data: "mnist-5k", "digits" or another of the kit's image data sets, "penguins", or your own
        folder: `*.tfrecord` files of examples with `image` (PNG or JPEG bytes) and `label` (a
        whole number), or `*.csv` files, in UTF-8, with a header and commas. Subfolders train, eval
        and test become these splits; without them, a hash splits the examples 6 : 2 : 2.
    folder: for all output: metadata, artifacts, the search's journal, pushed models, the log. A
        second run there reuses results that would be the same.
    label: the label's column in a table. classes: of images whose labels are 0 to classes - 1;
        None counts the labels that occur, and the smallest one is the first class.
    strategy: a name in the registry, or the import path of a `keras_tuner.Tuner`, Keras Tuner's own
        ("keras_tuner.Hyperband") or yours ("my_module.MyTuner"), whose module is imported here.
    options: of the strategy, such as {"population_size": 8}, or of its tuner, {"inherit": True}.
    trials: the most configurations that the Tuner tries. A tuner without max_trials, such as
        "keras_tuner.Hyperband", has a schedule instead, which follows from tune_steps.
    tune_steps, train_steps: the most optimizer steps in a trial and in the Trainer. They are
        converted to whole epochs; early stopping may end before.
    hyperparameters: "tune"; or a folder or file with the best hyperparameters of an earlier run,
        to import; or "defaults", without either.
    schema: a `schema.pbtxt` that the data must conform to; None infers one from the train split.
    tolerant: continues in spite of anomalies in the data.
    threshold: the accuracy on the test split, in 0..1, below which a model is not pushed. A model
        that is more than a point worse than the last blessed one is not pushed either.
    beam: options for Beam, which runs Transform, statistics and Evaluator, such as
        "--runner=FlinkRunner".
    seed: of the search and of the weights.
    preprocessing_fn, tuner_fn, run_fn: your own module functions by their import paths, such as
        "my_module.run_fn"; None takes the kit's for this kind of data.

    Raises ValueError for a value that cannot be right, TypeError for one of the wrong type.
    """

    data: str = "mnist-5k"
    folder: Path = Path("my-pipeline")
    label: str = "species"
    classes: int | None = None
    strategy: str = "auto"
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
        object.__setattr__(self, "folder", as_path("folder", self.folder).absolute())
        object.__setattr__(self, "data", str(as_path("data", self.data)))
        if self.data not in NAMES and not Path(self.data).is_dir():
            known = ", ".join(NAMES)
            raise ValueError(
                f"data={self.data!r}: no folder, and no data set of the kit's ({known})"
            )
        strategy = _check_strategy(self.strategy, self.options)
        if self.tuner_fn is None:
            _check_space(strategy)
        for name in ("trials", "tune_steps", "train_steps"):
            whole_number(name, getattr(self, name))
        whole_number("seed", self.seed, 0)
        if self.classes is not None:
            whole_number("classes", self.classes, 2)
        probability("threshold", self.threshold)
        if self.imports and not remote(self.hyperparameters):
            object.__setattr__(self, "hyperparameters", str(_hyperparameters(self.hyperparameters)))
        if self.schema is not None and not remote(self.schema):
            object.__setattr__(self, "schema", str(as_path("schema", self.schema).absolute()))
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
        """The database in which ML Metadata records the runs."""
        return self.folder / "metadata.sqlite"

    @property
    def served(self) -> Path:
        """The folder of pushed models, one subfolder for each; the newest has the highest
        number."""
        return self.folder / "served"


def remote(path: str) -> bool:
    """Whether this is an address such as gs://bucket/file, which cannot be read from here."""
    return "://" in path


def check_database(path: Path) -> None:
    """Raises ValueError for a file that SQLite would refuse later, with a less clear message."""
    with path.open("rb") as file:
        start = file.read(len(DATABASE))
    if start not in (DATABASE, b""):
        raise ValueError(
            f"{path} is not an SQLite database: take another folder, or move that file away (then "
            "all components run again)"
        )


def _check_strategy(name: str, options: Mapping[str, Any]) -> str:
    """The name; for the import path of one of the kit's tuners, the name of its strategy.

    Raises ValueError unless it is a strategy's name or leads to a tuner, and takes these options.
    An import path loads Keras, and so does an option of a strategy's tuner, such as `inherit`.
    """
    if "." not in name:
        if name not in STRATEGIES:
            raise unknown(name)
        if options.keys() <= options_of(STRATEGIES[name]).keys():
            check_values(name, options)
            return name
    from coursekit.tfx.searching import check

    return check(name, options)


def _check_space(name: str) -> None:
    """Check that a strategy can tune the kit's perceptron, which has numbers and choices."""
    if name in STRATEGIES and not STRATEGIES[name].supports(PERCEPTRON):
        fitting = ", ".join(each for each, it in STRATEGIES.items() if it.supports(PERCEPTRON))
        raise ValueError(
            f"strategy={name!r} searches only chains and cells, but this pipeline tunes numbers: "
            f"give one of {fitting}, or your own tuner_fn"
        )


def _hyperparameters(given: str) -> Path:
    """The folder of a `best_hyperparameters` artifact, given the folder or the file in it."""
    path = as_path("hyperparameters", given).absolute()
    folder = path.parent if path.is_file() else path
    if not (folder / "best_hyperparameters.txt").is_file():
        raise ValueError(
            f"hyperparameters={given!r}: there is no best_hyperparameters.txt; give {TUNE!r}, "
            f"{DEFAULTS!r}, or the folder of an earlier Tuner's best_hyperparameters"
        )
    return folder
