"""CSV files: what the look accepts, CsvExampleGen reads, cell by cell; all else names its place."""

import re

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

pytest.importorskip("tfx")

from tfx.components.example_gen.csv_example_gen import executor
from tfx.utils import io_utils
from tfx_bsl.coders import csv_decoder

from coursekit.tfx import csv_files
from coursekit.tfx.examples import SPLITS, look, prepare


def component(files):
    """The examples that the component makes of files: its own steps, without Beam."""
    names = io_utils.load_csv_column_names(str(files[0]))
    assert all(io_utils.load_csv_column_names(str(file)) == names for file in files)
    parse = csv_decoder.ParseCSVLine(delimiter=",")
    parse.setup()
    rows = [
        cells
        for file in files
        for record in executor._ReadCsvRecordsFromTextFile().process(str(file))
        for cells, _ in parse.process(record)
    ]
    types = csv_decoder.ColumnTypeInferrer(names, skip_blank_lines=True)
    known = types.create_accumulator()
    for cells in rows:
        known = types.add_input(known, cells)
    convert, infos = executor._ParsedCsvToTfExample(), types.extract_output(known)
    return [each for cells in rows for each in convert.process(cells, infos)]


def the_look(files):
    table = csv_files.read(files, "species")
    return [
        csv_files.example(cells, table)
        for file in files
        for _, cells in csv_files.rows(file, table.names)
    ]


def write(folder, **files):
    """Files of that name, of bytes or text; gives their paths, in order."""
    for name, content in files.items():
        content = content.encode() if isinstance(content, str) else content
        (folder / f"{name}.csv").write_bytes(content)
    return sorted(folder.glob("*.csv"))


TWO = "species,b\nx,1\ny,2\n"
READ = {
    "as it should be": TWO,
    "no line end at the end": TWO.rstrip("\n"),
    "Windows line ends": TWO.replace("\n", "\r\n"),
    "blank lines": "species,b\n\nx,1\n\n\ny,2\n\n",
    "missing numbers": "species,b\nx,\ny,2.5\n",
    "all of a column missing": "species,b\nx,\ny,\n",
    "quotes": 'species,b\n"x",1\n"y ""z""",2\n',
    "a comma in quotes": 'species,b\nx,"1,5"\ny,"2,5"\n',
    "a line end in quotes": 'species,b\nx,"one\ntwo"\ny,"three\r\nfour"\n',
    "letters of other scripts": "species,größe\nö,1\nエ,2\n",
    "signs in names": "species,a b,(c),d.e,%,a:0\nx,1,2,3,4,5\ny,1,2,3,4,5\n",
    "a header with blanks around it": "species,b \nx,1\ny,2\n",
    "numbers as labels": "species,b\n-7,1\n1000000000000,2\n",
    "floats as labels": "species,b\n1.0,1\n2.0,2\n",
    "numbers and words in a column": "species,b\nx,1\ny,two\n",
    "whole numbers and others": "species,b\nx,1\ny,2.5\n",
    "too long for a whole number": f"species,b\nx,{10**30}\ny,2\n",
    "nan among words": "species,b\nx,nan\ny,word\n",
    "a long cell": f"species,b\nx,{'c' * 131_000}\ny,2\n",
}


@pytest.mark.parametrize("text", READ.values(), ids=READ)
def test_what_is_accepted_is_read_by_the_component_as_by_the_look(tmp_path, text):
    files = write(tmp_path, a=text)
    found = look(tmp_path, label="species")
    assert (found.count, found.classes) == (2, 2)
    assert the_look(files) == component(files)


REFUSED = {
    "a byte-order mark": (b"\xef\xbb\xbf" + TWO.encode(), "line 1: .*byte-order mark.*without"),
    "UTF-16": (TWO.encode("utf-16"), "line 1: the file is UTF-16: save it as UTF-8"),
    "UTF-16, big end first": (b"\xfe\xff" + TWO.encode("utf-16-be"), "line 1: .*is UTF-16"),
    "UTF-16 without a mark": (TWO.encode("utf-16-le"), "line 1: a NUL .*if the file is UTF-16"),
    "Latin-1 in a row": ("species,b\nx,1\nö,2\n".encode("latin-1"), "line 3: byte 0xf6 is .*latin"),
    "Latin-1 in the header": ("species,größe\nx,1\n".encode("latin-1"), "line 1: byte 0xf6 is not"),
    "gzip": (b"\x1f\x8b\x08\0\0", "line 1: the file is compressed by gzip: uncompress"),
    "a workbook": (b"PK\x03\x04..", "line 1: .* an Excel workbook: export the sheet as CSV"),
    "NUL": ("species,b\nx,1\ny,\0\n", "line 3: a NUL character: remove it"),
    "semicolons": ("species;b\nx;1\ny;2\n", r"line 1: .* separated by semicolons \(';'\)"),
    "semicolons, another label": ("kind;b\nx;1,5\n", "line 1: .* by semicolons .* by commas"),
    "tabs": ("species\tb\nx\t1\n", r"line 1: .* separated by tabs \('\\t'\): .* by commas"),
    "bars": ("species|b\nx|1\n", "line 1: the columns are separated by bars"),
    "blanks": ("species b\nx 1\n", "line 1: the columns are separated by blanks"),
    "semicolons and commas": ("species;b,c;d\nx;1,5;2\n", "line 1: .* separated by semicolons"),
    "too few cells": ("species,b,c\nx,1,1\ny,2\n", "line 3: 2 cells, .* names 3 columns: mend"),
    "too many cells": ("species,b\nx,1\ny,2,3\n", "line 3: 3 cells, but the header names 2"),
    "too many cells after blank lines": ("species,b\nx,1\n\n\ny,2,\n", "line 5: 3 cells"),
    "a line of blanks": ("species,b\nx,1\n  \ny,2\n", "line 3: 1 cell, but the header"),
    "a name twice": ("species,b,c,b\nx,1,1,1\n", "line 1: columns 2 and 4 are both called 'b'"),
    "the header again": (TWO + TWO, "line 4 repeats the header: remove the line"),
    "no name": (",species,b\n0,x,1\n", "line 1: column 1 has no name: .*pandas.* index=False"),
    "a comma at the end": ("species,b,\nx,1,\n", "line 1: column 3 has no name"),
    "blanks at names": ("species, b\nx, 1\n", "line 1: column 2 is called ' b': remove the blank"),
    "names in quotes": ('"species","b"\nx,1\n', "line 1: the header .* has quotes"),
    "a comma in a name": ('species,"b,c"\nx,1\n', "line 1: the header .* has quotes"),
    "a slash in a name": ("species,km/h\nx,1\n", "line 1: column 2 is called 'km/h': rename"),
    "a name that is taken": ("species,label\nx,1\n", "line 1: column 2 is called 'label', but"),
    "no such label": ("kind,b\nx,1\n", r"line 1: no column .* 'species' \(there are kind, b\): ch"),
    "no header": ("x,1\ny,2\n", r"no column is called 'species' \(there are x, 1\)"),
    "the label alone": ("species\nx\ny\n", "line 1: there is no column besides 'species'"),
    "nothing": ("", "a.csv is empty: add a header and rows"),
    "a header alone": ("species,b\n", "a.csv has a header and no row: add rows, or remove"),
    "a blank line first": ("\nspecies,b\nx,1\n", "line 1: column 1 has no name"),
    "a label missing": ("species,b\nx,1\n,2\n", "line 3: no species: add it, or leave the row out"),
    "a label of blanks": ("species,b\nx,1\n  ,2\n", "line 3: no species: add it"),
    "a label missing after blank lines": ("species,b\nx,1\n\n,2\n", "line 4: no species"),
    "a label of two lines": ('species,b\nx,1\n"y\nz",2\n', r"line 3: species is 'y\\nz': write it"),
    "one class": ("species,b\nx,1\nx,2\n", "every 'species' is 'x': give at least two classes"),
    "one class, a number": ("species,b\n5,1\n05,2\n", "every 'species' is 5: give at least two"),
    "one class, two floats": ("species,b\n1,1\n1.0,2\n", "every 'species' is 1.0: give at least"),
    "a quantity as label": ("species,b\n1.0,1\n1.5,2\n", "line 3: species is 1.5, and a label nam"),
    "a label that is not a number": ("species,b\n1.0,1\nnan,2\n", "line 3: species is nan"),
    "a label beyond a float's digits": ("species,b\n1.0,1\n2e8,2\n", "line 3: species is 2e8"),
    "nan": ("species,b\nx,1\ny,nan\n", "line 3: b is nan, and every z-score .*: leave the cell"),
    "inf": ("species,b\nx,-inf\ny,1\n", "line 2: b is -inf, and every"),
    "too large": ("species,b\nx,1e39\ny,1\n", "line 2: b is 1e39, and every"),
    "a cell too long": (f"species,b\nx,1\ny,{'c' * 131_073}\n", "line 3: field larger than"),
    "carriage returns alone": (TWO.replace("\n", "\r"), "line 1: a carriage return .* alone ends"),
    "a carriage return inside": ("species,b\nx,1\r2\ny,3\n", "line 2: a line ends inside a cell"),
    "an open quote": ('species,b\nx,1\ny,"2\nz,3\n', "line 3: a quote is opened and never closed"),
    "a quote inside": ('species,b\nx,5" disk\ny,6" disk\n', "line 2: a line ends inside a cell"),
    "an open quote, evenly": ('species,b\nx,1\ny","2\n', "line 3: a quote is opened and never"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_names_file_and_line_and_the_cure(tmp_path, content, said):
    write(tmp_path, a=content)
    with pytest.raises(ValueError, match=re.escape(str(tmp_path)) + f".*{said}"):
        look(tmp_path, label="species")


SEVERAL = {
    "another header": ("species,c\nx,1\n", "b.csv, line 1: the header is 'species,c', but that of"),
    "another order": ("b,species\n1,x\n", "b.csv, line 1: .* same columns in the same order"),
    "no header": ("x,1\ny,2\n", r"b.csv, line 1: no column is called 'species' \(there are x, 1\)"),
    "the header again": (TWO + "species,b\n", "b.csv, line 4 repeats the header"),
    "a header alone": ("species,b\n", "b.csv has a header and no row"),
    "nothing": ("", "b.csv is empty"),
    "a mark": ("\ufeff" + TWO, "b.csv, line 1: .*byte-order mark"),
    "ragged": (TWO + "z\n", "b.csv, line 4: 1 cell, but"),
}


@pytest.mark.parametrize(("content", "said"), SEVERAL.values(), ids=SEVERAL)
def test_the_second_of_two_files_is_refused_for_the_same(tmp_path, content, said):
    write(tmp_path, a=TWO, b=content)
    with pytest.raises(ValueError, match=said):
        look(tmp_path, label="species")


def test_numbers_in_one_file_and_words_in_another_are_words_for_both(tmp_path):
    files = write(tmp_path, a=TWO, b="species,b\nz,none\n")
    assert look(tmp_path, label="species").count == 3
    assert the_look(files) == component(files)
    assert the_look(files)[0].features.feature["b"].bytes_list.value == [b"1"]


def test_a_folder_called_like_a_table_is_refused(tmp_path):
    write(tmp_path, a=TWO)
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(ValueError, match=r"b\.csv is a folder, but is called like a table: move"):
        look(tmp_path, label="species")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("species,b\nx,none\n", "eval/a.csv, line 2: b is 'none', a word, but another split has o"),
        ("species,b\nx,1.5\n", r"eval/a.csv, line 2: b is '1.5', a number, .*\('1' in .*train/a"),
        ("species,c\nx,1\n", "train has a column 'b', which .*eval does not have: give all"),
        ("species,b,c\nx,1,1\n", "eval has a column 'c', which .*train does not have: give all"),
        ("species,b\nz,1\n", "eval/a.csv, line 2: species is 'z', which the train split does not"),
        ("b,species\n1,y\n", ""),
        ("species,b\nx,\n", ""),
    ],
)
def test_splits_have_the_same_columns_and_types_and_no_label_of_their_own(tmp_path, text, said):
    for split in SPLITS:
        (tmp_path / split).mkdir()
        write(tmp_path / split, a=text if split == "eval" else TWO)
    if not said:
        assert look(tmp_path, label="species").splits
        return
    with pytest.raises(ValueError, match=said):
        look(tmp_path, label="species")


def test_a_column_that_only_the_train_split_leaves_empty_is_refused(tmp_path):
    for split in SPLITS:
        (tmp_path / split).mkdir()
        write(tmp_path / split, a="species,b\nx,\ny,\n" if split == "train" else TWO)
    with pytest.raises(ValueError, match=r"eval/a.csv, line 2: b is '1', but every b of the train"):
        look(tmp_path, label="species")


def test_a_table_whose_rows_do_not_reach_every_split_is_refused_before_the_pipeline(tmp_path):
    rows = [f"{'xy'[number % 2]},{number}\n" for number in range(40)]
    (tmp_path / "few").mkdir()
    write(tmp_path / "few", a="species,b\n" + "".join(rows[:2]))
    with pytest.raises(
        ValueError, match=r"few: a hash deals the examples out, none to .*: give mo"
    ):
        prepare(str(tmp_path / "few"), tmp_path, label="species")
    (tmp_path / "many").mkdir()
    write(tmp_path / "many", a="species,b\n" + "".join(rows))
    assert prepare(str(tmp_path / "many"), tmp_path, label="species").count == 40
    for number in range(40, 60):  # until one is dealt out to eval or test
        (tmp_path / "many" / "a.csv").write_text(
            "species,b\n" + "".join(rows) + f"alone,{number}\n"
        )
        try:
            prepare(str(tmp_path / "many"), tmp_path, label="species")
        except ValueError as error:
            assert re.search(r"a\.csv, line 42: the label is 'alone', and a hash .* none to train",
                             str(error))  # fmt: skip
            break
    else:  # 0.6^20, and the hash does not change
        pytest.fail("twenty examples were all dealt out to train")


PIECES = st.sampled_from(
    ['"', '""', ",", "\n", "\r", "\r\n", "x", "y", "1", "2.5", "-3", "nan", " ", "é", "\0", "\v",
     "species", "b", "1_0", "x,1\n", "y,2\n", '"z",3\n', "\u2028", "\x1c", "\x85", "٣"]
)  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(PIECES, max_size=12).map("".join))
def test_whatever_is_accepted_is_read_the_same(tmp_path, body):
    files = write(tmp_path, a="species,b\n" + body)
    try:
        found = the_look(files)
    except ValueError as error:
        assert str(files[0]) in str(error)
        return
    assert found == component(files)
