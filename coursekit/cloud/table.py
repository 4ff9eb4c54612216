"""What a table must be before it is sent: the vendors' rules, and columns about persons."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from coursekit.cloud.pipelines import METRICS
from coursekit.cloud.vendor import Request
from coursekit.extras import from_extras
from coursekit.lookup import find

if TYPE_CHECKING:
    import pandas


def read(csv: bytes) -> pandas.DataFrame:
    """The table of a CSV with a header."""
    with from_extras("cloud"):
        import pandas

    return pandas.read_csv(io.BytesIO(csv))


@dataclass(frozen=True)
class Rules:
    """A vendor's limits. name: what a column may be called, and the same in words."""

    rows: tuple[int, float]
    columns: tuple[int, float]
    classes: tuple[int, float]
    name: str
    called: str


ANY, WORDS = r"[^\n]{1,128}", "1 to 128 characters in one line"
# Rows and columns as the vendors' documentation has them; what is generous here is their default.
RULES = {
    "sagemaker": Rules((500, 5e6), (2, 1000), (2, 2000), r"[^\n,\"]{1,63}",
                       "1 to 63 characters, no comma and no quotation mark"),
    "azure": Rules((50, float("inf")), (2, float("inf")), (2, 1000), ANY, WORDS),
    "vertex": Rules((1000, 1e8), (2, 1000), (2, 500), r"[A-Za-z0-9][A-Za-z0-9_]{0,127}",
                    "at most 128 letters, digits and _, without _ at the beginning"),
    "local": Rules((20, float("inf")), (2, float("inf")), (2, 1000), ANY, WORDS),
}  # fmt: skip


class Refusal(NamedTuple):
    """What a vendor would refuse, and what to do."""

    vendor: str
    text: str


def problems(request: Request, vendors: Iterable[str] = RULES) -> list[Refusal]:
    """What these vendors would refuse of a request's table; nothing is sent.

    Raises ValueError for an unknown vendor.
    """
    return [
        Refusal(vendor, text)
        for vendor in vendors
        for text in _problems(request, find("vendor", vendor, RULES))
    ]


def check(request: Request, vendor: str) -> None:
    """Raise ValueError with all that the vendor would refuse of a request's table."""
    found = problems(request, [vendor])
    if found:
        raise ValueError(f"{vendor} would refuse this table: {'; '.join(f.text for f in found)}")


def _problems(request: Request, rules: Rules) -> Iterator[str]:
    table, target = request.table, request.target
    names = [str(name) for name in table.columns]
    rows, columns = table.shape
    if target not in names:
        yield f"target={target!r} is not one of its columns: {', '.join(names)}"
        return
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        yield f"columns {', '.join(twice)} are there twice: rename one of each"
        return
    for word, number, (least, most) in (
        ("rows", rows, rules.rows), ("columns", columns, rules.columns),
    ):  # fmt: skip
        if not least <= number <= most:
            yield f"{number} {word}, where {least} to {most:g} are needed"
    for name in names:
        if not re.fullmatch(rules.name, name):
            yield f"column {name!r}: rename it ({rules.called})"
    gaps = int(table[target].isna().sum())
    if gaps:
        yield f"{gaps} rows have no {target}: drop them, for instance with dropna(subset=[target])"
    yield from _target_problems(request, rules)


def _target_problems(request: Request, rules: Rules) -> Iterator[str]:
    target, classes = request.target, request.classes
    least, most = rules.classes
    wanted = METRICS.get(request.metric)
    if wanted and wanted.classes and not classes:
        yield (
            f"{request.metric} is for classes, and {target} is a number with many values: "
            "take rmse or r2"
        )
    elif wanted and not wanted.classes:
        if request.table[target].dtype.kind not in "iuf":
            yield f"{request.metric} is for numbers, and {target} holds classes: take auc"
    elif classes and not least <= classes <= most:
        yield f"{target} has {classes} classes, where {least} to {most:g} are needed"


# Parts of names of columns, and shapes of values, that point at one person.
PERSONAL_NAMES = re.compile(
    r"(^|[^a-z])(first|last|sur|family|full|user|maiden)?_?name([^a-z]|$)|e-?mail|phone|mobile|"
    r"(home|street|postal)?_?(address|dest)([^a-z]|$)|(^|_)(zip|postcode|ssn|iban|passport|"
    r"birth|dob|ip|latitude|longitude)([^a-z]|$)|(^|_)(person|patient|customer|user|client)_?id$",
    re.IGNORECASE,
)
PERSONAL_VALUES = {
    "e-mail addresses": r"\S+@[^@\s]+\.[A-Za-z][\w-]+",
    "telephone numbers": r"\+?\d[\d ()/-]{7,}\d",
    "network addresses": r"(\d{1,3}\.){3}\d{1,3}",
    "bank accounts": r"[A-Z]{2}\d{2}[A-Z0-9 ]{11,30}",
    "names": r"[A-Z][\w'’-]+,? ((Mr|Mrs|Miss|Ms|Master|Dr|Rev)\.? )?[A-Z][^\d]*",
}
SHARE, DISTINCT = 0.5, 0.9  # of the values that look so; of texts, or whole numbers, that differ


def personal(table: pandas.DataFrame) -> dict[str, str]:
    """The columns that may point at persons, each with the reason; a guess, which finds not all.

    It looks at names of columns, at the shape of values, and for values that nearly all differ.
    """
    found = {str(name): _reason(str(name), table[name]) for name in table.columns}
    return {name: reason for name, reason in found.items() if reason}


def _reason(name: str, column: Any) -> str:
    if PERSONAL_NAMES.search(name):
        return "its name"
    known = column.dropna()
    if not len(known):
        return ""
    different = known.nunique() / len(known)
    if column.dtype.kind in "iu":
        counts = len(known) > 20 and different == 1
        return "all its numbers differ, as those of persons do" if counts else ""
    if column.dtype.kind in "bfMmc":
        return ""
    texts = known.astype(str)
    for kind, shape in PERSONAL_VALUES.items():
        if texts.str.fullmatch(shape).mean() > SHARE and (kind != "names" or different > SHARE):
            return f"its values look like {kind}"
    return "nearly all its texts differ" if len(known) > 20 and different > DISTINCT else ""


class Outgoing(NamedTuple):
    """What would leave the machine. left_out: the columns that stay, each with the reason."""

    table: pandas.DataFrame
    left_out: dict[str, str]

    def __str__(self) -> str:
        size = len(self.table.to_csv(index=False).encode())
        told = [f"{len(self.table)} rows, {size / 1e3:.0f} kB; the columns with their first value:"]
        for name in self.table.columns:
            known = self.table[name].dropna()
            first = repr(known.iloc[0])[:40] if len(known) else "nothing"
            told.append(f"  {name}: {known.nunique()} different values, {first}")
        if self.left_out:
            told.append("left out:")
            told += [f"  {name}: {reason}" for name, reason in self.left_out.items()]
        return "\n".join(told)


def outgoing(
    table: pandas.DataFrame, target: str, *, keep: Iterable[str] = (), drop: Iterable[str] = ()
) -> Outgoing:
    """The table without the columns that may point at persons.

    keep: columns to send in spite of that. drop: further columns to leave out. The target is always
    sent. Raises ValueError for a name that is not a column.
    """
    keep, names = list(keep), dict.fromkeys(map(str, table.columns))
    for name in (target, *keep, *drop):
        find("column", name, names)
    left = {name: reason for name, reason in personal(table).items() if name not in keep}
    left |= dict.fromkeys(drop, "as you asked")
    left.pop(target, None)
    return Outgoing(table.drop(columns=list(left)), left)


def hold_out(
    table: pandas.DataFrame, share: float, seed: int = 0
) -> tuple[pandas.DataFrame, pandas.DataFrame]:
    """Rows to learn from, and a share of rows that stay here; the same for the same seed."""
    if not 0 <= share < 1:
        raise ValueError(f"share={share!r}: give a number from 0 to below 1")
    count = round(share * len(table))
    order = np.random.default_rng(seed).permutation(len(table))
    return table.iloc[np.sort(order[count:])], table.iloc[np.sort(order[:count])]
