"""The price table, what users override of it, and estimates."""

import json
from pathlib import Path

import pytest

from coursekit.cloud.prices import OVERRIDE, PRICES, estimate, price, table


def test_an_estimate_says_its_bounds_its_formula_and_the_date():
    made = estimate("vertex", "tabular", 1, 2.5, simulated=False, how="a budget of 2.5")
    assert (made.low, made.high) == (21.252, 2.5 * 21.252)
    assert str(made) == (
        "21.25 to 53.13 US dollars (1 to 2.5 node hours of tabular at 21.252, a budget of 2.5; "
        "prices of 2026-11-29)"
    )
    spent = estimate("vertex", "tabular", 0.5, simulated=True)
    assert spent.low == spent.high and "nobody sends this bill" in str(spent)
    with pytest.raises(ValueError, match="low=2, high=1"):
        estimate("vertex", "tabular", 2, 1, simulated=True)
    with pytest.raises(ValueError, match="no price of azure for 'x'"):
        price("azure", "x")


def test_users_override_prices_and_add_some(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    file = tmp_path / "prices.json"
    monkeypatch.setenv(OVERRIDE, str(file))
    new = {"dollars": 30, "date": "2027-01-31"}
    file.write_text(json.dumps({"vertex": {"tabular": new, "video": {**new, "unit": "hour"}}}))
    assert price("vertex", "tabular")[:3] == (30.0, "node hour", "2027-01-31")
    assert price("vertex", "video").source == str(file)
    assert price("azure", "Standard_DS3_v2") == PRICES["azure"]["Standard_DS3_v2"]
    assert PRICES["vertex"]["tabular"].dollars == 21.252


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "is not JSON"),
        ("[]", r"\[\] is not an object"),
        ('{"azure": 3}', "3 is not an object"),
        ('{"azure": {"x": {"dollars": -1, "date": "2027-01-31"}}}', "azure, x: dollars=-1"),
        ('{"azure": {"x": {"dollars": true, "date": "2027-01-31"}}}', "dollars=True"),
        ('{"azure": {"x": {"dollars": 1, "date": "soon"}}}', "date='soon': give the day"),
    ],
)
def test_a_bad_file_of_prices_is_refused(
    content: str, why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    file = tmp_path / "prices.json"
    monkeypatch.setenv(OVERRIDE, str(file))
    with pytest.raises(ValueError, match="No such file"):
        table()
    file.write_text(content)
    with pytest.raises(ValueError, match=why):
        table()


def test_every_price_has_a_day_and_a_source():
    assert all(each.date and each.source for items in PRICES.values() for each in items.values())
