"""Worlds: how fast the kit's tables answer and load, and how fast races run on them.

tables     load time in a new process, memory, queries a second; NAS-Bench-201 beside them
races      trials a second through the public Search, all processes together
training   trials a second of the fast trainer and of keras_tuner; the epoch loop and `model.fit`
agreement  candidates trained again, from a seed that is not in the tables: is the ranking the same?
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from coursekit.arguments import count
from coursekit.benchmarks import perceptrons
from coursekit.data import Dataset
from coursekit.training.candidates import KerasCandidate
from coursekit.trials import Suggestion
from coursekit.worlds import WORLDS, Live, Replay, make
from coursekit.worlds.recipes import RECIPES

PARTS = ("tables", "races", "training", "agreement")
LOAD = """
import resource, sys, time
import numpy
from coursekit.worlds import make
def memory():  # in megabytes; macOS counts in bytes
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
before, begun = memory(), time.perf_counter()
make(sys.argv[1])
print(time.perf_counter() - begun, memory() - before)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="all by default")
    parser.add_argument("--repeats", type=count, default=5, help="times to measure (5)")
    parser.add_argument("--seeds", type=count, default=200, help="searches in a race (200)")
    parser.add_argument("--warm", type=count, default=200, help="searches before them (200)")
    parser.add_argument("--trials", type=count, default=200, help="trials of a search (200)")
    parser.add_argument(
        "--candidates", type=count, default=30, help="how many are trained again (30)"
    )
    parser.add_argument(
        "--epochs", type=count, help="that the loop and model.fit are timed for (the recipe's)"
    )
    parser.add_argument("--workers", type=count, default=os.cpu_count() or 1, help="processes")


def run(options: argparse.Namespace) -> None:
    """Measure and print, part by part."""
    for part in options.parts:
        globals()[f"measure_{part}"](options)
        print(flush=True)


def measure_tables(options: argparse.Namespace) -> None:
    """Each load in a new process, without caches; a thousand different queries."""
    print(f"{'world':14}{'load s':>9}{'MB':>7}{'queries/s':>13}{'us a query':>12}")
    for name in WORLDS:
        loads = [_load(name) for _ in range(options.repeats)]
        world, rng = make(name), np.random.default_rng(0)
        asked = [Suggestion(world.space.sample(rng)) for _ in range(1000)]
        times = []
        for _ in range(options.repeats):
            begun = time.perf_counter()
            for suggestion in asked:
                world.evaluate(suggestion)
            times.append((time.perf_counter() - begun) / len(asked))
        query = statistics.median(times)
        seconds, memory = (statistics.median(column) for column in zip(*loads, strict=True))
        print(f"{name:14}{seconds:9.3f}{memory:7.1f}{1 / query:13,.0f}{1e6 * query:12.2f}")


def _load(name: str) -> tuple[float, float]:
    """Seconds and megabytes that a world takes in addition to importing NumPy and the package."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD, name], capture_output=True, text=True, check=True
    )
    seconds, memory = map(float, done.stdout.split())
    return seconds, memory


def measure_races(options: argparse.Namespace) -> None:
    """Whole races without the start of the processes: these run before the clock starts."""
    from coursekit.processes import spread
    from coursekit.race.contestants import Contestant
    from coursekit.race.runs import Entry, Limits
    from coursekit.race.runs import run as search

    print(f"{options.seeds} searches of {options.trials} trials, {options.workers} processes")
    print(f"{'world':14}{'strategy':24}{'trials/s':>10}{'us a trial':>12}")
    for name in ("cells", "mlps", "nasbench201"):
        world = make(name)
        for strategy in ("random", "regularized_evolution", "local_search"):
            # Random searches until every process is started and warm; then the clock starts.
            warm = [Entry(Contestant("warm", "random"), seed) for seed in range(options.warm)]
            timed = [Entry(Contestant(strategy, strategy), seed) for seed in range(options.seeds)]
            limits = Limits(options.trials, None)
            rates = []
            for _ in range(max(1, options.repeats // 2)):
                done, begun, left = 0, 0.0, len(warm)
                for _, found in spread(search, (world, limits), [*warm, *timed], options.workers):
                    if left:
                        left -= 1
                        begun = time.perf_counter()
                    else:
                        done += len(found.scores)
                rates.append(done / (time.perf_counter() - begun))
            rate = statistics.median(rates)
            pace = 1e6 * options.workers / rate
            print(f"{name:14}{strategy:24}{rate:10,.0f}{pace:12.1f}", flush=True)


def measure_training(options: argparse.Namespace) -> None:
    """The perceptron against Keras Tuner, by its own benchmark; then the epoch loop for Keras
    models against `model.fit`, on the same candidates with the same validation after each epoch."""
    trials = min(20, options.trials)
    perceptrons.run(argparse.Namespace(trials=trials, epochs=5, repeats=1, seed=1))
    print(f"\n{'space':8}{'':14}{'CPU s, first epoch':>20}{'later epochs':>14}{'accuracy':>10}")
    for name, recipe in RECIPES.items():
        data, epochs = recipe.load(), options.epochs or recipe.epochs
        loops, fits = [], []
        for configuration in _spread_over(name, min(3, options.candidates)):
            candidate = recipe.candidate(configuration, data, "keras")
            assert isinstance(candidate, KerasCandidate)
            scores = (epoch.score for epoch in candidate.fit(data, epochs=epochs, seed=0))
            loops.append(_timed(scores))
            candidate = recipe.candidate(configuration, data, "keras")
            assert isinstance(candidate, KerasCandidate)
            fits.append(_timed(_model_fit(candidate.loop, data, epochs)))
        loop, fit = np.mean(loops, axis=0), np.mean(fits, axis=0)
        for label, (first, later, accuracy) in (("epoch loop", loop), ("model.fit", fit)):
            print(f"{name:8}{label:14}{first:20.2f}{later:14.4f}{accuracy:10.3f}")
        whole = [first + later * (epochs - 1) for first, later, _ in (fit, loop)]
        print(
            f"model.fit takes, of the loop's CPU time: {fit[1] / loop[1]:.1f}x a later epoch, "
            f"{whole[0] / whole[1]:.1f}x a candidate of {epochs} epochs",
            flush=True,
        )


def _timed(scores: Iterator[float]) -> tuple[float, float, float]:
    """CPU seconds of the first epoch, median of the later ones, and the last score."""
    stamps, found = [time.process_time()], list[float]()
    for score in scores:
        stamps.append(time.process_time())
        found.append(score)
    first, *later = np.diff(stamps).tolist()
    return first, statistics.median(later), found[-1]


def _model_fit(loop: Any, data: Dataset, epochs: int) -> Iterator[float]:
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loop.model.compile(loop.optimizer, loss, metrics=["accuracy"])
    for epoch in range(epochs):
        found = loop.model.fit(
            *data.train,
            validation_data=data.validation,
            initial_epoch=epoch,
            epochs=epoch + 1,
            batch_size=loop.batch_size,
            verbose=0,
        )
        yield found.history["val_accuracy"][-1]


def measure_agreement(options: argparse.Namespace) -> None:
    """Spearman's and Kendall's correlation of fresh trainings with the table's means."""
    from scipy.stats import kendalltau, spearmanr

    print(f"{'space':8}{'trained again by':18}{'candidates':>11}{'Spearman':>10}{'Kendall':>9}")
    for name, recipe in RECIPES.items():
        chosen = _spread_over(name, options.candidates)
        world = make(name)
        assert isinstance(world, Replay)
        kept = [world.accuracy(configuration) for configuration in chosen]
        for engine in recipe.engines:
            live = Live(name, engine=engine, seed=1000)
            found = []
            for number, configuration in enumerate(chosen, start=1):
                score = live.evaluate(Suggestion(configuration)).score
                found.append(score if score == score else 0.0)
                print(f"\r{name}, {engine}: {number} of {len(chosen)} ", end="", file=sys.stderr)
            print(file=sys.stderr)
            # With a few candidates all may have one score: no correlation is defined then.
            constant = len(set(found)) == 1
            rho = math.nan if constant else spearmanr(kept, found).statistic
            tau = math.nan if constant else kendalltau(kept, found).statistic
            print(f"{name:8}{engine:18}{len(chosen):11}{rho:10.3f}{tau:9.3f}", flush=True)


def _spread_over(name: str, wanted: int) -> Sequence[Any]:
    """`wanted` configurations, always the same."""
    from coursekit.worlds.building import sample
    from coursekit.worlds.trained_tables import entries

    listed = entries(RECIPES[name].space)
    return [listed[entry] for entry in sample(name, wanted)]
