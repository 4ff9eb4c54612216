"""What a machine must have before anything is installed. Runs under any Python from 3.6 on.

    python3 coursekit/preflight.py

Only the standard library is used, and no newer syntax: it runs before anything else is there.
Every check takes what it looks at, so that a test can hand it a machine that lacks something.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple

GIGABYTE = 1e9
DISK_FOR_SETUP = 6 * GIGABYTE  # 3.8 GB of packages, compiled, and what is downloaded on the way
PORTABLE_GLIBC, MODERN_GLIBC = (2, 17), (2, 39)


class Finding(NamedTuple):
    """One line about the machine; if it is not `good`, `text` ends with the cure."""

    good: bool
    text: str


def check_platform(system: str, machine: str) -> Finding:
    """`system` and `machine` as `platform.system()` and `platform.machine()` name them."""
    here = f"{system} {machine}"
    if (system, machine) in {("Linux", "x86_64"), ("Darwin", "arm64")}:
        return Finding(True, "platform: " + here)
    cure = "use Linux x86_64 or a Mac with Apple silicon"
    if system == "Windows" or system.startswith(("MSYS", "MINGW", "CYGWIN")):
        cure = "run inside WSL2 (wsl --install, then work in its Ubuntu)"
    return Finding(False, f"platform: TensorFlow Extended does not run on {here}: {cure}")


def check_c_library(system: str, libc: Tuple[str, str], python: Tuple[int, int]) -> Finding:
    """`libc` as `platform.libc_ver()` gives it; `python` is the version that will run the labs."""
    if system != "Linux":
        return Finding(True, "C library: the system's")
    name, version = libc
    if name != "glibc":
        return Finding(False, "C library: not glibc: use Debian, Ubuntu or Fedora (not Alpine)")
    needed = MODERN_GLIBC if python >= (3, 12) else PORTABLE_GLIBC
    if tuple(int(part) for part in version.split(".")[:2]) >= needed:
        return Finding(True, "C library: glibc " + version)
    cure = "write 3.11 into .python-version" if python >= (3, 12) else "use a newer Linux"
    message = "C library: glibc {} is too old for Python {}.{}, which needs glibc {}.{}: {}"
    return Finding(False, message.format(version, *python, *needed, cure))


def check_uv(uv: Optional[str], python3: str) -> Finding:
    """`uv` is the installer's path if there is one; else `python3` must be able to bring it."""
    if uv:
        return Finding(True, "uv: " + uv)
    if _output([python3, "-c", "import venv, ensurepip"]) is not None:
        return Finding(True, "uv: will be installed into .bootstrap")
    return Finding(False, f"uv: {python3} cannot make environments: apt install python3-venv")


def check_python(
    version: Tuple[int, int], interpreter: Optional[str], may_download: bool = True
) -> Finding:
    """`interpreter` is the path of a Python of that version, None if the machine has none."""
    name = "Python {}.{}".format(*version)
    if interpreter:
        return Finding(True, f"{name}: {interpreter}")
    if may_download:
        return Finding(True, name + ": uv will download it")
    cure = "apt install python{0}.{1} python{0}.{1}-dev, or unset UV_PYTHON_DOWNLOADS"
    return Finding(False, name + ": not found, no download allowed: " + cure.format(*version))


def check_compiler(system: str, path: str) -> Finding:
    """Looks for a C++ compiler in the folders of `path`, and compiles three words with it."""
    cure = "xcode-select --install" if system == "Darwin" else "apt install g++ python3-dev"
    for name in ("c++", "g++", "clang++"):
        compiler = shutil.which(name, path=path)
        if compiler and _compiles(compiler, "#include <string>", path):
            return Finding(True, "C++ compiler: " + compiler)
    return Finding(False, "C++ compiler: none that works: " + cure)


def check_headers(system: str, interpreter: Optional[str], version: Tuple[int, int]) -> Finding:
    """Whether `interpreter` has its Python.h; one that uv downloads always has."""
    if not interpreter:
        return Finding(True, "Python headers: come with the download")
    script = "import sysconfig; print(sysconfig.get_paths()['include'])"
    folder = (_output([interpreter, "-c", script]) or "").strip()
    if folder and (Path(folder) / "Python.h").is_file():
        return Finding(True, "Python headers: " + folder)
    cure = "apt install python{}.{}-dev".format(*version)
    if system == "Darwin":
        cure = "xcode-select --install"
    return Finding(False, f"Python headers: {interpreter} has no Python.h: {cure}")


def check_disk(folder: Path, needed: float = DISK_FOR_SETUP) -> Finding:
    """Whether `needed` bytes are free where `folder` is."""
    free = shutil.disk_usage(str(folder)).free
    text = f"free disk: {free / GIGABYTE:.1f} GB"
    if free >= needed:
        return Finding(True, text)
    cure = " where {:.0f} GB are needed: free some space, or move {} to another disk"
    return Finding(False, text + cure.format(needed / GIGABYTE, folder))


def find_python(uv: Optional[str], version: Tuple[int, int]) -> Optional[str]:
    """The interpreter of `version` that uv would take; None if it would download one."""
    name = "{}.{}".format(*version)
    if uv:
        found = _output([uv, "python", "find", "--no-project", "--system", name])
        return found.strip() if found else None
    found = shutil.which("python" + name)  # uv is not there yet: a good guess
    return found if found and _output([found, "-c", ""]) is not None else None


def wanted_python(root: Path) -> Tuple[int, int]:
    """The version that UV_PYTHON or `.python-version` asks for."""
    text = os.environ.get("UV_PYTHON") or (root / ".python-version").read_text().strip()
    parts = text.split(".")
    if len(parts) < 2 or not (parts[0] + parts[1]).isdigit():
        return (3, 11)  # a path or a name: uv will judge it
    return (int(parts[0]), int(parts[1]))


def findings(root: Path, uv: Optional[str], needed: float = DISK_FOR_SETUP) -> List[Finding]:
    """All checks of this machine, for an installation in `root`."""
    system, python = platform.system(), wanted_python(root)
    interpreter = find_python(uv, python)
    may_download = os.environ.get("UV_PYTHON_DOWNLOADS", "automatic") == "automatic"
    return [
        check_platform(system, platform.machine()),
        check_c_library(system, platform.libc_ver(), python),
        check_uv(uv, sys.executable),
        check_python(python, interpreter, may_download),
        check_compiler(system, os.environ.get("PATH", "")),
        check_headers(system, interpreter, python),
        check_disk(root, needed),
    ]


def _output(command: List[str]) -> Optional[str]:
    """What a command prints, None if it cannot be run or fails."""
    try:
        # No capture_output, no text: they came with Python 3.7.
        return subprocess.check_output(command, stderr=subprocess.DEVNULL).decode()
    except (OSError, subprocess.CalledProcessError):
        return None


def _compiles(compiler: str, source: str, path: str) -> bool:
    process = subprocess.Popen(
        [compiler, "-x", "c++", "-fsyntax-only", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ, PATH=path),
    )
    process.communicate(source.encode() + b"\n")
    return process.returncode == 0


def main(argv: Optional[List[str]] = None) -> int:
    """Prints what is missing, all of it, one line each; 1 if anything is."""
    parser = argparse.ArgumentParser(prog="preflight", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--uv", default="uv", help="the uv that will install (may not be there yet)"
    )
    arguments = parser.parse_args(argv)
    root = Path(__file__).resolve().parent.parent
    missing = [each.text for each in findings(root, shutil.which(arguments.uv)) if not each.good]
    for text in missing:
        print(text, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
