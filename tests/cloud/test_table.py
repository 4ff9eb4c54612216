"""What is checked before a table is sent, and what stays at home."""

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.cloud.table import RULES, check, hold_out, outgoing, personal, problems
from coursekit.cloud.vendor import Request


def table(rows: int = 1000, **more: object) -> pandas.DataFrame:
    rng = np.random.default_rng(0)
    made = pandas.DataFrame({"age": rng.integers(1, 80, rows), "fare": rng.normal(size=rows)})
    made["won"] = rng.choice(["yes", "no"], rows)
    return made.assign(**more)


def asked(made: pandas.DataFrame, target: str = "won", metric: str = "auc") -> Request:
    return Request(made, target, "a", metric)


def test_a_good_table_suits_all_vendors():
    assert problems(asked(table())) == []
    for vendor in RULES:
        check(asked(table()), vendor)


@pytest.mark.parametrize(
    ("request_", "refusing", "why"),
    [
        (asked(table(999)), {"vertex"}, "999 rows, where 1000 to 1e\\+08 are needed"),
        (asked(table(499)), {"vertex", "sagemaker"}, "499 rows"),
        (asked(table(**{"home.dest": 1})), {"vertex"}, "'home.dest': rename it"),
        (asked(table(**{"_x": 1})), {"vertex"}, "'_x': rename it"),
        (asked(table(), "lost"), set(RULES), "target='lost' is not one of its columns: age"),
        (asked(table(won=[None, "a"] * 500)), set(RULES), "500 rows have no won: drop them"),
        (asked(table(won="a")), set(RULES), "won has 1 classes"),
        (asked(table(), "fare"), set(RULES), "take rmse or r2"),
        (asked(table(), "won", "rmse"), set(RULES), "take auc"),
        (asked(table()[["won"]]), set(RULES), "1 columns, where 2"),
        (asked(pandas.concat([table(), table()[["age"]]], axis=1)), set(RULES), "there twice"),
    ],
)
def test_each_fault_is_named_with_its_cure(request_: Request, refusing: set[str], why: str):
    found = problems(request_)
    assert {each.vendor for each in found} >= refusing
    for vendor in refusing:
        with pytest.raises(ValueError, match=f"{vendor} would refuse this table: .*{why}"):
            check(request_, vendor)
    for vendor in RULES.keys() - refusing:
        check(request_, vendor)


def test_columns_about_persons_stay_at_home_by_default():
    rows = 1000
    made = table(
        name=["x"] * rows,
        contact=[f"p{i}@example.org" for i in range(rows)],
        called=[f"+49 170 {i:07}" for i in range(rows)],
        passenger=[f"Smith{'abcdefgh'[i % 8]}, Mr. John{'a' * (i % 97 + 1)}" for i in range(rows)],
        number=range(rows),
        token=[f"{i:x}q" for i in range(rows)],
        town=["Bonn", "Rome"] * 500,
    )
    found = personal(made)
    assert set(found) == {"name", "contact", "called", "passenger", "number", "token"}
    assert found["contact"] == "its values look like e-mail addresses"
    sent = outgoing(made, "won", keep=["number"], drop=["fare"])
    assert list(sent.table) == ["age", "won", "number", "town"]
    assert sent.left_out["fare"] == "as you asked"
    assert "contact: its values look like e-mail" in str(sent) and "1000 rows" in str(sent)
    assert "p1@example.org" not in str(sent)
    with pytest.raises(ValueError, match=r"no column 'wont' .did you mean won"):
        outgoing(made, "wont")
    assert "name" in outgoing(made, "name").table  # the target is what it is about


@settings(max_examples=20)
@given(st.lists(st.emails(), min_size=1, max_size=5))
def test_any_column_of_addresses_is_found(addresses: list[str]):
    assert "x" in personal(pandas.DataFrame({"x": addresses}))


def test_numbers_and_classes_are_no_persons():
    assert personal(table()) == {}
    assert personal(pandas.DataFrame({"x": [None] * 30, "y": range(30, 0, -1)})).keys() == {"y"}


def test_held_out_rows_are_those_that_are_not_sent():
    sent, kept = hold_out(table(), 0.25, seed=3)
    assert len(kept) == 250 and sorted([*sent.index, *kept.index]) == list(range(1000))
    assert hold_out(table(), 0.25, seed=3)[1].equals(kept)
    assert len(hold_out(table(), 0)[1]) == 0
    with pytest.raises(ValueError, match="share=1"):
        hold_out(table(), 1)
