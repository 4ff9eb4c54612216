"""The wire formats of Amazon SageMaker (JSON 1.1) and of S3 (REST, path style) on loopback."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import threading
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from typing import Any

import numpy as np

from coursekit.cloud.sagemaker import NAME, NOBODY, PROBLEMS, SageMaker, lines
from coursekit.cloud.simulated.automl import AlreadyThere, Service, ServiceJob, Tried
from coursekit.cloud.simulated.faults import Fault, Kind
from coursekit.cloud.simulated.server import Call, Reply
from coursekit.cloud.vendor import JobState

ACCOUNT = NOBODY.role.split(":")[4]
JSON = {"Content-Type": "application/x-amz-json-1.1"}
XML = {"Content-Type": "application/xml"}
COMMON = {own: common for common, own in SageMaker.metrics.items()}
LEAST_ROWS = 500
PAGE = 10  # candidates of a reply that names no number
TRANSFORM = 240.0  # simulated seconds of a batch transform
REGISTRY = "simulated.invalid"  # of images: nobody can pull them
SIMULATED = "This notebook was written by a simulated service; its candidates were really trained."
NOTEBOOKS = {
    "candidates": "notebooks/SageMakerAutopilotCandidateDefinitionNotebook.ipynb",
    "data": "notebooks/SageMakerAutopilotDataExplorationNotebook.ipynb",
}
STATUS = {
    JobState.WAITING: ("InProgress", "Starting"),
    JobState.RUNNING: ("InProgress", "ModelTuning"),
    JobState.COMPLETED: ("Completed", "Completed"),
    JobState.FAILED: ("Failed", "Failed"),
    JobState.STOPPED: ("Stopped", "Stopped"),
}
TRIED = {
    JobState.WAITING: ("InProgress", "Pending"),
    JobState.RUNNING: ("InProgress", "Pending"),
    JobState.COMPLETED: ("Completed", "Succeeded"),
    JobState.FAILED: ("Failed", "Failed"),
    JobState.STOPPED: ("Stopped", "Failed"),
}


class _Refusal(Exception):
    """An error of the service. code: its name on the wire. status: of HTTP."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


class SageMakerRouter:
    """Answers calls of SageMaker, which are posted to /, and calls of S3, /bucket/key.

    service: the jobs and files of the simulated service.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self._models: dict[str, Mapping[str, Any]] = {}
        self._transforms: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def answer(self, call: Call) -> Reply:
        """The reply to a call, in the service's own format; errors too."""
        target = call.headers.get("X-Amz-Target", "")
        try:
            if call.path == "/" and target:
                return self._sagemaker(target.partition(".")[2], json.loads(call.body))
            return self._s3(call)
        except _Refusal as refusal:
            return _error(refusal.code, str(refusal), refusal.status, xml=not target)

    def refuse(self, fault: Fault, call: Call) -> Reply:
        """Throttling, with the seconds to wait, or an expired token, in the service's words."""
        xml = "X-Amz-Target" not in call.headers
        if fault.kind is Kind.THROTTLE:
            code = "SlowDown" if xml else "ThrottlingException"
            wait = {"Retry-After": str(fault.retry_after)}
            return _error(code, "simulated: Rate exceeded", 429, xml=xml, headers=wait)
        code = "ExpiredToken" if xml else "ExpiredTokenException"
        message = "simulated: The security token included in the request is expired"
        return _error(code, message, 400, xml=xml)

    # SageMaker.

    def _sagemaker(self, operation: str, told: dict[str, Any]) -> Reply:
        operations: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
            "CreateAutoMLJobV2": self._create,
            "DescribeAutoMLJobV2": lambda told: self._describe(self._find(told, step=True)),
            "ListCandidatesForAutoMLJob": self._list_candidates,
            "StopAutoMLJob": self._stop,
            "CreateModel": self._create_model,
            "CreateTransformJob": self._create_transform,
            "DescribeTransformJob": self._describe_transform,
        }
        if operation not in operations:
            raise _Refusal("UnknownOperationException", f"simulated service: no {operation}")
        found = operations[operation](told)
        headers = {**JSON, "x-amzn-RequestId": str(uuid.uuid4())}
        return Reply(200, b"" if found is None else json.dumps(found).encode(), headers)

    def _create(self, told: dict[str, Any]) -> dict[str, Any]:
        name = told["AutoMLJobName"]
        table = told["AutoMLProblemTypeConfig"].get("TabularJobConfig")
        if not NAME.fullmatch(name):
            raise _invalid(f"Value {name!r} at 'autoMLJobName' failed to satisfy constraint")
        if table is None:
            raise _invalid("the simulated service searches for models of tables alone")
        problem = table.get("ProblemType")
        metric = told.get("AutoMLJobObjective", {}).get("MetricName")
        if not problem or not metric:
            raise _invalid("ProblemType and AutoMLJobObjective: give both")
        if metric not in PROBLEMS[problem]:
            raise _invalid(f"Objective metric {metric} is not supported for {problem}")
        if metric not in COMMON:
            raise _invalid(f"the simulated service searches for {', '.join(COMMON)} alone")
        [channel] = told["AutoMLJobInputDataConfig"]
        content = self._file(channel["DataSource"]["S3DataSource"]["S3Uri"])
        header, *rows = lines(content)
        if table["TargetAttributeName"] not in header:
            raise _invalid(f"Target {table['TargetAttributeName']!r} is not in the header")
        if len(rows) < LEAST_ROWS:
            raise _invalid(f"The data has {len(rows)} rows, {LEAST_ROWS} are required at least")
        limits = table.get("CompletionCriteria", {})
        try:
            self.service.start(
                name,
                content,
                table["TargetAttributeName"],
                COMMON[metric],
                max_candidates=limits.get("MaxCandidates", 100),
                max_minutes=limits.get("MaxAutoMLJobRuntimeInSeconds", 86400) / 60,
                request=told,
            )
        except AlreadyThere:  # a ValueError too
            raise _Refusal(
                "ResourceInUse", f"AutoML Job with name {_arn('automl-job', name)} already exists"
            ) from None
        except ValueError as error:
            raise _invalid(str(error)) from None
        return {"AutoMLJobArn": _arn("automl-job", name)}

    def _describe(self, job: ServiceJob) -> dict[str, Any]:
        request = job.wire["request"]
        table = request["AutoMLProblemTypeConfig"]["TabularJobConfig"]
        status, step = STATUS[job.state]
        output = request["OutputDataConfig"]["S3OutputPath"]
        told = {
            **{key: value for key, value in request.items() if key != "Tags"},
            "AutoMLJobArn": _arn("automl-job", job.name),
            "AutoMLProblemTypeConfigName": "Tabular",
            "AutoMLJobStatus": status,
            "AutoMLJobSecondaryStatus": step,
            "CreationTime": job.started.timestamp(),
            "LastModifiedTime": job.now.timestamp(),
            "ResolvedAttributes": {
                "AutoMLJobObjective": request["AutoMLJobObjective"],
                "CompletionCriteria": table.get("CompletionCriteria", {}),
                "AutoMLProblemTypeResolvedAttributes": {
                    "TabularResolvedAttributes": {"ProblemType": table["ProblemType"]}
                },
            },
            "AutoMLJobArtifacts": {
                "CandidateDefinitionNotebookLocation": f"{output}/{NOTEBOOKS['candidates']}",
                "DataExplorationNotebookLocation": f"{output}/{NOTEBOOKS['data']}",
            },
        }
        if job.ended is not None:
            told["EndTime"] = job.ended.timestamp()
        if job.message and job.state is JobState.FAILED:
            told["FailureReason"] = job.message[:1024]
        if job.best is not None:
            told["BestCandidate"] = self._candidate(job, job.best)
        return told

    def _stop(self, told: dict[str, Any]) -> None:
        job = self._find(told)
        if job.state.ended:
            raise _invalid(f"The job is in status {STATUS[job.state][0]}: it cannot be stopped")
        job.stop()

    def _list_candidates(self, told: dict[str, Any]) -> dict[str, Any]:
        job = self._find(told)
        candidates = [self._candidate(job, each) for each in job.candidates]
        if "StatusEquals" in told:
            candidates = [c for c in candidates if c["CandidateStatus"] == told["StatusEquals"]]
        if told.get("SortBy") == "FinalObjectiveMetricValue":
            sign = -1 if told.get("SortOrder") == "Descending" else 1
            candidates.sort(key=lambda each: sign * _value(each, otherwise=sign * math.inf))
        first, most = int(told.get("NextToken", 0)), told.get("MaxResults", PAGE)
        reply: dict[str, Any] = {"Candidates": candidates[first : first + most]}
        if first + most < len(candidates):
            reply["NextToken"] = str(first + most)
        return reply

    def _candidate(self, job: ServiceJob, tried: Tried) -> dict[str, Any]:
        status, objective = TRIED[tried.state]
        request = job.wire["request"]
        metric = request["AutoMLJobObjective"]["MetricName"]
        output = request["OutputDataConfig"]["S3OutputPath"]
        began = job.started.timestamp() + job.candidates.index(tried) * tried.seconds
        told: dict[str, Any] = {
            "CandidateName": tried.name,
            "ObjectiveStatus": objective,
            "CandidateStatus": status,
            "CandidateSteps": [
                {
                    "CandidateStepType": f"AWS::SageMaker::{kind}Job",
                    "CandidateStepArn": _arn(f"{kind.lower()}-job", f"{tried.name}-{part}"),
                    "CandidateStepName": f"{tried.name}-{part}",
                }
                for kind, part in (("Processing", "prepare"), ("Training", "train"))
            ],
            "CreationTime": began,
            "EndTime": began + tried.seconds,
            "LastModifiedTime": began + tried.seconds,
        }
        if tried.state is not JobState.COMPLETED:
            return told | {"FailureReason": "simulated: the pipeline cannot be fitted to the table"}
        value = {"MetricName": metric, "StandardMetricName": metric, "Value": tried.score}
        return told | {
            "FinalAutoMLJobObjectiveMetric": {
                "Type": "Maximize" if SageMaker.higher[metric] else "Minimize",
                **value,
            },
            "InferenceContainers": _containers(job, tried, output),
            "CandidateProperties": {
                "CandidateArtifactLocations": {
                    "Explainability": f"{output}/explainability/{tried.name}",
                },
                "CandidateMetrics": [{**value, "Set": "Validation"}],
            },
        }

    # Predictions.

    def _create_model(self, told: dict[str, Any]) -> dict[str, Any]:
        name = told["ModelName"]
        with self._lock:
            if name in self._models:
                raise _invalid(f"Cannot create already existing model {_arn('model', name)!r}")
            self._models[name] = told
        return {"ModelArn": _arn("model", name)}

    def _create_transform(self, told: dict[str, Any]) -> dict[str, Any]:
        name = told["TransformJobName"]
        model = self._models.get(told["ModelName"])
        if model is None:
            raise _invalid(f"Could not find model {_arn('model', told['ModelName'])!r}")
        with self._lock:
            if name in self._transforms:
                raise _Refusal("ResourceInUse", f"Job name must be unique: {name} exists")
            self._transforms[name] = told
        containers = model["Containers"]
        job = next(
            job
            for job in self.service.jobs.values()
            if containers[0]["ModelDataUrl"].startswith(_output(job) + "/")
        )
        source = told["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
        place = f"{told['TransformOutput']['S3OutputPath']}/{source.rpartition('/')[2]}.out"
        answers = containers[-1].get("Environment", {}).get("SAGEMAKER_INFERENCE_OUTPUT", "")
        self.service.files[_path(place)] = _transform(job, self._file(source), answers)
        told["began"], told["job"] = job.now.timestamp(), job.name
        return {"TransformJobArn": _arn("transform-job", name)}

    def _describe_transform(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = asked["TransformJobName"]
        if name not in self._transforms:
            raise _Refusal("ResourceNotFound", f"Could not find requested job {name}")
        told = dict(self._transforms[name])
        began, job = told.pop("began"), told.pop("job")
        return {
            **{key: value for key, value in told.items() if key != "Tags"},
            "TransformJobArn": _arn("transform-job", name),
            "TransformJobStatus": "Completed",
            "AutoMLJobArn": _arn("automl-job", job),
            "CreationTime": began,
            "TransformStartTime": began,
            "TransformEndTime": began + TRANSFORM,
        }

    def _find(self, told: Mapping[str, Any], *, step: bool = False) -> ServiceJob:
        name = told["AutoMLJobName"]
        try:
            return self.service.status(name) if step else self.service.get(name)
        except KeyError:
            raise _Refusal("ResourceNotFound", f"Could not find AutoML job {name}") from None

    # S3.

    def _s3(self, call: Call) -> Reply:
        owner = call.headers.get("x-amz-expected-bucket-owner", ACCOUNT)
        if owner != ACCOUNT:
            raise _Refusal("AccessDenied", f"The bucket is not of account {owner}", 403)
        path = call.path.lstrip("/")
        match call.method:
            case "PUT" if "/" in path:
                self.service.files[path] = call.body
                return Reply(200, headers={"ETag": _tag(call.body)})
            case "GET" if "list-type" in call.query:
                return self._listing(path.rstrip("/"), call.query.get("prefix", ""))
            case "GET":
                content = self._file(f"s3://{path}")
                return Reply(200, content, {"ETag": _tag(content)})
        raise _Refusal("MethodNotAllowed", f"simulated service: no {call.method}", 405)

    def _listing(self, bucket: str, prefix: str) -> Reply:
        paths = {*self.service.files, *self._written()}
        keys = sorted(path.removeprefix(f"{bucket}/") for path in paths)
        found = [key for key in keys if key.startswith(prefix)]
        contents = "".join(f"<Contents><Key>{escape(key)}</Key></Contents>" for key in found)
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix>"
            f"<KeyCount>{len(found)}</KeyCount><MaxKeys>1000</MaxKeys>"
            f"<IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        )
        return Reply(200, body.encode(), XML)

    def _file(self, uri: str) -> bytes:
        path = _path(uri)
        if path in self.service.files:
            return self.service.files[path]
        written = self._written()
        if path not in written:
            raise _Refusal("NoSuchKey", f"The specified key does not exist: {path}", 404)
        return json.dumps(written[path]()).encode()

    def _written(self) -> dict[str, Callable[[], Any]]:
        """What Autopilot writes about its jobs, by path; made when it is read."""
        found: dict[str, Callable[[], Any]] = {}
        for job in list(self.service.jobs.values()):
            output = _path(_output(job))
            found[f"{output}/{NOTEBOOKS['data']}"] = partial(_data_notebook, job)
            found[f"{output}/{NOTEBOOKS['candidates']}"] = partial(_candidate_notebook, job)
            if job.best is not None:
                place = f"{output}/explainability/{job.best.name}/analysis.json"
                found[place] = partial(_explainability, job)
        return found


def _containers(job: ServiceJob, tried: Tried, output: str) -> list[dict[str, Any]]:
    """One that prepares the features, the model, and of classification one that names labels."""
    folder = f"{output}/models/{tried.name}"
    keys = "predicted_label,probability,probabilities"
    prepare = {
        "Image": f"{REGISTRY}/sagemaker-sklearn-automl:simulated",
        "ModelDataUrl": f"{folder}/prepare/model.tar.gz",
        "Environment": {"AUTOML_TRANSFORM_MODE": "feature-transform"},
    }
    model: dict[str, Any] = {
        "Image": f"{REGISTRY}/sagemaker-{tried.algorithm.replace('_', '-')}:simulated",
        "ModelDataUrl": f"{folder}/train/model.tar.gz",
        "Environment": {},
    }
    if not job.classes:
        return [prepare, model]
    model["Environment"] = {
        "SAGEMAKER_INFERENCE_OUTPUT": "predicted_label",
        "SAGEMAKER_INFERENCE_SUPPORTED": keys,
    }
    labels = {
        "AUTOML_TRANSFORM_MODE": "inverse-label-transform",
        "SAGEMAKER_INFERENCE_INPUT": "predicted_label",
        "SAGEMAKER_INFERENCE_OUTPUT": "predicted_label",
        "SAGEMAKER_INFERENCE_SUPPORTED": f"{keys},labels",
    }
    return [prepare, model, {**prepare, "Environment": labels}]


def _value(candidate: Mapping[str, Any], otherwise: float) -> float:
    return candidate.get("FinalAutoMLJobObjectiveMetric", {}).get("Value", otherwise)


def _transform(job: ServiceJob, rows: bytes, answers: str) -> bytes:
    """The lines that a batch transform stores for rows without a header.

    answers: the keys of classification, in their order. The labels stand in the order in which the
    table has them, which need not be sorted, as with Autopilot.
    """
    columns = [str(column) for column in job.world.features.columns]
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow(columns)
    if any(len(line) != len(columns) for line in lines(rows)):
        raise _invalid(f"the model takes lines of {len(columns)} fields")
    found = job.predict(header.getvalue().encode() + rows)
    if not job.classes:
        return "".join(f"{value}\n" for value in found).encode()
    truth = job.world.truth.tolist()
    order = sorted(range(len(job.classes)), key=lambda k: truth.index(job.classes[k]))
    labels = [str(job.classes[k]) for k in order]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for line in found[:, order]:
        told = {
            "predicted_label": labels[int(np.argmax(line))],
            "probability": line[1] if len(labels) == 2 else line.max(),
            "probabilities": str([float(value) for value in line]),
            "labels": str(labels),
        }
        writer.writerow(told[key] for key in answers.replace(" ", "").split(","))
    return text.getvalue().encode()


def _data_notebook(job: ServiceJob) -> dict[str, Any]:
    features = job.world.features
    lines = [
        f"- `{column}`: {features[column].nunique()} values, {features[column].isna().mean():.0%} "
        "missing"
        for column in features.columns
    ]
    return _notebook(
        f"# Data exploration of {job.name}\n{SIMULATED}",
        f"{len(features)} rows; target `{job.target}`.\n\n" + "\n".join(lines),
    )


def _candidate_notebook(job: ServiceJob) -> dict[str, Any]:
    cells = [
        f"## {tried.name}: {tried.algorithm}\n{job.metric} {tried.score:.4f}\n\n"
        f"```json\n{json.dumps(dict(tried.configuration), indent=1)}\n```"
        for tried in job.candidates
    ]
    return _notebook(f"# Candidate definitions of {job.name}\n{SIMULATED}", *cells)


def _notebook(*cells: str) -> dict[str, Any]:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [
            {
                "cell_type": "markdown",
                "id": str(number),
                "metadata": {},
                "source": text.splitlines(keepends=True),
            }
            for number, text in enumerate(cells)
        ],
    }


def _explainability(job: ServiceJob) -> dict[str, Any]:
    """How far the predictions of the best model move, on average, if a column is shuffled."""
    rows = job.world.features.head(200)
    rng = np.random.default_rng(0)
    before = job.predict(rows.to_csv(index=False).encode())
    moved = {}
    for column in rows.columns:
        mixed = rows.copy()
        mixed[column] = rng.permutation(mixed[column].to_numpy())
        after = job.predict(mixed.to_csv(index=False).encode())
        moved[str(column)] = float(np.abs(after - before).mean())
    return {"simulated": True, "explanations": {"mean_change_if_shuffled": moved}}


def _error(code: str, message: str, status: int, *, xml: bool,
           headers: Mapping[str, str] = {}) -> Reply:  # fmt: skip
    if xml:
        body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        return Reply(status, body.encode(), {**XML, **headers})
    body = json.dumps({"__type": code, "message": message})
    return Reply(status, body.encode(), {**JSON, **headers})


def _invalid(message: str) -> _Refusal:
    return _Refusal("ValidationException", message)


def _arn(kind: str, name: str) -> str:
    return f"arn:aws:sagemaker:{NOBODY.region}:{ACCOUNT}:{kind}/{name}"


def _output(job: ServiceJob) -> str:
    return job.wire["request"]["OutputDataConfig"]["S3OutputPath"]


def _path(uri: str) -> str:
    return uri.removeprefix("s3://")


def _tag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
