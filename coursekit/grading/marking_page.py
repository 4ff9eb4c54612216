"""The class as a page on this machine, to look at and to mark: `coursekit gradebook`, or `show`.

The address has a key, without which nobody is answered: not another user of this machine, and not a
page of the web in the same browser (which would also have to name this host: "DNS rebinding").
Texts of submissions reach the page as JSON and become text, never markup. A mark goes into
OUT/marks.csv, which a spreadsheet may change meanwhile: it is read again for each answer.
"""

from __future__ import annotations

import argparse
import json
import secrets
import threading
import webbrowser
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from coursekit.extras import from_extras
from coursekit.grading import feedback, gradebook, hand_marks, misconceptions, release, totals
from coursekit.grading.gradebook import Row
from coursekit.grading.results import ClassResults, lab_of
from coursekit.labs import exercises

LARGEST = 100_000  # bytes of what the page sends
HELP = 10  # learners with the fewest points
_OWN = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'"
)
_FEEDBACK = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_NOTEBOOKS = "http://127.0.0.1:* http://localhost:*"  # JupyterLab, in which `show` shows the page
_KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `coursekit gradebook` to its parser."""
    parser.add_argument(
        "folders",
        nargs="+",
        type=Path,
        metavar="OUT",
        help="what `coursekit grade --out OUT` has written, a folder for each lab",
    )
    parser.add_argument("--port", type=int, default=0, help="of the page (default: a free one)")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page")
    parser.add_argument(
        "--totals",
        type=Path,
        metavar="CSV",
        help="write the points of each learner in each lab there, and serve no page",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serves the page until Ctrl-C, or writes the totals."""
    with from_extras():
        if options.totals:
            labs = [(each.lab, each.marked()) for each in read(options.folders)]
            print(f"{options.totals}: {totals.write(options.totals, labs)} learners")
            return 0
        read(options.folders)  # what is wrong with them is said here
        with MarkingPage(options.folders, options.port) as page:
            print(f"{page.address}\nCtrl-C ends it.", flush=True)
            if not options.no_browser:
                webbrowser.open(page.address)
            try:
                page.serve_forever()
            except KeyboardInterrupt:
                print()
    return 0


def show(*folders: Path | str, height: int = 800) -> None:
    """Shows the gradebook's page in a notebook: `show("graded")`. It ends with the kernel.

    folders: what `coursekit grade --out` has written, a folder for each lab. height: in pixels.
    The browser has to run on the kernel's machine: the page is on loopback. Raises ValueError if
    there are no results.
    """
    from IPython.display import HTML, display

    paths = tuple(Path(each).resolve() for each in folders)
    with from_extras():
        read(paths)
    page = _shown.get(paths)
    if page is None:
        page = _shown[paths] = MarkingPage(paths)
        threading.Thread(target=page.serve_forever, daemon=True).start()
    display(HTML(PANEL.format(address=page.address, height=int(height))))  # type: ignore[no-untyped-call]


# The page takes the scheme of what embeds it: JupyterLab's theme need not be the system's.
PANEL = """
<style>
[data-jp-theme-light="true"] .coursekit-panel {{ color-scheme: light }}
[data-jp-theme-light="false"] .coursekit-panel {{ color-scheme: dark }}
</style>
<iframe class="coursekit-panel" title="Gradebook" src="{address}" width="100%" height="{height}"
 style="border: 0"></iframe>
"""

_shown: dict[tuple[Path, ...], MarkingPage] = {}  # by this kernel; to run a cell again is no second


def read(folders: Sequence[Path]) -> list[ClassResults]:
    """The results in these folders. Raises ValueError if one has none, or two have one lab's."""
    found: dict[str, ClassResults] = {}
    for folder in folders:
        name = lab_of(folder)
        lab = exercises.load(release.source(name[:2]))
        results = ClassResults.read(folder, lab)
        if name in found or results is None:
            raise ValueError(f"{folder}: the results of {name} are in {found[name].out}, too")
        found[name] = results
    return [found[name] for name in sorted(found)]


class MarkingPage(ThreadingHTTPServer):
    """Serves the results in some folders on loopback. address: of the page, with its key."""

    daemon_threads = True

    def __init__(self, folders: Sequence[Path], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Answering)
        self.folders = folders
        self.key = secrets.token_urlsafe(16)
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.address = f"http://{self.host}/{self.key}/"
        self.marking = threading.Lock()


class _Answering(BaseHTTPRequestHandler):
    server: MarkingPage

    def do_GET(self) -> None:
        self._answered(self._get)

    def do_POST(self) -> None:
        self._answered(self._post)

    def log_message(self, *given: Any) -> None:
        """Nothing: the terminal shows the address."""

    def _answered(self, answer: Any) -> None:
        key, _, path = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        known = secrets.compare_digest(key.encode(), self.server.key.encode())
        if not known or self.headers.get("Host") != self.server.host:
            self._send(
                HTTPStatus.FORBIDDEN, "text/plain", "Open the address that the terminal shows."
            )
            return
        try:
            answer(path)
        except (ValueError, OSError) as error:
            self._send(HTTPStatus.BAD_REQUEST, "text/plain", str(error))

    def _get(self, path: str) -> None:
        if path == "data":
            self._json(shown(read(self.server.folders)))
            return
        if path.startswith("feedback/"):
            _, lab, name = path.split("/", 2)
            for results in read(self.server.folders):
                if results.lab.name == lab and name in results.names():
                    text = (results.out / "feedback" / name).read_text(encoding="utf-8")
                    self._send(HTTPStatus.OK, "text/html", text, _FEEDBACK)
                    return
        kind = (path or "html").rpartition(".")[2]
        if path in ("", "marking_page.js", "marking_page.css"):
            text = Path(__file__).with_suffix(f".{kind}").read_text(encoding="utf-8")
            text = feedback.STYLE + text if kind == "css" else text
            self._send(HTTPStatus.OK, _KINDS[kind], text, _OWN)
            return
        self._send(HTTPStatus.NOT_FOUND, "text/plain", f"There is no {path[:200]!r}.")

    def _post(self, path: str) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        # Another site's page cannot send this kind without asking first.
        if self.headers.get_content_type() != "application/json" or not 0 < size <= LARGEST:
            raise ValueError("a mark is JSON, of at most 100 kB")
        given = json.loads(self.rfile.read(size))
        if path != "mark" or not isinstance(given, dict):
            raise ValueError("a mark is an object, and goes to mark")
        with self.server.marking:
            mark(read(self.server.folders), {key: str(value) for key, value in given.items()})
        self._json(shown(read(self.server.folders)))

    def _json(self, value: Any) -> None:
        self._send(HTTPStatus.OK, "application/json", json.dumps(value))

    def _send(self, status: HTTPStatus, kind: str, text: str, policy: str = _OWN) -> None:
        content = text.encode("utf-8", "replace")
        self.send_response(status)
        for name, value in {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(content)),
            "Content-Security-Policy": f"{policy}; frame-ancestors 'self' {_NOTEBOOKS}",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def mark(found: Sequence[ClassResults], given: dict[str, str]) -> None:
    """Takes in a mark: `lab`, `place` of the submission, `exercise`, `points`, `comment`.

    Raises ValueError that says what is wrong with it.
    """
    lab, place = given.get("lab", ""), given.get("place", "")
    results = next((each for each in found if each.lab.name == lab), None)
    submission = next(
        (each for each, _ in (results.rows if results else ()) if each.place == place), None
    )
    if results is None or submission is None:
        raise ValueError(f"there is no submission {place[:200]!r} in {lab[:40]!r}")
    learners = [each.learner for each, _ in results.rows]
    # A learner with two submissions is not the name of one.
    alone = submission.learner and learners.count(submission.learner) == 1
    row = [given.get(name, "").strip() for name in ("exercise", "points", "comment")]
    hand_marks.add(
        results.out / "marks.csv",
        results.lab,
        [each for each, _ in results.rows],
        [submission.learner if alone else place, *row],
    )
    results.write(place)


def shown(found: Sequence[ClassResults]) -> dict[str, Any]:
    """What the page shows, as JSON data."""
    labs = [(each, each.marked()) for each in found]
    return {
        "labs": [_lab(results, rows) for results, rows in labs],
        "totals": [
            {"learner": each.learner, "points": each.points, "sum": each.sum,
             "waiting": list(each.waiting)}
            for each in totals.totals([(results.lab, rows) for results, rows in labs])
        ],
    }  # fmt: skip


def _lab(results: ClassResults, rows: Sequence[Row]) -> dict[str, Any]:
    lab = results.lab
    lines = [_line(row, name) for row, name in zip(rows, results.names(), strict=True)]
    ideas = misconceptions.ideas(lab, rows)
    return {
        "name": lab.name,
        "title": lab.title,
        "most": gradebook.most(lab),
        "rubric": gradebook.rubric(lab),
        "exercises": [
            {"key": key, "title": exercise.title(), "points": exercise.points}
            | vars(misconceptions.tally(rows, key))
            for key, exercise in lab.exercises.items()
        ],
        "ideas": [
            {"key": each.key, "known": each.known, "said": each.said, "came": each.came,
             "places": [one.place for one in each.submissions], "tried": each.tried}
            for each in ideas
        ],
        "bins": gradebook.distribution(
            [grade.points for _, grade in rows if grade.points is not None], gradebook.most(lab)
        ),
        "rows": lines,
        "help": misconceptions.helpless(rows, HELP),
    }  # fmt: skip


def _line(row: Row, page: str) -> dict[str, Any]:
    submission, grade = row
    return {
        "place": submission.place,
        "learner": submission.learner,
        "status": grade.status,
        "points": grade.points,
        "notes": list(grade.notes),
        "page": page,
        "marks": {
            key: {"points": mark.points, "most": mark.most, "status": mark.card.status,
                  "said": list(mark.card.text), "notes": list(mark.card.notes)}
            for key, mark in grade.marks.items()
        },
        "conclusion": grade.conclusion,
        "conclusion_points": grade.conclusion_points,
        "conclusion_comment": grade.conclusion_comment,
        "waits": grade.status != "ok" or gradebook.to_be_marked(grade),
    }  # fmt: skip
