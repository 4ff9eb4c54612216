"""Azure automated ML by the real SDK, over the wire to the loopback server."""

import dataclasses
import json
import os
import re
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import joblib
import numpy as np
import pandas
import pytest
from sklearn.linear_model import LogisticRegression

from coursekit.cloud import azure_score
from coursekit.cloud.azure_ml import MLTABLE, AzureAccount, AzureML, seconds
from coursekit.cloud.prices import price
from coursekit.cloud.simulated.azure_api import AzureRouter
from coursekit.cloud.simulated.server import Call, Reply, Server
from coursekit.cloud.vendor import (
    CloudError,
    CloudJob,
    JobState,
    Request,
    Simulated,
    UnsupportedMetric,
)
from coursekit.extras import MissingExtra

pytest.importorskip("azure.ai")  # to import all of the SDK takes two seconds
WORKSPACE = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/simulated"
    "/providers/Microsoft.MachineLearningServices/workspaces/simulated"
)


def table(rows: int = 120) -> pandas.DataFrame:
    rng = np.random.default_rng(0)
    made = pandas.DataFrame({"age": rng.normal(size=rows), "port": rng.choice(["a", "b"], rows)})
    made["won"] = np.where(made.age + (made.port == "a") > 0.5, "yes", "no")
    return made


def request(name: str, **options: object) -> Request:
    return Request(table(), **{"target": "won", "name": name, "max_candidates": 3} | options)


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with Server("azure", pace=None) as made:
        yield made


@pytest.fixture(scope="module")
def azure(served: Server) -> AzureML:
    return AzureML(Simulated(served.url))


@pytest.fixture(scope="module")
def searched(served: Server, azure: AzureML) -> CloudJob:
    """A job that has ended."""
    job = azure.submit(request("searched"))
    served.service.get("searched").wait()
    return job


def sent(server: Server, method: str, ending: str) -> list[Call]:
    return [each for each in server.calls if each.method == method and each.path.endswith(ending)]


def test_a_job_from_submission_to_its_leaderboard(served: Server, azure: AzureML):
    assert azure.find("steps") is None
    job = azure.submit(request("steps"))
    assert job.simulated and job.vendor == "azure" and azure.find("steps") == job
    assert azure.submit(request("steps")) == job
    assert len(sent(served, "PUT", "/jobs/steps")) == 1
    other = request("steps")
    for asked in (
        request("steps", metric="accuracy"),
        request("steps", target="port"),
        dataclasses.replace(other, table=other.table[1:]),
    ):
        with pytest.raises(ValueError, match=r"has a job steps with .*take another name"):
            azure.submit(asked)
    assert len(sent(served, "PUT", "/jobs/steps")) == 1
    seen = [azure.status(job) for _ in range(4)]
    assert [each.done for each in seen] == [1, 2, 3, 3]
    assert [each.seconds for each in seen] == [120, 240, 360, 360]
    assert [each.state for each in seen] == ["running", "running", "completed", "completed"]

    board = azure.leaderboard(job)
    real = served.service.get("steps")
    assert {each.score for each in board} == {each.score for each in real.candidates}
    assert [each.score for each in board] == sorted((each.score for each in board), reverse=True)
    assert {each.metric for each in board} == {"AUC_weighted"} and board[0].higher
    assert azure.best(job) == board[0] and board[0].algorithm == real.best.algorithm
    shown = azure.disclosed(job)
    assert shown["pipeline_spec"]["objects"][0]["param_kwargs"] == real.best.configuration
    assert azure.console_url(job) == f"{served.url}/simulated#steps"


def test_rows_are_scored_in_the_workspace(served: Server, azure: AzureML, searched: CloudJob):
    rows = table(7).drop(columns="won")
    found = azure.predict(searched, rows)
    real = served.service.get("searched")
    assert np.allclose(found, real.predict(rows.to_csv(index=False).encode()), atol=1e-12)
    assert found.shape == (7, 2) and np.allclose(found.sum(axis=1), 1)
    jobs = [each.path for each in served.calls if each.method == "PUT" and "-score-" in each.path]
    assert np.array_equal(azure.predict(searched, rows), found)  # nothing is sent and billed twice
    again = [each.path for each in served.calls if each.method == "PUT" and "-score-" in each.path]
    assert jobs == again and len(jobs) == 3
    training = [path for path in served.service.files if "/searched/" in path]
    assert sorted(path.rpartition("/")[2] for path in training) == ["MLTable", "train.csv"]
    with pytest.raises(ValueError, match="target column 'won'"):
        azure.predict(searched, table(7))


def test_errors_are_divided_by_the_range_and_searched_downwards(served: Server, azure: AzureML):
    job = azure.submit(request("numbers", target="age", metric="rmse"))
    real = served.service.get("numbers").wait()
    board = azure.leaderboard(job)
    span = table().age.max() - table().age.min()
    assert board[0].metric == "normalized_root_mean_squared_error" and not board[0].higher
    assert board[0].score == pytest.approx(real.best.score / span)
    assert board[0].score == min(each.score for each in board)
    assert azure.find("numbers") == job
    assert azure.predict(job, table(5).drop(columns="age")).shape == (5,)


def test_the_bodies_of_requests_are_as_recorded(served: Server, azure: AzureML, searched: CloudJob):
    azure.predict(searched, table(3).drop(columns="won"))
    withheld = {
        "azureml.git.dirty": "withheld",
        "azureml.git.build_id": "withheld",
        "azureml.git.build_uri": "withheld",
        "mlflow.source.git.branch": "withheld",
        "mlflow.source.git.commit": "withheld",
        "mlflow.source.git.repoURL": "withheld",
    }
    submitted = json.loads(sent(served, "PUT", f"{WORKSPACE}/jobs/searched")[0].body)
    folder = searched.details["folder"]
    assert re.fullmatch("coursekit/searched/[0-9a-f]{12}", folder)
    assert submitted == {
        "properties": {
            "displayName": "searched",
            "experimentName": "coursekit",
            "isArchived": False,
            "jobType": "AutoML",
            "outputs": {},
            "properties": withheld,
            "resources": {"instanceCount": 1, "instanceType": "Standard_DS3_v2"},
            "tags": {},
            "taskDetails": {
                "limitSettings": {
                    "maxConcurrentTrials": 1,
                    "maxTrials": 3,
                    "sweepConcurrentTrials": 0,
                    "sweepTrials": 0,
                    "timeout": "PT1H",
                },
                "logVerbosity": "Info",
                "primaryMetric": "AUCWeighted",
                "targetColumnName": "won",
                "taskType": "Classification",
                "trainingData": {
                    "jobInputType": "mltable",
                    "uri": "azureml://datastores/workspaceblobstore/paths/" + folder,
                },
                "trainingSettings": {},
            },
        }
    }
    assert sent(served, "PUT", f"/{folder}/MLTable")[0].body == MLTABLE.encode()
    scored = next(
        each
        for each in served.calls
        if each.method == "PUT" and "/jobs/searched-score-" in each.path
    )
    name = scored.path.rpartition("/")[2]
    body = json.loads(scored.body)["properties"]
    environment = body.pop("environmentId")
    assert body == {
        "command": (
            "python ${{inputs.rows}}/score.py ${{inputs.model}}/model.pkl"
            " ${{inputs.rows}}/rows.csv ${{outputs.predictions}}"
        ),
        "displayName": name,
        "environmentVariables": {},
        "experimentName": "coursekit",
        "inputs": {
            "model": {
                "jobInputType": "uri_folder",
                "uri": "azureml://datastores/workspaceartifactstore/paths/ExperimentRun/"
                f"dcid.{azure.best(searched).name}/outputs",
            },
            "rows": {
                "jobInputType": "uri_folder",
                "uri": f"azureml://datastores/workspaceblobstore/paths/coursekit/{name}",
            },
        },
        "isArchived": False,
        "jobType": "Command",
        "outputs": {
            "predictions": {
                "jobOutputType": "uri_file",
                "uri": "azureml://datastores/workspaceblobstore/paths/coursekit/"
                f"{name}/predictions.csv",
            }
        },
        "properties": withheld,
        "resources": {"instanceCount": 1, "instanceType": "Standard_DS3_v2", "properties": {}},
        "tags": {},
    }
    assert json.loads(sent(served, "PUT", environment)[0].body) == {
        "properties": {
            "condaFile": (
                "dependencies:\n- python=3.11\n- pip:\n  - scikit-learn\n  - pandas\n"
                "name: simulated\n"
            ),
            "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04",
            "isAnonymous": True,
            "isArchived": False,
        }
    }


def test_the_sdk_knows_every_field_that_is_sent_and_answered(served: Server, searched: CloudJob):
    from azure.ai.ml._restclient.arm_ml_service.models import Datastore, JobBase, Workspace
    from azure.ai.ml._restclient.runhistory.models import PaginatedRunList

    router = AzureRouter(served.service)

    def answered(path: str) -> dict:
        call = Call("GET", path, {}, {"Authorization": "x", "Host": "127.0.0.1:1"}, b"")
        return json.loads(router.answer(call).body)

    def unknown(value: object, where: str = "") -> list[str]:
        """Fields of a model of the SDK that it has no attribute for, all the way down."""
        if isinstance(value, list):
            return [each for item in value for each in unknown(item, where)]
        if not hasattr(value, "_attr_to_rest_field"):
            return []
        known = {
            field._rest_name: attribute for attribute, field in value._attr_to_rest_field.items()
        }
        found = [f"{where}/{name}" for name in value if name not in known]
        for name in value:
            if name in known:
                found += unknown(getattr(value, known[name]), f"{where}/{name}")
        return found

    job = json.loads(sent(served, "PUT", f"{WORKSPACE}/jobs/searched")[0].body)
    history = f"/history/v1.0{WORKSPACE}/runs/searched"
    limits = "/properties/taskDetails/limitSettings"
    sweeps = [f"{limits}/sweepConcurrentTrials", f"{limits}/sweepTrials"]  # the SDK's, always 0
    assert unknown(JobBase._deserialize(job, [])) == sweeps
    assert not set(unknown(JobBase._deserialize(answered(f"{WORKSPACE}/jobs/searched"), []))) - set(
        sweeps
    )
    assert not unknown(Workspace._deserialize(answered(WORKSPACE), []))
    store = answered(f"{WORKSPACE}/datastores/workspaceblobstore")
    assert not unknown(Datastore._deserialize(store, []))
    runs = [answered(history), *answered(f"{history}/children")["value"]]
    assert not unknown(PaginatedRunList._deserialize({"value": runs}, []))
    job["properties"]["resources"]["instance_count"] = 2  # what the SDK once sent, unread by Azure
    assert "/properties/resources/instance_count" in unknown(JobBase._deserialize(job, []))


def test_a_submission_survives_what_the_sdk_retries(served: Server, azure: AzureML):
    for kind in ("throttle", "expire", "drop", "lose"):
        for to in ("subscriptions", "loopbackstorage"):
            name, met = f"{kind}-{to}", len(served.faults.met)
            served.faults.add(kind, f"PUT /{to}")
            job = azure.submit(request(name))
            assert [each.kind for each in served.faults.met[met:]] == [kind]
            assert azure.find(name) == job and name in served.service.jobs


def test_a_question_survives_what_the_sdk_retries(
    served: Server, azure: AzureML, searched: CloudJob
):
    asked = azure.status(searched)
    for kind in ("throttle", "expire", "drop", "lose"):
        met = len(served.faults.met)
        served.faults.add(kind, "GET /history")
        assert azure.status(searched) == asked
        assert [each.kind for each in served.faults.met[met:]] == [kind]


def test_a_submission_whose_replies_are_lost_for_good_is_found(served: Server, azure: AzureML):
    served.faults.add("lose", "PUT /subscriptions", times=4)  # the first one and three retries
    assert azure.submit(request("lost")).name == "lost"
    assert len(sent(served, "PUT", "/jobs/lost")) == 4
    served.faults.add("drop", "PUT /subscriptions", times=4)
    with pytest.raises(CloudError, match="could not start the job"):
        azure.submit(request("never"))
    assert azure.find("never") is None


def test_a_stop_that_was_lost_is_asked_again(served: Server, azure: AzureML):
    job = azure.submit(request("stopped"))
    azure.status(job)
    served.faults.add("lose", "/cancel")
    azure.stop(job)
    assert len(sent(served, "POST", "/jobs/stopped/cancel")) == 2
    told = azure.status(job)
    assert (told.state, told.done) == (
        JobState.STOPPED,
        2,
    ) and "stopped by the user" in told.message
    azure.stop(job)
    assert len(sent(served, "POST", "/jobs/stopped/cancel")) == 2


def test_a_failed_job_says_why(served: Server, azure: AzureML):
    served.service.fails = (1, "the cluster has no capacity")
    try:
        job = azure.submit(request("failed"))
    finally:
        served.service.fails = None
    told = azure.status(job)
    assert (told.state, told.message) == ("failed", "simulated: the cluster has no capacity")
    empty = azure.submit(request("empty"))
    with pytest.raises(ValueError, match="no finished candidate"):
        azure.best(empty)


def test_a_slow_service_is_waited_for(served: Server, azure: AzureML, searched: CloudJob):
    served.faults.hurry.clear()
    served.faults.add("slow", "GET /history")
    answers: list[JobState] = []
    asking = threading.Thread(target=lambda: answers.append(azure.status(searched).state))
    asking.start()
    asking.join(0.05)
    assert not answers
    served.faults.hurry.set()
    asking.join(60)
    assert answers == [JobState.COMPLETED]


def test_what_stays_wrong_is_told(served: Server, azure: AzureML, searched: CloudJob):
    served.faults.add("expire", "GET /history", times=2)
    with pytest.raises(CloudError, match=r"did not let you read the job.*az login"):
        azure.status(searched)
    served.faults.add("throttle", "GET /history", times=4)  # a call and three retries
    with pytest.raises(CloudError, match=r"could not read the job.*too many requests"):
        azure.status(searched)


def test_nothing_of_the_user_goes_to_a_simulated_service(
    served: Server, monkeypatch: pytest.MonkeyPatch, tmp_path
):
    for name in (
        "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_USERNAME",
        "AZURE_PASSWORD", "AZURE_HTTP_USER_AGENT", "AZURE_STORAGE_CONNECTION_STRING",
        "AZUREML_GIT_REPOSITORY_URI", "AZUREML_GIT_BRANCH", "AZUREML_CURRENT_CLOUD",
    ):  # fmt: skip
        monkeypatch.setenv(name, "poison")
    nowhere = "http://127.0.0.1:9/poison"
    for name in (
        "HTTP_PROXY", "http_proxy", "ALL_PROXY", "AZUREML_DEV_URL_MFE", "ARM_CLOUD_METADATA_URL",
        "IDENTITY_ENDPOINT", "MSI_ENDPOINT",
    ):  # fmt: skip
        monkeypatch.setenv(name, nowhere)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login poison password poison\n")
    (tmp_path / ".azure").mkdir()
    (tmp_path / ".azure" / "msal_token_cache.json").write_text("poison")
    before, calls = dict(os.environ), len(served.calls)

    azure = AzureML(Simulated(served.url))
    job = azure.submit(request("poisoned", max_candidates=1))
    assert azure.status(job).state is JobState.COMPLETED
    azure.predict(job, table(2).drop(columns="won"))
    azure.stop(job)
    assert dict(os.environ) == before
    assert len(served.calls) > calls + 10
    for call in served.calls[calls:]:
        assert "poison" not in f"{call.path.replace('poisoned', '')}{call.query}"
        assert "poison" not in str(call.headers)
        assert b"poison" not in call.body.replace(b"poisoned", b"")
        credential = call.headers.get("Authorization", "Bearer simulated-")
        assert credential.startswith("Bearer simulated-")


class Failing(AzureRouter):
    """The first attempt to score rows fails."""

    def _scored(self, name: str) -> str:
        return "Failed" if name.endswith("-1") else "Completed"


def test_a_failed_scoring_job_is_tried_again_when_asked_again():
    with Server("azure", pace=None, router=Failing) as server:
        azure, rows = AzureML(Simulated(server.url)), table(3).drop(columns="won")
        job = azure.submit(request("scored", max_candidates=1))
        azure.status(job)
        with pytest.raises(CloudError, match=r"the scoring job scored-score-\w+-1 Failed"):
            azure.predict(job, rows)
        assert azure.predict(job, rows).shape == (3, 2)
        scoring = next(name for name in server.service.files if "-score-" in name).split("/")[2]
        with pytest.raises(CloudError, match="another kind of job"):
            azure.find(scoring)


class Astray(AzureRouter):
    """Sends its clients to another address."""

    def _discovery(self, call: Call) -> Reply:
        return Reply.json({"api": "http://127.0.0.1:9"})


def test_a_simulated_client_reaches_its_server_alone():
    with Server("azure", pace=None, router=Astray) as server:
        azure = AzureML(Simulated(server.url))
        job = azure.submit(request("astray"))
        with pytest.raises(CloudError, match=r"127\.0\.0\.1:9/history"):
            azure.status(job)
    with pytest.raises(ValueError, match="not on this machine"):
        Simulated("http://management.azure.com:80")
    with pytest.raises(TypeError, match="AzureAccount"):
        AzureML("http://127.0.0.1:9")


def test_a_real_account_is_asked_for_by_name_and_never_redirected(
    monkeypatch: pytest.MonkeyPatch, azure: AzureML
):
    assert azure._client._base_url.startswith("http://127.0.0.1:")
    monkeypatch.setenv("AZUREML_CURRENT_CLOUD", azure._client._cloud)
    monkeypatch.setenv("AZUREML_DEV_URL_MFE", "http://127.0.0.1:9")

    class Credential:
        def get_token(self, *scopes: str, **options: object) -> None:
            raise AssertionError("no call was made")

    account = AzureAccount("subscription", "group", "space", credential=Credential())
    real = AzureML(account)
    assert not real.simulated
    assert real._client._base_url == "https://management.azure.com"
    assert real._client._credential is account.credential
    store = SimpleNamespace(
        protocol="https", account_name="account", endpoint="core.windows.net", container_name="box"
    )
    assert real._container(store).url == "https://account.blob.core.windows.net/box"
    job = real._job("name", "y", "AUC_weighted", "folder", "Standard_DS3_v2", 1)
    assert not job.simulated
    for ask in (azure.status, azure.leaderboard, azure.best, azure.stop, azure.spent):
        with pytest.raises(ValueError, match="name is a real job of azure"):
            ask(job)
    assert real.console_url(job) == (
        "https://ml.azure.com/runs/name?wsid=/subscriptions/subscription/resourcegroups/group"
        "/workspaces/space"
    )


def test_the_ceiling_is_kept_by_azure_itself(served: Server, azure: AzureML):
    hour = price("azure", "Standard_DS3_v2").dollars
    job = azure.submit(request("cheap", ceiling=hour / 2, max_candidates=1))
    body = json.loads(sent(served, "PUT", "/jobs/cheap")[0].body)["properties"]
    assert body["taskDetails"]["limitSettings"]["timeout"] == "PT30M"
    low, high, formula, _, simulated = azure.estimate_cost(request("cheap", ceiling=hour / 2))
    assert (low, high) == (pytest.approx(hour / 4), pytest.approx(hour / 2))
    assert "at most 30 minutes of 1 node" in formula and simulated
    azure.status(job)
    assert azure.spent(job).low == azure.spent(job).high == pytest.approx(hour * 2 / 60)
    with pytest.raises(ValueError, match=r"a limit of 15 minutes.*leave 6"):
        azure.submit(request("dear", ceiling=hour / 10))
    account = AzureAccount("s", "g", "w", nodes=4)
    assert AzureML(account).estimate_cost(request("big")).high == pytest.approx(4 * hour)


def test_metrics_that_azure_does_not_search_for(azure: AzureML):
    with pytest.raises(UnsupportedMetric, match=r"cannot search for 'log_loss'.*auc, accuracy"):
        azure.submit(request("x", metric="log_loss"))
    with pytest.raises(ValueError, match=r"azure would refuse this table: .*lost"):
        azure.submit(request("x", target="lost"))
    with pytest.raises(CloudError, match="'NormMacroRecall' is not offered"):
        azure.submit(request("macro", metric="norm_macro_recall"))


def test_the_scoring_script_writes_one_column_a_class(tmp_path):
    data = table()[["age", "won"]]
    fitted = LogisticRegression().fit(data[["age"]], data.won)
    joblib.dump(fitted, tmp_path / "model.pkl")
    data[["age"]].to_csv(tmp_path / "rows.csv", index=False)
    names = [str(tmp_path / each) for each in ("model.pkl", "rows.csv", "out.csv")]
    azure_score.score(*names)
    made = pandas.read_csv(names[2])
    assert list(made.columns) == ["no", "yes"]
    assert np.allclose(made, fitted.predict_proba(data[["age"]]))
    joblib.dump(_Line(), tmp_path / "model.pkl")
    azure_score.score(*names)
    assert np.allclose(pandas.read_csv(names[2]).prediction, 2 * data.age)


class _Line:
    """A regression: it has no probabilities."""

    def predict(self, rows: pandas.DataFrame) -> np.ndarray:
        return 2 * rows.age.to_numpy()


def test_a_missing_sdk_is_a_command_to_install_it(served: Server, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "azure.core.exceptions", None)
    with pytest.raises(MissingExtra, match=r"coursekit\[azure\]"):
        AzureML(Simulated(served.url)).find("x")


def test_durations_as_azure_writes_them():
    class Run:
        compute_duration: str | None = None
        current_compute_time: str | None = None

    run = Run()
    assert seconds(run) == 0
    run.current_compute_time = "00:02:05"
    assert seconds(run) == 125
    run.compute_duration = "1.02:09:19.5"
    assert seconds(run) == 86400 + 2 * 3600 + 9 * 60 + 19.5
