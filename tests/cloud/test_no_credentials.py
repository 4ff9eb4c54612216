"""Without a real account no credential is read, sent or stored, and no other machine is called.

Each vendor's own SDK runs the whole command in a process whose environment and home folder are full
of credentials, under an audit hook that sees every file and every address.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from coursekit.cloud.connect import VENDORS
from coursekit.cloud.simulated import process
from tests.cloud.tables import table

POISON = "POISONED"
VARIABLES = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
    "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID",
    "GOOGLE_CLOUD_PROJECT",
)  # fmt: skip
FILES = (
    ".aws/credentials", ".aws/config", ".azure/azureProfile.json", ".azure/msal_token_cache.json",
    ".config/gcloud/application_default_credentials.json", ".netrc",
)  # fmt: skip
WATCHED = """
import json, os, sys
home, seen = os.environ["HOME"], []
# The service; what counts cores; Git, whose answers Azure's SDK does not send (test_azure_ml).
KNOWN = {sys.executable, "lscpu", "uname", "git"}

def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes, os.PathLike)):
        name = os.fsdecode(arguments[0])
        if name.startswith(home):
            seen.append(["open", name])
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        if arguments[1][0] != "127.0.0.1":
            seen.append([event, str(arguments[1])])
    elif event == "socket.getaddrinfo" and arguments[0] not in ("127.0.0.1", None):
        seen.append([event, str(arguments[0])])
    elif event == "subprocess.Popen" and os.fsdecode(arguments[0]) not in KNOWN:
        seen.append([event, str(arguments[1])])

sys.addaudithook(watch)
from coursekit.cli import main
code = main(sys.argv[1:])
print(json.dumps([code, seen]))
"""


@pytest.mark.slow(40)
@pytest.mark.parametrize("vendor", [name for name in VENDORS if name != "local"])
def test_a_simulated_run_reads_no_credential_and_calls_nobody(vendor: str, tmp_path: Path):
    home, folder = tmp_path / "home", tmp_path / "cloud"
    for name in FILES:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(f"[default]\naws_access_key_id = {POISON}\n")
    table().drop(columns="name").to_csv(tmp_path / "table.csv", index=False)
    environment = {
        **os.environ, **dict.fromkeys(VARIABLES, POISON), "HOME": str(home),
        "GOOGLE_APPLICATION_CREDENTIALS": str(home / FILES[-2]),
        "HTTP_PROXY": "http://10.255.255.1:1", "HTTPS_PROXY": "http://10.255.255.1:1",
        "http_proxy": "http://10.255.255.1:1",
    }  # fmt: skip
    try:
        run = subprocess.run(
            [
                sys.executable, "-c", WATCHED, "cloud", "run", str(tmp_path / "table.csv"),
                "--target", "won", "--vendor", vendor, "--simulated", "--candidates", "2",
                "--hold-out", "0.05", "--folder", str(folder),
            ],
            env=environment, capture_output=True, text=True, timeout=400,
        )  # fmt: skip
    finally:
        process.end(vendor, folder)
    assert run.returncode == 0, run.stderr
    code, seen = json.loads(run.stdout.splitlines()[-1])
    assert code == 0, run.stdout + run.stderr
    assert seen == [], run.stdout
    assert POISON not in run.stdout + run.stderr
    stored = [file for file in folder.rglob("*") if file.is_file()]
    assert folder / "jobs.jsonl" in stored
    assert not any(POISON in file.read_text(errors="replace") for file in stored)
