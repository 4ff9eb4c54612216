"""What a machine must have before anything is installed. Runs under any Python from 3.6 on.

    python3 coursekit/preflight.py

Only the standard library is used, and no newer syntax: it runs before anything else is there.
Every check takes what it looks at, so that a test can hand it a machine that lacks something.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple

GIGABYTE = 1e9
DISK_FOR_SETUP = 6 * GIGABYTE  # 3.8 GB of packages, compiled, and what is downloaded on the way
PORTABLE_GLIBC, MODERN_GLIBC = (2, 17), (2, 39)
MACOS = 12  # TensorFlow's wheels need it
MODERN = ((3, 13), (3, 12))  # Pythons of the modern stack, the first choice first
# The newest Python that each distribution has in its packages and that a stack runs on.
PACKAGED = {
    "debian 12": "3.11",
    "debian 13": "3.13",
    "ubuntu 22.04": "3.11",
    "ubuntu 24.04": "3.12",
}


class Prerequisite(NamedTuple):
    """One line about the machine; if it is not `good`, `text` ends with the cure."""

    good: bool
    text: str


def check_platform(system: str, machine: str, macos: str = "") -> Prerequisite:
    """`system` and `machine` as `platform.system()` and `platform.machine()` name them.

    macos: its version, as the first of `platform.mac_ver()`; "" on other systems.
    """
    here = f"{system} {machine}"
    if (system, machine) in {("Linux", "x86_64"), ("Darwin", "arm64")}:
        # 10.16 is what a Python that was built on an older macOS is told by any newer one.
        if macos and macos != "10.16" and int(macos.split(".")[0]) < MACOS:
            text = f"platform: TensorFlow does not run on macOS {macos}: update to {MACOS} or newer"
            return Prerequisite(False, text)
        return Prerequisite(True, "platform: " + here)
    cure = "use Linux x86_64 or a Mac with Apple silicon"
    if system == "Windows" or system.startswith(("MSYS", "MINGW", "CYGWIN")):
        cure = "run inside WSL2 (wsl --install, then work in its Ubuntu)"
    return Prerequisite(False, f"platform: TensorFlow Extended does not run on {here}: {cure}")


def check_c_library(system: str, libc: Tuple[str, str], python: Tuple[int, int]) -> Prerequisite:
    """`libc` as `platform.libc_ver()` gives it; `python` is the version that will run the labs."""
    if system != "Linux":
        return Prerequisite(True, "C library: the system's")
    name, version = libc
    if name != "glibc":
        return Prerequisite(
            False, "C library: TFX needs glibc: use Debian, Ubuntu or Fedora (not Alpine)"
        )
    needed = MODERN_GLIBC if python >= (3, 12) else PORTABLE_GLIBC
    if tuple(int(part) for part in version.split(".")[:2]) >= needed:
        return Prerequisite(True, "C library: glibc " + version)
    cure = "make setup PYTHON=3.11" if python >= (3, 12) else "use a newer Linux"
    message = (
        "C library: glibc {} is too old for TFX with Python {}.{}, which needs glibc {}.{}: {}"
    )
    return Prerequisite(False, message.format(version, *python, *needed, cure))


def check_uv(uv: Optional[str], python3: str) -> Prerequisite:
    """`uv` is the installer's path if there is one; else `python3` must be able to bring it."""
    if uv:
        return Prerequisite(True, "uv: " + uv)
    if _output([python3, "-c", "import venv, ensurepip"]) is not None:
        return Prerequisite(True, "uv: will be installed into .bootstrap")
    return Prerequisite(False, f"uv: {python3} cannot make environments: apt install python3-venv")


def check_python(
    version: Tuple[int, int],
    interpreter: Optional[str],
    may_download: bool = True,
    distribution: str = "",
) -> Prerequisite:
    """`interpreter` is the path of a Python of that version, None if the machine has none.

    distribution: its name and number, such as "debian 13": the cure is a package that it has.
    """
    name = "Python {}.{}".format(*version)
    if interpreter:
        return Prerequisite(True, f"{name}: {interpreter}")
    if may_download:
        return Prerequisite(True, name + ": uv will download it")
    found = PACKAGED.get(distribution, "{}.{}".format(*version))
    cure = f"apt install python{found} python{found}-dev"
    if found != "{}.{}".format(*version):
        cure += f", then make setup PYTHON={found}"
    if os.environ.get("UV_PYTHON_DOWNLOADS"):
        cure += ", or unset UV_PYTHON_DOWNLOADS"
    return Prerequisite(False, f"{name}: not found and not downloaded: {cure}")


def check_compiler(system: str, path: str) -> Prerequisite:
    """Looks for a C++ compiler in the folders of `path`, and compiles three words with it."""
    cure = "xcode-select --install" if system == "Darwin" else "apt install g++ python3-dev"
    for name in ("c++", "g++", "clang++"):
        compiler = shutil.which(name, path=path)
        if compiler and _compiles(compiler, "#include <string>", path):
            return Prerequisite(True, "C++ compiler: " + compiler)
    return Prerequisite(False, "C++ compiler: none that works: " + cure)


def check_headers(
    system: str, interpreter: Optional[str], version: Tuple[int, int]
) -> Prerequisite:
    """Whether `interpreter` has its Python.h; one that uv downloads always has."""
    if not interpreter:
        return Prerequisite(True, "Python headers: come with the download")
    script = "import sysconfig; print(sysconfig.get_paths()['include'])"
    folder = (_output([interpreter, "-c", script]) or "").strip()
    if folder and (Path(folder) / "Python.h").is_file():
        return Prerequisite(True, "Python headers: " + folder)
    cure = "apt install python{}.{}-dev".format(*version)
    if system == "Darwin":
        cure = "xcode-select --install"
    return Prerequisite(False, f"Python headers: {interpreter} has no Python.h: {cure}")


def check_disk(folder: Path, needed: float = DISK_FOR_SETUP) -> Prerequisite:
    """Whether `needed` bytes are free where `folder` is."""
    free = shutil.disk_usage(str(folder)).free
    text = f"free disk: {free / GIGABYTE:.1f} GB"
    if free >= needed:
        return Prerequisite(True, text)
    cure = " where {:.0f} GB are needed: free some space, or move {} to another disk"
    return Prerequisite(False, text + cure.format(needed / GIGABYTE, folder))


def find_python(uv: Optional[str], wanted: str) -> Optional[str]:
    """The interpreter that uv would take for `wanted`; None if it would download one."""
    if uv:
        found = _output([uv, "python", "find", "--no-project", "--system", wanted])
        return found.strip() if found else None
    name = wanted if os.sep in wanted else "python{}.{}".format(*version_of(wanted))
    found = shutil.which(name)  # uv is not there yet: a good guess
    return found if found and _output([found, "-c", ""]) is not None else None


def wanted_python(root: Path, asked: str = "") -> str:
    """The Python to set up with: what is asked for, what .venv has, or `.python-version`.

    A version or a path, as uv takes them. `asked` is make's PYTHON; UV_PYTHON counts as asked, too.
    What .venv was set up with stays, unless `.python-version` is newer.
    """
    default, ready = root / ".python-version", root / ".venv" / ".ready"
    kept = root / ".venv" / ".python"
    asked = asked or os.environ.get("UV_PYTHON", "")
    if asked:
        return asked
    whole = ready.is_file() and kept.is_file() and ready.read_text() == str(root)
    if whole and kept.stat().st_mtime >= default.stat().st_mtime:
        return kept.read_text().strip()
    return default.read_text().strip()


def version_of(wanted: str) -> Tuple[int, int]:
    """The version of a Python that is given as uv takes it: a number, a name or a path."""
    text = wanted
    if os.sep in wanted:
        script = "import sys; print('%d.%d' % sys.version_info[:2])"
        text = _output([wanted, "-c", script]) or ""
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found.group(1)), int(found.group(2))) if found else (3, 11)  # uv will judge it


def instead(
    uv: Optional[str], system: str, libc: Tuple[str, str], wanted: Tuple[int, int]
) -> Optional[str]:
    """A Python of the modern stack that this machine has and can run; None if it has none."""
    for version in MODERN:
        if version != wanted and check_c_library(system, libc, version).good:
            found = find_python(uv, "{}.{}".format(*version))
            if found:
                return found
    return None


def distribution(release: Path = Path("/etc/os-release")) -> str:
    """The name and number of this Linux, such as "debian 13"; "" where nothing says it."""
    if not release.is_file():
        return ""
    pairs = [line.split("=", 1) for line in release.read_text().splitlines() if "=" in line]
    fields = {name: value.strip("\"'") for name, value in pairs}
    return "{} {}".format(fields.get("ID", ""), fields.get("VERSION_ID", "")).strip()


def findings(
    root: Path, uv: Optional[str], asked: str = "", needed: float = DISK_FOR_SETUP
) -> List[Prerequisite]:
    """All checks of this machine, for an installation in `root` with the Python `asked` for."""
    system, libc, wanted = platform.system(), platform.libc_ver(), wanted_python(root, asked)
    version, interpreter = version_of(wanted), find_python(uv, wanted)
    if not interpreter and not _may_download() and not is_asked(asked):
        interpreter = instead(uv, system, libc, version)
        version = version_of(interpreter) if interpreter else version
    return [
        check_platform(system, platform.machine(), platform.mac_ver()[0]),
        check_c_library(system, libc, version),
        check_uv(uv, sys.executable),
        check_python(version, interpreter, _may_download(), distribution()),
        check_compiler(system, os.environ.get("PATH", "")),
        check_headers(system, interpreter, version),
        check_disk(root, needed),
    ]


def is_asked(asked: str) -> bool:
    """Whether someone chose the Python: then no other one is taken in its place."""
    return bool(asked or os.environ.get("UV_PYTHON"))


def choose(root: Path, uv: str, asked: str = "") -> Tuple[Optional[str], str]:
    """The Python for uv to set up with, downloaded if it is missing, and what to say about it.

    The default that is neither here nor to be had gives way to the system's Python where the
    modern stack runs. Without any: None, and the text names the cure.
    """
    wanted = wanted_python(root, asked)
    version = version_of(wanted)
    if find_python(uv, wanted):
        return wanted, ""
    if _may_download() and _output([uv, "python", "install", wanted]) is not None:
        return wanted, ""
    system = platform.system()
    other = None if is_asked(asked) else instead(uv, system, platform.libc_ver(), version)
    if not other:
        return None, check_python(version, None, False, distribution()).text
    headers = check_headers(system, other, version_of(other))
    if not headers.good:
        return None, headers.text
    name, default = "{}.{}".format(*version_of(other)), "{}.{}".format(*version)
    return name, (
        f"Python {default} is not here and could not be downloaded: "
        f"taking Python {name} ({other}), with the modern stack"
    )


def _may_download() -> bool:
    return os.environ.get("UV_PYTHON_DOWNLOADS", "automatic") == "automatic"


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
    parser.add_argument("--python", default="", help="the Python to set up with, such as 3.13")
    parser.add_argument(
        "--choose", action="store_true", help="print the Python that uv shall set up with"
    )
    arguments = parser.parse_args(argv)
    root = Path(__file__).resolve().parent.parent
    uv = shutil.which(arguments.uv)
    if arguments.choose:
        python, text = choose(root, uv or arguments.uv, arguments.python)
        if text:
            print(text, file=sys.stderr)
        if python:
            print(python)
        return 0 if python else 1
    missing = [each.text for each in findings(root, uv, arguments.python) if not each.good]
    for text in missing:
        print(text, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
