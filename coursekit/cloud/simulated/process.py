"""A simulated service in a process of its own, which outlives the command that started it.

So does a real cloud: a command that was killed finds its job again.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from coursekit import atomic
from coursekit.cloud.simulated.server import PAGES, Server

IDLE = 10.0  # minutes after the last call and the last job
PATIENCE = 60.0  # seconds in which a new process answers, and an ending one ends


def serve(
    vendor: str,
    *,
    port: int = 0,
    pace: float = 0.0,
    seed: int = 0,
    idle: float | None = None,
    announce: Path | None = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM, or until it was idle for that many minutes.

    announce: a file that gets the address and the process.
    """
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *event: ending.set())
    with Server(vendor, pace=pace, seed=seed, port=port) as server:
        told = {"url": server.url, "process": os.getpid()}
        print(f"simulated {vendor} service: {server.url} (page: {server.url}{PAGES})", flush=True)
        if announce is not None:
            atomic.write_json(announce, told)
        try:
            while not ending.wait(1.0):
                jobs = list(server.service.jobs.values())
                if not all(job.state.ended for job in jobs):
                    server.touched = time.monotonic()
                if idle is not None and time.monotonic() - server.touched > 60 * idle:
                    break
        except KeyboardInterrupt:
            pass
        finally:
            if announce is not None and _told(announce) == told:
                announce.unlink(missing_ok=True)


def address(vendor: str, folder: Path) -> str | None:
    """The address of the service that runs for this folder; None if none answers."""
    told = _told(folder / f"{vendor}.json")
    return str(told["url"]) if told and _answers(str(told["url"]), vendor) else None


def begin(vendor: str, folder: Path, *, pace: float = 0.0) -> str:
    """The address of the service of this folder; a new process serves it if none does.

    Raises OSError with the last lines of its log if it does not answer within a minute.
    """
    found = address(vendor, folder)
    if found is not None:
        return found
    folder.mkdir(parents=True, exist_ok=True)
    file, log = folder / f"{vendor}.json", folder / f"{vendor}.log"
    file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "coursekit.cli", "cloud", "serve", "--vendor", vendor]
    command += ["--idle", str(IDLE), "--announce", str(file), "--pace", str(pace)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C in this terminal is not for it
        )
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        found = address(vendor, folder)
        if found is not None:
            return found
        time.sleep(0.05)
    last = log.read_text(errors="replace")[-500:]
    raise OSError(f"the simulated {vendor} service did not start; its log {log} ends so: {last}")


def end(vendor: str, folder: Path) -> bool:
    """End the service of this folder, and wait until it has tidied up; whether there was one."""
    file = folder / f"{vendor}.json"
    told = _told(file)
    if not told or address(vendor, folder) is None:
        return False
    os.kill(int(told["process"]), signal.SIGTERM)
    given_up = time.monotonic() + PATIENCE
    while file.exists() and time.monotonic() < given_up:
        time.sleep(0.02)
    return True


def _told(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text()))
    except (OSError, ValueError):
        return {}


def _answers(url: str, vendor: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url + PAGES, timeout=5) as reply:
            return f"Simulated {vendor} service" in reply.read().decode()
    except OSError:
        return False
