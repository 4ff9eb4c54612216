"""A real pipeline on a table, to Pusher, with functions and a tuner of one's own."""

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

pytestmark = pytest.mark.slow(110)


def test_a_table_goes_through_beams_worker_processes_and_functions_of_your_own(
    tmp_path, monkeypatch
):
    """Words, missing values, a tuner of one's own, and splits that a hash deals out."""
    shutil.copy(tables.__file__, tmp_path / "own_tables.py")
    (tmp_path / "own_search.py").write_text(
        "import keras_tuner\n\nclass Mine(keras_tuner.RandomSearch):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))  # the workers'
    plan = Plan(
        data="penguins", folder=tmp_path / "penguins", strategy="own_search.Mine",
        trials=2, tune_steps=60, train_steps=300, preprocessing_fn="own_tables.preprocessing_fn",
        beam=("--direct_running_mode=multi_processing", "--direct_num_workers=2"),
    )  # fmt: skip
    outcome = run(plan, tell=lambda line: None)
    assert outcome.pushed
    assert outcome.metrics["sparse_categorical_accuracy"] > 0.9  # the threshold; the rule is .44
    assert len(outcome.trials) == 2
    log = (plan.folder / "run.log").read_text()
    assert log.count("Python sdk harness exiting") >= 8, "two workers for each of four components"
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
