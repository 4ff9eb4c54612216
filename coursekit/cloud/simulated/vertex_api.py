"""The wire format of Google Vertex AI and Cloud Storage: REST with JSON, as their SDKs speak it."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from coursekit.cloud.simulated.automl import AlreadyThere, Service, ServiceJob
from coursekit.cloud.simulated.faults import Fault, Kind
from coursekit.cloud.simulated.server import Call, Reply
from coursekit.cloud.table import read
from coursekit.cloud.vendor import JobState
from coursekit.extras import from_extras

# Google's objectives that the simulated search knows, by their common names.
OBJECTIVES = {"maximize-au-roc": "auc", "minimize-log-loss": "log_loss", "minimize-rmse": "rmse"}
# Enumerations travel as numbers, because the SDK asks for `enum-encoding=int`.
PIPELINE_STATES = {
    JobState.WAITING: 2,
    JobState.RUNNING: 3,
    JobState.COMPLETED: 4,
    JobState.FAILED: 5,
    JobState.STOPPED: 7,
}
SUCCEEDED = 4  # of a batch prediction job
ARTIFACT = 1  # an exportable content of a model
HTTP = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "UNAUTHENTICATED": 401,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "UNIMPLEMENTED": 501,
}
LEAST_ROWS = 1000
SPLITS = ("trainingFraction", "validationFraction", "testFraction")
SCHEMAS = "gs://google-cloud-aiplatform/schema"


class GoogleRefusal(Exception):
    """A call that Google refuses. status: one of HTTP."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(eq=False)
class Pipeline:
    """A training pipeline. asked: its body. job: None if the table was refused, with `error`."""

    name: str
    asked: dict[str, Any]
    created: datetime
    job: ServiceJob | None = None
    test: bytes = b""
    error: str = ""
    evaluation: dict[str, Any] | None = None


@dataclass
class Resources:
    """What the service remembers, by resource name."""

    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    uploads: dict[str, str] = field(default_factory=dict)  # path of a resumable upload by its id


class VertexRouter:
    """Answers Google's calls for data sets, training pipelines, models, batches and objects."""

    def __init__(self, service: Service) -> None:
        self.service, self.kept = service, Resources()
        self._lock = threading.RLock()
        place = r"/v1/(?P<parent>projects/[^/]+/locations/[^/]+)"
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Any]]] = [
            (method, re.compile(pattern), function)
            for method, pattern, function in (
                ("POST", "/token", self.renew),
                ("POST", "/upload/storage/v1/b/(?P<bucket>[^/]+)/o", self.upload),
                ("PUT", "/upload/storage/v1/b/(?P<bucket>[^/]+)/o", self.upload_rest),
                ("GET", "/storage/v1/b/(?P<bucket>[^/]+)/o", self.list_objects),
                ("GET", "/download/storage/v1/b/(?P<bucket>[^/]+)/o/(?P<path>.+)", self.download),
                ("POST", f"{place}/datasets", self.create_dataset),
                ("GET", f"{place}/datasets", self.list_datasets),
                ("GET", "/(?:ui|v1)/(?P<name>.+/operations/[^/]+)", self.get_operation),
                ("POST", f"{place}/trainingPipelines", self.create_pipeline),
                ("GET", f"{place}/trainingPipelines", self.list_pipelines),
                ("GET", f"{place}/trainingPipelines/(?P<number>[0-9]+)", self.get_pipeline),
                ("POST", f"{place}/trainingPipelines/(?P<number>[0-9]+):cancel", self.cancel),
                ("GET", f"{place}/models/(?P<number>[0-9]+)", self.get_model),
                ("GET", f"{place}/models/(?P<number>[0-9]+)(?:@1)?/evaluations", self.evaluations),
                ("POST", f"{place}/batchPredictionJobs", self.create_batch),
                ("GET", f"{place}/batchPredictionJobs", self.list_batches),
                ("GET", f"{place}/batchPredictionJobs/(?P<number>[0-9]+)", self.get_batch),
            )
        ]

    def answer(self, call: Call) -> Reply:
        """The reply to a call, errors in Google's format included."""
        try:
            for method, pattern, function in self._routes:
                if method == call.method and (found := pattern.fullmatch(call.path)):
                    if function != self.renew and not call.headers.get("Authorization"):
                        raise GoogleRefusal("UNAUTHENTICATED", "Request had no credentials.")
                    with self._lock:
                        answer = function(call, **found.groupdict())
                    return answer if isinstance(answer, Reply) else Reply.json(answer)
            raise GoogleRefusal("NOT_FOUND", f"There is no {call.method} {call.path}.")
        except GoogleRefusal as refusal:
            return _error(refusal.status, str(refusal))

    def refuse(self, fault: Fault, call: Call) -> Reply:
        """Google's own reply for a fault."""
        if fault.kind is Kind.EXPIRE:
            return _error("UNAUTHENTICATED", "Request had invalid authentication credentials.")
        headers = {"Retry-After": str(fault.retry_after)}
        return _error("RESOURCE_EXHAUSTED", "Quota exceeded for this minute.", headers)

    def renew(self, call: Call) -> Any:
        """A new token, as Google's authorization server gives it."""
        return {"access_token": "simulated-again", "expires_in": 3600, "token_type": "Bearer"}

    # Cloud Storage

    def upload(self, call: Call, bucket: str) -> Any:
        """An object in one request (multipart), or the start of a resumable upload."""
        if call.query.get("uploadType") == "resumable":
            path = f"{bucket}/{json.loads(call.body)['name']}"
            number = _number(path)
            self.kept.uploads[number] = path
            place = f"{self.service.url}/upload/storage/v1/b/{bucket}/o?upload_id={number}"
            return Reply.json({}, headers={"Location": place})
        boundary = call.body.partition(b"\r\n")[0]
        _, described, content, _ = call.body.split(boundary)
        path = f"{bucket}/{json.loads(_payload(described))['name']}"
        return self._keep(path, _payload(content))

    def upload_rest(self, call: Call, bucket: str) -> Any:
        """The content of a resumable upload, in one piece."""
        return self._keep(self.kept.uploads[call.query["upload_id"]], call.body)

    def _keep(self, path: str, content: bytes) -> dict[str, Any]:
        self.service.files[path] = content
        bucket, _, name = path.partition("/")
        return {"kind": "storage#object", "bucket": bucket, "name": name, "size": str(len(content))}

    def list_objects(self, call: Call, bucket: str) -> Any:
        start = f"{bucket}/{call.query.get('prefix', '')}"
        items = [
            {"kind": "storage#object", "bucket": bucket, "name": path.partition("/")[2]}
            for path in sorted(self.service.files)
            if path.startswith(start)
        ]
        return {"kind": "storage#objects", "items": items}

    def download(self, call: Call, bucket: str, path: str) -> Any:
        return Reply(200, self._file(f"gs://{bucket}/{path}"), {"Content-Type": "text/csv"})

    def _file(self, address: str) -> bytes:
        path = address.removeprefix("gs://")
        if path not in self.service.files:
            raise GoogleRefusal("NOT_FOUND", f"No such object: {path}")
        return self.service.files[path]

    # Data sets

    def create_dataset(self, call: Call, parent: str) -> Any:
        """A long-running operation; it is done when it is asked for."""
        asked = json.loads(call.body)
        name = f"{parent}/datasets/{self._new('datasets')}"
        self.kept.datasets[name] = asked | {"name": name, "createTime": _time(datetime.now(UTC))}
        return {"name": f"{name}/operations/1", "done": False}

    def get_operation(self, call: Call, name: str) -> Any:
        dataset = self.kept.datasets.get(name.partition("/operations/")[0])
        if dataset is None:
            raise GoogleRefusal("NOT_FOUND", f"There is no operation {name}.")
        kind = "type.googleapis.com/google.cloud.aiplatform.v1.Dataset"
        return {"name": name, "done": True, "response": {"@type": kind} | dataset}

    def list_datasets(self, call: Call, parent: str) -> Any:
        return {"datasets": _filtered(call, self.kept.datasets.values())}

    # Training

    def create_pipeline(self, call: Call, parent: str) -> Any:
        """Check the inputs as Google does at once, and start the search or let it fail."""
        asked = json.loads(call.body)
        inputs = asked["trainingTaskInputs"]
        budget = float(inputs["trainBudgetMilliNodeHours"])
        if not 1000 <= budget <= 72000:
            raise GoogleRefusal("INVALID_ARGUMENT", "The train budget must be in [1000, 72000].")
        objective = inputs.get("optimizationObjective", "")
        if objective not in OBJECTIVES:
            known = ", ".join(OBJECTIVES)
            raise GoogleRefusal(
                "UNIMPLEMENTED", f"The simulated service searches for {known}, not for {objective}."
            )
        dataset = self.kept.datasets.get(
            f"{parent}/datasets/{asked['inputDataConfig']['datasetId']}"
        )
        if dataset is None:
            raise GoogleRefusal("NOT_FOUND", "There is no such data set.")
        name = f"{parent}/trainingPipelines/{self._new('pipelines')}"
        pipeline = Pipeline(name, asked, datetime.now(UTC))
        self._start(pipeline, dataset)
        self.kept.pipelines[name] = pipeline
        return self._shown(pipeline)

    def _start(self, pipeline: Pipeline, dataset: Mapping[str, Any]) -> None:
        inputs = pipeline.asked["trainingTaskInputs"]
        (source,) = dataset["metadata"]["inputConfig"]["gcsSource"]["uri"]
        table, target = read(self._file(source)), inputs["targetColumn"]
        pipeline.error = _flaw(table, target)
        if pipeline.error:
            return
        split = pipeline.asked["inputDataConfig"].get("fractionSplit", {})
        shares = [float(split.get(part, 0.0)) for part in SPLITS]
        test = np.random.default_rng(self.service.seed).random(len(table)) < shares[2]
        pipeline.test = table[test].to_csv(index=False).encode()
        try:
            pipeline.job = self._search(
                pipeline.asked["displayName"],
                table=table[~test].to_csv(index=False).encode(),
                target=target,
                metric=OBJECTIVES[inputs["optimizationObjective"]],
                max_candidates=None,
                max_minutes=float(inputs["trainBudgetMilliNodeHours"]) * 60 / 1000,
            )
        except ValueError as error:
            pipeline.error = str(error)

    def _search(self, name: str, **asked: Any) -> ServiceJob:
        """Google lets two pipelines share a display name; the page tells them apart."""
        try:
            return self.service.start(name, **asked)
        except AlreadyThere:
            return self._search(f"{name}-again", **asked)

    def list_pipelines(self, call: Call, parent: str) -> Any:
        shown = [self._shown(each) for each in self.kept.pipelines.values()]
        return {"trainingPipelines": _filtered(call, shown)}

    def get_pipeline(self, call: Call, parent: str, number: str) -> Any:
        pipeline = self._pipeline(f"{parent}/trainingPipelines/{number}")
        if pipeline.job is not None:
            self.service.status(pipeline.job.name)
        return self._shown(pipeline)

    def cancel(self, call: Call, parent: str, number: str) -> Any:
        pipeline = self._pipeline(f"{parent}/trainingPipelines/{number}")
        if pipeline.job is None or pipeline.job.state.ended:
            raise GoogleRefusal("FAILED_PRECONDITION", "The training pipeline has ended already.")
        pipeline.job.stop()
        return {}

    def _pipeline(self, name: str) -> Pipeline:
        if name not in self.kept.pipelines:
            raise GoogleRefusal("NOT_FOUND", f"There is no {name}.")
        return self.kept.pipelines[name]

    def _shown(self, pipeline: Pipeline) -> dict[str, Any]:
        """A TrainingPipeline in Google's words; its clock is the simulated one."""
        job = pipeline.job
        state = JobState.FAILED if job is None else job.state
        shown = pipeline.asked | {
            "name": pipeline.name,
            "state": PIPELINE_STATES[state],
            "createTime": _time(pipeline.created),
            "startTime": _time(pipeline.created if job is None else job.started),
            "updateTime": _time(pipeline.created if job is None else job.now),
        }
        if state.ended:
            shown["endTime"] = shown["updateTime"]
        if state is JobState.FAILED:
            message = pipeline.error or (job.message if job else "")
            shown["error"] = {"code": 3, "message": message}
        if job is not None and state in (JobState.COMPLETED, JobState.STOPPED):
            cost = round(job.seconds * 1000 / 3600)
            shown["trainingTaskMetadata"] = {"trainCostMilliNodeHours": cost}
        if state is JobState.COMPLETED:
            model = pipeline.name.replace("/trainingPipelines/", "/models/")
            shown["modelToUpload"] = {"displayName": pipeline.asked["displayName"], "name": model}
        return shown

    # Models

    def get_model(self, call: Call, parent: str, number: str) -> Any:
        pipeline = self._trained(parent, number)
        name = f"{parent}/models/{number}"
        return {
            "name": name,
            "displayName": pipeline.asked["displayName"],
            "description": "Simulated: the best pipeline of a small search on this machine.",
            "trainingPipeline": pipeline.name,
            "versionId": "1",
            "supportedExportFormats": [
                {"id": "tf-saved-model", "exportableContents": [ARTIFACT]},
            ],
        }

    def _trained(self, parent: str, number: str) -> Pipeline:
        pipeline = self.kept.pipelines.get(f"{parent}/trainingPipelines/{number}")
        if pipeline is None or pipeline.job is None or pipeline.job.state is not JobState.COMPLETED:
            raise GoogleRefusal("NOT_FOUND", f"There is no model {number}.")
        return pipeline

    def evaluations(self, call: Call, parent: str, number: str) -> Any:
        """One evaluation, on the test rows, which the search has not seen."""
        pipeline = self._trained(parent, number)
        if pipeline.evaluation is None:
            pipeline.evaluation = _evaluation(pipeline) | {
                "name": f"{parent}/models/{number}@1/evaluations/1",
                "createTime": self._shown(pipeline)["endTime"],
            }
        return {"modelEvaluations": [pipeline.evaluation]}

    # Batch predictions

    def create_batch(self, call: Call, parent: str) -> Any:
        asked = json.loads(call.body)
        name = f"{parent}/batchPredictionJobs/{self._new('batches')}"
        model = asked["model"].partition("@")[0].rpartition("/")[2]
        self._trained(parent, model)
        now = _time(datetime.now(UTC))
        batch = asked | {"name": name, "createTime": now, "updateTime": now, "state": 2}
        self.kept.batches[name] = batch
        return batch

    def get_batch(self, call: Call, parent: str, number: str) -> Any:
        """A batch prediction job; the first question makes the predictions."""
        name = f"{parent}/batchPredictionJobs/{number}"
        if name not in self.kept.batches:
            raise GoogleRefusal("NOT_FOUND", f"There is no {name}.")
        batch = self.kept.batches[name]
        if "endTime" not in batch:
            self._predict(batch, parent)
        return batch

    def _predict(self, batch: dict[str, Any], parent: str) -> None:
        pipeline = self._trained(parent, batch["model"].partition("@")[0].rpartition("/")[2])
        job = pipeline.job
        assert job is not None
        (source,) = batch["inputConfig"]["gcsSource"]["uris"]
        content = self._file(source)
        rows, values = read(content), job.predict(content)
        if values.ndim == 1:
            rows[f"predicted_{job.target}"] = values
        else:
            for place, each in enumerate(job.classes):
                rows[f"{job.target}_{each}_score"] = values[:, place]
        now = datetime.now(UTC)
        prefix = batch["outputConfig"]["gcsDestination"]["outputUriPrefix"].rstrip("/")
        folder = f"{prefix}/prediction-{batch['displayName']}-{now:%Y_%m_%dT%H_%M_%S}"
        # Nothing tells the order of Google's files and rows: here the last half comes first.
        half = len(rows) // 2
        for number, part in enumerate((rows[half:], rows[:half]), start=1):
            path = f"{folder}/predictions_{number}.csv"
            self.service.files[path.removeprefix("gs://")] = part.to_csv(index=False).encode()
        batch |= {
            "state": SUCCEEDED,
            "endTime": _time(now),
            "updateTime": _time(now),
            "outputInfo": {"gcsOutputDirectory": folder},
            "completionStats": {"successfulCount": str(len(rows))},
        }

    def list_batches(self, call: Call, parent: str) -> Any:
        return {"batchPredictionJobs": _filtered(call, self.kept.batches.values())}

    def _new(self, kind: str) -> str:
        """The number of a new resource, in Google's manner."""
        return _number(f"{kind}-{len(getattr(self.kept, kind))}")


def _evaluation(pipeline: Pipeline) -> dict[str, Any]:
    """Google's measures of the model on the test rows, and how much each column matters.

    The importance of a column is the mean change of a prediction when its rows are shuffled; Google
    attributes by sampled Shapley values, which are not computed here.
    """
    with from_extras():
        from sklearn import metrics

    job = pipeline.job
    assert job is not None
    table = read(pipeline.test)
    truth, values = table[job.target].to_numpy(), job.predict(pipeline.test)
    if job.classes:
        schema = "classification_metrics_1.0.0.yaml"
        measured = {
            "logLoss": metrics.log_loss(truth, values, labels=job.classes),
        }
        positive = truth == job.classes[1]
        if len(job.classes) == 2 and 0 < positive.sum() < len(positive):
            measured["auRoc"] = metrics.roc_auc_score(positive, values[:, 1])
            measured["auPrc"] = metrics.average_precision_score(positive, values[:, 1])
    else:
        schema = "regression_metrics_1.0.0.yaml"
        measured = {
            "rootMeanSquaredError": float(np.sqrt(np.mean((truth - values) ** 2))),
            "meanAbsoluteError": metrics.mean_absolute_error(truth, values),
            "rSquared": metrics.r2_score(truth, values),
        }
    rng = np.random.default_rng(0)
    importance = {}
    for column in table.columns.drop(job.target):
        shuffled = table.assign(**{column: rng.permutation(table[column].to_numpy())})
        changed = job.predict(shuffled.to_csv(index=False).encode())
        importance[column] = float(np.abs(changed - values).mean())
    return {
        "metricsSchemaUri": f"{SCHEMAS}/modelevaluation/{schema}",
        "metrics": {name: float(value) for name, value in measured.items()},
        "modelExplanation": {"meanAttributions": [{"featureAttributions": importance}]},
    }


def _flaw(table: Any, target: str) -> str:
    """Why Google's training would fail on this table, after it has started; "" if it would not."""
    if len(table) < LEAST_ROWS:
        return f"simulated: the table has {len(table)} rows; {LEAST_ROWS} are needed"
    if target not in table:
        return f"simulated: the table has no column {target}"
    if table[target].isna().any():
        return f"simulated: the target column {target} has missing values"
    return ""


def _payload(part: bytes) -> bytes:
    """The content of a part of a multipart body, without its headers and the last line end."""
    return part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")


def _filtered(call: Call, resources: Any) -> list[dict[str, Any]]:
    """The resources that a filter of `display_name="..." AND labels.KEY=VALUE` keeps."""
    kept = list(resources)
    for condition in filter(None, call.query.get("filter", "").split(" AND ")):
        key, _, value = condition.partition("=")
        value = value.strip('"')
        if key == "display_name":
            kept = [each for each in kept if each["displayName"] == value]
        elif key.startswith("labels."):
            label = key.removeprefix("labels.")
            kept = [each for each in kept if each.get("labels", {}).get(label) == value]
        else:
            raise GoogleRefusal("INVALID_ARGUMENT", f"The filter {condition!r} is not supported.")
    return kept


def _error(status: str, message: str, headers: Mapping[str, str] = {}) -> Reply:
    code = HTTP[status]
    body = {"error": {"code": code, "message": f"Simulated: {message}", "status": status}}
    return Reply.json(body, code, headers)


def _number(text: str) -> str:
    return str(int(hashlib.sha256(text.encode()).hexdigest()[:15], 16))


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
