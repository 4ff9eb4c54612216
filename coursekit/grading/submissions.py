"""Finds the submissions in a folder or a zip file, and whose each is; runs and unpacks nothing.

A zip file is read in memory, so that none of its names ever becomes a path. Whose a notebook is
comes from where it lies: what Moodle, Canvas and nbgrader's exchange call it, the learner's folder,
the file's name; with a roster it has to be in there. What stays in doubt is said, not guessed.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import math
import os
import re
import stat
import zipfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from coursekit.grading import figures

LARGEST = 20 << 20  # bytes of a notebook
ARCHIVE = 1 << 30  # bytes of all notebooks in a zip file
MEMBERS = 20_000  # files in a zip file
# Of a learner's own zip file.
OWN_ARCHIVE, OWN_MEMBERS = 3 * LARGEST, 500
NAME = 255  # characters of a folder or file in one

_CANVAS = re.compile(r"^(?P<name>[^_]+)_(?:LATE_)?(?P<id>\d+)_\d+_(?P<file>.+)$")
_LATE = re.compile(r"^[^_]+_LATE_\d+_\d+_")
_MOODLE = re.compile(r"^(?P<name>.+)_(?P<id>\d+)_assignsubmission_[a-z]+_?$")
_MOODLE_FILE = re.compile(r"^(?P<name>.+)_(?P<id>\d+)_assignsubmission_[a-z]+_")  # without folders
_EXCHANGE = re.compile(
    r"^(?P<id>[^+]+)\+(?P<lab>[^+]+)\+(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^+]*)(\+.*)?$"
)
_IGNORED = re.compile(r"^(\.|__MACOSX$|~\$)")


@dataclass(frozen=True)
class Submission:
    """One notebook that was handed in.

    place: where it lies, for people. learner: whose it is, "" if nobody knows. content: as JSON,
    with `figures` in place of outputs; empty if there is a problem. problem: why it cannot be read.
    doubts: what a human should settle. digest: names what was handed in, or the problem.
    handed_in: when, if nbgrader's exchange says it. late: whether Canvas says that it was late.
    """

    place: str
    learner: str
    content: bytes = b""
    problem: str = ""
    doubts: tuple[str, ...] = ()
    digest: str = ""
    handed_in: datetime | None = None
    late: bool = False

    def days_late(self, due: datetime) -> int | None:
        """Days after `due`, each begun one counts; None if nobody knows when it was handed in."""
        if self.handed_in is None:
            return None
        return max(0, math.ceil((self.handed_in - due).total_seconds() / 86_400))


@dataclass(frozen=True)
class Roster:
    """Who takes the course: a row's first column names the learner, every column may identify one.

    heading: the names of the columns. lines: each row, by the learner.
    """

    heading: list[str] = field(default_factory=list)
    lines: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Roster:
        """From a CSV file with a heading. Raises ValueError, OSError."""
        try:
            rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(
                f"{path} is not CSV in UTF-8 ({error}): save it again as that"
            ) from None
        heading = [each.strip() for each in rows[0]] if rows else []
        lines: dict[str, list[str]] = {}
        for number, row in enumerate(rows[1:], 2):
            line = [each.strip() for each in row]
            line += [""] * (len(heading) - len(line))
            # Canvas writes what an assignment is worth into a row of this name.
            if not any(line) or line[0].casefold() == "points possible":
                continue
            if not line[0]:
                raise ValueError(
                    f"{path}, row {number}: the first column is empty: name the learner"
                )
            if line[0] in lines:
                raise ValueError(f"{path}, row {number}: {line[0]!r} is there twice: drop one")
            lines[line[0]] = line
        if not lines:
            cure = "write a heading, and below it a row for each learner"
            raise ValueError(f"{path} names nobody: {cure}")
        return cls(heading, lines)

    def whose(self, labels: Sequence[str]) -> tuple[str, str]:
        """The learner that these texts name, or "" and why not: nobody, several, or two of them."""
        found: dict[str, str] = {}
        for label in filter(None, labels):
            wanted = {_key(label), f"participant{_key(label)}"}  # as Moodle's worksheets write it
            same = [who for who, texts in self.lines.items() if wanted & set(map(_key, texts))]
            # Canvas writes family and given name together, in this order.
            parts = sorted(_words(label))
            same = same or [
                who
                for who, texts in self.lines.items()
                if any(
                    sorted(_words(text)) == parts or _key(label) in _turned(text) for text in texts
                )
            ]
            if len(same) == 1:
                found.setdefault(same[0], label)
            elif same and not found:
                return "", f"the roster has several for {label!r}: {', '.join(same[:5])}"
        if len(found) == 1:
            return next(iter(found)), ""
        if found:
            return "", " and ".join(f"{label!r} is {who}" for who, label in found.items())
        return "", f"{next(filter(None, labels), '')!r} is not in the roster"


def find(
    path: Path, lab: str, roster: Roster | None = None, others: Collection[str] = ()
) -> list[Submission]:
    """All submissions of a lab, in the order of their places.

    path: a notebook, a zip file, or a folder. lab: its name, like "06_evolution". others: the names
    of other labs, whose notebooks may be there too and are left out.

    Raises ValueError if there are none, OSError if the path itself cannot be read.
    """
    if not path.exists():
        raise ValueError(f"there is no {path}: name a folder, a zip file or a notebook")
    if path.is_dir():
        files = list(_in_folder(path))
    elif path.suffix == ".zip":
        files = list(_in_zip(path.name, _Opened.read(path, ARCHIVE).content, ()))
    else:
        files = [_notebook(path, (path.name,))]
    found = [_owned(each, lab, roster) for each in files if not _is_of(each, others)]
    if not found:
        raise ValueError(
            f"{path} holds no notebooks: name a folder or a zip file with .ipynb files"
        )
    return _doubted(sorted(found, key=lambda each: each.place))


@dataclass(frozen=True)
class _Opened:
    """parts: the path within what was handed in, a zip file's name being a part of it."""

    parts: tuple[str, ...]
    content: bytes = b""
    problem: str = ""
    doubts: tuple[str, ...] = ()
    digest: str = ""

    @classmethod
    def read(cls, path: Path, largest: int, parts: tuple[str, ...] = ()) -> _Opened:
        """A file's content; follows no link, waits for no pipe."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags)
        except OSError as error:
            why = "it is a symbolic link" if path.is_symlink() else str(error.strerror)
            return cls(parts, problem=f"{why}: hand in the file itself")
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return cls(parts, problem="it is not a file")
            if status.st_size > largest:
                return cls(parts, problem=_too_large(status.st_size, largest))
            linked = ("the file has a second name (a hard link)",) if status.st_nlink > 1 else ()
            content = file.read(largest + 1)
        if len(content) > largest:
            return cls(parts, problem=_too_large(len(content), largest))
        return cls(parts, content, doubts=linked)


def _as_notebook(opened: _Opened) -> _Opened:
    """Without outputs, but for some pictures: those of a class would not fit into memory."""
    if opened.problem:
        digest = hashlib.sha256(opened.problem.encode("utf-8", "replace")).hexdigest()
        return replace(opened, digest=digest)
    digest = hashlib.sha256(opened.content).hexdigest()
    try:
        notebook = json.loads(opened.content.decode("utf-8-sig"))
        figures.replace_outputs(notebook.get("cells") if isinstance(notebook, dict) else None)
        content = json.dumps(notebook).encode()
    except (ValueError, RecursionError) as error:
        empty = not opened.content.strip()
        problem = "it is empty" if empty else f"it is not a notebook ({str(error)[:200]})"
        return replace(opened, content=b"", problem=problem, digest=digest)
    return replace(opened, content=content, digest=digest)


def _too_large(size: int, largest: int) -> str:
    return f"it has {size >> 20} MB, more than {largest >> 20}: clear its outputs"


def _in_folder(folder: Path) -> Iterator[_Opened]:
    closed: list[OSError] = []
    for here, folders, names in os.walk(folder, onerror=closed.append, followlinks=False):
        inside = Path(here).relative_to(folder).parts
        folders[:] = sorted(each for each in folders if not _IGNORED.match(each))
        for name in sorted(folders):
            if Path(here, name).is_symlink():
                problem = "it is a symbolic link to a folder: hand in the folder itself"
                yield _Opened((*inside, name), problem=problem)
        for name in sorted(names):
            path = Path(here, name)
            if _IGNORED.match(name):
                continue
            if path.suffix == ".ipynb":
                yield _notebook(path, (*inside, name))
            elif path.suffix == ".zip":
                archive = _Opened.read(path, ARCHIVE)
                if archive.problem:
                    yield _Opened((*inside, name), problem=archive.problem)
                else:
                    yield from _in_zip(name, archive.content, inside)

    for error in closed:
        inside = Path(str(error.filename)).relative_to(folder).parts
        yield _Opened(inside or (folder.name,), problem=f"the folder: {error.strerror}")


def _notebook(path: Path, parts: tuple[str, ...]) -> _Opened:
    return _as_notebook(_Opened.read(path, LARGEST, parts))


def _in_zip(
    name: str, content: bytes, above: tuple[str, ...], nested: bool = False
) -> Iterator[_Opened]:
    """The notebooks in a zip file; a learner's own zip file in it is opened too, within limits."""
    here = (*above, name)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > (OWN_MEMBERS if nested else MEMBERS):
                yield _Opened(here, problem=f"it holds {len(members)} files")
                return
            room = OWN_ARCHIVE if nested else ARCHIVE
            for member in members:
                path = PurePosixPath(member.filename.replace("\\", "/"))
                parts = tuple(each[:NAME] for each in path.parts if each not in ("/", ".."))
                if member.is_dir() or any(_IGNORED.match(each) for each in parts) or not parts:
                    continue
                is_zip = path.suffix == ".zip" and not nested
                if path.suffix != ".ipynb" and not is_zip:
                    continue
                opened = _member(archive, member, (*here, *parts), min(room, LARGEST))
                room -= len(opened.content)
                if is_zip and not opened.problem:
                    yield from _in_zip(path.name, opened.content, (*here, *parts[:-1]), True)
                else:
                    yield _as_notebook(opened)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
        yield _Opened(here, problem=f"the zip file cannot be read ({error})")


def _member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, parts: tuple[str, ...], largest: int
) -> _Opened:
    if stat.S_ISLNK(member.external_attr >> 16):
        return _Opened(parts, problem="it is a symbolic link: hand in the file itself")
    if member.flag_bits & 1:
        return _Opened(parts, problem="it is encrypted: hand it in without a password")
    try:
        with archive.open(member) as file:
            content = file.read(largest + 1)
    except Exception as error:  # whatever a damaged or hostile archive makes of the decompressors
        return _Opened(parts, problem=f"it cannot be unpacked ({type(error).__name__}: {error})")
    if len(content) > largest:
        return _Opened(parts, problem=_too_large(max(member.file_size, len(content)), largest))
    return _Opened(parts, content)


def _is_of(opened: _Opened, labs: Collection[str]) -> bool:
    """Whether a folder or the file has the name of one of these labs."""
    return any(part.removesuffix(".ipynb") in labs for part in opened.parts)


def _owned(opened: _Opened, lab: str, roster: Roster | None) -> Submission:
    labels = _labels(opened.parts, lab)
    place = "/".join(opened.parts)
    doubts = opened.doubts
    if roster is not None:
        learner, why = roster.whose(labels)
        doubts += (f"whose is it? {why}",) if not learner else ()
    else:
        learner = next(filter(None, labels), "")
        if not learner:
            doubts += ("whose is it? Neither folder nor file name says it",)
    digest = opened.digest or _as_notebook(opened).digest
    late = bool(_LATE.match(opened.parts[-1]))
    said = opened.content, opened.problem, doubts, digest
    return Submission(place, learner, *said, _handed_in(opened.parts), late)


def _handed_in(parts: tuple[str, ...]) -> datetime | None:
    for part in parts:
        if found := _EXCHANGE.match(part):
            time, _, zone = found["time"].strip().rpartition(" ")
            if zone in ("UTC", "GMT"):  # other names of zones stand for several
                with contextlib.suppress(ValueError):
                    return datetime.fromisoformat(time).replace(tzinfo=UTC)
    return None


def _labels(parts: tuple[str, ...], lab: str) -> list[str]:
    """What may name the learner, the surest first."""
    name = parts[-1]
    folders = [
        part
        for above, part in zip(("", *parts), parts[:-1], strict=False)
        # A zip file often holds one folder of its own name.
        if not part.endswith(".zip") and above != f"{part}.zip"
    ]
    for folder in reversed(folders):
        for form in (_EXCHANGE, _MOODLE):
            if found := form.match(folder):
                said = found.groupdict()
                return [said["id"], said.get("name", "")]  # the file's name is the learner's own
    if found := _MOODLE_FILE.match(name):
        return [found["id"], found["name"]]
    if found := _CANVAS.match(name):
        return [found["id"], found["name"]]
    inside = [each for each in folders if not _is_lab(each, lab)]
    if inside:
        return [*inside, *_file_label(name, lab)]
    zips = [each.removesuffix(".zip") for each in parts[:-1] if each.endswith(".zip")]
    return [*_file_label(name, lab), *(_file_label(zips[-1], lab) if len(zips) > 1 else [])]


def _is_lab(name: str, lab: str) -> bool:
    short = {"lab" + lab[:2], lab[:2], lab, "lab" + lab[:2].lstrip("0")}
    short |= {"submissions", "submitted", "inbound"}
    return re.sub(r"[\s_-]", "", name.lower()) in {re.sub(r"[\s_-]", "", each) for each in short}


def _file_label(name: str, lab: str) -> list[str]:
    stem = name.removesuffix(".ipynb")
    stem = re.sub(r"[\s_]*\(\d+\)$|[-_ ]*[Cc]opy\d*$", "", stem)  # a browser's, JupyterLab's copies
    for known in (lab, f"lab_{lab[:2]}", f"lab{lab[:2]}", lab[:2]):
        bare = re.sub(rf"^{known}(?=$|[_\-. ])|(?<=[_\-. ]){known}$", "", stem, flags=re.IGNORECASE)
        if bare != stem:
            stem = bare
            break
    return [stem.strip("_-. ")]


def _doubted(found: list[Submission]) -> list[Submission]:
    """With what is only seen beside the others: two of one learner, one notebook twice."""
    of_learner: dict[str, list[Submission]] = defaultdict(list)
    of_content: dict[str, list[Submission]] = defaultdict(list)
    for each in found:
        if each.learner:
            of_learner[_key(each.learner)].append(each)
        if each.content:
            of_content[each.digest].append(each)
    result = []
    for each in found:
        doubts = list(each.doubts)
        mine = of_learner[_key(each.learner)] if each.learner else []
        others = [other for other in mine if other is not each]
        newest = max((other.handed_in for other in mine if other.handed_in), default=None)
        if others and not all(other.handed_in for other in mine):
            places = _some([other.place for other in others])
            doubts.append(f"which counts? This learner has also {places}")
        elif others and newest != each.handed_in:
            doubts.append(f"it does not count: this learner handed in again at {newest:%F %T}")
        twins = [other.place for other in of_content[each.digest] if other is not each]
        if each.content and twins:
            doubts.append(f"the same notebook, byte for byte, is {_some(twins)}")
        result.append(replace(each, doubts=tuple(doubts)))
    return result


def _some(places: Sequence[str]) -> str:
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return ", ".join(places[:3]) + more


def _key(text: str) -> str:
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold().replace("_", " "))


def _turned(text: str) -> set[str]:
    """A name as Canvas writes it: the last word first."""
    parts = _words(text)
    return {"".join([parts[-1], *parts[:-1]])} if len(parts) > 1 else set()
