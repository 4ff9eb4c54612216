"""The learner's work folder: notebooks are handed out into it; changed ones are never overwritten.

`.coursekit/notebooks.json` in the folder holds the SHA-256 of each notebook handed out. A notebook
with other bytes is the learner's: executing it is enough, since outputs are work too.
"""

import contextlib
import datetime
import errno
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from coursekit import atomic

MANIFEST = Path(".coursekit") / "notebooks.json"


def hand_out(folder: Path, source: Path) -> list[str]:
    """Copies the notebooks of `source` into `folder`; returns one line for each that was written.

    A missing notebook is written (again), an untouched one is updated. Beside a touched one, a new
    version of the source is written once, as `01_keras_tuner.new-<8 hex digits>.ipynb`.

    Raises OSError, in one line with the cure, if the folder cannot be written.
    """
    with _cures(folder):
        (folder / MANIFEST).parent.mkdir(parents=True, exist_ok=True)
        handed_out, lines = _read_manifest(folder)
        for notebook in sorted(source.glob("*.ipynb")):
            line = _bring(notebook, folder / notebook.name, handed_out)
            if line:
                lines.append(line)
        # Always written: a folder that cannot be written fails here first.
        atomic.write(folder / MANIFEST, _as_json(handed_out))
    return lines


def reset(folder: Path, source: Path, lab: str, today: datetime.date) -> str:
    """Hands out lab `lab` ("01" or "01_keras_tuner") again; returns a line on what was kept.

    The learner's version stays as `01_keras_tuner.kept-2026-11-23.ipynb` (`.kept-2026-11-23-2`).

    Raises ValueError for an unknown lab, OSError as `hand_out` does.
    """
    notebook = _find(source, lab)
    target = folder / notebook.name
    with _cures(folder):
        (folder / MANIFEST).parent.mkdir(parents=True, exist_ok=True)
        handed_out, _ = _read_manifest(folder)
        line = f"{target.name}: fresh"
        untouched = {_digest(notebook.read_bytes()), handed_out.get(target.name)}
        if target.exists() and _digest(target.read_bytes()) not in untouched:
            kept = _unused(target, f"kept-{today:%Y-%m-%d}")
            atomic.write(kept, target.read_bytes())
            line += f"; yours is kept as {kept.name}"
        atomic.write(target, notebook.read_bytes())
        handed_out[target.name] = _digest(notebook.read_bytes())
        atomic.write(folder / MANIFEST, _as_json(handed_out))
    return line


def _bring(notebook: Path, target: Path, handed_out: dict[str, str]) -> str | None:
    """Copies one notebook and records its digest; the line to show, None if nothing changed."""
    content = notebook.read_bytes()
    digest, before = _digest(content), handed_out.get(target.name)
    handed_out[target.name] = digest
    if not target.exists():
        atomic.write(target, content)
        return f"{target.name}: {'new' if before is None else 'was missing, brought back'}"
    present = _digest(target.read_bytes())
    if present == digest or before == digest:  # no new version, touched or not
        return None
    if present == before:
        atomic.write(target, content)
        return f"{target.name}: updated (you had not changed it)"
    beside = target.with_name(f"{target.stem}.new-{digest[:8]}.ipynb")
    if beside.exists():
        return None
    atomic.write(beside, content)
    return (
        f"{target.name}: there is a new version; yours is unchanged, the new one is {beside.name}"
    )


def _find(source: Path, lab: str) -> Path:
    notebooks = sorted(source.glob("*.ipynb"))
    name = lab.removesuffix(".ipynb")
    for notebook in notebooks:
        if name and name in (notebook.stem, notebook.stem.split("_")[0]):
            return notebook
    known = ", ".join(notebook.stem.split("_")[0] for notebook in notebooks) or "none is built yet"
    raise ValueError(f"there is no lab {lab!r}: choose one of {known}")


def _unused(target: Path, label: str) -> Path:
    path, number = target.with_name(f"{target.stem}.{label}.ipynb"), 2
    while path.exists():
        path, number = target.with_name(f"{target.stem}.{label}-{number}.ipynb"), number + 1
    return path


def _read_manifest(folder: Path) -> tuple[dict[str, str], list[str]]:
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        return {str(name): str(digest) for name, digest in manifest.items()}, []
    except FileNotFoundError:
        return {}, []
    except (ValueError, AttributeError):
        # The digests are lost, so each notebook counts as touched.
        return {}, [
            f"{MANIFEST} was damaged and is written again; your notebooks are left as they are"
        ]


def _as_json(handed_out: dict[str, str]) -> bytes:
    return json.dumps(handed_out, indent=1, sort_keys=True).encode() + b"\n"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@contextlib.contextmanager
def _cures(folder: Path) -> Iterator[None]:
    """Turns an error of the file system into one line that says what to do."""
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise OSError(
            f"{error.filename} is a file, not a folder: choose another folder with --dir"
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            message = (
                f"no space left to write {folder}: free some, or choose another disk with --dir"
            )
        else:
            reason = (error.strerror or str(error)).lower()
            message = f"cannot write {folder} ({reason}): choose another folder with --dir"
        raise OSError(message) from error
