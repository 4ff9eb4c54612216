"""A real pipeline on a table, to Pusher, with functions and a tuner of your own."""

import os
import shutil
import sys

import pytest

pytest.importorskip("tfx")

import tensorflow as tf

from coursekit.tfx import Plan
from coursekit.tfx.lineage import Lineage
from coursekit.tfx.local import run
from coursekit.tfx.modules import tables
from coursekit.tfx.serving import ServedModel

PROCESSES = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")


@pytest.mark.parametrize(
    "beam",
    [
        pytest.param((), marks=pytest.mark.nightly(60), id="one process"),
        pytest.param(PROCESSES, marks=pytest.mark.nightly(110), id="worker processes"),
    ],
)
def test_a_table_goes_through_functions_of_your_own_and_beams_workers(tmp_path, monkeypatch, beam):
    """Words, missing values, a tuner of your own, and splits that a hash deals out."""
    shutil.copy(tables.__file__, tmp_path / "own_tables.py")
    (tmp_path / "own_search.py").write_text(
        "import keras_tuner\n\nclass Mine(keras_tuner.RandomSearch):\n    pass\n"
    )
    # Beam's workers say that they were there: a Python runs this file at its start.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if any('sdk_worker_main' in word for word in sys.orig_argv):\n"
        f"    with open({str(tmp_path / 'workers')!r}, 'a') as file:\n"
        "        print(os.getpid(), file=file)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))  # the workers'
    plan = Plan(
        data="penguins", folder=tmp_path / "penguins", strategy="own_search.Mine",
        trials=2, tune_steps=60, train_steps=300, preprocessing_fn="own_tables.preprocessing_fn",
        beam=beam,
    )  # fmt: skip
    outcome = run(plan, tell=lambda line: None)
    assert outcome.pushed
    assert outcome.metrics["sparse_categorical_accuracy"] > 0.9  # the threshold; the rule is .44
    assert len(outcome.trials) == 2
    if beam:
        workers = set((tmp_path / "workers").read_text().split())
        assert len(workers) >= 8, "two for each of four components"
    origin = Lineage(plan.folder).origin()
    assert origin.code["Transform"].startswith("own_tables.preprocessing_fn ")
    assert ", with own_search.Mine " in origin.code["Tuner"]
    assert origin.code["Trainer"].startswith("coursekit.tfx.modules.tables.run_fn ")
    assert dict(origin.hyperparameters) == outcome.trials[0][2]

    model = ServedModel(plan.served)
    raw = tf.train.Example()
    for name, value in {"bill_length_mm": 46.0, "bill_depth_mm": 14.0, "flipper_length_mm": 220,
                        "body_mass_g": 5400, "year": 2008}.items():  # fmt: skip
        if isinstance(value, float):
            raw.features.feature[name].float_list.value.append(value)
        else:
            raw.features.feature[name].int64_list.value.append(value)
    raw.features.feature["island"].bytes_list.value.append(b"Biscoe")  # and no sex
    found = model.predict([raw.SerializeToString()])[0]
    words = (plan.folder / "artifacts").glob(
        "Transform/transform_graph/*/transform_fn/assets/label_xf"
    )
    species = next(words).read_text().split()
    assert species[int(found.argmax())] == "Gentoo"
