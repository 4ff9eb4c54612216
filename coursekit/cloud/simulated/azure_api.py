"""The wire formats of Azure that automated ML needs: resource manager, run history, blob storage.

Paths and bodies are those that azure-ai-ml and azure-storage-blob send and read (api-version
2024-01-01-preview of the jobs); what a real service adds beyond that is left out.
"""

from __future__ import annotations

import io
import json
import math
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import formatdate
from typing import Any

from coursekit.cloud.azure_ml import AzureML
from coursekit.cloud.simulated.automl import AlreadyThere, Service, ServiceJob, Tried
from coursekit.cloud.simulated.faults import Fault, Kind
from coursekit.cloud.simulated.server import Call, Reply
from coursekit.cloud.table import read
from coursekit.cloud.vendor import JobState
from coursekit.extras import from_extras

WORKSPACE = (
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.MachineLearningServices/workspaces/(?P<workspace>[^/]+)"
)
NAME = "(?P<name>[^/]+)"
ACCOUNT = "loopbackstorage"  # of the storage
MODIFIED = formatdate(1767225600, usegmt=True)  # any day will do
STORES = {"workspaceblobstore": "azureml-blobstore-simulated", "workspaceartifactstore": "azureml"}
STATUS = {
    JobState.WAITING: "Queued",
    JobState.RUNNING: "Running",
    JobState.COMPLETED: "Completed",
    JobState.FAILED: "Failed",
    JobState.STOPPED: "Canceled",
}
# The primary metrics as requests spell them, and as the service's search knows them.
METRICS = {
    "AUCWeighted": "auc",
    "Accuracy": "accuracy",
    "NormalizedRootMeanSquaredError": "rmse",
    "R2Score": "r2",
}
DATASTORE = re.compile(
    r"azureml:.*?/?datastores/(?P<store>[^/]+)/paths/(?P<path>.+)", re.IGNORECASE
)
PACKAGES = """\
# Simulated: what a real job writes here names Microsoft's own packages and their versions.
name: simulated
dependencies:
  - python=3.11
  - pip:
      - scikit-learn
      - pandas
"""


class Refused(Exception):
    """An error that the service answers: HTTP status, Azure's code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class AzureRouter:
    """Azure's answers, made from the jobs and files of the simulated service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._scorings: dict[str, dict[str, Any]] = {}  # command jobs that have scored rows
        self._lock = threading.Lock()
        one = f"{WORKSPACE}/jobs/{NAME}"
        past = f"/history/v1.0{WORKSPACE}/runs/{NAME}"
        routes: tuple[tuple[str, str, Callable[..., Reply]], ...] = (
            ("GET", WORKSPACE, self._workspace),
            ("GET", "/discovery", self._discovery),
            ("GET", f"{WORKSPACE}/datastores", self._datastores),
            ("GET", f"{WORKSPACE}/datastores/{NAME}", self._datastore),
            ("PUT", f"{WORKSPACE}/environments/{NAME}/versions/[^/]+", self._environment),
            ("PUT", one, self._submit),
            ("GET", one, self._job),
            ("POST", f"{one}/cancel", self._cancel),
            ("GET", past, self._run),
            ("GET", f"{past}/children", self._children),
        )
        self._routes = [
            (method, re.compile(f"{path}/?", re.IGNORECASE), answer)
            for method, path, answer in routes
        ]

    def answer(self, call: Call) -> Reply:
        """The reply to a call, errors in Azure's own form."""
        try:
            if in_storage(call):
                return self._blob(call)
            if call.path != "/discovery" and not call.headers.get("Authorization"):
                raise Refused(401, "AuthenticationFailed", "the Authorization header is missing")
            for method, pattern, answer in self._routes:
                found = pattern.fullmatch(call.path)
                if found and method == call.method:
                    return answer(call, **found.groupdict())
            raise Refused(404, "NotFound", f"the simulated Azure has no {call.method} {call.path}")
        except Refused as error:
            return failure(in_storage(call), error.status, error.code, str(error))

    # Workspace

    def _workspace(self, call: Call, **scope: str) -> Reply:
        identifier = call.path.rstrip("/")
        return Reply.json(
            {
                "id": identifier,
                "name": scope["workspace"],
                "type": "Microsoft.MachineLearningServices/workspaces",
                "location": "simulated",
                "properties": {
                    "friendlyName": "simulated workspace",
                    "workspaceId": "00000000-0000-0000-0000-000000000000",
                    "discoveryUrl": f"{address(call)}/discovery",
                    "provisioningState": "Succeeded",
                },
            }
        )

    def _discovery(self, call: Call) -> Reply:
        return Reply.json({"api": address(call), "history": address(call)})

    def _datastores(self, call: Call, **scope: str) -> Reply:
        return Reply.json({"value": [store_resource(call, "workspaceblobstore", call.path)]})

    def _datastore(self, call: Call, name: str, **scope: str) -> Reply:
        if name not in STORES:
            raise Refused(404, "UserError", f"Could not find datastore {name}")
        return Reply.json(store_resource(call, name, call.path.rpartition("/")[0]))

    def _environment(self, call: Call, **scope: str) -> Reply:
        version = call.path.rpartition("/")[2]
        return Reply.json({"id": call.path, "name": version, **json.loads(call.body)})

    # Jobs

    def _submit(self, call: Call, name: str, **scope: str) -> Reply:
        properties = json.loads(call.body)["properties"]
        if properties["jobType"] == "Command":
            self._start_scoring(name, properties)
        elif properties["jobType"] == "AutoML":
            self._start_search(name, properties)
        else:
            raise Refused(400, "UserError", f"simulated: no jobs of type {properties['jobType']!r}")
        return self._job(call, name)

    def _start_search(self, name: str, properties: dict[str, Any]) -> None:
        task = properties["taskDetails"]
        metric = task["primaryMetric"]
        if metric not in METRICS:
            offered = ", ".join(METRICS)
            raise Refused(400, "UserError", f"simulated: {metric!r} is not offered, but {offered}")
        limits, target = task["limitSettings"], task["targetColumnName"]
        table = self._file(task["trainingData"]["uri"].rstrip("/") + "/train.csv")
        self._file(task["trainingData"]["uri"].rstrip("/") + "/MLTable")
        try:
            with suppress(AlreadyThere):  # the same PUT again changes nothing
                self.service.start(
                    name, table, target, METRICS[metric],
                    max_candidates=limits.get("maxTrials"),
                    max_minutes=minutes(limits["timeout"]),
                    properties=properties,
                    divisor=span(table, target) if METRICS[metric] == "rmse" else 1.0,
                )  # fmt: skip
        except ValueError as error:
            raise Refused(400, "UserError", f"simulated: {error}") from None

    def _job(self, call: Call, name: str, **scope: str) -> Reply:
        wire, status = self._described(name)
        properties = {**wire, "status": status}
        if (job := self.service.jobs.get(name)) is not None and job.best is not None:
            best = child_name(job, job.best)
            properties["tags"] = {**(wire.get("tags") or {}), "automl_best_child_run_id": best}
        return Reply.json(
            {
                "id": call.path,
                "name": name,
                "type": "Microsoft.MachineLearningServices/workspaces/jobs",
                "properties": properties,
                "systemData": {"createdAt": "2026-01-01T00:00:00Z", "createdBy": "simulated"},
            }
        )

    def _described(self, name: str) -> tuple[dict[str, Any], str]:
        if name in self._scorings:
            return self._scorings[name], self._scored(name)
        job = self._get(name)
        return job.wire["properties"], STATUS[job.state]

    def _get(self, name: str) -> ServiceJob:
        try:
            return self.service.get(name)
        except KeyError:
            raise Refused(404, "UserError", f"Could not find the job {name} (simulated)") from None

    def _cancel(self, call: Call, name: str, **scope: str) -> Reply:
        self._get(name).stop()
        where = f"{address(call)}{call.path.rpartition('/jobs/')[0]}/jobOperations/{name}"
        return Reply(202, b"", {"Location": where, "Retry-After": "0"})

    # Run history

    def _run(self, call: Call, name: str, **scope: str) -> Reply:
        if name in self._scorings:
            return Reply.json({"runId": name, "status": self._scored(name)})
        self._get(name)
        job = self.service.status(name)
        run: dict[str, Any] = {
            "runId": name,
            "status": STATUS[job.state],
            "startTimeUtc": stamp(job.started),
            "endTimeUtc": stamp(job.ended),
            "computeDuration" if job.ended else "currentComputeTime": (
                str(timedelta(seconds=job.seconds))
            ),
            "runTypeV2": {"orchestrator": "AutoML", "traits": ["automl", "Remote.Parent"]},
        }
        if job.state is JobState.FAILED:
            run["error"] = {"error": {"code": "UserError", "message": job.message}}
        if job.state is JobState.STOPPED:
            run["cancelationReason"] = job.message
        return Reply.json(run)

    def _children(self, call: Call, name: str, **scope: str) -> Reply:
        job = self._get(name)
        setup = {"runId": f"{name}_setup", "parentRunId": name, "status": "Completed"}
        tried = [self._child(job, each) for each in job.candidates]
        return Reply.json({"value": [setup, *tried]})

    def _child(self, job: ServiceJob, tried: Tried) -> dict[str, Any]:
        child = child_name(job, tried)
        artifacts = f"aml://artifact/ExperimentRun/dcid.{child}/outputs"
        parts = {"class_name": tried.algorithm, "param_kwargs": dict(tried.configuration)}
        properties = {
            "runTemplate": "automl_child",
            "iteration": child.rpartition("_")[2],
            "run_algorithm": tried.algorithm,
            "run_preprocessor": f"simulated: {tried.configuration['encode']}",
            "primary_metric": AzureML.metrics[job.metric],
            "fit_time": str(tried.seconds),
            "pipeline_spec": json.dumps({"objects": [parts], "simulated": True}),
            "conda_env_data_location": f"{artifacts}/conda_env_v_1_0_0.yml",
            "model_data_location": f"{artifacts}/model.pkl",
        }
        if not math.isnan(tried.score):  # Azure divides the RMSE by the range of the target
            properties["score"] = str(tried.score / job.wire["divisor"])
        return {
            "runId": child,
            "parentRunId": job.name,
            "status": STATUS[tried.state],
            "properties": properties,
        }

    # Scoring: the simulated service runs no script; it knows the model that the script would load.

    def _start_scoring(self, name: str, properties: dict[str, Any]) -> None:
        inputs = properties["inputs"]
        model = DATASTORE.match(inputs["model"]["uri"])
        parts = re.search(
            r"dcid\.(?P<job>.+)_(?P<number>\d+)/outputs", model["path"] if model else ""
        )
        if parts is None:
            raise Refused(400, "UserError", f"simulated: no model at {inputs['model']['uri']}")
        job = self._get(parts["job"])
        if job.best is None or child_name(job, job.best) != f"{job.name}_{parts['number']}":
            raise Refused(400, "UserError", "simulated: only the best model is kept for scoring")
        rows = self._file(inputs["rows"]["uri"].rstrip("/") + "/rows.csv")
        with from_extras():
            import pandas

        table = pandas.DataFrame(job.predict(rows), columns=job.classes or ["prediction"])
        out = io.BytesIO()
        table.to_csv(out, index=False)
        with self._lock:
            self.service.files[place(properties["outputs"]["predictions"]["uri"])] = out.getvalue()
            self._scorings[name] = properties

    def _scored(self, name: str) -> str:
        """The status of a scoring job: its rows are scored before its submission is answered."""
        return "Completed"

    # Blob storage, with path style addresses as in the emulator of the storage

    def _file(self, uri: str) -> bytes:
        try:
            return self.service.files[place(uri)]
        except KeyError:
            raise Refused(400, "UserError", f"simulated: there is no file at {uri}") from None

    def _blob(self, call: Call) -> Reply:
        if "sig" not in call.query and not call.headers.get("Authorization"):
            raise Refused(403, "AuthenticationFailed", "the request is not signed")
        if "comp" in call.query:
            raise Refused(501, "NotImplemented", "simulated: only files below 64 MB, in one piece")
        path = call.path.removeprefix(f"/{ACCOUNT}/")
        if call.method == "PUT":
            self.service.files[path] = call.body
            headers = {"ETag": '"0x1"', "Last-Modified": MODIFIED}
            return Reply(201, b"", headers)
        body = self._artifact(path)
        if body is None:
            raise Refused(404, "BlobNotFound", "The specified blob does not exist.")
        headers = {
            "Content-Type": "application/octet-stream",
            "ETag": '"0x1"',
            "Last-Modified": MODIFIED,
            "x-ms-blob-type": "BlockBlob",
        }
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", call.headers.get("x-ms-range", ""))
        if not wanted:
            return Reply(200, body, headers)
        start, end = int(wanted[1]), min(int(wanted[2]), len(body) - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
        return Reply(206, body[start : end + 1], headers)

    def _artifact(self, path: str) -> bytes | None:
        if path.endswith("/outputs/conda_env_v_1_0_0.yml"):
            return PACKAGES.encode()
        return self.service.files.get(path)

    def refuse(self, fault: Fault, call: Call) -> Reply:
        """Throttling and an expired token, as the resource manager or the storage answers them."""
        storage = in_storage(call)
        if fault.kind is Kind.THROTTLE:
            code = (503, "ServerBusy") if storage else (429, "TooManyRequests")
            refusal = failure(storage, *code, "simulated: too many requests")
            return with_headers(refusal, {"Retry-After": str(fault.retry_after)})
        if storage:
            return failure(storage, 403, "AuthenticationFailed", "simulated: the signature expired")
        refusal = failure(
            storage, 401, "ExpiredAuthenticationToken", "simulated: the token expired"
        )
        return with_headers(refusal, {"WWW-Authenticate": 'Bearer error="invalid_token"'})


def address(call: Call) -> str:
    """The server's own address, as the client called it."""
    return f"http://{call.headers['Host']}"


def in_storage(call: Call) -> bool:
    """Whether the call is to the storage; all others are to the resource manager."""
    return call.path.startswith(f"/{ACCOUNT}/")


def failure(storage: bool, status: int, code: str, message: str) -> Reply:
    """An error in the form of the resource manager, or of the storage."""
    if storage:
        text = (
            '<?xml version="1.0" encoding="utf-8"?>'
            f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        )
        headers = {"Content-Type": "application/xml", "x-ms-error-code": code}
        return Reply(status, text.encode(), headers)
    return Reply.json({"error": {"code": code, "message": message}}, status)


def store_resource(call: Call, store: str, folder: str) -> dict[str, Any]:
    """A datastore of the workspace as the resource manager describes it."""
    return {
        "id": f"{folder}/{store}",
        "name": store,
        "type": "Microsoft.MachineLearningServices/workspaces/datastores",
        "properties": {
            "datastoreType": "AzureBlob",
            "credentials": {"credentialsType": "None"},
            "accountName": ACCOUNT,
            "containerName": STORES[store],
            "endpoint": call.headers["Host"],
            "protocol": "http",
            "isDefault": store == "workspaceblobstore",
        },
    }


def place(uri: str) -> str:
    """The key in the service's files of what an azureml:// address names."""
    found = DATASTORE.match(uri)
    if found is None or found["store"] not in STORES:
        raise Refused(
            400, "UserError", f"simulated: {uri!r} is not in a datastore of the workspace"
        )
    return f"{STORES[found['store']]}/{found['path']}"


def minutes(duration: str) -> float:
    """Minutes of an ISO 8601 duration such as PT1H30M."""
    found = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", duration)
    if found is None:
        raise Refused(400, "UserError", f"{duration!r} is not a duration such as PT1H")
    days, hours, mins, seconds = (int(each or 0) for each in found.groups())
    return (days * 24 + hours) * 60 + mins + seconds / 60


def span(table: bytes, target: str) -> float:
    """The range of the target, which normalizes Azure's errors."""
    values = read(table)[target]
    return float(values.max() - values.min())


def with_headers(reply: Reply, headers: dict[str, str]) -> Reply:
    """The same reply with more headers."""
    return reply._replace(headers={**reply.headers, **headers})


def child_name(job: ServiceJob, tried: Tried) -> str:
    """As Azure names child jobs: the job's name and the number of the iteration."""
    return f"{job.name}_{[each.name for each in job.candidates].index(tried.name)}"


def stamp(when: datetime | None) -> str | None:
    """A time as JSON has it."""
    return None if when is None else when.isoformat().replace("+00:00", "Z")
