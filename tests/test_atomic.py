"""Files that are written whole or not at all."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from coursekit import atomic


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_bytes_texts_functions_and_json_are_written(tmp_path: Path):
    path = tmp_path / "file"
    atomic.write(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    atomic.write(path, "größer\n")
    assert path.read_bytes() == "größer\n".encode()
    atomic.write(path, lambda file: file.write(b"by hand"))
    assert path.read_bytes() == b"by hand"
    atomic.write_json(path, {"b": 1, "a": [2]}, sort_keys=True)
    assert path.read_text() == '{"a": [2], "b": 1}'
    assert names(tmp_path) == ["file"]


def test_its_rights_are_those_of_any_new_file(tmp_path: Path):
    (tmp_path / "plain").touch()
    atomic.write(tmp_path / "file", "text")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    path = tmp_path / "file"
    atomic.write(path, "old")

    def broken(file):
        file.write(b"half of the n")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        atomic.write(path, broken)
    with pytest.raises(TypeError):
        atomic.write_json(path, {"a": object()})
    assert path.read_text() == "old" and names(tmp_path) == ["file"]


def test_a_killed_process_leaves_the_old_file(tmp_path: Path):
    path = tmp_path / "file"
    atomic.write(path, "old")
    program = (
        "import os, sys; from pathlib import Path; from coursekit import atomic\n"
        "die = lambda f: (f.write(b'new'), f.flush(), os.kill(os.getpid(), 9))\n"
        "atomic.write(Path(sys.argv[1]), die)"
    )
    done = subprocess.run([sys.executable, "-c", program, path])
    assert done.returncode == -9 and path.read_text() == "old"
    (part,) = tmp_path.glob(f"*{atomic.SUFFIX}")
    assert part.read_bytes() == b"new"


def test_writers_at_the_same_time_do_not_mix(tmp_path: Path):
    path = tmp_path / "file"
    whole = [json.dumps([number] * 5000) for number in range(4)]
    start = threading.Barrier(4)

    def write(text: str) -> None:
        start.wait()
        for _ in range(20):
            atomic.write(path, text)
            assert path.read_text() in whole

    failed = []
    threads = [threading.Thread(target=lambda t=text: failed.append(1) if _raises(write, t) else 0)
               for text in whole]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and path.read_text() in whole and names(tmp_path) == ["file"]


def _raises(function, *args) -> bool:
    try:
        function(*args)
    except BaseException:
        return True
    return False
