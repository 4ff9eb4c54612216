"""AutoML for tables on Google Vertex AI, by `google.cloud.aiplatform_v1` over REST.

Google calls the service Gemini Enterprise Agent Platform now; its API kept the old name.
What Google answers is read in its reference and tested against a loopback server; nothing here has
been run on a real account.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

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
    UnsupportedOperation,
    Vendor,
)
from coursekit.extras import from_extras

if TYPE_CHECKING:
    import numpy as np
    import pandas

T = TypeVar("T")

LABEL = "coursekit-job"  # of every resource that belongs to a job: its name
TABLE = "coursekit-table"  # of a training pipeline: the start of its table's hash
ROW = "coursekit_row"  # the column that puts predictions back into order
NODE_HOUR = 1000  # milli node hours: Google's unit of a budget, and the least
LONGEST = 72 * NODE_HOUR
SCHEMAS = "gs://google-cloud-aiplatform/schema"
TASK = f"{SCHEMAS}/trainingjob/definition/automl_tabular_1.0.0.yaml"
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)

# Own name of a metric: its field in Google's evaluation, the kind of prediction it is for.
EVALUATED = {
    "maximize-au-roc": ("auRoc", "classification"),
    "maximize-au-prc": ("auPrc", "classification"),
    "minimize-log-loss": ("logLoss", "classification"),
    "minimize-rmse": ("rootMeanSquaredError", "regression"),
    "minimize-mae": ("meanAbsoluteError", "regression"),
    "minimize-rmsle": ("rootMeanSquaredLogError", "regression"),
}
STATES = {
    "PIPELINE_STATE_QUEUED": JobState.WAITING,
    "PIPELINE_STATE_PENDING": JobState.WAITING,
    "PIPELINE_STATE_PAUSED": JobState.WAITING,
    "PIPELINE_STATE_RUNNING": JobState.RUNNING,
    "PIPELINE_STATE_CANCELLING": JobState.RUNNING,
    "PIPELINE_STATE_SUCCEEDED": JobState.COMPLETED,
    "PIPELINE_STATE_FAILED": JobState.FAILED,
    "PIPELINE_STATE_CANCELLED": JobState.STOPPED,
}


@dataclass(frozen=True)
class GoogleAccount:
    """A real project, whose bill somebody pays; the SDK then reads its default credentials.

    project: its id. bucket: of Cloud Storage, in the same location, for tables and predictions.
    """

    project: str
    bucket: str
    location: str = "us-central1"

    def __post_init__(self) -> None:
        if "/" in self.bucket or ":" in self.bucket:
            raise ValueError(f"bucket={self.bucket!r}: give its name without gs:// and folders")


class Vertex(Vendor):
    """AutoML tables of Google Vertex AI: one training pipeline a job, one model, no leaderboard.

    Google has no token that makes a submission unique. A job's name is therefore the display name
    and a label of all its resources, and every creation looks for them before it is sent, and again
    before it is repeated. Whether Google lists a pipeline at once is not known.

    where: `Simulated(url)` or `GoogleAccount(...)`. patience: seconds for which a call that failed
        in passing (throttled, unreachable) is repeated. timeout: seconds for one reply.
    pause: seconds before the first repetition, unless the reply names them; they double up to 30.
    """

    name = "vertex"
    title = "Google Vertex AI AutoML"
    metrics: ClassVar[Mapping[str, str]] = {
        "auc": "maximize-au-roc",
        "log_loss": "minimize-log-loss",
        "rmse": "minimize-rmse",
    }
    higher: ClassVar[Mapping[str, bool]] = {own: own.startswith("max") for own in EVALUATED}

    def __init__(
        self,
        where: Simulated | GoogleAccount,
        *,
        patience: float = 120.0,
        timeout: float = 60.0,
        pause: float = 1.0,
    ) -> None:
        if not isinstance(where, Simulated | GoogleAccount):
            raise TypeError(
                f"where={where!r}: give Simulated(url) or GoogleAccount(project, bucket)"
            )
        self.where = where
        self.patience, self.timeout, self.pause = patience, timeout, pause
        self.account = (
            GoogleAccount("simulated", "simulated-coursekit")
            if isinstance(where, Simulated)
            else where
        )

    @property
    def simulated(self) -> bool:
        return isinstance(self.where, Simulated)

    # Submitting

    def submit(self, request: Request) -> CloudJob:
        self.own_metric(request.metric)
        check(request, self.name)
        metric = self._metric(request)
        budget = self._budget(request)
        table = request.table.to_csv(index=False)
        labels = {LABEL: request.name, TABLE: _digest(table)}
        found = self._ask(lambda: self._pipeline(request.name))
        if found is not None:
            if dict(found.labels) != labels:
                raise ValueError(
                    f"name={request.name!r} is that of a job on another table: give a new name"
                )
            return self._job(found)
        source = self._upload(f"coursekit/{request.name}/table.csv", table)
        dataset = self._dataset(request.name, source)
        kind = EVALUATED[metric][1]
        pipeline = {
            "display_name": request.name,
            "labels": labels,
            "training_task_definition": TASK,
            "training_task_inputs": {
                "targetColumn": request.target,
                "predictionType": kind,
                "optimizationObjective": metric,
                "transformations": [
                    {"auto": {"columnName": str(column)}}
                    for column in request.table.columns
                    if column != request.target
                ],
                "trainBudgetMilliNodeHours": budget,
            },
            "input_data_config": {
                "dataset_id": dataset.rpartition("/")[2],
                "fraction_split": {
                    "training_fraction": 0.8,
                    "validation_fraction": 0.1,
                    "test_fraction": 0.1,
                },
            },
            "model_to_upload": {
                "display_name": request.name,
                "labels": {LABEL: request.name},
            },
        }
        client = self._clients.pipelines
        made = self._once(
            lambda: self._pipeline(request.name),
            lambda: client.create_training_pipeline(
                parent=self._parent,
                training_pipeline=pipeline,
                **self._options,
            ),
        )
        return self._job(made)

    def find(self, name: str) -> CloudJob | None:
        pipeline = self._ask(lambda: self._pipeline(name))
        return None if pipeline is None else self._job(pipeline)

    def _job(self, pipeline: Any) -> CloudJob:
        """The job of a training pipeline: everything is in it, so that a crash loses nothing."""
        inputs = pipeline.training_task_inputs
        return CloudJob(
            vendor=self.name,
            name=pipeline.display_name,
            identifier=pipeline.name,
            simulated=self.simulated,
            details={
                "target": inputs["targetColumn"],
                "metric": inputs["optimizationObjective"],
                "kind": inputs["predictionType"],
                "milli_node_hours": int(inputs["trainBudgetMilliNodeHours"]),
                "bucket": self.account.bucket,
            },
        )

    def _pipeline(self, name: str) -> Any | None:
        """The first training pipeline of this name; Google allows several."""
        client = self._clients.pipelines
        return _first(client.list_training_pipelines(self._named(name), **self._options), name)

    def _named(self, name: str) -> dict[str, str]:
        """The question for a job's resources of one kind."""
        told = f'display_name="{name}" AND labels.{LABEL}={name}'
        return {"parent": self._parent, "filter": told}

    def _dataset(self, name: str, source: str) -> str:
        """The resource name of the job's data set, made of a file in Cloud Storage."""
        client = self._clients.datasets
        dataset = {
            "display_name": name,
            "labels": {LABEL: name},
            "metadata_schema_uri": f"{SCHEMAS}/dataset/metadata/tabular_1.0.0.yaml",
            "metadata": {"inputConfig": {"gcsSource": {"uri": [source]}}},
        }

        made = self._once(
            lambda: _first(client.list_datasets(self._named(name), **self._options), name),
            lambda: client.create_dataset(parent=self._parent, dataset=dataset, **self._options),
        )
        operation = getattr(made, "operation", None)  # of a data set that was found: none
        if operation is None:
            return made.name
        done = self._until(
            lambda: client.get_operation({"name": operation.name}, **self._options),
            lambda operation: operation.done,
        )
        if done.HasField("error"):
            raise CloudError(f"{self.title} made no data set of {source}: {done.error.message}")
        answer = self._clients.api.Dataset()
        done.response.Unpack(self._clients.api.Dataset.pb(answer))
        return answer.name

    def _metric(self, request: Request) -> str:
        """The objective that Google has for this table; UnsupportedMetric if there is none."""
        own, column = self.own_metric(request.metric), request.table[request.target]
        number, classes = column.dtype.kind in "iuf", request.classes
        offered = [
            name
            for name, (_, kind) in EVALUATED.items()
            if (number if kind == "regression" else classes == 2)
            or (name == "minimize-log-loss" and classes > 2)
        ]
        if own in offered:
            return own
        raise UnsupportedMetric(
            f"{self.title} cannot search for {own!r} here: the target {request.target!r} is "
            + (f"of {classes} classes" if classes else "a number with many values")
            + f"; it offers {', '.join(offered)}"
        )

    def _budget(self, request: Request) -> int:
        """Milli node hours that the minutes and the ceiling allow; Google never exceeds them."""
        dollars = price(self.name, "tabular").dollars
        budget = math.ceil(request.max_minutes / 60 * NODE_HOUR)
        if request.ceiling is not None and dollars:
            # Less than the ceiling, because `follow` stops a job that may have reached it.
            budget = min(budget, math.ceil(request.ceiling / dollars * NODE_HOUR) - 1)
        if not NODE_HOUR <= budget <= LONGEST:
            raise UnsupportedOperation(
                f"max_minutes={request.max_minutes:g} and ceiling={request.ceiling} allow "
                f"{budget / NODE_HOUR:.2f} node hours, and {self.title} trains between 1 and 72: "
                f"give max_minutes from 60 to 4320 and a ceiling above ${dollars:.2f}"
            )
        return budget

    # Watching and stopping

    def status(self, job: CloudJob) -> JobProgress:
        pipeline = self._get(job)
        state = _state(pipeline)
        return JobProgress(
            state=state,
            done=int(state is JobState.COMPLETED),
            seconds=_seconds(pipeline),
            message=pipeline.error.message,
        )

    def leaderboard(self, job: CloudJob) -> Sequence[LeaderboardRow]:
        """The evaluation of the one model that Google shows, once it exists.

        Google computes it on the tenth of the rows that it kept for the test.
        """
        pipeline = self._get(job)
        metric = job.details["metric"]
        return [
            LeaderboardRow(
                name=pipeline.model_to_upload.name.rpartition("/")[2],
                score=measured.get(EVALUATED[metric][0], math.nan),
                metric=metric,
                higher=self.higher[metric],
                algorithm="AutoML (Google does not say which)",
                seconds=_seconds(pipeline),
                details=measured | {"simulated": self.simulated},
            )
            for measured in map(_measures, self._evaluations(pipeline))
        ]

    def stop(self, job: CloudJob) -> None:
        self._own(job)
        client = self._clients.pipelines
        try:
            self._ask(lambda: client.cancel_training_pipeline(name=job.identifier, **self._options))
        except CloudError:  # Google refuses it for a job that has ended
            if not self.status(job).state.ended:
                raise

    # What comes home

    def predict(self, job: CloudJob, rows: pandas.DataFrame) -> np.ndarray:
        """Predictions by a batch prediction job, whose files are read from Cloud Storage.

        The rows and their predictions stay in the bucket. The same rows asked again find the job
        that Google has done already. Of a real account it takes Google ten minutes or more.
        """
        target = job.details["target"]
        for column in (target, ROW):
            if column in rows:
                raise ValueError(f"rows have a column {column!r}: leave it out before predicting")
        pipeline = self._get(job)
        if not pipeline.model_to_upload.name:
            raise ValueError(f"job {job.name} has no finished model yet: ask again later")
        numbered = rows.assign(**{ROW: range(len(rows))}).to_csv(
            index=False,
            quoting=csv.QUOTE_NONNUMERIC,  # Google wants quotation marks around all texts here
        )
        digest = _digest(numbered)
        asked = f"{job.name}-{digest}"
        folder = f"coursekit/{job.name}/predictions-{digest}"
        done = self._batch(asked, pipeline.model_to_upload.name, folder, numbered)
        found = self._results(done).sort_values(ROW, kind="stable")
        if found[ROW].tolist() != list(range(len(rows))):
            raise CloudError(
                f"{self._place} predicted {len(found)} of {len(rows)} rows: see the file of errors "
                f"in {done.output_info.gcs_output_directory}"
            )
        return _predictions(found.drop(columns=[*rows.columns, ROW]), target, job.details["kind"])

    def _batch(self, name: str, model: str, folder: str, rows: str) -> Any:
        """The batch prediction job of this name, once it has succeeded."""
        client = self._clients.batches

        def look() -> Any | None:
            asked = {"parent": self._parent, "filter": f'display_name="{name}"'}
            found = client.list_batch_prediction_jobs(asked, **self._options)
            kept = (each for each in found if each.state.name not in ("JOB_STATE_FAILED",
                    "JOB_STATE_CANCELLED", "JOB_STATE_EXPIRED"))  # fmt: skip
            return _first(kept, name)

        def create() -> Any:
            source = self._upload(f"{folder}/rows.csv", rows)
            batch = {
                "display_name": name,
                "labels": {LABEL: folder.split("/")[1]},
                "model": model,
                "input_config": {"instances_format": "csv", "gcs_source": {"uris": [source]}},
                "output_config": {
                    "predictions_format": "csv",
                    "gcs_destination": {
                        "output_uri_prefix": f"gs://{self.account.bucket}/{folder}"
                    },
                },
            }
            return client.create_batch_prediction_job(
                parent=self._parent, batch_prediction_job=batch, **self._options
            )

        made = self._once(look, create)
        done = self._until(
            lambda: client.get_batch_prediction_job(name=made.name, **self._options),
            lambda batch: batch.end_time is not None,
        )
        if done.state.name != "JOB_STATE_SUCCEEDED":
            raise CloudError(
                f"{self.title} ended {name} as {done.state.name}: {done.error.message}"
            )
        return done

    def _results(self, batch: Any) -> pandas.DataFrame:
        """All rows of the files that a batch prediction job wrote, in any order."""
        with from_extras():
            import pandas

        prefix = batch.output_info.gcs_output_directory.partition(self.account.bucket + "/")[2]
        store = self._clients.storage
        options = self._options
        blobs = self._ask(
            lambda: list(store.list_blobs(self.account.bucket, prefix=prefix, **options))
        )
        parts = []
        for blob in blobs:
            file = blob.name.rpartition("/")[2]
            if file.startswith("prediction") and "errors" not in file:
                content = self._ask(partial(blob.download_as_bytes, **options))
                parts.append(pandas.read_csv(io.BytesIO(content), float_precision="round_trip"))
        if not parts:
            raise CloudError(
                f"{self._place} wrote no predictions to {batch.output_info.gcs_output_directory}"
            )
        return pandas.concat(parts)

    def disclosed(self, job: CloudJob) -> Mapping[str, Any]:
        """The evaluation, the importance of columns and the formats of export.

        Google shows neither the models that it tried nor the one that it chose.
        """
        pipeline = self._get(job)
        shown: dict[str, Any] = {
            "objective": job.details["metric"],
            "simulated": self.simulated,
            "models tried": "Google does not show them",
        }
        if not pipeline.model_to_upload.name:
            return shown
        model = self._ask(
            lambda: self._clients.models.get_model(
                name=pipeline.model_to_upload.name, **self._options
            )
        )
        shown["model"] = model.name
        shown["description"] = model.description
        shown["export formats"] = ", ".join(each.id for each in model.supported_export_formats)
        for evaluation in self._evaluations(pipeline):
            shown["evaluation"] = _measures(evaluation)
            attributions = evaluation.model_explanation.mean_attributions
            for attribution in attributions:
                shown["importance of columns"] = dict(
                    sorted(attribution.feature_attributions.items(), key=lambda pair: -abs(pair[1]))
                )
        return shown

    def _evaluations(self, pipeline: Any) -> list[Any]:
        """The evaluations of the pipeline's model; none before there is a model."""
        model = pipeline.model_to_upload.name
        if not model:
            return []
        client = self._clients.models
        return self._ask(lambda: list(client.list_model_evaluations(parent=model, **self._options)))

    # Money

    def estimate_cost(self, request: Request) -> Estimate:
        """At most the budget, which Google never exceeds; it may stop early and cost less."""
        self._metric(request)
        hours = self._budget(request) / NODE_HOUR
        how = f"a budget of {hours:g}, which is never exceeded; max_candidates is not used"
        return estimate(self.name, "tabular", 0.0, hours, simulated=self.simulated, how=how)

    def spent(self, job: CloudJob) -> Estimate:
        """What Google says that the training cost; while it runs, between one node and the budget.

        A failed job costs nothing, a stopped one is billed. Predictions are billed apart.
        """
        pipeline = self._get(job)
        told = dict(pipeline.training_task_metadata or {}).get("trainCostMilliNodeHours")
        most = job.details["milli_node_hours"] / NODE_HOUR
        if _state(pipeline) is JobState.FAILED:
            low = high = 0.0
            how = "a failed job costs nothing"
        elif told is not None:
            low = high = float(told) / NODE_HOUR
            how = "as Google reports"
        else:
            low, high = min(_seconds(pipeline) / 3600, most), most
            how = "one node since the start, to the budget"
        return estimate(self.name, "tabular", low, high, simulated=self.simulated, how=how)

    def console_url(self, job: CloudJob) -> str:
        if isinstance(self.where, Simulated):
            return f"{self.where.url}/simulated#{job.name}"
        number = job.identifier.rpartition("/")[2]
        return (
            "https://console.cloud.google.com/agent-platform/locations/"
            f"{self.account.location}/training/{number}?project={self.account.project}"
        )

    # The way to Google

    @property
    def _parent(self) -> str:
        return f"projects/{self.account.project}/locations/{self.account.location}"

    @property
    def _options(self) -> dict[str, Any]:
        """Of every call: Google's own repetition is off, `_ask` repeats."""
        return {"retry": None, "timeout": self.timeout}

    def _get(self, job: CloudJob) -> Any:
        """The training pipeline of a job; ValueError for one of the other place."""
        self._own(job)
        client = self._clients.pipelines
        return self._ask(lambda: client.get_training_pipeline(name=job.identifier, **self._options))

    def _upload(self, path: str, text: str) -> str:
        """The gs:// address of a CSV file in Cloud Storage, written or overwritten."""
        blob = self._clients.storage.bucket(self.account.bucket).blob(path)
        self._ask(lambda: blob.upload_from_string(text, content_type="text/csv", **self._options))
        return f"gs://{self.account.bucket}/{path}"

    def _once(self, look: Callable[[], T | None], create: Callable[[], T]) -> T:
        """What `look` finds, or else what `create` makes; before a repetition it looks again."""
        return self._ask(lambda: look() or create())

    def _ask(self, call: Callable[[], T]) -> T:
        """The answer of a call, repeated by Google's own means while it fails in passing.

        Raises CloudError with the cure for what does not pass.
        """
        _ = self._clients  # imports the SDK without its warnings
        from google.api_core import exceptions, retry
        from google.auth.exceptions import GoogleAuthError, TransportError
        from requests import exceptions as requests

        passing = (
            exceptions.TooManyRequests, exceptions.InternalServerError, exceptions.BadGateway,
            exceptions.ServiceUnavailable, exceptions.GatewayTimeout, TransportError,
            requests.ConnectionError, requests.Timeout, requests.ChunkedEncodingError,
        )  # fmt: skip
        waits = _Waits(self.pause)
        try:
            return retry.retry_target(
                call,
                retry.if_exception_type(*passing),
                waits,
                timeout=self.patience,
                on_error=waits.heard,
            )
        except exceptions.RetryError as error:
            raise CloudError(
                f"{self._place} did not answer for {self.patience:g} s: {error.cause}"
            ) from error
        except exceptions.GoogleAPICallError as error:
            raise CloudError(
                f"{self._place} refused: {error.message}{self._cure(error)}"
            ) from error
        except requests.RequestException as error:
            raise CloudError(f"{self._place} cannot be reached: {error}") from error
        except GoogleAuthError as error:
            raise CloudError(f"{self._place} renewed no token: {error}; {self._login}") from error

    @property
    def _login(self) -> str:
        if self.simulated:
            return "start the loopback server again"
        return "log in by `gcloud auth application-default login`"

    def _cure(self, error: Any) -> str:
        match error.code:
            case 401:
                return f"; the token is not valid: {self._login}"
            case 403:
                return "; the account lacks this right, or the API is not enabled in the project"
        return ""

    def _until(self, ask: Callable[[], T], done: Callable[[T], Any]) -> T:
        """Ask until it is done, at growing distances of up to 30 seconds."""
        import time

        from google.api_core.retry import exponential_sleep_generator

        waits = exponential_sleep_generator(self.pause, 30.0)
        while not done(answer := self._ask(ask)):
            time.sleep(next(waits))
        return answer

    @property
    def _place(self) -> str:
        return f"{self.title} (simulated)" if self.simulated else self.title

    @cached_property
    def _clients(self) -> _Clients:
        """Clients of the one place that `where` names; nothing else is ever asked."""
        with warnings.catch_warnings(), from_extras("vertex"):
            warnings.simplefilter("ignore", FutureWarning)  # when Google will drop this Python
            from google.auth.transport.requests import AuthorizedSession
            from google.cloud import aiplatform_v1, storage

        credentials = self._credentials()
        sessions = []

        def made(service: str) -> Any:
            client = getattr(aiplatform_v1, f"{service}ServiceClient")
            scheme, _, host = self._endpoint.partition("://")
            transport = client.get_transport_class("rest")(
                host=host, credentials=credentials, url_scheme=scheme
            )
            sessions.append(transport._session)
            return client(transport=transport)

        session = AuthorizedSession(credentials)
        sessions.append(session)
        store = storage.Client(
            project=self.account.project,
            credentials=credentials,
            _http=session,
            client_options={"api_endpoint": self._storage_endpoint},
        )
        # GOOGLE_API_USE_MTLS_ENDPOINT=always would send uploads to Google all the same.
        store._connection.API_BASE_MTLS_URL = self._storage_endpoint
        clients = _Clients(
            aiplatform_v1, made("Dataset"), made("Pipeline"), made("Model"), made("Job"), store
        )
        if isinstance(self.where, Simulated):
            for each in sessions:
                _confine(each, self.where.url)
                _confine(each._auth_request_session, self.where.url)
        return clients

    @property
    def _endpoint(self) -> str:
        if isinstance(self.where, Simulated):
            return self.where.url
        return f"https://{self.account.location}-aiplatform.googleapis.com"

    @property
    def _storage_endpoint(self) -> str:
        """Given always: without it the SDK follows STORAGE_EMULATOR_HOST with a real token."""
        if isinstance(self.where, Simulated):
            return self.where.url
        return "https://storage.googleapis.com"

    def _credentials(self) -> Any:
        """Made-up credentials that the loopback server renews, or the account's default ones."""
        if isinstance(self.where, Simulated):
            from google.oauth2.credentials import Credentials

            return Credentials(
                token="simulated",
                refresh_token="simulated",
                token_uri=f"{self.where.url}/token",
                client_id="simulated",
                client_secret="simulated",
            )
        import google.auth
        from google.auth.exceptions import DefaultCredentialsError

        try:
            credentials, _ = google.auth.default(scopes=SCOPES)
        except DefaultCredentialsError as error:
            raise CloudError(f"{self.title} needs credentials: {self._login} ({error})") from error
        return credentials


class _Clients(NamedTuple):
    api: Any
    datasets: Any
    pipelines: Any
    models: Any
    batches: Any
    storage: Any


class _Waits:
    """Seconds before each repetition: what the server asked for, or else doubled up to 30."""

    def __init__(self, first: float) -> None:
        self._seconds = first
        self._asked: float | None = None

    def heard(self, error: Exception) -> None:
        """Take Retry-After from a reply."""
        reply = getattr(error, "response", None)
        told = "" if reply is None else reply.headers.get("Retry-After", "")
        self._asked = float(told) if told.isdecimal() else None

    def __iter__(self) -> Iterator[float]:
        while True:
            yield self._seconds if self._asked is None else self._asked
            self._seconds = min(2 * self._seconds, 30.0)


def _confine(session: Any, url: str) -> None:
    """Let a session of requests reach this address alone: no proxy, no other host, no redirect."""
    adapter = session.adapters["http://"]
    session.trust_env = False
    session.adapters.clear()
    session.mount(f"{url}/", adapter)


def _first(resources: Any, name: str) -> Any | None:
    """The oldest resource with exactly this display name."""
    same = (each for each in resources if each.display_name == name)
    return min(same, key=lambda each: each.create_time, default=None)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _state(pipeline: Any) -> JobState:
    """Ours for Google's state; WAITING for one that this SDK does not know."""
    return STATES.get(getattr(pipeline.state, "name", ""), JobState.WAITING)


def _seconds(pipeline: Any) -> float:
    if pipeline.start_time is None:
        return 0.0
    last = pipeline.end_time or pipeline.update_time
    return max(0.0, (last - pipeline.start_time).total_seconds())


def _measures(evaluation: Any) -> dict[str, float]:
    """The single numbers of an evaluation by Google's names."""
    return {
        name: float(value)
        for name, value in dict(evaluation.metrics).items()
        if isinstance(value, int | float)
    }


def _predictions(found: pandas.DataFrame, target: str, kind: str) -> np.ndarray:
    """The values of `Vendor.predict` in the columns that Google has added to the rows.

    Its pages call the columns of classes TARGET_VALUE_score; others have seen TARGET_VALUE_scores.
    """
    import numpy as np

    if kind == "regression":
        columns = [each for each in found if each == f"predicted_{target}"]
    else:
        shape = re.compile(f"{re.escape(target)}_(.*)_scores?", re.DOTALL)
        classes = {match[1]: each for each in found if (match := shape.fullmatch(each))}
        columns = [classes[value] for value in sorted(classes, key=_as_class)]
    if not columns:
        raise CloudError(f"Google wrote no prediction of {target!r}, only {', '.join(found)}")
    values = found[columns].to_numpy(dtype=np.float64)
    return values[:, 0] if kind == "regression" else values


def _as_class(text: str) -> tuple[float, str]:
    """How classes sort: numbers by value, then words."""
    try:
        return float(text), ""
    except ValueError:
        return math.inf, text
