"""Google's AutoML by its own SDK against the loopback server; no other address is named."""

import json
import os
import re
import threading
import warnings
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
import pandas
import pytest

from coursekit.cloud.connect import connect
from coursekit.cloud.simulated.server import Call, Reply, Server
from coursekit.cloud.simulated.vertex_api import VertexRouter
from coursekit.cloud.vendor import (
    CloudError,
    JobState,
    Request,
    Simulated,
    UnsupportedMetric,
    UnsupportedOperation,
)
from coursekit.cloud.vertex import GoogleAccount, Vertex, _predictions

PIPELINES = "/v1/projects/simulated/locations/us-central1/trainingPipelines"


def rows(count: int = 1100) -> pandas.DataFrame:
    """Numbers, words with gaps, and a target of two classes."""
    rng = np.random.default_rng(0)
    made = pandas.DataFrame({"age": rng.normal(size=count), "port": rng.choice(["ä", "b"], count)})
    made["won"] = np.where(made.age + (made.port == "b") + rng.normal(size=count) > 0.5, 1, 0)
    made.loc[::9, "age"] = np.nan
    made.loc[::7, "port"] = None
    return made


LEARN, HELD = rows()[:1000], rows()[1000:].drop(columns="won")


def request(name: str = "trees-1", **more: Any) -> Request:
    return Request(**{"table": LEARN, "target": "won", "name": name, "metric": "auc"} | more)


class Recorded(VertexRouter):
    """The router, and all that it answered."""

    replies: list[tuple[Call, Reply]]

    def answer(self, call: Call) -> Reply:
        reply = super().answer(call)
        if not hasattr(self, "replies"):
            self.replies = []
        self.replies.append((call, reply))
        return reply


@pytest.fixture
def server() -> Iterator[Server]:
    with Server("vertex", pace=None, router=Recorded) as made:
        yield made


@pytest.fixture
def vertex(server: Server) -> Vertex:
    return Vertex(Simulated(server.url), pause=0.0)


def asked(server: Server, method: str, end: str) -> list[Call]:
    return [each for each in server.calls if each.method == method and each.path.endswith(end)]


def finish(server: Server, vertex: Vertex, job: Any, candidates: int = 2) -> None:
    server.service.get(job.name).max_candidates = candidates
    while not vertex.status(job).state.ended:
        pass


def test_a_job_from_the_table_to_predictions(server: Server, vertex: Vertex):
    costs = vertex.estimate_cost(request(max_minutes=90))
    assert (costs.low, costs.high) == (0.0, pytest.approx(1.5 * 21.252)) and costs.simulated
    assert vertex.find("trees-1") is None
    job = vertex.submit(request())
    assert job.simulated and job.vendor == "vertex" and job.name == "trees-1"
    assert vertex.submit(request()) == job
    again = connect("vertex", simulated=server.url)  # after a crash
    assert again.find("trees-1") == job and again.find("trees") is None
    with pytest.raises(ValueError, match="'trees-1' is that of a job on another table"):
        vertex.submit(request(table=LEARN[::-1]))
    assert len(asked(server, "POST", "/trainingPipelines")) == len(server.service.files) == 1

    first = vertex.status(job)
    assert (first.state, first.done, first.seconds) == (JobState.RUNNING, 0, 360)
    assert vertex.leaderboard(job) == []
    with pytest.raises(ValueError, match="no finished candidate"):
        vertex.best(job)
    with pytest.raises(ValueError, match="no finished model"):
        vertex.predict(job, HELD)
    running = vertex.spent(job)
    assert 0 < running.low < running.high == pytest.approx(21.252)
    finish(server, vertex, job, candidates=99)  # the budget ends it
    last = vertex.status(job)
    assert (last.state, last.done, last.seconds) == (JobState.COMPLETED, 1, 3600)
    vertex.stop(job)  # leaves it as it is
    assert vertex.status(job).state is JobState.COMPLETED
    done = vertex.spent(job)
    assert done.low == done.high == pytest.approx(21.252) and "Google reports" in done.formula

    (row,) = vertex.leaderboard(job)
    assert row == vertex.best(job) and row.metric == "maximize-au-roc" and row.higher
    assert 0.7 < row.score < 1 and row.details["auRoc"] == row.score
    assert row.details["simulated"] and row.details["logLoss"] < 0.69
    shown = vertex.disclosed(job)
    assert "Simulated" in shown["description"] and shown["export formats"] == "tf-saved-model"
    assert list(shown["importance of columns"]) == ["age", "port"]

    predicted = vertex.predict(job, HELD)
    csv = HELD.to_csv(index=False).encode()
    assert np.array_equal(predicted, server.service.get("trees-1").predict(csv))
    assert predicted.shape == (100, 2) and np.allclose(predicted.sum(axis=1), 1)
    assert np.array_equal(vertex.predict(job, HELD), predicted)
    assert len(asked(server, "POST", "/batchPredictionJobs")) == 1  # and is not billed twice
    with pytest.raises(ValueError, match="'won'"):
        vertex.predict(job, LEARN)
    misleading = HELD.assign(won_by_score=0.5)  # a column of the rows, not of the predictions
    assert np.array_equal(vertex.predict(job, misleading), predicted)
    for path, content in server.service.files.items():
        if "/rows.csv" in path:
            assert content.startswith(b'"age","port",') and b',"b",' in content
        if "/predictions_2" in path:  # a row that Google did not predict
            server.service.files[path] = content[: content[:-1].rindex(b"\n") + 1]
    with pytest.raises(CloudError, match="predicted 99 of 100 rows: see the file of errors"):
        vertex.predict(job, HELD)
    with pytest.raises(ValueError, match=r"trees-1 is a real job of vertex: this is .*, simulated"):
        vertex.stop(replace(job, simulated=False))
    table = server.service.files["simulated-coursekit/coursekit/trees-1/table.csv"]
    assert table == LEARN.to_csv(index=False).encode()

    check_wire(server._http.router.replies)  # type: ignore[attr-defined]


def check_wire(replies: list[tuple[Call, Reply]]) -> None:
    """Requests and replies are Google's types; an unknown field is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from google.cloud import aiplatform_v1 as api
        from google.cloud.aiplatform.v1.schema.trainingjob.definition_v1 import types as training
    from google.longrunning.operations_pb2 import Operation
    from google.protobuf import json_format

    kinds = {
        ("GET", "datasets"): (None, api.ListDatasetsResponse),
        ("POST", "datasets"): (api.Dataset, Operation),
        ("GET", "operations/1"): (None, Operation),
        ("GET", "trainingPipelines"): (None, api.ListTrainingPipelinesResponse),
        ("POST", "trainingPipelines"): (api.TrainingPipeline, api.TrainingPipeline),
        ("GET", "trainingPipelines/N"): (None, api.TrainingPipeline),
        ("POST", "trainingPipelines/N:cancel"): (None, None),
        ("GET", "models/N"): (None, api.Model),
        ("GET", "evaluations"): (None, api.ListModelEvaluationsResponse),
        ("GET", "batchPredictionJobs"): (None, api.ListBatchPredictionJobsResponse),
        ("POST", "batchPredictionJobs"): (api.BatchPredictionJob, api.BatchPredictionJob),
        ("GET", "batchPredictionJobs/N"): (None, api.BatchPredictionJob),
    }
    met = set()
    for call, reply in replies:
        if "/storage/" in call.path:
            continue
        path = re.sub(r"[0-9]{9,}", "N", call.path)
        ends = [end for method, end in kinds if method == call.method and path.endswith(end)]
        key = call.method, ends[0]
        met.add(key)
        for kind, body in zip(kinds[key], (call.body, reply.body), strict=True):
            if kind is Operation:
                json_format.Parse(body, Operation())
            elif kind is not None:
                kind.from_json(body, ignore_unknown_fields=False)
        told = json.loads(reply.body).get("trainingTaskInputs")
        if told:
            read = training.AutoMlTablesInputs.from_json(
                json.dumps(told), ignore_unknown_fields=False
            )
            assert read.target_column == "won" and read.train_budget_milli_node_hours == 1000
            assert [each.auto.column_name for each in read.transformations] == ["age", "port"]
            training.AutoMlTablesMetadata.from_json(
                json.dumps(json.loads(reply.body).get("trainingTaskMetadata", {})),
                ignore_unknown_fields=False,
            )
    assert met == set(kinds)


def test_a_number_is_predicted_and_a_large_table_is_uploaded(server: Server, vertex: Vertex):
    job = vertex.submit(request(table=numbers(), target="cost", metric="minimize-rmse"))
    finish(server, vertex, job)
    (row,) = vertex.leaderboard(job)
    assert row.metric == "minimize-rmse" and not row.higher and row.score < 0.6
    held = numbers().drop(columns="cost")[:40]
    assert np.corrcoef(vertex.predict(job, held), numbers().cost[:40])[0, 1] > 0.8
    large = "a,b\n" + "1,2\r\n" * 2_000_000  # over 8 MB: a resumable upload
    vertex._upload("large.csv", large)
    assert server.service.files["simulated-coursekit/large.csv"] == large.encode()


def numbers() -> pandas.DataFrame:
    rng = np.random.default_rng(1)
    made = pandas.DataFrame({"size": rng.normal(size=1000), "port": rng.choice(["a", "b"], 1000)})
    return made.assign(cost=made["size"] + (made.port == "a") + 0.1 * rng.normal(size=1000))


STEPS = (
    "GET /v1/projects/simulated/locations/us-central1/trainingPipelines?",
    "POST /upload/",
    "GET /v1/projects/simulated/locations/us-central1/datasets?",
    "POST /v1/projects/simulated/locations/us-central1/datasets?",
    "GET /ui/",
    "POST /v1/projects/simulated/locations/us-central1/trainingPipelines?",
)


@pytest.mark.parametrize("kind", ["throttle", "expire", "drop", "lose"])
def test_a_submission_survives_each_fault_of_each_call(server: Server, vertex: Vertex, kind: str):
    steps = [step for step in STEPS if (kind, step) != ("lose", "GET /ui/")]  # see `_dataset`
    for step in steps:
        server.faults.add(kind, step)
    job = vertex.submit(request())
    assert [fault.match for fault in server.faults.met] == steps
    kept = server._http.router.kept  # type: ignore[attr-defined]
    assert list(kept.pipelines) == [job.identifier] and len(kept.datasets) == 1
    for call in ("GET /v1/", "POST /v1/"):
        server.faults.add(kind, call)
    vertex.stop(job)
    assert vertex.status(job).state is JobState.STOPPED
    if kind == "expire":  # the SDK renewed its token here, not at Google
        assert len(asked(server, "POST", "/token")) == len(server.faults.met)
        assert server.calls[-1].headers["Authorization"] == "Bearer simulated-again"


def test_predictions_survive_faults_and_are_asked_for_once(server: Server, vertex: Vertex):
    job = vertex.submit(request())
    finish(server, vertex, job)
    (clean,) = vertex.leaderboard(job)
    for kind in ("throttle", "lose", "drop"):
        for call in ("POST /upload/", "batchPredictionJobs", "GET /storage/", "GET /download/"):
            server.faults.add(kind, call)
    server.faults.add("lose", "POST /v1/")
    assert vertex.predict(job, HELD).shape == (100, 2)
    assert len(server.faults.met) == 13
    assert len(server._http.router.kept.batches) == 1  # type: ignore[attr-defined]
    assert vertex.leaderboard(job) == [clean]


def test_a_slow_reply_is_asked_for_again(server: Server):
    vertex = Vertex(Simulated(server.url), pause=0.0)
    job = vertex.submit(request())
    vertex.timeout = 0.2  # of this one reply, which never comes
    server.faults.add("slow", f"GET {PIPELINES}/")
    answers = []
    original = server.faults.take

    def patient(shown: str) -> Any:  # the second question has all the time that it needs
        vertex.timeout = 60.0
        return original(shown)

    server.faults.take = patient  # type: ignore[method-assign]
    answers.append(vertex.status(job))
    assert answers[0].state is JobState.RUNNING
    assert [fault.kind for fault in server.faults.met] == ["slow"]


def test_failed_stopped_and_refused_jobs_say_why(server: Server, vertex: Vertex):
    server.service.fails = (1, "no machine was free")
    failed = vertex.submit(request("failed"))
    finish(server, vertex, failed)
    progress = vertex.status(failed)
    assert progress.state is JobState.FAILED and progress.done == 0
    assert progress.message == "simulated: no machine was free"
    assert vertex.spent(failed).high == 0.0 and vertex.leaderboard(failed) == []
    assert vertex.disclosed(failed)["simulated"]
    server.service.fails = None
    stopped = vertex.submit(request("stopped"))
    vertex.status(stopped)
    vertex.stop(stopped)
    vertex.stop(stopped)
    assert vertex.status(stopped).state is JobState.STOPPED
    assert vertex.spent(stopped).low == pytest.approx(0.1 * 21.252)  # a stopped job is billed

    # What the kit refuses before it is sent, Google refuses after the training has started.
    gaps = LEARN.assign(won=LEARN.won.where(LEARN.index > 3))
    with pytest.raises(ValueError, match="4 rows have no won"):
        vertex.submit(request("gaps", table=gaps))
    router = server._http.router
    source = "simulated-coursekit/gaps.csv"
    server.service.files[source] = gaps.to_csv(index=False).encode()
    (body,) = {call.body for call in asked(server, "POST", "/trainingPipelines")[:1]}
    (dataset,) = {call.body for call in asked(server, "POST", "/datasets")[:1]}
    parent = PIPELINES.removesuffix("/trainingPipelines")

    def post(kind: str, told: dict[str, Any]) -> Any:
        headers = {"Authorization": "Bearer x"}
        call = Call("POST", f"{parent}/{kind}", {}, headers, json.dumps(told).encode())
        return json.loads(router.answer(call).body)

    told = json.loads(dataset)
    told["metadata"]["inputConfig"]["gcsSource"]["uri"] = [f"gs://{source}"]
    number = post("datasets", told)["name"].split("/")[5]
    told = json.loads(body)
    told["inputDataConfig"]["datasetId"] = number
    refused = post("trainingPipelines", told | {"displayName": "gaps"})
    assert "missing values" in refused["error"]["message"]
    told["trainingTaskInputs"]["trainBudgetMilliNodeHours"] = 999
    assert post("trainingPipelines", told)["error"]["status"] == "INVALID_ARGUMENT"


def test_a_service_that_never_recovers_is_an_error_with_its_words(server: Server):
    vertex = Vertex(Simulated(server.url), patience=0.5, pause=0.0)
    server.faults.add("throttle", times=1, retry_after=3600)
    with pytest.raises(CloudError, match=r"simulated.* did not answer for 0\.5 s.*Quota"):
        vertex.find("trees-1")
    server.faults.add("expire", "GET /v1/", times=3)  # the SDK renews its token twice
    with pytest.raises(CloudError, match=r"refused: .*token is not valid: start the loopback"):
        vertex.find("trees-1")
    server.faults.add("expire", "GET /v1/")
    server.faults.add("expire", "POST /token")
    with pytest.raises(CloudError, match="renewed no token"):
        vertex.find("trees-1")
    with pytest.raises(CloudError, match="maximize-au-prc"):
        vertex.submit(request(metric="maximize-au-prc"))


def test_what_google_cannot_do_is_said_before_anything_is_sent(server: Server, vertex: Vertex):
    words = LEARN.assign(won=LEARN.won.map({0: "no", 1: "yes"}))
    three = LEARN.assign(won=np.arange(1000) % 3)
    for wrong, told in (
        ({"metric": "accuracy"}, "it offers auc, log_loss, rmse, maximize-au-prc"),
        ({"metric": "r2", "target": "age"}, "cannot search for 'r2'"),
        ({"metric": "minimize-rmse", "table": words}, "of 2 classes; it offers maximize-au-roc"),
        ({"metric": "auc", "table": three}, "of 3 classes; it offers minimize-log-loss"),
        ({"metric": "maximize-au-roc", "table": numbers(), "target": "cost"}, "minimize-rmse"),
    ):
        with pytest.raises(UnsupportedMetric, match=told):
            vertex.submit(request(**wrong))  # type: ignore[arg-type]
    for wrong in ({"max_minutes": 59.0}, {"max_minutes": 4321.0}, {"ceiling": 21.252}):
        with pytest.raises(UnsupportedOperation, match=r"between 1 and 72.*\$21\.25"):
            vertex.submit(request(**wrong))
    assert vertex.estimate_cost(request(max_minutes=600, ceiling=30)).high < 30
    with pytest.raises(ValueError, match="900 rows"):
        vertex.submit(request(table=LEARN[:900]))
    assert server.calls == []


class Elsewhere(BaseHTTPRequestHandler):
    """Another server on this machine, which nobody may ask."""

    met: list[str]

    def _note(self) -> None:
        self.met.append(self.path)
        self.send_response(200)
        self.end_headers()

    do_GET = do_POST = do_PUT = do_CONNECT = _note


def test_a_simulated_client_reads_no_credentials_and_reaches_no_other_place(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
):
    Elsewhere.met = []
    other = HTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    away = f"http://127.0.0.1:{other.server_port}"
    secret = tmp_path / "secret.json"
    told = {"type": "authorized_user", "client_id": "poison", "client_secret": "poison"}
    secret.write_text(json.dumps(told | {"refresh_token": "poison", "token_uri": away}))
    home = tmp_path / ".config" / "gcloud"
    home.mkdir(parents=True)
    (home / "application_default_credentials.json").write_text(secret.read_text())
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login poison password poison\n")
    for name, value in {
        "HOME": str(tmp_path), "CLOUDSDK_CONFIG": str(home), "NO_PROXY": "",
        "GOOGLE_APPLICATION_CREDENTIALS": str(secret), "STORAGE_EMULATOR_HOST": away,
        "API_ENDPOINT_OVERRIDE": away, "GOOGLE_CLOUD_PROJECT": "poison",
        "GOOGLE_CLOUD_QUOTA_PROJECT": "poison", "GOOGLE_CLOUD_UNIVERSE_DOMAIN": "poison.invalid",
        "GOOGLE_API_USE_MTLS_ENDPOINT": "always", "GOOGLE_API_USE_CLIENT_CERTIFICATE": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, away)
        monkeypatch.setenv(name.lower(), away)
    before = dict(os.environ)
    monkeypatch.setattr("google.auth.default", lambda **_: pytest.fail("credentials were read"))

    vertex = Vertex(Simulated(server.url), pause=0.0)
    server.faults.add("expire", "POST /upload/")
    job = vertex.submit(request())
    finish(server, vertex, job)
    vertex.predict(job, HELD)
    assert dict(os.environ) == before
    for call in server.calls:
        sent = f"{call.path} {call.query} {dict(call.headers)} {call.body!r}"
        assert "poison" not in sent and call.headers["Host"] == server.url[len("http://") :]

    class Redirecting(VertexRouter):
        def answer(self, call: Call) -> Reply:
            return Reply(307, b"", {"Location": away + call.path})

    with (
        Server("vertex", router=Redirecting) as liar,
        pytest.raises(CloudError, match="cannot be reached"),
    ):
        Vertex(Simulated(liar.url), pause=0.0).find("trees-1")
    assert Elsewhere.met == []
    other.shutdown()
    other.server_close()


def test_a_real_account_is_asked_for_by_name_and_goes_to_google_alone(
    monkeypatch: pytest.MonkeyPatch,
):
    from google.auth.credentials import AnonymousCredentials

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("GOOGLE_API_USE_MTLS_ENDPOINT", "auto")
    monkeypatch.setattr("google.auth.default", lambda scopes: (AnonymousCredentials(), "other"))
    account = GoogleAccount("mine", "mine-bucket", "europe-west4")
    vertex = Vertex(account)
    assert not vertex.simulated
    clients = vertex._clients
    assert clients.storage._connection.API_BASE_URL == "https://storage.googleapis.com"
    assert clients.storage.project == "mine"
    hosts = {each.transport._host for each in clients if hasattr(each, "transport")}
    assert hosts == {"https://europe-west4-aiplatform.googleapis.com"}
    with pytest.raises(TypeError, match=r"Simulated\(url\) or GoogleAccount"):
        Vertex("http://127.0.0.1:1")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="gs://"):
        GoogleAccount("mine", "gs://bucket")
    with pytest.raises(ValueError, match="not on this machine"):
        Simulated("https://aiplatform.googleapis.com")


def test_prediction_columns_are_those_of_googles_pages():
    wide = pandas.DataFrame({"y_10_score": [0.1, 0.2], "y_9_scores": [0.9, 0.8]})
    assert _predictions(wide, "y", "classification").tolist() == [[0.9, 0.1], [0.8, 0.2]]
    words = pandas.DataFrame({"y_no_score": [0.7], "y_maybe_score": [0.2], "y_1_score": [0.1]})
    assert _predictions(words, "y", "classification").tolist() == [[0.1, 0.2, 0.7]]
    one = pandas.DataFrame({"predicted_y": [2.5], "predicted_y_too": [1.0]})
    assert _predictions(one, "y", "regression").tolist() == [2.5]
    with pytest.raises(CloudError, match="no prediction of 'y', only y_10_score"):
        _predictions(wide, "y", "regression")
