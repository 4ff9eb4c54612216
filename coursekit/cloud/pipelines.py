"""Pipelines of scikit-learn on a table: imputing, encoding, scaling, one of five algorithms.

The space is a small sister of that of Auto-sklearn (Feurer et al., 2015, NIPS 28;
`feurer2015efficient`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from coursekit.extras import from_extras
from coursekit.lookup import find
from coursekit.spaces import Choice, Float, Integer, Space
from coursekit.trials import Epoch, History, Suggestion, Trial
from coursekit.worlds.base import World

if TYPE_CHECKING:
    import pandas
    from sklearn.pipeline import Pipeline


class Metric(NamedTuple):
    """A metric by its common name. higher: whether more is better. classes: of classification."""

    higher: bool
    classes: bool


METRICS = {
    "auc": Metric(higher=True, classes=True),
    "accuracy": Metric(higher=True, classes=True),
    "log_loss": Metric(higher=False, classes=True),
    "rmse": Metric(higher=False, classes=False),
    "r2": Metric(higher=True, classes=False),
}
ALGORITHMS = (
    "linear", "nearest_neighbours", "random_forest", "extra_trees", "gradient_boosting",
)  # fmt: skip
FORESTS = ("random_forest", "extra_trees")
RARE = 5  # values of a column with fewer rows than this share one code


def space() -> Space:
    """The configurations that `build` takes."""
    return Space(
        {
            "algorithm": Choice(ALGORITHMS),
            "impute": Choice(["mean", "median"]),
            "encode": Choice(["one_hot", "ordinal"]),
            "penalty": Float(1e-3, 1e3, log=True).when(algorithm="linear"),
            "neighbours": Integer(1, 64, log=True).when(algorithm="nearest_neighbours"),
            "weights": Choice(["uniform", "distance"]).when(algorithm="nearest_neighbours"),
            "trees": Integer(8, 50, log=True).when(algorithm=FORESTS),
            "columns": Float(0.2, 1.0).when(algorithm=FORESTS),
            "leaf": Integer(1, 32, log=True).when(algorithm=[*FORESTS, "gradient_boosting"]),
            "rounds": Integer(8, 60, log=True).when(algorithm="gradient_boosting"),
            "depth": Integer(1, 5).when(algorithm="gradient_boosting"),
            "learning_rate": Float(0.02, 0.5, log=True).when(algorithm="gradient_boosting"),
        }
    )


def build(
    configuration: Mapping[str, Any], features: pandas.DataFrame, *, classes: bool, seed: int = 0
) -> Pipeline:
    """The pipeline of a configuration, not yet fitted.

    features: the table without its target; columns of numbers are imputed and scaled, all others
        are encoded as words. classes: whether it classifies. seed: of forests and boosting.
    """
    with from_extras("cloud"):
        from sklearn.compose import ColumnTransformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

    numbers, words = columns(features)
    fill = SimpleImputer(strategy=configuration["impute"], keep_empty_features=True)
    encode = (
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=RARE, sparse_output=False)
        if configuration["encode"] == "one_hot"
        else OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=-1,
            encoded_missing_value=-2,
            min_frequency=RARE,
        )
    )
    prepare = ColumnTransformer(
        [
            ("numbers", make_pipeline(fill, StandardScaler()), numbers),
            ("words", make_pipeline(encode, StandardScaler()), words),
        ]
    )
    return make_pipeline(prepare, _model(configuration, classes, seed))


def _model(configuration: Mapping[str, Any], classes: bool, seed: int) -> Any:
    from sklearn import ensemble, linear_model, neighbors

    told = configuration
    match told["algorithm"]:
        case "linear" if classes:
            return linear_model.LogisticRegression(C=1 / told["penalty"], max_iter=2000, tol=1e-3)
        case "linear":
            return linear_model.Ridge(alpha=told["penalty"])
        case "nearest_neighbours":
            kind = neighbors.KNeighborsClassifier if classes else neighbors.KNeighborsRegressor
            return kind(told["neighbours"], weights=told["weights"])
        case "gradient_boosting":
            # Not the histogram version: its threads wait for one another on small tables.
            boosting = (
                ensemble.GradientBoostingClassifier
                if classes
                else ensemble.GradientBoostingRegressor
            )
            return boosting(
                n_estimators=told["rounds"], learning_rate=told["learning_rate"],
                max_depth=told["depth"], min_samples_leaf=told["leaf"], random_state=seed,
            )  # fmt: skip
    forests = {
        ("random_forest", True): ensemble.RandomForestClassifier,
        ("random_forest", False): ensemble.RandomForestRegressor,
        ("extra_trees", True): ensemble.ExtraTreesClassifier,
        ("extra_trees", False): ensemble.ExtraTreesRegressor,
    }
    return forests[told["algorithm"], classes](
        told["trees"], max_features=told["columns"], min_samples_leaf=told["leaf"],
        random_state=seed,
    )  # fmt: skip


def columns(features: pandas.DataFrame) -> tuple[list[str], list[str]]:
    """The names of the columns of numbers (bool counts), and of all others."""
    numbers = [name for name in features if features[name].dtype.kind in "biuf"]
    return numbers, [name for name in features if name not in numbers]


def prepare(features: pandas.DataFrame, numbers: Sequence[str]) -> pandas.DataFrame:
    """The same columns with floats (`numbers`) and texts (all others), as a pipeline takes them."""
    made = features.copy()
    for name in made:
        if name in numbers:
            made[name] = made[name].astype(float)
        else:
            known = made[name].notna()
            made[name] = made[name].astype(object).astype(str).where(known, "")
    return made


def predictions(model: Pipeline, features: pandas.DataFrame) -> np.ndarray:
    """Of a classifier probabilities, shape (rows, classes), sorted classes; else (rows,)."""
    numbers = model[0].transformers_[0][2]
    return _predicted(model, prepare(features, numbers))


def _predicted(model: Any, rows: Any) -> np.ndarray:
    probable = getattr(model, "predict_proba", None)
    return np.asarray((probable or model.predict)(rows), dtype=np.float64)


def measure(metric: str, truth: Any, predicted: np.ndarray, classes: np.ndarray) -> float:
    """A metric of predictions, with its usual sign.

    metric: one of METRICS. truth: values of the target, shape (rows,). predicted: as of
    `predictions`. classes: the sorted classes; of regression it is not used. The AUC of several
    classes is the mean of each against the rest.
    """
    with from_extras("cloud"):
        from sklearn import metrics

    find("metric", metric, METRICS)
    truth = np.asarray(truth)
    match metric:
        case "auc":
            ranks = [metrics.roc_auc_score(truth == c, predicted[:, k])
                     for k, c in enumerate(classes) if k or len(classes) > 2]  # fmt: skip
            return float(np.mean(ranks))
        case "accuracy":
            return float(np.mean(np.asarray(classes)[predicted.argmax(axis=1)] == truth))
        case "log_loss":
            return float(metrics.log_loss(truth, predicted, labels=classes))
        case "rmse":
            return float(np.sqrt(np.mean((truth - predicted) ** 2)))
    return float(metrics.r2_score(truth, predicted))


class Pipelines(World):
    """Judges pipelines by cross-validation; each fold is an epoch, its score the mean so far.

    table: the rows, with the target. target: the name of its column. metric: one of METRICS; its
        negative is the score where less is better. folds: of the cross-validation. seed: of the
        folds and the models.

    Raises ValueError for an unknown metric, or a target that is not a column of the table.
    """

    datasets = ("table",)
    early = True

    def __init__(
        self, table: pandas.DataFrame, target: str, metric: str = "auc", *, folds: int = 3,
        seed: int = 0,
    ) -> None:  # fmt: skip
        self.rule = find("metric", metric, METRICS)
        find("column", target, dict.fromkeys(table.columns))
        self.metric, self.target, self.seed = metric, target, seed
        self.dataset, self.space, self.epochs = "table", space(), folds
        self.optimum = float("nan")
        self.measure, self.minimised = metric, not self.rule.higher
        features = table.drop(columns=target)
        self.features = prepare(features, columns(features)[0])
        self.truth = table[target].to_numpy()
        self.classes = np.unique(self.truth) if self.rule.classes else np.empty(0)
        self._folds: list[tuple[np.ndarray, np.ndarray]] = []
        self._prepared: dict[tuple[Any, ...], tuple[np.ndarray, np.ndarray]] = {}

    def train(self, trial: Trial | Suggestion, history: History | None = None) -> Iterator[Epoch]:
        asked = Trial.of(trial).suggestion
        scores = list[float]()
        for fold, (fitted, judged) in enumerate(self.folds()[: asked.budget or self.epochs]):
            begun = time.perf_counter()
            model = self.build(asked.configuration)[-1]
            seen, unseen = self._matrices(asked.configuration, fold)
            found = _predicted(model.fit(seen, self.truth[fitted]), unseen)
            value = measure(self.metric, self.truth[judged], found, self.classes)
            scores.append(value if self.rule.higher else -value)
            yield Epoch(float(np.mean(scores)), time.perf_counter() - begun)

    def folds(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The rows to fit on and to judge with, by fold; classes have equal shares in each."""
        if not self._folds:
            with from_extras("cloud"):
                from sklearn.model_selection import KFold, StratifiedKFold

            kind = StratifiedKFold if self.rule.classes else KFold
            cut = kind(self.epochs, shuffle=True, random_state=self.seed)
            self._folds = list(cut.split(self.features, self.truth))
        return self._folds

    def _matrices(
        self, configuration: Mapping[str, Any], fold: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """What the first step makes of a fold's rows, made once: it takes longer than many fits."""
        key = (fold, configuration["impute"], configuration["encode"])
        if key not in self._prepared:
            step, (fitted, judged) = self.build(configuration)[0], self.folds()[fold]
            seen = step.fit_transform(self.features.iloc[fitted])
            self._prepared[key] = seen, step.transform(self.features.iloc[judged])
        return self._prepared[key]

    def build(self, configuration: Mapping[str, Any]) -> Pipeline:
        """The pipeline of a configuration, not yet fitted."""
        return build(configuration, self.features, classes=self.rule.classes, seed=self.seed)

    def fit(self, configuration: Mapping[str, Any]) -> Pipeline:
        """The pipeline of a configuration, fitted on all rows."""
        return self.build(configuration).fit(self.features, self.truth)
