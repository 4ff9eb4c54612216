"""CSV files, read as TFX's CsvExampleGen reads them, or refused with file, line and cure.

CsvExampleGen cuts the first line at its commas, quoted or not. A record ends at a line end with an
even number of quotes before it. A column's type is the widest that a cell of its split needs, of
whole numbers, numbers and words. It names neither file nor line, and finds an error only while the
pipeline runs.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from coursekit.tfx.quiet import ColumnType, ColumnTypeInferrer, tf

Label = int | float | str
LARGEST = float(np.finfo(np.float32).max)
WHOLE = 2**24  # up to here, a float32 tells all whole numbers apart
TYPES = {
    ColumnType.INT: "a whole number",
    ColumnType.FLOAT: "a number",
    ColumnType.STRING: "a word",
}
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}
STARTS = {
    b"\xef\xbb\xbf": "begins with a byte-order mark, which would become a part of the first "
    "column's name: save it as UTF-8 without the mark (tail -c +4 FILE)",
    b"\xff\xfe": "is UTF-16: save it as UTF-8 (iconv -f utf-16 -t utf-8 FILE)",
    b"\xfe\xff": "is UTF-16: save it as UTF-8 (iconv -f utf-16 -t utf-8 FILE)",
    b"\x1f\x8b": "is compressed by gzip: uncompress it (gunzip)",
    b"PK\x03\x04": "is a zip archive, such as an Excel workbook: export the sheet as CSV",
}


@dataclass
class Column:
    """A column's type in one split, and the first cell that needs it.

    infinite: the first cell that is a number, but NaN or infinite.
    """

    type: ColumnType = ColumnType.UNKNOWN
    place: str = ""
    cell: str = ""
    infinite: str = ""


@dataclass
class SplitTable:
    """The contents of one split's files.

    names: of the columns. columns: by name. count: number of rows. cells: for each different cell
    in the label's column, its first place.
    """

    names: list[str]
    columns: dict[str, Column]
    count: int = 0
    cells: dict[bytes, str] = field(default_factory=dict)


def read(files: Sequence[Path], label: str) -> SplitTable:
    """Read all files of one split. It takes about ten microseconds for each row and column.

    Raises ValueError, naming file and line, for a file that CsvExampleGen cannot read, or that the
    kit's `preprocessing_fn` cannot learn from.
    """
    names = header(files[0], label)
    table = SplitTable(names, {name: Column() for name in names})
    types = ColumnTypeInferrer(names, skip_blank_lines=True)
    place = names.index(label)
    for file in files:
        if (others := header(file, label)) != names:
            raise ValueError(
                f"{file}, line 1: the header is {','.join(others)!r}, but that of "
                f"{files[0].name} is {','.join(names)!r}: give all files the same columns in the "
                "same order"
            )
        before = table.count
        for line, cells in rows(file, names):
            where = f"{file}, line {line}"
            table.count += 1
            if not cells[place].strip():
                raise ValueError(f"{where}: no {label}: add it, or leave the row out")
            table.cells.setdefault(cells[place], where)
            for cell, (name, found) in zip(cells, types.add_input({}, cells).items(), strict=True):
                column = table.columns[name]
                if found > column.type:
                    column.type, column.place = found, where
                    column.cell = cell.decode()
                if found == ColumnType.FLOAT and not abs(float(cell)) <= LARGEST:
                    column.infinite = column.infinite or f"{where}: {name} is {cell.decode()}"
        if table.count == before:
            raise ValueError(f"{file} has a header and no row: add rows, or remove the file")
    _check_columns(table, label)
    return table


def labels(table: SplitTable, label: str) -> dict[Label, str]:
    """The different labels of a split, as `preprocessing_fn` tells them apart, and their places."""
    found: dict[Label, str] = {}
    for cell, place in table.cells.items():
        found.setdefault(meaning(cell, table.columns[label].type), place)
    return found


def meaning(cell: bytes, kind: ColumnType) -> Label:
    """A label's cell as a value: "1" and "01" are one whole number."""
    if kind == ColumnType.INT:
        return int(cell)
    return float(cell) if kind == ColumnType.FLOAT else cell.decode()


def check_splits(tables: Sequence[SplitTable], train: SplitTable) -> None:
    """Check that all splits have the train split's columns, with the same types.

    Raises ValueError, naming file and line, for a column that does not.
    """
    for table in tables:
        for name in sorted({*table.names} ^ {*train.names}):
            more, less = (table, train) if name in table.columns else (train, table)
            raise ValueError(
                f"{_folder(more)} has a column {name!r}, which {_folder(less)} does not have: give "
                "all splits the same columns"
            )
        for name, column in table.columns.items():
            known = train.columns[name]
            if known.type == ColumnType.UNKNOWN != column.type:
                raise ValueError(
                    f"{column.place}: {name} is {column.cell!r}, but every {name} of the train "
                    "split is empty: remove the column"
                )
            if column.type not in (known.type, ColumnType.UNKNOWN):
                wide, other = sorted((column, known), key=lambda each: -each.type)
                raise ValueError(
                    f"{wide.place}: {name} is {wide.cell!r}, {TYPES[wide.type]}, but another split "
                    f"has only {TYPES[other.type]} in each cell ({other.cell!r} in {other.place}): "
                    "write the column in one way in all splits"
                )


def _folder(table: SplitTable) -> Path:
    """The folder of a split, from the place of one of its rows."""
    return Path(next(iter(table.cells.values())).rpartition(", line")[0]).parent


def _check_columns(table: SplitTable, label: str) -> None:
    for column in table.columns.values():
        if column.infinite and column.type == ColumnType.FLOAT:
            raise ValueError(
                f"{column.infinite}, and every z-score of the column would be NaN: leave the cell "
                "empty (missing), or leave the row out"
            )
    kind = table.columns[label].type
    for cell, where in table.cells.items():
        if kind == ColumnType.FLOAT:
            number = float(cell)
            if not (number.is_integer() and abs(number) <= WHOLE):
                raise ValueError(
                    f"{where}: {label} is {cell.decode()}, and a label names a class: give whole "
                    "numbers or words (a quantity can be cut into ranges)"
                )
        elif b"\n" in cell or b"\r" in cell:
            raise ValueError(f"{where}: {label} is {cell.decode()!r}: write it in one line")


def header(file: Path, label: str) -> list[str]:
    """The names of a file's columns; ValueError if the label's is not among them."""
    if not file.is_file():
        raise ValueError(f"{file} is a folder, but is called like a table: move or rename it")
    with file.open("rb") as lines:
        start = lines.read(4)
    for mark, what in STARTS.items():
        if start.startswith(mark):
            raise ValueError(f"{file}, line 1: the file {what.replace('FILE', file.name)}")
    if not start:
        raise ValueError(f"{file} is empty: add a header and rows")
    text = next(_lines(file))
    if "\r" in text.rstrip("\r\n"):
        raise ValueError(
            f"{file}, line 1: a carriage return (\\r) alone ends a line: end lines with \\n"
        )
    names = text.strip().split(",")
    where = f"{file}, line 1"
    _check_separator(where, names, label)
    if '"' in text:
        raise ValueError(
            f"{where}: the header {text.strip()!r} has quotes, which would become a part of a "
            "column's name: remove them (and commas from names)"
        )
    for number, name in enumerate(names, 1):
        if not name:
            raise ValueError(
                f"{where}: column {number} has no name: name it, or remove it (pandas writes such "
                "a column unless index=False)"
            )
        if name != name.strip():
            raise ValueError(f"{where}: column {number} is called {name!r}: remove the blanks")
        if names.index(name) != number - 1:
            raise ValueError(
                f"{where}: columns {names.index(name) + 1} and {number} are both called {name!r}: "
                "rename or remove one"
            )
        if "/" in name:
            raise ValueError(
                f"{where}: column {number} is called {name!r}: rename it without the '/', which "
                "Keras does not take"
            )
        if name == "label" != label:
            raise ValueError(
                f"{where}: column {number} is called 'label', but {label!r} is the label: rename "
                "the column, or choose it as the label"
            )
    if label not in names:
        raise ValueError(
            f"{where}: no column is called {label!r} (there are {', '.join(names)}): choose the "
            "label's column (label=, --label)"
        )
    if len(names) == 1:
        raise ValueError(f"{where}: there is no column besides {label!r} to learn from: add one")
    return names


def _check_separator(where: str, names: Sequence[str], label: str) -> None:
    for sign, word in SEPARATORS.items():
        parts = [part.strip(' "') for name in names for part in name.split(sign)]
        found = label in {*parts} - {*names}
        if len(parts) > len(names) and (found or (sign != " " and len(names) == 1)):
            raise ValueError(
                f"{where}: the columns are separated by {word} ({sign!r}): separate them by commas"
            )


def rows(file: Path, names: Sequence[str]) -> Iterator[tuple[int, list[bytes]]]:
    """The number of the first line and the cells of each row; blank lines are left out."""
    record, first, quotes = "", 0, 0
    for line, text in enumerate(_lines(file), 1):
        if line == 1:  # the header
            continue
        first = first if record else line
        record += text
        quotes += text.count('"')
        if quotes % 2:
            continue
        cells = _cells(record, f"{file}, line {first}")
        record, quotes = "", 0
        if not cells:
            continue
        if len(cells) != len(names):
            raise ValueError(
                f"{file}, line {first}: {_number(len(cells), 'cell')}, but the header names "
                f"{_number(len(names), 'column')}: mend the line (a comma inside a cell needs "
                "quotes around the cell)"
            )
        if cells == list(names):
            raise ValueError(f"{file}, line {first} repeats the header: remove the line")
        yield first, [cell.encode() for cell in cells]
    if record:
        raise ValueError(
            f"{file}, line {first}: a quote is opened and never closed: close it, or write a quote "
            'inside a cell as "" in a quoted cell'
        )


def _number(count: int, what: str) -> str:
    return f"{count} {what}" + ("s" if count != 1 else "")


def _lines(file: Path) -> Iterator[str]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                text = line.decode()
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"{file}, line {number}: byte 0x{line[error.start]:02x} is not UTF-8: save the "
                    f"file as UTF-8 (if it is Latin-1: iconv -f latin1 -t utf-8 {file.name})"
                ) from None
            if "\0" in text:
                raise ValueError(
                    f"{file}, line {number}: a NUL character: remove it (if the file is UTF-16: "
                    f"iconv -f utf-16le -t utf-8 {file.name})"
                )
            yield text


class _Unclosed(Exception):
    pass


def _once(record: str) -> Iterator[str]:
    yield record
    raise _Unclosed


def _cells(record: str, where: str) -> list[str]:
    try:
        return next(csv.reader(_once(record)))
    except _Unclosed:
        cure = 'a quote is opened and never closed: write a quote inside a cell as "" in quotes'
    except csv.Error as error:
        cure = f"{error}: shorten the cell" if "limit" in str(error) else (
            "a line ends inside a cell: put the cell in quotes, and write a quote inside it as "
            '""; end lines with \\n'
        )  # fmt: skip
    raise ValueError(f"{where}: {cure}")


def example(cells: Sequence[bytes], table: SplitTable) -> tf.train.Example:
    """A row as the example that CsvExampleGen makes of it."""
    features = {}
    for cell, name in zip(cells, table.names, strict=True):
        kind = table.columns[name].type
        if kind == ColumnType.INT:
            whole = tf.train.Int64List(value=[int(cell)] if cell else [])
            features[name] = tf.train.Feature(int64_list=whole)
        elif kind == ColumnType.FLOAT:
            number = tf.train.FloatList(value=[float(cell)] if cell else [])
            features[name] = tf.train.Feature(float_list=number)
        elif kind == ColumnType.UNKNOWN:
            features[name] = tf.train.Feature()
        else:
            word = tf.train.BytesList(value=[cell] if cell else [])
            features[name] = tf.train.Feature(bytes_list=word)
    return tf.train.Example(features=tf.train.Features(feature=features))
