"""What isolation promises where it starts, and that grading fails closed without it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

import coursekit
from coursekit.grading import isolation, system_calls
from coursekit.grading.grader import Grader
from coursekit.grading.warm import Cold, Ran, Warm
from tests.grading.conftest import SAMPLE, SOLVED, notebook, points, submission, told


def test_without_being_root_namespaces_of_users_isolate(grader: Grader) -> None:
    with Warm(grader.imports(), own_users=True, slack=0.5) as warm:
        # Tried by root, of which the child's root is one; else there is no gap.
        assert warm.gaps() in ([], ["it runs as root"])
        assert points(grader.grade(submission(notebook()), warm.run)) == SOLVED
        # The same user as the files' owner: only the mounts are in the way.
        writable = """import coursekit, os, sys
epochs = str([each for each in (coursekit.__file__, os.__file__, sys.prefix, "/")
              if os.access(each, os.W_OK)])"""
        tried = grader.grade(submission(notebook({"99.2": writable})), warm.run)
        assert told(tried) == "'[]'"
        ended = {
            "99.1": "def survivors(*given):\n    import os\n    os.kill(1, 9)\n    os._exit(3)"
        }
        outcome = grader.grade(submission(notebook(ended)), warm.run)
        assert points(outcome) == SOLVED | {"99.1": None}


@pytest.mark.parametrize("own_users", [False, True])
def test_the_memory_of_all_processes_of_a_submission_is_limited(
    grader: Grader, own_users: bool
) -> None:
    """Each of them stays below the limit. Those that share what they have hold it once."""
    limits = isolation.Allowance(memory=200 << 20, processes=24)
    body = """def survivors(candidates, factor):
    import os, signal, time
    signal.pthread_sigmask(signal.SIG_BLOCK, {{signal.SIGALRM}})
    reader, writer = os.pipe()
    {before}
    for _ in range(8):
        if os.fork() == 0:
            {after}
            os.write(writer, b"x")
            signal.pause()
    for _ in range(8): os.read(reader, 1)
    {end}"""
    fill = "kept = b'x' * (50 << 20)"
    shared = body.format(before=fill, after="pass", end="time.sleep(0.5); os._exit(3)")
    each = body.format(before="pass", after=fill, end="signal.pause()")
    with Warm(grader.imports(), own_users=own_users, limits=limits, slack=60) as warm:
        for answer, trouble in ((shared, "crashed"), (each, "out of memory")):
            outcome = grader.grade(submission(notebook({"99.1": answer})), warm.run)
            assert outcome.notes[-1] == f"99.1: {trouble}", outcome
            assert points(outcome) == SOLVED | {"99.1": None}


@pytest.fixture
def users_folder() -> Iterator[Path]:
    """A folder of the ordinary user that grades, with a notebook in it."""
    folder = Path(tempfile.mkdtemp())
    (folder / "ada.ipynb").write_bytes(notebook())
    if os.geteuid() == 0:
        os.chown(folder, USER, USER)
    yield folder
    shutil.rmtree(folder)


USER = 54_321
# Another user cannot enter a folder of root's alone: what is needed from there is mounted over it.
AS_USER = """
number=0
for path in {paths}; do
    number=$((number + 1))
    mkdir -p "{hold}/$number" && mount --bind "$path" "{hold}/$number" || exit 99
done
mount -t tmpfs -o mode=755 tmpfs {closed} || exit 99
number=0
for path in {paths}; do
    number=$((number + 1))
    mkdir -p "$path" && mount --move "{hold}/$number" "$path" || exit 99
done
"""


def by_an_ordinary_user(folder: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    """What `coursekit grade` says to a user who is not root; before: statements at the start."""
    repository = Path(coursekit.__file__).parents[1]
    words = ["grade", "ada.ipynb", "--lab", "99"]
    command = [sys.executable, "-c", f"{before}\nfrom coursekit import cli\ncli.main({words})"]
    given = {"COURSEKIT_NOTEBOOKS": str(SAMPLE.parents[1]), "HOME": str(folder)}
    given |= {"PYTHONPATH": str(repository)}
    if os.geteuid() == 0:
        user = f"setpriv --reuid={USER} --regid={USER} --clear-groups"
        script = f'exec {user} "$@"'
        needed = dict.fromkeys(map(Path, (sys.base_prefix, sys.prefix, repository)))
        above = [each for path in needed for each in (*reversed(path.parents), path)]
        closed = next((each for each in above if not each.stat().st_mode & 1), None)
        if closed is not None:
            paths = " ".join(str(each) for each in needed if each.is_relative_to(closed))
            script = AS_USER.format(paths=paths, hold=folder, closed=closed) + script
        command = ["unshare", "--mount", "sh", "-c", script, "sh", *command]
    return subprocess.run(
        command, cwd=folder, env=os.environ | given, capture_output=True, text=True
    )


RESTRICTED = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")


def test_an_ordinary_user_grades_in_namespaces_of_users(
    users_folder: Path, not_testable: Callable[[str], NoReturn]
) -> None:
    if RESTRICTED.exists() and RESTRICTED.read_text().strip() != "0":
        not_testable(f"namespaces of users: write 0 to {RESTRICTED}")
    done = by_an_ordinary_user(users_folder)
    assert "namespaces of users of its own" in done.stdout, done.stdout + done.stderr
    assert "ok: 5 points" in done.stdout


def test_an_ordinary_user_without_namespaces_is_refused_and_hears_the_cure(
    users_folder: Path,
) -> None:
    refused = """
import ctypes
from coursekit.grading import system_calls
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
system_calls.refuse()"""
    done = by_an_ordinary_user(users_folder, refused)
    assert "submissions cannot be isolated here ([Errno 1] unshare" in done.stderr
    assert "Run it as root, or on a Linux that lets you make user namespaces" in done.stderr
    assert "points" not in done.stdout


def test_system_calls_that_no_submission_needs_are_refused(grader: Grader, warm: Warm) -> None:
    column = list(system_calls.ARCHITECTURES).index(os.uname().machine)
    calls = {name: each[column] for name, each in system_calls.REFUSED.items()}
    code = f"""
import ctypes, subprocess, threading
library = ctypes.CDLL(None, use_errno=True)
def error(*call):
    ctypes.set_errno(0)
    return library.syscall(*call, 0, 0, 0, 0) < 0 and ctypes.get_errno()
found = [name for name, number in {calls}.items() if error(number, 0) != 1]
found += [error({system_calls.CLONE3[column]}, 0), error({system_calls.CLONE[column]}, 0x10000011)]
thread = threading.Thread(target=found.append, args=("a thread",))
thread.start()
thread.join()
epochs = str([*found, subprocess.run(["true"]).returncode])"""
    outcome = grader.grade(submission(notebook({"99.2": code})), warm.run)
    assert told(outcome) == repr(str([38, 1, "a thread", 0]))


def test_answers_within_the_installation_are_hidden(grader: Grader) -> None:
    """As in a wheel, where the labs' sources are inside the package."""
    folder = Path(coursekit.__file__).parent / "widgets"
    code = f"""import os
try: epochs = str(os.listdir({str(folder)!r}))
except PermissionError: epochs = "hidden" """
    answer = submission(notebook({"99.2": code}))
    with Warm(hidden=[folder]) as warm:
        assert told(grader.grade(answer, warm.run)) == "'hidden'"
    with Warm() as warm:
        assert "__init__.py" in told(grader.grade(answer, warm.run))


def test_a_child_finds_the_data_that_the_kit_ships(grader: Grader, warm: Warm) -> None:
    code = "from coursekit import data\nepochs = type(data.load('digits')).__name__"
    outcome = grader.grade(submission(notebook({"99.2": code})), warm.run)
    assert "received" in dict(outcome.marks["99.2"].card.rows), outcome


def test_what_a_child_lacks_is_found() -> None:
    here = isolation.state()
    assert "its processes are not its own" in isolation.gaps(here, 0)
    sound = {"process": 1, "processes": 1, "user": 7, "capabilities": 0, "network": ["lo"]}
    sound |= {"new privileges": False, "system calls": False}
    assert isolation.gaps(sound, 0) == []
    bad_states = ("user", 0), ("capabilities", 1), ("network", ["lo", "eth0"])
    for name, bad in (*bad_states, ("system calls", True)):
        assert len(isolation.gaps({**sound, name: bad}, 0)) == 1
    assert len(isolation.gaps({}, 1)) == 5


def test_a_careless_server_says_its_gaps(careless: Warm) -> None:
    assert careless.gaps()


@pytest.mark.parametrize("thread", [True, False])
def test_a_server_whose_children_would_hang_is_not_used(grader: Grader, thread: bool) -> None:
    start = (
        "import threading, time; threading.Thread(target=time.sleep, args=(99,), daemon=1).start()"
    )
    with Warm([start] if thread else []) as warm:
        assert bool(warm.unfit) == thread
    if thread:
        cold = Cold(slack=0.5)
        assert points(grader.grade(submission(notebook()), cold.run)) == SOLVED


def test_a_child_that_does_not_start_is_no_zero_and_not_kept(grader: Grader) -> None:
    never = Ran(ended="crashed", status=-9)
    grade = grader.grade(submission(notebook()), lambda job: never)
    assert grade.status == "needs review" and grade.points is None and grade.again


TRAINING = """
def survivors(candidates, factor):
    import keras, numpy
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(numpy.ones((8, 1)), numpy.ones((8, 1)), verbose=0)
    return candidates // factor
"""


@pytest.mark.nightly(60)
def test_keras_trains_in_a_child_and_an_operation_in_the_server_is_seen(grader: Grader) -> None:
    with Warm(["import keras", "import tensorflow"]) as warm:
        assert warm.unfit == ""
        outcome = grader.grade(submission(notebook({"99.1": TRAINING})), warm.run)
        assert points(outcome) == SOLVED | {"99.1": 0} or points(outcome) == SOLVED
    with Warm(["import tensorflow; tensorflow.constant(1) + 1"]) as warm:
        assert "operation" in warm.unfit
