"""Azure automated machine learning, by the SDK azure-ai-ml: one job, its child jobs, its model."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from coursekit.cloud import azure_score
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
    Vendor,
)
from coursekit.extras import from_extras

if TYPE_CHECKING:
    import numpy as np
    import pandas

# Azure's words for the state of a job (JobStatus of the REST API), and the kit's.
STATES = {
    **dict.fromkeys(("NotStarted", "Starting", "Provisioning", "Preparing", "Queued"), "waiting"),
    **dict.fromkeys(
        ("Running", "Finalizing", "CancelRequested", "NotResponding", "Paused", "Unknown"),
        "running",
    ),
    "Completed": "completed",
    "Failed": "failed",
    "Canceled": "stopped",
}
# Facts about the Git repository of the working directory that the SDK would send with a job.
WITHHELD = (
    "azureml.git.dirty", "azureml.git.build_id", "azureml.git.build_uri",
    "mlflow.source.git.branch", "mlflow.source.git.commit", "mlflow.source.git.repoURL",
)  # fmt: skip
# The SDK reads and writes these variables; a client's address must not depend on them.
REDIRECTING = ("AZUREML_CURRENT_CLOUD", "AZUREML_DEV_URL_MFE", "ARM_CLOUD_METADATA_URL")
ARTIFACTS = "workspaceartifactstore"  # the datastore that holds the outputs of jobs
ENVIRONMENT_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"
LEAST_MINUTES = 15  # a published record of three candidates on one node says 9 minutes 20 seconds
MLTABLE = """\
type: mltable
paths:
  - file: ./train.csv
transformations:
  - read_delimited:
      delimiter: ","
      encoding: utf8
"""

_environment_lock = threading.Lock()


@dataclass(frozen=True)
class AzureAccount:
    """A workspace of Azure Machine Learning that is paid for.

    subscription, resource_group, workspace: where the job runs. instance_type: the size of the
    virtual machines (serverless compute: no cluster is created or kept). nodes: machines at the
    same time. credential: of azure-identity; None asks DefaultAzureCredential, which reads the
    environment, the command `az login` and others.
    """

    subscription: str
    resource_group: str
    workspace: str
    instance_type: str = "Standard_DS3_v2"
    nodes: int = 1
    credential: Any = None

    def __post_init__(self) -> None:
        if self.nodes < 1:
            raise ValueError(f"nodes={self.nodes}: give at least 1")


SIMULATED_ACCOUNT = AzureAccount("00000000-0000-0000-0000-000000000000", "simulated", "simulated")
REGRESSION = (
    "normalized_root_mean_squared_error", "normalized_mean_absolute_error", "r2_score",
    "spearman_correlation",
)  # fmt: skip


class AzureML(Vendor):
    """Automated ML of an Azure workspace, on serverless compute.

    where: `Simulated(url)` or an `AzureAccount`.
    """

    name: ClassVar[str] = "azure"
    title: ClassVar[str] = "Azure automated ML"
    metrics: ClassVar[Mapping[str, str]] = {
        "auc": "AUC_weighted",
        "accuracy": "accuracy",
        "rmse": "normalized_root_mean_squared_error",
        "r2": "r2_score",
    }
    higher: ClassVar[Mapping[str, bool]] = {
        "AUC_weighted": True,
        "accuracy": True,
        "average_precision_score_weighted": True,
        "norm_macro_recall": True,
        "precision_score_weighted": True,
        "normalized_root_mean_squared_error": False,
        "normalized_mean_absolute_error": False,
        "r2_score": True,
        "spearman_correlation": True,
    }

    def __init__(self, where: Simulated | AzureAccount) -> None:
        if not isinstance(where, Simulated | AzureAccount):
            raise TypeError(f"where={where!r}: give Simulated(url) or an AzureAccount")
        self.where = where
        self._url = where.url if isinstance(where, Simulated) else ""
        self._account = SIMULATED_ACCOUNT if isinstance(where, Simulated) else where

    @property
    def simulated(self) -> bool:
        return bool(self._url)

    def submit(self, request: Request) -> CloudJob:
        metric = self.own_metric(request.metric)
        check(request, self.name)
        minutes, account = self._minutes(request), self._account
        table = request.table.to_csv(index=False)
        folder = f"{self._folder(request.name)}/{digest(table)}"
        job = self._job(
            request.name, request.target, metric, folder, account.instance_type, account.nodes
        )
        found = self._same(job)
        if found is not None:
            return found
        self._upload({f"{folder}/train.csv": table, f"{folder}/MLTable": MLTABLE})
        try:
            self._ask("start the job", lambda: self._create(request, job, minutes))
        except CloudError:  # perhaps the answer was lost, not the request
            found = self._same(job)
            if found is None:
                raise
            return found
        return job

    def find(self, name: str) -> CloudJob | None:
        job = self._known(lambda: self._client.jobs.get(name))
        if job is None:
            return None
        size = job.resources if job.type == "automl" else None
        if size is None:
            raise CloudError(
                f"{self.title}: {name} is another kind of job in this workspace, or was not sent "
                "from here: take another name"
            )
        return self._job(
            name, job.target_column_name, OWN[str(job.primary_metric.value).casefold()],
            job.training_data.path.partition("/paths/")[2].rstrip("/"),
            size.instance_type, size.instance_count,
        )  # fmt: skip

    def status(self, job: CloudJob) -> JobProgress:
        self._own(job)
        run = self._run(job.name)
        return JobProgress(state(run), len(self._children(job.name)), seconds(run), reason(run))

    def leaderboard(self, job: CloudJob) -> list[LeaderboardRow]:
        self._own(job)
        metric = job.details["metric"]
        higher = self.higher[metric]
        board = [
            LeaderboardRow(
                child.name,
                float(child.properties.get("score") or math.nan),
                metric,
                higher,
                child.properties["run_algorithm"],
                float(child.properties.get("fit_time") or 0.0),
                {
                    "preprocessor": child.properties.get("run_preprocessor") or "",
                    "status": child.status,
                },
            )
            for child in self._children(job.name)
        ]
        sign = -1 if higher else 1
        return sorted(board, key=lambda each: (math.isnan(each.score), sign * each.score))

    def best(self, job: CloudJob) -> LeaderboardRow:
        self._own(job)
        parent = self._ask("read the job", lambda: self._client.jobs.get(job.name))
        tagged = (parent.tags or {}).get("automl_best_child_run_id")
        for candidate in self.leaderboard(job):
            if tagged in (None, candidate.name) and not math.isnan(candidate.score):
                return candidate
        raise ValueError(f"job {job.name} has no finished candidate yet: ask again later")

    def stop(self, job: CloudJob) -> None:
        self._own(job)
        if not state(self._run(job.name)).ended:
            # Azure answers 202 before the job stops; `status` shows when. A repeat is harmless.
            options: dict[str, Any] = {"polling": False, "retry_on_methods": ["POST"]}
            self._ask("stop the job", lambda: self._client.jobs.begin_cancel(job.name, **options))

    def predict(self, job: CloudJob, rows: pandas.DataFrame) -> np.ndarray:
        """Predictions by a scoring job in the workspace, where the model and its packages are.

        The model is a pickle: it is loaded there, not on this machine. The job takes some minutes
        of one node, which `spent` does not count. See `Vendor.predict`.
        """
        import numpy as np
        import pandas

        if job.details["target"] in rows:
            raise ValueError(
                f"the rows have the target column {job.details['target']!r}: leave it out"
            )
        best = self.best(job).name
        table = rows.to_csv(index=False)
        rows_of_best = digest(f"{best}\n{table}")
        for attempt in itertools.count(1):  # the same rows are never scored and billed twice
            name = f"{job.name}-score-{rows_of_best}-{attempt}"
            known = self._known(partial(self._client.jobs.get, name))
            if known is None or state(known) not in (JobState.FAILED, JobState.STOPPED):
                break
        folder = self._folder(name)
        if known is None:
            script = Path(azure_score.__file__).read_text()
            self._upload({f"{folder}/rows.csv": table, f"{folder}/score.py": script})
            self._ask("start the scoring job", lambda: self._score(name, best, folder))
        while not state(run := self._run(name)).ended:
            time.sleep(0.05 if self.simulated else 10.0)
        if state(run) is not JobState.COMPLETED:
            raise CloudError(f"{self.title}: the scoring job {name} {run.status}: {reason(run)}")
        answer = self._download(self._store.name, f"{folder}/predictions.csv")
        values = pandas.read_csv(io.BytesIO(answer)).to_numpy(np.float64)
        return values[:, 0] if job.details["task"] == "regression" else values

    def disclosed(self, job: CloudJob) -> Mapping[str, Any]:
        best = self.best(job).name
        child = next(each for each in self._children(job.name) if each.name == best)
        shown = dict(child.properties)
        if "pipeline_spec" in shown:
            shown["pipeline_spec"] = json.loads(shown["pipeline_spec"])
        return {"name": best, **shown}

    def estimate_cost(self, request: Request) -> Estimate:
        minutes, nodes = self._minutes(request), self._account.nodes
        return estimate(
            self.name,
            self._account.instance_type,
            min(minutes, LEAST_MINUTES) / 60,
            minutes * nodes / 60,
            simulated=self.simulated,
            how=f"at most {minutes} minutes of {nodes} node{'s' * (nodes > 1)}",
        )

    def spent(self, job: CloudJob) -> Estimate:
        self._own(job)
        hours, nodes = seconds(self._run(job.name)) / 3600, job.details["nodes"]
        return estimate(
            self.name,
            job.details["instance_type"],
            hours * nodes,
            simulated=self.simulated,
            how=f"{60 * hours:.3g} minutes of {nodes} node{'s' * (nodes > 1)}",
        )

    def console_url(self, job: CloudJob) -> str:
        if self.simulated:
            return f"{self._url}/simulated#{job.name}"
        scope = self._scope("resourcegroups").replace(
            "/providers/Microsoft.MachineLearningServices", ""
        )
        return f"https://ml.azure.com/runs/{job.name}?wsid={scope}"

    # The parts of a submission

    def _minutes(self, request: Request) -> int:
        """The time limit that Azure itself keeps: the request's, or what the ceiling pays for."""
        minutes = request.max_minutes
        if request.ceiling is not None:
            dollars = price(self.name, self._account.instance_type).dollars * self._account.nodes
            minutes = min(minutes, request.ceiling / dollars * 60 if dollars else minutes)
        if not LEAST_MINUTES <= minutes < math.inf:
            raise ValueError(
                f"{self.title} needs a limit of {LEAST_MINUTES} minutes or more: "
                f"max_minutes={request.max_minutes:g} and ceiling={request.ceiling} leave "
                f"{minutes:.3g}"
            )
        return math.floor(minutes)

    def _same(self, job: CloudJob) -> CloudJob | None:
        """The job of this name that is there already; ValueError if its question is another."""
        found = self.find(job.name)
        for what in ("target", "metric", "folder"):
            if found is not None and found.details[what] != job.details[what]:
                raise ValueError(
                    f"{self.title} has a job {job.name} with {what} {found.details[what]!r}, not "
                    f"{job.details[what]!r} (the folder depends on the table): take another name"
                )
        return found

    def _job(
        self, name: str, target: str, metric: str, folder: str, size: str, nodes: int
    ) -> CloudJob:
        details = {
            "folder": folder,
            "target": target,
            "metric": metric,
            "task": "regression" if metric in REGRESSION else "classification",
            "instance_type": size,
            "nodes": nodes,
        }
        identifier = f"{self._scope('resourceGroups')}/jobs/{name}"
        return CloudJob(self.name, name, identifier, self.simulated, details)

    def _scope(self, groups: str) -> str:
        account = self._account
        return (
            f"/subscriptions/{account.subscription}/{groups}/{account.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{account.workspace}"
        )

    def _create(self, request: Request, job: CloudJob, minutes: int) -> Any:
        with from_extras("azure"):
            from azure.ai.ml import Input, automl

        task = automl.regression if job.details["metric"] in REGRESSION else automl.classification
        made = task(
            training_data=Input(type="mltable", path=self._uri(job.details["folder"])),
            target_column_name=request.target,
            primary_metric=job.details["metric"],
            name=request.name,
            experiment_name="coursekit",
            properties=dict.fromkeys(WITHHELD, "withheld"),
        )
        made.set_limits(
            max_trials=request.max_candidates,
            max_concurrent_trials=self._account.nodes,
            timeout_minutes=minutes,
        )
        # The names of the wire: azure-ai-ml 1.35 sends its own ResourceConfiguration in snake case.
        made.resources = {
            "instanceType": self._account.instance_type,
            "instanceCount": self._account.nodes,
        }
        return self._client.jobs.create_or_update(made)

    def _score(self, name: str, child: str, folder: str) -> Any:
        with from_extras("azure"):
            import yaml
            from azure.ai.ml import Input, Output, command
            from azure.ai.ml.entities import Environment

        outputs = f"ExperimentRun/dcid.{child}/outputs"
        packages = yaml.safe_load(self._download(ARTIFACTS, f"{outputs}/conda_env_v_1_0_0.yml"))
        job = command(
            name=name,
            experiment_name="coursekit",
            command=(
                "python ${{inputs.rows}}/score.py ${{inputs.model}}/model.pkl"
                " ${{inputs.rows}}/rows.csv ${{outputs.predictions}}"
            ),
            inputs={
                "model": Input(type="uri_folder", path=self._uri(outputs, ARTIFACTS)),
                "rows": Input(type="uri_folder", path=self._uri(folder)),
            },
            outputs={
                "predictions": Output(type="uri_file", path=self._uri(f"{folder}/predictions.csv"))
            },
            environment=Environment(image=ENVIRONMENT_IMAGE, conda_file=packages),
            instance_type=self._account.instance_type,
            instance_count=1,
        )
        job.properties = dict.fromkeys(WITHHELD, "withheld")
        return self._client.jobs.create_or_update(job)

    def _run(self, name: str) -> Any:
        """The job in the run history: it alone tells times and the reason of a failure."""
        return self._ask("read the job", lambda: self._client.jobs._runs_operations.get_run(name))

    def _known(self, call: Callable[[], Any]) -> Any:
        """The answer to a call, None if what it asks for does not exist."""
        with from_extras("azure"):
            from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._ask("find the job", call)
        except CloudError as error:
            if isinstance(error.__cause__, ResourceNotFoundError):
                return None
            raise

    def _children(self, name: str) -> list[Any]:
        """The candidates: child jobs with an algorithm (set-up and featurizing have none)."""
        children = self._ask(
            "list the candidates", lambda: list(self._client.jobs.list(parent_job_name=name))
        )
        return [each for each in children if (each.properties or {}).get("run_algorithm")]

    # Storage

    def _folder(self, name: str) -> str:
        return f"coursekit/{name}"

    def _uri(self, path: str, store: str | None = None) -> str:
        return f"azureml://datastores/{store or self._store.name}/paths/{path}"

    @cached_property
    def _store(self) -> Any:
        return self._ask("find the workspace's storage", self._client.datastores.get_default)

    def _container(self, store: Any) -> Any:
        with from_extras("azure"):
            from azure.core.credentials import AzureSasCredential
            from azure.storage.blob import ContainerClient

        if self.simulated:
            return ContainerClient(
                f"{self._url}/{store.account_name}",
                store.container_name,
                AzureSasCredential("sig=simulated"),
                transport=self._transport,
                initial_backoff=0,
                increment_base=0,
                random_jitter_range=0,
                user_agent_use_env=False,
            )
        return ContainerClient(
            f"{store.protocol}://{store.account_name}.blob.{store.endpoint}",
            store.container_name,
            self._credential,
        )

    def _upload(self, files: Mapping[str, str]) -> None:
        def put(path: str) -> None:
            to = self._container(self._store)
            to.upload_blob(path, files[path].encode(), overwrite=True)

        for path in files:
            self._ask("upload the table", partial(put, path))

    def _download(self, store: str, path: str) -> bytes:
        if store != self._store.name:
            where = self._ask("find the artifacts", lambda: self._client.datastores.get(store))
        else:
            where = self._store
        return self._ask(
            f"download {path}", lambda: self._container(where).download_blob(path).readall()
        )

    # The client

    def _ask(self, what: str, call: Callable[[], Any]) -> Any:
        """The answer to a call; an expired token is renewed once; errors say what was asked.

        Throttling and broken connections are retried by the SDK itself.
        """
        with from_extras("azure"):
            from azure.core.exceptions import AzureError, ClientAuthenticationError

        for again in (True, False):
            try:
                return call()
            except ClientAuthenticationError as error:  # the SDK has dropped the token by now
                if not again:
                    raise CloudError(
                        f"{self.title} did not let you {what}: {first_line(error)}. "
                        "Sign in again (az login) and see that the account has the rights"
                    ) from error
            except AzureError as error:
                raise CloudError(f"{self.title} could not {what}: {first_line(error)}") from error
        raise AssertionError("unreachable")

    @cached_property
    def _credential(self) -> Any:
        if self.simulated:
            return _LoopbackCredential()
        if self._account.credential is not None:
            return self._account.credential
        with from_extras("azure"):
            from azure.identity import DefaultAzureCredential

        return DefaultAzureCredential()

    @cached_property
    def _transport(self) -> Any:
        return loopback_transport(self._url)

    @cached_property
    def _client(self) -> Any:
        # The SDK warns that some of its classes are experimental; the kit pins its versions.
        logging.getLogger("azure.ai.ml._utils._experimental").setLevel(logging.ERROR)
        with from_extras("azure"):
            from azure.ai.ml import MLClient

        account = self._account
        options: dict[str, Any] = {"cloud": "AzureCloud"}
        if url := self._url:
            options = {
                "cloud": f"simulated {url}",  # the SDK never forgets the address of a name
                "cloud_metadata": {
                    "azure_portal": url,
                    "resource_manager": url,
                    "active_directory": url,
                    "aml_resource_id": url,
                    "storage_endpoint": url.removeprefix("http://"),
                    "registry_discovery_endpoint": url,
                },
                "transport": self._transport,
                "per_call_policies": [plain_http_policy()],
                "retry_backoff_factor": 0,
                "user_agent_use_env": False,
            }
        with without_redirection():
            return MLClient(
                self._credential,
                account.subscription,
                account.resource_group,
                account.workspace,
                enable_telemetry=False,
                show_progress=False,
                **options,
            )


# Replies spell a metric "AUCWeighted", requests and people "AUC_weighted".
OWN = {own.replace("_", "").casefold(): own for own in AzureML.higher}


def digest(text: str) -> str:
    """Some characters that differ if the text does."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def first_line(error: Exception) -> str:
    """What an error of the SDK says; the lines below repeat it."""
    return str(error).partition("\n")[0]


def state(run: Any) -> JobState:
    """The state of a run in the kit's words; a word that is new to the kit counts as running."""
    return JobState(STATES.get(run.status, "running"))


def reason(run: Any) -> str:
    """Why a run failed or was stopped, in Azure's words."""
    if run.error and run.error.error:
        return str(run.error.error.message or run.error.error.code)
    return str(run.cancelation_reason or "")


def seconds(run: Any) -> float:
    """How long a run has computed, as Azure counts: [days.]hours:minutes:seconds."""
    told = run.compute_duration or run.current_compute_time or "0:0:0"
    hours, minutes, rest = told.split(":")
    days, _, hours = hours.rpartition(".")
    return int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(rest)


@contextlib.contextmanager
def without_redirection() -> Iterator[None]:
    """Hide the environment variables that change the SDK's address, and restore them after."""
    with _environment_lock:
        before = {name: os.environ.pop(name, None) for name in REDIRECTING}
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


class _LoopbackCredential:
    """Invents tokens for the loopback server; no other server accepts them."""

    def __init__(self) -> None:
        self.issued = 0

    def get_token(self, *scopes: str, **options: Any) -> Any:
        from azure.core.credentials import AccessToken

        self.issued += 1
        return AccessToken(f"simulated-{self.issued}", int(time.time()) + 3600)


def loopback_transport(url: str) -> Any:
    """A transport that reaches one loopback server, whatever the SDK or a reply asks for.

    It takes no proxy, certificate or password from the environment or the home folder.
    """
    from azure.core.pipeline.transport import RequestsTransport

    class Loopback(RequestsTransport):
        def send(self, request: Any, **options: Any) -> Any:
            if not request.url.startswith(f"{url}/"):
                raise CloudError(
                    f"a simulated client was sent to {request.url}, which is not {url}"
                )
            return super().send(request, **options)

    return Loopback(use_env_settings=False)


def plain_http_policy() -> Any:
    """Lets bearer tokens travel over http; the transport sees to it that it is on loopback."""
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    class PlainHttp(SansIOHTTPPolicy):  # type: ignore[type-arg]
        def on_request(self, request: Any) -> None:
            request.context.options["enforce_https"] = False

    return PlainHttp()
