"""A dated price table that users can override, and what a job costs by it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from coursekit.arguments import as_path
from coursekit.lookup import find

OVERRIDE = "COURSEKIT_PRICES"  # environment variable: a JSON file of other prices


class Estimate(NamedTuple):
    """An amount in US dollars, with how it came about.

    low, high: the bounds; equal for what was spent. formula: in words and numbers.
    date: of the prices (YYYY-MM-DD). simulated: whether nobody is going to send this bill.
    """

    low: float
    high: float
    formula: str
    date: str
    simulated: bool = False

    def __str__(self) -> str:
        between = (
            f"{self.low:.2f}" if self.low == self.high else f"{self.low:.2f} to {self.high:.2f}"
        )
        sent = ", simulated: nobody sends this bill" if self.simulated else ""
        return f"{between} US dollars ({self.formula}; prices of {self.date}{sent})"


class Price(NamedTuple):
    """US dollars for one unit, the day on which that was so, and where it stands."""

    dollars: float
    unit: str
    date: str
    source: str


RECALLED = "recalled for the region us-east-1 or East US, not read: check it before you rely on it"
PRICES: dict[str, dict[str, Price]] = {
    "sagemaker": {
        "ml.m5.2xlarge": Price(0.461, "instance hour", "2026-11-29", RECALLED),
        "ml.m5.4xlarge": Price(0.922, "instance hour", "2026-11-29", RECALLED),
        "ml.m5.12xlarge": Price(2.765, "instance hour", "2026-11-29", RECALLED),
    },
    "azure": {
        "Standard_DS3_v2": Price(0.293, "node hour", "2026-11-29", RECALLED),
        "Standard_DS4_v2": Price(0.585, "node hour", "2026-11-29", RECALLED),
    },
    "vertex": {
        "tabular": Price(21.252, "node hour", "2026-11-29", "Google's price page"),
        "image": Price(3.465, "node hour", "2026-11-29", "Google's price page"),
    },
    "local": {"this machine": Price(0.0, "hour", "2026-11-29", "nobody sends a bill")},
}


def price(vendor: str, item: str) -> Price:
    """The price of a vendor's item, such as price("azure", "Standard_DS3_v2").

    The file that the environment variable COURSEKIT_PRICES names comes first: JSON such as
    {"azure": {"Standard_DS3_v2": {"dollars": 0.3, "date": "2026-12-24"}}}, which may have further
    items. Raises ValueError for an unknown vendor or item, and for a file that is not of this form.
    """
    items = find("vendor with prices", vendor, table())
    return find(f"price of {vendor} for", item, items)


def table() -> dict[str, dict[str, Price]]:
    """All prices, with those of the user."""
    made = {vendor: dict(items) for vendor, items in PRICES.items()}
    named = os.environ.get(OVERRIDE)
    if not named:
        return made
    path = as_path(OVERRIDE, named)
    for vendor, items in _object(path, _read(path)).items():
        for item, told in _object(path, items).items():
            usual = made.setdefault(vendor, {}).get(item)
            made[vendor][item] = _price(path, f"{vendor}, {item}", _object(path, told), usual)
    return made


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except OSError as error:
        raise ValueError(f"{OVERRIDE}={path}: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error


def _object(path: Path, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{path}: {value!r} is not an object of names: see coursekit.cloud.prices")
    return value


def _price(path: Path, where: str, told: Mapping[str, Any], usual: Price | None) -> Price:
    dollars, date = told.get("dollars"), told.get("date")
    if isinstance(dollars, bool) or not isinstance(dollars, int | float) or not dollars >= 0:
        raise ValueError(f"{path}, {where}: dollars={dollars!r}: give a number, 0 or more")
    if not isinstance(date, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        raise ValueError(f"{path}, {where}: date={date!r}: give the day of the price, YYYY-MM-DD")
    unit = told.get("unit", usual.unit if usual else "hour")
    return Price(float(dollars), str(unit), date, str(told.get("source", path)))


def estimate(
    vendor: str, item: str, low: float, high: float | None = None, *, simulated: bool, how: str = ""
) -> Estimate:
    """What some units of an item cost.

    low, high: units, such as node hours; high=None is the same as low, for what was spent.
    how: where the units come from, such as "20 candidates of 3 minutes"; it stands in the formula.
    """
    high = low if high is None else high
    if not 0 <= low <= high:
        raise ValueError(f"low={low}, high={high}: give units with 0 <= low <= high")
    each = price(vendor, item)
    units = f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
    formula = f"{units} {each.unit}s of {item} at {each.dollars:g}" + (f", {how}" if how else "")
    return Estimate(low * each.dollars, high * each.dollars, formula, each.date, simulated)
