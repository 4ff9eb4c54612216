"""Odd inputs that the look accepts, all the way: two pipelines, to a pushed model that predicts."""

import csv
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tfx")

from coursekit.tfx import Plan, csv_files
from coursekit.tfx.examples import png, split_of
from coursekit.tfx.local import run
from coursekit.tfx.quiet import tf
from coursekit.tfx.serving import ServedModel
from tests.tfx.test_image_records import ACCEPTED, features


def dealt(outcome):
    """The number of examples in each split that ExampleGen wrote."""
    step = next(step for step in outcome.steps if step.name.endswith("ExampleGen"))
    found = {}
    for folder in Path(step.outputs["examples"][0].uri).iterdir():
        records = tf.data.TFRecordDataset([str(file) for file in folder.iterdir()], "GZIP")
        found[folder.name.removeprefix("Split-")] = sum(1 for _ in records)
    return found


def ran(data, folder, **options):
    said = []
    plan = Plan(data=str(data), folder=folder, hyperparameters="defaults", train_steps=400,
                threshold=0.01, **options)  # fmt: skip
    outcome = run(plan, tell=said.append)
    assert outcome.pushed, outcome.refused
    return outcome, said[0]


@pytest.mark.nightly(40)
def test_images_of_all_kinds_with_gaps_in_the_labels_and_more_features(tmp_path):
    """Dark ones are class 3, grey ones 5, bright ones 10**12; each record also has a camera."""
    rng, labels = np.random.default_rng(0), (3, 5, 10**12)
    odd = [image for image, _ in ACCEPTED.values()]
    records = [
        features(image=[png((number % 3 + rng.random((4, 5))) / 3)], label=[labels[number % 3]],
                 camera=[b"ab"[number % 2 :][:1]])
        for number in range(150)
    ] + [features(image=[image], label=[5], camera=[b"a"]) for image in odd]  # fmt: skip
    (tmp_path / "data").mkdir()
    with tf.io.TFRecordWriter(str(tmp_path / "data" / "a.tfrecord.gz"), "GZIP") as writer:
        for record in records:
            writer.write(record)
    outcome, said = ran(tmp_path / "data", tmp_path / "pipeline")
    assert said.startswith(f"{len(records)} examples of 3 classes (labels 3, 5, {10**12}) in ")
    assert dealt(outcome) == Counter(split_of(tf.train.Example.FromString(r)) for r in records)
    model = ServedModel(outcome.pushed)  # without cameras
    found = model.predict_images([png(np.full((4, 5), level)) for level in (0.17, 0.5, 0.83)])
    assert found.argmax(axis=1).tolist() == [0, 1, 2], "in the order of the labels"


@pytest.mark.nightly(80)
def test_a_table_with_odd_names_cells_and_labels(tmp_path):
    random.seed(0)
    names = ["größe", "a b", "a:b", "(empty)", "lines", "the label"]
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "a.csv").open("w", newline="") as file:
        file.write(",".join(names) + "\r\n")
        writer = csv.writer(file)
        for number in range(120):
            high = number % 2
            size = "" if random.random() < 0.1 else f"{high + random.random() / 2:.3f}"
            lines = random.choice(["one\ntwo", 'three "four"', ""])
            words = random.choice("uv"), random.choice("xy")
            writer.writerow([size, *words, "", lines, ("-7", "1000000000000")[high]])
    outcome, said = ran(tmp_path / "data", tmp_path / "pipeline", label="the label")
    assert said.startswith("120 examples of 2 classes in ")
    (file,) = (tmp_path / "data").iterdir()
    table = csv_files.read([file], "the label")
    rows = [csv_files.example(cells, table) for _, cells in csv_files.rows(file, table.names)]
    assert dealt(outcome) == Counter(map(split_of, rows))
    known = (tmp_path / "pipeline" / "artifacts").glob(
        "Transform/transform_graph/*/transform_fn/assets/label_xf"
    )
    order = next(known).read_text().split()
    assert sorted(order) == ["-7", "1000000000000"]
    for row in rows:
        row.features.feature["the label"].Clear()
    found = ServedModel(outcome.pushed).predict([row.SerializeToString() for row in rows])
    right = [order[each] for each in found.argmax(axis=1)]
    expected = [("-7", "1000000000000")[number % 2] for number in range(120)]
    assert np.mean([one == two for one, two in zip(right, expected, strict=True)]) > 0.8
