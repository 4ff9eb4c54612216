"""`coursekit lab`: hands out the notebooks and serves them with JupyterLab."""

import argparse
import datetime
import logging
import os
import secrets
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from coursekit.extras import from_extras
from coursekit.labs.workspace import hand_out, reset
from coursekit.shipped import shipped

EXAMPLES = """\
examples:
  coursekit lab                      open the labs in ./my-labs
  coursekit lab --dir ~/course       keep your work somewhere else
  coursekit lab --no-browser --port 9999   on a machine that you reach through ssh
  coursekit lab --reset 01           start lab 01 afresh; a dated copy of yours is kept
"""
PORTS = range(8888, 8988)
# Extensions of authors and graders, which would confuse learners; and JupyterLab's announcements,
# which begin with a question and need a network.
HIDDEN = (
    "@jupyter/nbgrader",
    "jupyterlab-jupytext",
    "@jupyterlab/apputils-extension:announcements",
)
AUTHOR_TOOLS = (
    "jupytext",
    "nbgrader.server_extensions.assignment_list",
    "nbgrader.server_extensions.course_list",
    "nbgrader.server_extensions.formgrader",
    "nbgrader.server_extensions.validate_assignment",
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `coursekit lab` to its parser."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "--dir", type=Path, default=Path("my-labs"), help="your work folder (default: my-labs)"
    )
    parser.add_argument("--port", type=_port, help="default: 8888, or the next one that is free")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument(
        "--reset", metavar="LAB", action="append", default=[], help="hand a lab out afresh"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serves until Ctrl-C.

    Raises OSError if the folder or the port is not available, ValueError for an unknown lab,
    ModuleNotFoundError without JupyterLab.
    """
    folder, source = options.dir.expanduser().absolute(), shipped("notebooks")
    # Before anything is written: without JupyterLab, no folder should be created.
    with from_extras():
        from jupyterlab.labapp import LabApp

    if folder == source.resolve():
        raise ValueError("--dir is the folder that the notebooks come from: choose another one")
    port = options.port or _free_port()
    if options.port:
        _require_free(port)
    for lab in options.reset:
        print(reset(folder, source, lab, datetime.date.today()))
    for line in hand_out(folder, source):
        print(line)
    os.environ["COURSEKIT_DIR"] = str(folder)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # kernels inherit it
    # The labs' matrices are small: a second thread of NumPy's costs half as much again, and on a
    # busy machine both wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # JupyterLab's terminals find `coursekit` and `tensorboard`.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    server = LabApp.initialize_server(argv=_flags(folder, port, options))
    for place in (logging.getLogger("asyncio"), *server.log.handlers):
        place.addFilter(_is_news)
    server.web_app.settings["page_config_hook"] = _hide
    server.io_loop.add_callback(_announce, server, folder)
    server.start()
    print(f"Stopped. Your work is in {folder}", flush=True)
    return 0


def _flags(folder: Path, port: int, options: argparse.Namespace) -> list[str]:
    labs = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    settings = {
        "ServerApp.root_dir": folder,
        "ServerApp.port": port,
        # Another process may take the free port while JupyterLab is loading.
        "ServerApp.port_retries": 0 if options.port else 50,
        "ServerApp.open_browser": not options.no_browser,
        "ServerApp.allow_root": True,  # common in a container; only this machine can connect
        "ServerApp.answer_yes": True,  # Ctrl-C asks nothing
        "ServerApp.log_level": "ERROR",
        "LabApp.log_level": "ERROR",
        "ServerApp.kernel_spec_manager_class": "coursekit.labs.kernels.QuietKernels",
        # Set here, Jupyter prints no banner; not visible to other users in `ps`.
        "IdentityProvider.token": os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(24),
        "MappingKernelManager.shutdown_wait_time": 1,
        "LabApp.default_url": f"/lab/tree/{labs[0].name}" if labs else "/lab",
        "LabApp.extension_manager": "readonly",  # the other one needs a network
        # Open tabs belong to this folder, not to other uses of JupyterLab on this machine.
        "LabApp.workspaces_dir": folder / ".coursekit" / "workspaces",
    }
    flags = [f"--{name}={value}" for name, value in settings.items()]
    return flags + [f"--ServerApp.jpserver_extensions={name}=False" for name in AUTHOR_TOOLS]


def _hide(handler: Any, page_config: dict[str, Any]) -> dict[str, Any]:
    page_config["disabledExtensions"] = [*page_config.get("disabledExtensions", []), *HIDDEN]
    return page_config


def _is_news(record: logging.LogRecord) -> bool:
    # A browser tab was closed while its kernel was sending: several libraries print a traceback.
    error = record.exc_info[1] if record.exc_info else None
    return type(error).__name__ not in ("WebSocketClosedError", "StreamClosedError")


async def _announce(server: Any, folder: Path) -> None:
    def stop(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough
        server.stop(from_signal=True)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    token = server.identity_provider.token
    page = server.default_url
    print(f"Your labs are in {folder}")
    print(
        f"JupyterLab: http://localhost:{server.port}{page}" + (f"?token={token}" if token else "")
    )
    print("Ctrl-C stops.", flush=True)


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to 65535")
    return int(text)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the server does: a port that was closed a moment ago can be used again.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise OSError(
                f"port {port} is not for ordinary users: choose one above 1023"
            ) from error
        except OSError:
            return False
    return True


def _require_free(port: int) -> None:
    if not _is_free(port):
        raise OSError(f"port {port} is busy: choose another one, or leave --port out")


def _free_port() -> int:
    for port in PORTS:
        if _is_free(port):
            return port
    raise OSError(f"ports {PORTS[0]} to {PORTS[-1]} are all busy: name a free one with --port")
