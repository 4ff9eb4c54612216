"""Keras Tuner's private parts are known to one file alone."""

import ast
from pathlib import Path

import keras_tuner
import pytest

import coursekit.tuners.internals as internals

ALLOWED = Path(internals.__file__).resolve()
FILES = sorted(
    path.resolve()
    for folder in ("tuners", "tfx", "widgets", "estimators", "race")
    for path in (ALLOWED.parent.parent / folder).rglob("*.py")
    if path.resolve() != ALLOWED
)
PRIVATE = {
    name
    for cls in (keras_tuner.Oracle, keras_tuner.Tuner, keras_tuner.HyperParameters)
    for name in [*vars(cls), *vars(cls.__mro__[1])]
    if name.startswith("_") and not name.startswith("__")
} | {"_space", "_hps", "_retry_queue", "_run_times", "_display"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_other_file_reaches_into_keras_tuner(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom | ast.Import):
            module = getattr(node, "module", None)
            names = [module or ""] if module else [each.name for each in node.names]
            for name in names:
                assert not name.startswith(("keras_tuner.src", "keras_tuner.engine")), (
                    f"line {node.lineno}: import {name} through coursekit.tuners.internals"
                )
        if isinstance(node, ast.Attribute) and node.attr in PRIVATE and "tuners" in path.parts:
            own = node.attr in {"_space", "_search"} and getattr(node.value, "id", "") == "self"
            assert own, f"line {node.lineno}: {node.attr} belongs into coursekit.tuners.internals"
