"""Each attack succeeds against a grader without what stops it here.

Three are careless: `naive` judges in the process that it judges, as nbgrader and otter do; the
server `careless` is ours without isolation, limits and guards; and the controller with one check
taken away.
"""

import contextlib
import csv
import html
import io
import os
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from coursekit.grading import feedback, gradebook, submissions, wire
from coursekit.grading import grader as controller
from coursekit.grading import warm as warm_server
from coursekit.grading.grader import Grade, Grader, Mark
from coursekit.grading.warm import Ran, Warm
from coursekit.labs import verdicts
from coursekit.labs.cards import Card
from tests.grading import test_attacks as attacks
from tests.grading.conftest import HOSTILE, SOLVED, Tags, notebook, points, submission, told
from tests.grading.test_attacks import survivors, value

Graded = Callable[..., Grade]
pytestmark = pytest.mark.slow(2)
night = pytest.mark.nightly(2)

NAIVE = """
import builtins, json, math, pickle, sys
{before}
names = {{}}
exec(compile(sys.stdin.read(), "answer", "exec"), names)
cases = [(12, 3)]
print("begun", flush=True)
answers = [names["survivors"](*case) for case in cases]
print("through" if all({through} for found, case in zip(answers, cases)) else "wrong")
"""


def started(body: str, through: str = "found == 4", before: str = "") -> subprocess.Popen[bytes]:
    """A grader that judges an answer to 99.1 where it runs; through: whether an attack succeeded.

    It says "wrong" if not; anything else, or nothing, is the end of its run.
    """
    code = NAIVE.format(through=through, before=before)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    assert process.stdin and process.stdout
    process.stdin.write(survivors(body)["99.1"].encode())
    process.stdin.close()
    assert process.stdout.readline() == b"begun\n"
    return process


def naive(body: str, through: str = "found == 4", before: str = "") -> str:
    """What it says, at most 1 MB; its processes are ended."""
    with started(body, through, before) as process:
        assert process.stdout
        said = process.stdout.read(1 << 20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return said.decode().strip()


def parametrized(daily: list[str], cases: dict[str, tuple[str, ...]]) -> pytest.MarkDecorator:
    """Those named in `daily` run each day, the others at night."""
    return pytest.mark.parametrize(
        "case",
        [
            pytest.param(case, id=name, marks=() if name in daily else night)
            for name, case in cases.items()
        ],
    )


STOPPED = {name: body for name, (body, _) in (attacks.STOPPED | attacks.STOPPED_AT_NIGHT).items()}
ENDLESS = (
    "a loop that catches Ctrl-C", "a loop in C, which no alarm stops", "a loop", "sleep",
    "an alarm that is switched off",
)  # fmt: skip
GOT = {  # what a naive grader lets it have
    "a memory hog": "found == 1 << 30",
    "a line of 200 MB": "found == 0",
    "output past Python": "found == 0",
    "endless output": "False",
    "the end of the process": "False", "SystemExit": "False", "a segmentation fault": "False",
    "a signal to itself": "False", "deep recursion": "False", "recursion in C": "False",
}  # fmt: skip
# These would take all that the machine has: here as much as is too much already.
BOUNDED = {
    "a fork bomb": (
        "import os, signal, time\nfound = []\n"
        "while len(found) < 25:\n  found.append(os.fork())\n  if not found[-1]: time.sleep(60)\n"
        "for each in found: os.kill(each, signal.SIGKILL)\nreturn len(found)"
    ),
    "threads": (
        "import threading\nend = threading.Event()\n"
        "found = [threading.Thread(target=end.wait) for _ in range(40)]\n"
        "for each in found: each.start()\nend.set()\nreturn len(found)"
    ),
    "a list that never ends": (
        "found = []\nwhile len(found) < 270: found.append(b'x' * 10**6)\nreturn len(found)"
    ),
    "a full folder": (
        "with open('big', 'wb') as file: file.write(bytes(17 << 20))\n"
        "import os\nreturn os.path.getsize('big')"
    ),
}


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=night if each != ENDLESS[0] else ()) for each in ENDLESS]
)
def test_a_naive_grader_waits_for_ever(name: str) -> None:
    with started(STOPPED[name]) as process:
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.3)
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@parametrized(
    ["the end of the process", "endless output", "a memory hog"],
    {name: (name, through) for name, through in GOT.items()},
)
def test_a_naive_grader_is_ended_or_filled(case: tuple[str, str]) -> None:
    name, through = case
    assert naive(STOPPED[name], through) != "wrong"


@parametrized(["a fork bomb"], {name: (name,) for name in BOUNDED})
def test_a_careless_server_sets_no_limit(
    graded: Graded, warm: Warm, careless: Warm, case: tuple[str]
) -> None:
    received = {}
    for server in (careless, warm):
        mark = graded(survivors(BOUNDED[case[0]]), server).marks["99.1"]
        received[server] = dict(mark.card.rows).get("received", "")
    assert received[careless] in ("25", "40", "270", str(17 << 20))
    assert received[warm] != received[careless]


def test_a_careless_server_leaves_a_daemon(graded: Graded, careless: Warm) -> None:
    body = """
        import os, time
        if process := os.fork(): return process
        os.setsid()
        time.sleep(60)
        """
    left = int(dict(graded(survivors(body), careless).marks["99.1"].card.rows)["received"])
    os.kill(left, signal.SIGKILL)  # raises if it is not there


def test_a_careless_server_is_ended_by_a_child(grader: Grader) -> None:
    with Warm(grader.imports(), isolated=False) as server:
        killer = submission(notebook(survivors(STOPPED["a signal to the parent"])))
        with pytest.raises(OSError, match="the fork server has ended"):
            for _ in range(2):
                grader.grade(killer, server.run)


FORGED = attacks.FORGED | attacks.FORGED_AT_NIGHT
LIKE_ALL = "found == 4"
FOOLED = {  # a comparison that takes the answer of this attack for 4, or fails on it
    "a value that equals all": LIKE_ALL,
    "a patched comparison": "math.isclose(found, 4)",
    "a text that equals all": LIKE_ALL,
    "a number that is everything": "abs(found - 4) < 1e-9",
    "NaN": "not abs(found - 4) > 1e-9",
    "infinity": "abs(found - 4) <= 1e-9 * max(found, 4)",
    "a number with a million digits": "json.dumps(found) == '4'",
    "a generator": "all(one == right for one, right in zip(found, [4, 6]))",
    "a pickle": "pickle.loads(pickle.dumps(found)) == 4",
    "a repr of 200 MB": "len(repr(found)) > 10**8",
    "a list in itself": "json.dumps(found) == '4'",
    "a lot of data": "len(json.dumps(found)) > 10**6",
    "half a surrogate pair": "found.encode() == b'4'",
    "a changed question": LIKE_ALL,
    "an import hook": "__import__('colorsys') and False",
}


@parametrized(
    ["a value that equals all", "a patched comparison", "NaN", "a pickle", "a generator"],
    {name: (name, through) for name, through in FOOLED.items()},
)
def test_a_naive_comparison_is_fooled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    name, through = case
    assert naive(FORGED[name], through) != "wrong"
    assert naive("return -1", "found == 4") == "wrong"


@night
def test_naive_cells_are_rewritten_by_an_input_transformer() -> None:
    before = "from IPython.core.interactiveshell import InteractiveShell as Shell\n"
    before += "builtins.get_ipython = Shell.instance"
    judged = "get_ipython().run_cell('assert {found} == 4').success"
    body = FORGED["an input transformer"]
    assert naive(body, judged, before).endswith("through")


RECORDS = ["records of its own", "an end of its own", "junk"]


def test_records_without_a_token_would_count(
    graded: Graded, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = warm_server._note

    def trusting(ran: Ran, content: bytes, token: str) -> None:
        with contextlib.suppress(ValueError):
            note(ran, wire.line(wire.record(content) | {"token": token}), token)

    monkeypatch.setattr(warm_server, "_note", trusting)
    assert points(graded(survivors(attacks.ALL_RECORDS)))["99.1"] == 2
    ended = points(graded(survivors(FORGED["an end of its own"])))
    assert set(ended.values()) == {None}  # not of its own exercise alone
    junk = survivors("import os\nos.write(3, b'[' * (1 << 20) + b'\\n')\nreturn -1")
    assert graded(junk).status == "ok"
    monkeypatch.setattr(warm_server, "RECORDS", 1 << 19)
    assert graded(junk).status == "partial"


def test_what_a_careless_server_does_not_put_back_changes_the_mark(
    graded: Graded, careless: Warm
) -> None:
    before = """
        from coursekit.labs import answers
        asked = []
        answers.plain = lambda found: asked[-1]
        """
    forger = survivors("asked.append(candidates // factor)\nreturn -1", before)
    outcome = graded(forger)
    assert outcome.status == "needs review" and points(outcome)["99.1"] == 0
    outcome = graded(forger, careless)
    assert outcome.status == "ok" and points(outcome)["99.1"] == 2
    assert points(graded(survivors(FORGED["a patched encoder"]), careless))["99.1"] == 2
    outcome = graded(survivors(attacks.RIGHT, attacks.REPLACING), careless)
    assert outcome.status != "needs review" and points(outcome) != SOLVED


@parametrized(
    ["sys._getframe", "the C library"], {name: (each,) for name, each in attacks.REACHES.items()}
)
def test_a_careless_server_does_not_see_what_reaches_into_it(
    graded: Graded, careless: Warm, case: tuple[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controller, "named", lambda code: set())
    outcome = graded(survivors(attacks.reaching(case[0])), careless)
    assert outcome.status == "ok" and points(outcome) == SOLVED, outcome


@pytest.mark.parametrize("name", attacks.READ)
def test_a_careless_server_gives_all_away(graded: Graded, careless: Warm, name: str) -> None:
    assert told(graded(value(attacks.READ[name]), careless)) != "'came: []'"


def test_a_submission_reaches_no_other_process(graded: Graded, careless: Warm) -> None:
    """Nor its environment, its memory, or its life."""
    with subprocess.Popen(["sleep", "60"], env={"KEY": "secret-of-another"}) as other:
        code = f"""
            import ctypes, os, signal
            found, library = [], ctypes.CDLL(None)
            try: found += ["read"] * ("of-another" in open("/proc/{other.pid}/environ").read())
            except OSError: pass
            if library.ptrace(16, {other.pid}, 0, 0) == 0:
                found.append("traced")
                os.waitpid({other.pid}, 0)
                library.ptrace(17, {other.pid}, 0, 0)
            try: found.append(os.kill({other.pid}, signal.SIGTERM) or "ended")
            except OSError: pass
            """
        assert told(graded(value(code))) == "'came: []'"
        assert other.poll() is None
        assert told(graded(value(code), careless)) == repr("came: ['read', 'traced', 'ended']")


def test_a_submission_reaches_no_network(graded: Graded, careless: Warm) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        code = f"""
            import socket
            try:
                found = socket.create_connection(("127.0.0.1", {port}), 5) and "connected"
            except OSError as error:
                found = "refused"
            """
        assert told(graded(value(code))) == "'came: refused'"
        with pytest.raises(BlockingIOError):
            listener.accept()
        assert told(graded(value(code), careless)) == "'came: connected'"
        listener.accept()[0].close()


def test_a_submission_leaves_nothing_for_the_next_and_changes_no_file(
    graded: Graded, careless: Warm, tmp_path: Path
) -> None:
    names = {Path(folder, "left-by-coursekits-test") for folder in ("/tmp", "/dev/shm", "/var/tmp")}
    grades = tmp_path / "gradebook.csv"
    grades.write_text("ada,0\n")
    leave = f"""
        import contextlib, pathlib
        paths = [pathlib.Path(each) for each in {sorted(map(str, names))}]
        paths += [pathlib.Path(folder, "left-by-coursekits-test") for folder in ("/learner", "/")]
        found = sum(path.exists() for path in paths)
        for path in paths:
            with contextlib.suppress(OSError):
                path.write_text("x")
        with contextlib.suppress(OSError):
            pathlib.Path({str(grades)!r}).write_text("ada,5")
        """
    for _ in range(2):
        assert told(graded(value(leave))) == "'came: 0'"
    assert grades.read_text() == "ada,0\n"
    graded(value(leave), careless)
    assert told(graded(value(leave), careless)) != "'came: 0'"
    assert grades.read_text() == "ada,5"
    for path in (*names, Path("/left-by-coursekits-test")):
        path.unlink(missing_ok=True)


def test_a_child_has_a_user_of_its_own(graded: Graded, careless: Warm) -> None:
    code = "import os\nfound = os.getuid()"
    assert told(graded(value(code))) != repr(f"came: {os.getuid()}")
    assert told(graded(value(code), careless)) == repr(f"came: {os.getuid()}")


def test_hidden_inputs_would_be_in_the_feedback(
    graded: Graded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controller, "_without_inputs", lambda card: card)
    monkeypatch.setattr(verdicts._Question, "_blind", lambda self, finding: finding.reason)
    for body in attacks.TELLING:
        assert "100" in graded(survivors(body)).marks["99.1"].card.plain()


def test_a_careless_page_runs_what_a_learner_wrote(
    grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_in = submissions.Submission(f"{HOSTILE}.ipynb", HOSTILE)
    card = Card(
        "not right", "x", [("received", "<img src=x onerror=alert(1)>")], code="<svg/onload=x>"
    )
    outcome = Grade("ok", ("<iframe>",), {"99.1": Mark(0, 2, card)}, "<a href='javascript:x'>")
    forbidden = {"script", "img", "svg/onload", "iframe", "a", "onerror", "href"}

    def found() -> set[str]:
        return forbidden & set(Tags(feedback.page(grader.lab, handed_in, outcome)).found)

    assert not found()
    monkeypatch.setattr(html, "escape", lambda text, quote=True: text)
    assert len(found()) > 4


def test_a_careless_gradebook_has_formulas_and_broken_lines(
    tmp_path: Path, grader: Grader, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [(submissions.Submission("a\nb.ipynb", HOSTILE), Grade("ok"))]

    def lines() -> list[str]:
        gradebook.write(tmp_path / "x.csv", grader.lab, rows)
        return (tmp_path / "x.csv").read_text().splitlines()

    assert len(lines()) == 2 and lines()[1].startswith("'=cmd")
    monkeypatch.setattr(gradebook, "cell", str)
    assert len(lines()) == 3 and lines()[1].startswith("=cmd")
    assert next(csv.reader(io.StringIO(lines()[1])))[0] == HOSTILE


def test_a_careless_reader_of_files_follows_and_unpacks(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../out.ipynb", "x")
        archive.writestr("bomb.ipynb", bytes(submissions.LARGEST + 1))
    inside = tmp_path / "inside"
    inside.mkdir()
    with zipfile.ZipFile(content) as archive:
        for name in archive.namelist():
            (inside / name).write_bytes(archive.read(name))
    assert (tmp_path / "out.ipynb").exists()
    assert (inside / "bomb.ipynb").stat().st_size > 100 * len(content.getvalue())
    (inside / "link.ipynb").symlink_to(tmp_path / "out.ipynb")
    assert (inside / "link.ipynb").read_bytes() == b"x"


def test_every_attack_has_its_careless_grader() -> None:
    shown = {*ENDLESS, *GOT, *BOUNDED, "a signal to the parent", "a daemon"}
    # The same with all processes of a machine is not to be tried outside of namespaces.
    assert set(STOPPED) - shown == {"signals to all and to the parent"}
    assert set(FORGED) == {*FOOLED, *RECORDS, "an input transformer", "a patched encoder"}
