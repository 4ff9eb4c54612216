"""Amazon SageMaker Autopilot (Das et al., 2020, `das2020amazon`) by Amazon's own SDK, boto3."""

from __future__ import annotations

import ast
import csv
import hashlib
import io
import json
import math
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from coursekit.cloud.prices import Estimate, estimate, price
from coursekit.cloud.table import check
from coursekit.cloud.vendor import (
    CloudError,
    CloudJob,
    JobProgress,
    JobState,
    LeaderboardRow,
    Request,
    Simulated,
    UnsupportedMetric,
    Vendor,
)
from coursekit.extras import from_extras

if TYPE_CHECKING:
    from datetime import datetime

    import pandas

NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}")
INSTANCE = "ml.m5.4xlarge"  # of Autopilot's jobs, as an old candidate notebook names it
PARALLEL = 10  # training jobs at once: the documented default limit of a tuning job
LEAST_MINUTES = 3.0  # of a training job, its start included; recalled
MOST_CANDIDATES, MOST_MINUTES = 750, 30 * 24 * 60
TRANSFORM = "ml.m5.2xlarge"  # of predictions, as in Amazon's example
ATTEMPTS = 5  # of each call, by the SDK
TRAIN = "train/table.csv"  # below a job's folder in the bucket
PAUSE = 15.0  # seconds between two looks at a batch transform
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
ANSWERS = ("probabilities", "labels")  # what the model is asked for, in the order of its columns
PROBLEMS = {  # the metrics that each kind of problem can be searched for
    "BinaryClassification": ("AUC", "Accuracy", "BalancedAccuracy", "F1", "Precision", "Recall"),
    "MulticlassClassification": (
        "Accuracy", "BalancedAccuracy", "F1macro", "PrecisionMacro", "RecallMacro",
    ),
    "Regression": ("RMSE", "R2", "MAE", "MSE"),
}  # fmt: skip
STATES = {
    "InProgress": JobState.RUNNING,
    "Stopping": JobState.RUNNING,
    "Completed": JobState.COMPLETED,
    "Failed": JobState.FAILED,
    "Stopped": JobState.STOPPED,
}


@dataclass(frozen=True)
class AmazonAccount:
    """A real account, which pays. Credentials are read from the named profile and nowhere else.

    profile: a name in Amazon's configuration files. region: such as "eu-west-1".
    bucket: of S3 in that region; tables and results are stored under coursekit/NAME.
    role: the ARN of the role with which SageMaker itself works; its account must own the bucket.
    """

    profile: str
    region: str
    bucket: str
    role: str

    def __post_init__(self) -> None:
        for field, pattern, example in (
            ("profile", r"\S.*", "automl"),
            ("region", r"[a-z]{2}(-[a-z]+)+-\d", "eu-west-1"),
            ("bucket", r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "my-automl-tables"),
            ("role", r"arn:aws[a-z-]*:iam::\d{12}:role/\S+", "arn:aws:iam::123456789012:role/NAME"),
        ):
            if not re.fullmatch(pattern, getattr(self, field)):
                raise ValueError(f"{field}={getattr(self, field)!r}: give one such as {example!r}")


NOBODY = AmazonAccount(
    "simulated", "us-east-1", "coursekit-simulated", "arn:aws:iam::000000000000:role/simulated"
)


class SageMaker(Vendor):
    """Amazon SageMaker Autopilot, which tunes hyperparameters of three kinds of models.

    The mode is HYPERPARAMETER_TUNING, the one in which `max_candidates` counts training jobs and
    Autopilot writes a notebook about its candidates. The job's name makes a submission unique.

    A ceiling shortens the job's time so far that all instances at once cannot cost more: Amazon
    ends the job even if this machine is off.
    """

    name = "sagemaker"
    title = "Amazon SageMaker Autopilot"
    metrics: ClassVar[Mapping[str, str]] = {
        "auc": "AUC",
        "accuracy": "Accuracy",
        "rmse": "RMSE",
        "r2": "R2",
    }
    higher: ClassVar[Mapping[str, bool]] = {
        metric: metric not in ("RMSE", "MAE", "MSE")
        for several in PROBLEMS.values()
        for metric in several
    }

    def __init__(self, where: Simulated | AmazonAccount) -> None:
        if not isinstance(where, Simulated | AmazonAccount):
            raise TypeError(f"{where!r}: give Simulated(url) or an AmazonAccount")
        self.where = where
        self.account = where if isinstance(where, AmazonAccount) else NOBODY
        self._connect()

    @property
    def simulated(self) -> bool:
        """Whether a loopback server answers."""
        return isinstance(self.where, Simulated)

    def submit(self, request: Request) -> CloudJob:
        """Upload the table to S3 and start an Autopilot job, or find the job of this name.

        Raises UnsupportedMetric, ValueError for what Amazon would refuse or a name that is taken,
        CloudError.
        """
        told = self._description(request)
        found = self.find(request.name)
        if found is not None:
            return found
        self._put(f"{_folder(request.name)}/{TRAIN}", _csv(request.table, header=True))
        try:
            reply = self._ask("sagemaker", "create_auto_ml_job_v2", **told)
        except _Refused as refused:
            found = self.find(request.name) if refused.code == "ResourceInUse" else None
            if found is None:
                raise
            return found
        return self._job({**told, **reply})

    def _description(self, request: Request) -> dict[str, Any]:
        """The request in Amazon's words; what Amazon would refuse is an error here."""
        metric = self.own_metric(request.metric)
        problem = _problem(request, metric)
        check(request, self.name)
        if not NAME.fullmatch(request.name) or len(request.name) > 32:
            raise ValueError(
                f"job name {request.name!r}: {self.title} takes 1 to 32 letters, digits and '-'"
            )
        limits = {"MaxAutoMLJobRuntimeInSeconds": round(60 * _minutes(request))}
        if request.max_candidates is not None:
            limits["MaxCandidates"] = request.max_candidates
        folder = _folder(request.name)
        return {
            "AutoMLJobName": request.name,
            "AutoMLJobInputDataConfig": [
                {
                    "ChannelType": "training",
                    "ContentType": "text/csv;header=present",
                    "DataSource": {"S3DataSource": self._source(f"{folder}/{TRAIN}")},
                }
            ],
            "OutputDataConfig": {"S3OutputPath": self._uri(f"{folder}/output")},
            "AutoMLProblemTypeConfig": {
                "TabularJobConfig": {
                    "Mode": "HYPERPARAMETER_TUNING",
                    "ProblemType": problem,
                    "TargetAttributeName": request.target,
                    "CompletionCriteria": limits,
                }
            },
            "AutoMLJobObjective": {"MetricName": metric},
            "RoleArn": self.account.role,
        }

    def find(self, name: str) -> CloudJob | None:
        """The Autopilot job of this name, or None; ValueError if it is not one of this kit."""
        try:
            return self._job(self._look(name))
        except _Refused as refused:
            if refused.missing:
                return None
            raise

    def status(self, job: CloudJob) -> JobProgress:
        """Where the job stands; the seconds are those since its creation."""
        told = self._describe(job)
        state = STATES[told["AutoMLJobStatus"]]
        step = told["AutoMLJobSecondaryStatus"]
        if state is JobState.RUNNING and step == "Starting":
            state = JobState.WAITING
        done = sum(1 for _ in self._candidates(job, StatusEquals="Completed"))
        seconds = _seconds(told, now=self._clock(told))
        return JobProgress(state, done, seconds, told.get("FailureReason", step))

    def leaderboard(self, job: CloudJob) -> Sequence[LeaderboardRow]:
        """The candidates of the job, best first; those without a score come last."""
        order = "Descending" if self.higher[job.details["metric"]] else "Ascending"
        sort = {"SortBy": "FinalObjectiveMetricValue", "SortOrder": order}
        candidates = [_candidate(each, job) for each in self._candidates(job, **sort)]
        return sorted(candidates, key=lambda candidate: math.isnan(candidate.score))

    def best(self, job: CloudJob) -> LeaderboardRow:
        """The BestCandidate of the job; ValueError while there is none."""
        return _candidate(self._best(job), job)

    def stop(self, job: CloudJob) -> None:
        """Stop the job: models that are trained stay, Amazon bills the time up to then."""
        self._own(job)
        try:
            self._ask("sagemaker", "stop_auto_ml_job", AutoMLJobName=job.name)
        except _Refused:
            if not STATES[self._describe(job)["AutoMLJobStatus"]].ended:
                raise

    def predict(self, job: CloudJob, rows: pandas.DataFrame) -> np.ndarray:
        """Predictions of the best model, by a batch transform, which costs instance time.

        The same rows asked for again cost nothing: the transform of the first time is found.
        Raises ValueError for missing columns or values with a line break, CloudError.
        """
        best = self._best(job)
        folder = _folder(job.name)
        header = self._get(self._uri(f"{folder}/{TRAIN}")).partition(b"\n")[0]
        columns = [each for each in lines(header)[0] if each != job.details["target"]]
        missing = [each for each in columns if each not in rows]
        if missing:
            raise ValueError(f"the rows lack columns of the training table: {', '.join(missing)}")
        table = _csv(rows[columns], header=False)
        if table.count(b"\n") != len(rows):
            raise ValueError(
                "a value has a line break, which a batch transform takes for a new row"
            )
        mark = hashlib.sha256(best["CandidateName"].encode() + table).hexdigest()[:12]
        name = f"{job.name}-{mark}"
        self._put(f"{folder}/predict/{mark}.csv", table)
        self._create_model(f"{job.name}-{_mark(best)}", best)
        try:
            self._ask(
                "sagemaker",
                "create_transform_job",
                TransformJobName=name,
                ModelName=f"{job.name}-{_mark(best)}",
                TransformInput={
                    "DataSource": {"S3DataSource": self._source(f"{folder}/predict/{mark}.csv")},
                    "ContentType": "text/csv",
                    "SplitType": "Line",
                },
                TransformOutput={
                    "S3OutputPath": self._uri(f"{folder}/predictions"),
                    "Accept": "text/csv",
                    "AssembleWith": "Line",
                },
                TransformResources={"InstanceType": TRANSFORM, "InstanceCount": 1},
            )
        except _Refused as refused:
            if refused.code != "ResourceInUse":
                raise
        while True:
            told = self._ask("sagemaker", "describe_transform_job", TransformJobName=name)
            if told["TransformJobStatus"] not in ("InProgress", "Stopping"):
                break
            time.sleep(PAUSE)
        if told["TransformJobStatus"] != "Completed":
            raise CloudError(
                f"batch transform {name} has {told['TransformJobStatus'].lower()}: "
                f"{told.get('FailureReason', 'Amazon gives no reason')}"
            )
        found = _predictions(self._get(self._uri(f"{folder}/predictions/{mark}.csv.out")))
        if len(found) != len(rows):
            raise CloudError(f"{self.title} answered {len(found)} predictions for {len(rows)} rows")
        return found

    def disclosed(self, job: CloudJob) -> Mapping[str, Any]:
        """The notebooks that Autopilot wrote, the best candidate's steps, images and importances.

        "candidate notebook", "data notebook": texts of their cells. "steps": names of the jobs
        that made the best candidate. "images": of its containers, in order.
        "metrics": all that Autopilot reports. "explainability": of the best candidate, as stored.
        What Autopilot has not (yet) written is left out.
        """
        told = self._describe(job)
        shown: dict[str, Any] = {}
        for key, name in (
            ("CandidateDefinitionNotebookLocation", "candidate notebook"),
            ("DataExplorationNotebookLocation", "data notebook"),
        ):
            if uri := told.get("AutoMLJobArtifacts", {}).get(key):
                cells = json.loads(self._get(uri))["cells"]
                shown[name] = "\n\n".join("".join(cell["source"]) for cell in cells)
        if best := told.get("BestCandidate"):
            candidate = _candidate(best, job)
            shown |= {
                "best": candidate.name,
                "steps": [step["CandidateStepName"] for step in best["CandidateSteps"]],
                "images": [each["Image"] for each in best.get("InferenceContainers", ())],
                "metrics": candidate.details["metrics"],
            }
            places = best.get("CandidateProperties", {}).get("CandidateArtifactLocations", {})
            if "Explainability" in places:
                for uri in self._list(places["Explainability"]):
                    if uri.endswith("analysis.json"):
                        shown["explainability"] = json.loads(self._get(uri))
        return shown

    def estimate_cost(self, request: Request) -> Estimate:
        """What the job's instances may cost; predictions come on top.

        low: its candidates one after another, at LEAST_MINUTES each. high: as many instances at
        once as there can be, for as long as the job may run.
        """
        minutes, parallel = _minutes(request), _parallel(request)
        low = min(minutes, LEAST_MINUTES * (request.max_candidates or 1))
        how = f"at most {parallel} at once for {minutes:.3g} minutes"
        return estimate(
            self.name, INSTANCE, low / 60, minutes * parallel / 60,
            simulated=self.simulated, how=how,
        )  # fmt: skip

    def spent(self, job: CloudJob) -> Estimate:
        """What the candidates have cost by their reported time, or one instance all the time.

        The larger of the two; predictions and storage come on top.
        """
        told = self._describe(job)
        now = self._clock(told)
        times = [_seconds(each, now=now) for each in self._candidates(job)]
        hours = max(_seconds(told, now=now), sum(times)) / 3600
        how = f"{len(times)} candidates"
        return estimate(self.name, INSTANCE, hours, simulated=self.simulated, how=how)

    def console_url(self, job: CloudJob) -> str:
        """The training jobs in Amazon's console, where the job's parts appear under its name."""
        if isinstance(self.where, Simulated):
            return f"{self.where.url}/simulated#{job.name}"
        region = self.account.region
        return (
            f"https://{region}.console.aws.amazon.com/sagemaker/home?region={region}"
            f"#/jobs?nameContains={job.name}"
        )

    # The wire.

    def _connect(self) -> None:
        session = _session(self.where)
        with from_extras("sagemaker"):
            from botocore.config import Config

        options: dict[str, Any] = {
            "retries": {"mode": "standard", "total_max_attempts": ATTEMPTS},
            "ignore_configured_endpoint_urls": True,
        }
        given: dict[str, Any] = {}
        if isinstance(self.where, Simulated):
            given["endpoint_url"] = self.where.url
            options |= {
                "proxies": {},
                "s3": {"addressing_style": "path"},
                "user_agent": "coursekit simulated",
            }
        config = Config(**options)
        self._clients = {
            service: session.client(service, config=config, **given)
            for service in ("sagemaker", "s3")
        }
        for service, client in self._clients.items():
            client.meta.events.register_first(f"needs-retry.{service}", _wait_as_told)
            client.meta.events.register_first("before-send", self._stay)

    def _stay(self, request: Any, **_: Any) -> None:
        """Let a simulated client send to its loopback server alone, whatever the SDK resolves."""
        if isinstance(self.where, Simulated) and not request.url.startswith(f"{self.where.url}/"):
            raise CloudError(f"simulated: {request.url} is not {self.where.url}: nothing was sent")

    def _ask(self, service: str, operation: str, **arguments: Any) -> Any:
        """One call of the SDK; a body is read. With an expired token, once more with a new one."""
        from botocore.exceptions import BotoCoreError, ClientError

        renewed = False
        while True:
            try:
                reply = getattr(self._clients[service], operation)(**arguments)
                return reply["Body"].read() if "Body" in reply else reply
            except ClientError as error:
                refused = _Refused(operation, error.response, self.account.profile)
                if refused.code not in EXPIRED or renewed:
                    raise refused from error
                self._connect()
                renewed = True
            except BotoCoreError as error:
                place = f"profile {self.account.profile!r}"
                if isinstance(self.where, Simulated):
                    place = f"the server at {self.where.url}"
                raise CloudError(
                    f"{self.title} could not be asked ({operation}): {error}. Check the "
                    f"connection and {place}, and ask again; jobs continue meanwhile"
                ) from error

    def _clock(self, told: Mapping[str, Any]) -> datetime | None:
        """Amazon's time of a reply; the simulated service has its own, in LastModifiedTime."""
        date = told["ResponseMetadata"]["HTTPHeaders"].get("date")
        return None if self.simulated or date is None else parsedate_to_datetime(date)

    def _look(self, name: str) -> dict[str, Any]:
        return self._ask("sagemaker", "describe_auto_ml_job_v2", AutoMLJobName=name)

    def _describe(self, job: CloudJob) -> dict[str, Any]:
        self._own(job)
        return self._look(job.name)

    def _best(self, job: CloudJob) -> dict[str, Any]:
        told = self._describe(job)
        if "BestCandidate" not in told:
            raise ValueError(f"job {job.name} has no finished candidate yet: ask again later")
        return told["BestCandidate"]

    def _candidates(self, job: CloudJob, **selection: str) -> Iterator[dict[str, Any]]:
        self._own(job)
        told = {"AutoMLJobName": job.name, **selection}
        while True:
            reply = self._ask("sagemaker", "list_candidates_for_auto_ml_job", **told)
            yield from reply["Candidates"]
            if not reply.get("NextToken"):
                return
            told["NextToken"] = reply["NextToken"]

    def _create_model(self, name: str, best: Mapping[str, Any]) -> None:
        try:
            self._ask(
                "sagemaker",
                "create_model",
                ModelName=name,
                Containers=_with_probabilities(best["InferenceContainers"]),
                ExecutionRoleArn=self.account.role,
            )
        except _Refused as refused:  # by a first reply that was lost, or for other rows
            if "already existing" not in str(refused):
                raise

    def _job(self, told: Mapping[str, Any]) -> CloudJob:
        [source, *_] = told["AutoMLJobInputDataConfig"]
        uri = self._uri(f"{_folder(told['AutoMLJobName'])}/{TRAIN}")
        if source["DataSource"]["S3DataSource"]["S3Uri"] != uri:
            raise ValueError(
                f"job name {told['AutoMLJobName']!r} is taken by a job of another table than "
                f"{uri}: give another name"
            )
        table = told["AutoMLProblemTypeConfig"]["TabularJobConfig"]
        details = {
            "target": table["TargetAttributeName"],
            "metric": told["AutoMLJobObjective"]["MetricName"],
            "problem": table["ProblemType"],
            "bucket": self.account.bucket,
            "region": self.account.region,
        }
        return CloudJob(
            self.name, told["AutoMLJobName"], told["AutoMLJobArn"], self.simulated, details
        )

    # Files in S3.

    def _uri(self, key: str) -> str:
        return f"s3://{self.account.bucket}/{key}"

    def _source(self, key: str) -> dict[str, str]:
        return {"S3DataType": "S3Prefix", "S3Uri": self._uri(key)}

    def _place(self, uri: str) -> dict[str, str]:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        owner = self.account.role.split(":")[4]  # a bucket of somebody else is refused
        return {"Bucket": bucket, "Key": key, "ExpectedBucketOwner": owner}

    def _put(self, key: str, content: bytes) -> None:
        place = self._place(self._uri(key))
        self._ask("s3", "put_object", Body=content, ContentType="text/csv", **place)

    def _get(self, uri: str) -> bytes:
        return self._ask("s3", "get_object", **self._place(uri))

    def _list(self, uri: str) -> Iterator[str]:
        place = self._place(uri)
        place["Prefix"] = place.pop("Key")
        reply = self._ask("s3", "list_objects_v2", **place)
        yield from (f"s3://{place['Bucket']}/{each['Key']}" for each in reply.get("Contents", ()))


class _Refused(CloudError):
    """Amazon's refusal of a call. code: its name. missing: whether the thing does not exist."""

    def __init__(self, operation: str, response: Mapping[str, Any], profile: str) -> None:
        told = response.get("Error", {})
        self.code, message = told.get("Code", ""), told.get("Message", "")
        absent = re.search("not (be )?f(ou|i)nd", message, re.IGNORECASE)
        self.missing = self.code == "ResourceNotFound" or absent is not None
        cure = ""
        if self.code in EXPIRED:
            cure = (
                f". The credentials of profile {profile!r} have expired: renew them (such as by "
                f"aws sso login --profile {profile}) and ask again; jobs continue meanwhile"
            )
        elif "AccessDenied" in self.code:
            cure = f". Give the user or role of profile {profile!r} the right to {operation}"
        super().__init__(f"Amazon refused {operation} ({self.code}): {message}{cure}")


def _session(where: Simulated | AmazonAccount) -> Any:
    """A session of boto3 that knows what it was told, and nothing else that the machine knows."""
    with from_extras("sagemaker"):
        import boto3
        from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
        from botocore.exceptions import ProfileNotFound
        from botocore.session import Session

    if isinstance(where, AmazonAccount):
        try:
            inner = Session(profile=where.profile)
            inner.get_scoped_config()
        except ProfileNotFound as error:
            raise CloudError(f"{error}: make it with aws configure --profile NAME") from error
        known = inner.get_component("credential_provider")
        for elsewhere in ("container-role", "iam-role", "ec2-credentials-file", "boto-config"):
            known.remove(elsewhere)
        return boto3.Session(botocore_session=inner, region_name=where.region)
    alone = {  # neither a variable of the environment nor an entry of a file
        name: (None, None, default, convert)
        for name, (_, _, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    for name in ("config_file", "credentials_file"):
        alone[name] = (None, None, os.devnull, None)
    inner = Session(alone)
    inner.register_component("data_loader", _models())
    return boto3.Session(
        "simulated", "simulated", "simulated", NOBODY.region, botocore_session=inner
    )


@cache
def _models() -> Any:
    """The SDK's descriptions of the services, read once: that takes most of a client's time."""
    from botocore.loaders import create_loader

    return create_loader()


def _wait_as_told(response: Any, attempts: int, **_: Any) -> float | None:
    """Seconds to wait by the standard header Retry-After, which the SDK does not read."""
    if response is None or response[0].status_code not in (429, 503) or attempts >= ATTEMPTS:
        return None
    told = response[0].headers.get("Retry-After", "")
    return float(told) if told.isdigit() else None


def _folder(name: str) -> str:
    return f"coursekit/{name}"


def _problem(request: Request, metric: str) -> str:
    """The kind of problem; UnsupportedMetric if this metric is not for it."""
    classes, numbers = request.classes, request.table[request.target].dtype.kind in "iuf"
    kind = "BinaryClassification" if classes == 2 else "MulticlassClassification"
    if not classes or (numbers and metric in PROBLEMS["Regression"]):
        kind = "Regression"
    if metric not in PROBLEMS[kind]:
        raise UnsupportedMetric(
            f"{SageMaker.title} cannot search for {metric} in a problem of {kind} (the target "
            f"{request.target!r} has {classes or 'no'} classes); it offers "
            f"{', '.join(PROBLEMS[kind])}"
        )
    return kind


def _parallel(request: Request) -> int:
    """Instances at once, at most; ValueError for a number of candidates that Amazon refuses."""
    most = request.max_candidates
    if most is not None and not 1 <= most <= MOST_CANDIDATES:
        raise ValueError(f"max_candidates={most}: {SageMaker.title} takes 1 to {MOST_CANDIDATES}")
    return min(PARALLEL, most or PARALLEL)


def _minutes(request: Request) -> float:
    """How long the job may run: as asked, and not longer than its ceiling pays for."""
    parallel, minutes, limit = _parallel(request), request.max_minutes, "max_minutes"
    if request.ceiling is not None:
        each = price(SageMaker.name, INSTANCE).dollars
        paid = 60 * request.ceiling / (parallel * each) if each else math.inf
        if paid < minutes:
            minutes, limit = paid, f"ceiling={request.ceiling} pays {parallel} instances at once"
    if not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise ValueError(
            f"{limit}: {minutes:.3g} minutes, where {LEAST_MINUTES:g} (one candidate) to "
            f"{MOST_MINUTES} are possible"
        )
    return minutes


def _candidate(told: Mapping[str, Any], job: CloudJob) -> LeaderboardRow:
    final = told.get("FinalAutoMLJobObjectiveMetric", {})
    metric = job.details["metric"]
    images = [each["Image"] for each in told.get("InferenceContainers", ())]
    # The middle one of several prepares nothing: it is the model.
    model = images[min(1, len(images) - 1)] if images else ""
    return LeaderboardRow(
        name=told["CandidateName"],
        score=final.get("Value", math.nan),
        metric=metric,
        higher=SageMaker.higher[metric],
        algorithm=model.rpartition("/")[2].partition(":")[0].removeprefix("sagemaker-"),
        seconds=_seconds(told),
        details={
            "status": told["CandidateStatus"],
            "reason": told.get("FailureReason", ""),
            "metrics": {
                f"{each.get('Set', '')} {each.get('StandardMetricName', '')}".strip(): each["Value"]
                for each in told.get("CandidateProperties", {}).get("CandidateMetrics", ())
            },
        },
    )


def _seconds(told: Mapping[str, Any], *, now: datetime | None = None) -> float:
    """From the creation to the end; while there is none, to `now` or the last change."""
    last = told["LastModifiedTime"]
    end = told.get("EndTime") or (max(last, now) if now else last)
    return (end - told["CreationTime"]).total_seconds()


def _mark(best: Mapping[str, Any]) -> str:
    return hashlib.sha256(best["CandidateName"].encode()).hexdigest()[:12]


def _with_probabilities(containers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The containers of a model, told to hand on and to answer probabilities and labels.

    Each container names the keys that it can answer; one after it takes them as its input.
    """
    told, before = [], ""
    for container in containers:
        environment = dict(container.get("Environment", {}))
        able = environment.get("SAGEMAKER_INFERENCE_SUPPORTED", "").replace(" ", "").split(",")
        answers = ",".join(key for key in ANSWERS if key in able)
        if answers:
            environment["SAGEMAKER_INFERENCE_OUTPUT"] = answers
            if before:
                environment["SAGEMAKER_INFERENCE_INPUT"] = before
        before = answers
        told.append({**container, "Environment": environment})
    return told


def _predictions(answer: bytes) -> np.ndarray:
    """The lines of a batch transform: a number each, or lists of probabilities and of labels."""
    found = lines(answer)
    if all(len(line) == 1 for line in found):
        return np.array([float(line[0]) for line in found])
    labels = [str(label) for label in ast.literal_eval(found[0][1])]
    try:
        order = sorted(range(len(labels)), key=lambda k: float(labels[k]))
    except ValueError:
        order = sorted(range(len(labels)), key=lambda k: labels[k])
    return np.array([json.loads(line[0]) for line in found], float)[:, order]


def _csv(table: pandas.DataFrame, *, header: bool) -> bytes:
    return table.to_csv(index=False, header=header, lineterminator="\n").encode()


def lines(content: bytes) -> list[list[str]]:
    """The fields of the lines of a CSV; empty lines are left out."""
    return [line for line in csv.reader(io.StringIO(content.decode())) if line]
