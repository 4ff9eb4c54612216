"""A plan refuses what cannot work, in a line that says what would; no TFX is needed for that."""

import subprocess
import sys

import pytest

from coursekit.tfx import Plan


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"strategy": "evolution"}, "'evolution'.*regularized_evolution.*keras_tuner.Hyperband"),
        ({"strategy": "regularised_evolution"}, "did you mean regularized_evolution"),
        (
            {"strategy": "regularized_evolution", "options": {"population": 3}},
            "no option 'population' .did you mean population_size",
        ),
        (
            {"strategy": "regularized_evolution", "options": {"population_size": -3}},
            "options of regularized_evolution.*-3",
        ),
        (
            {"strategy": "regularized_evolution", "options": {"population_size": "many"}},
            "options of regularized_evolution.*many",
        ),
        (
            {"strategy": "progressive"},
            "'progressive' searches only chains .* give one of grid, .*tpe",
        ),
        ({"data": "mnist-6k"}, "data='mnist-6k': no folder, and no data set .*mnist-5k.*penguins"),
        ({"trials": 0}, "trials=0: give a whole number"),
        ({"tune_steps": 0}, "tune_steps=0"),
        ({"train_steps": -1}, "train_steps=-1"),
        ({"classes": 1}, "classes=1: give a whole number"),
        ({"threshold": 90}, "threshold=90: give a number from 0 to 1"),
        ({"schema": "nowhere.pbtxt"}, "nowhere.pbtxt.*no such file"),
        ({"hyperparameters": "nowhere"}, "'nowhere': there is no best_hyperparameters.txt"),
    ],
)
def test_what_cannot_be_right_is_refused(tmp_path, given, said):
    with pytest.raises(ValueError, match=said):
        Plan(folder=tmp_path, **given)


def test_a_count_that_is_none_is_refused(tmp_path):
    for name, value in {"trials": "6", "seed": 2.5, "tune_steps": True}.items():
        with pytest.raises(TypeError, match=f"{name}={value!r}: give a whole number"):
            Plan(folder=tmp_path, **{name: value})


def test_a_metadata_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "metadata.sqlite").write_text("no database at all, though long enough")
    with pytest.raises(
        ValueError, match=r"metadata\.sqlite is not an SQLite database: take another"
    ):
        Plan(folder=tmp_path)


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="is a file: give a folder"):
        Plan(folder=tmp_path / "file")


def test_hyperparameters_are_found_by_their_folder_and_by_their_file(tmp_path):
    file = tmp_path / "best_hyperparameters.txt"
    file.write_text("{}")
    for given in (tmp_path, file):
        plan = Plan(folder=tmp_path, hyperparameters=str(given))
        assert plan.hyperparameters == str(tmp_path)
        assert plan.imports


def test_an_unknown_strategy_costs_no_import_of_tfx(tmp_path):
    code = (
        "import sys; from coursekit.cli import main\n"
        "status = main(['pipeline', 'run', '--strategy', 'evolution'])\n"
        "loaded = {'tfx', 'tensorflow', 'keras'} & set(sys.modules)\n"
        "sys.exit(f'{status} {sorted(loaded)}')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1] == "1 []"
    assert "no strategy 'evolution'" in done.stderr
