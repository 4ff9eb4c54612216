"""Amazon's SDK against the simulated service: what goes over the wire, and what comes back."""

from __future__ import annotations

import io
import json
import math
import re
import threading

import numpy as np
import pandas
import pytest

from coursekit.cloud.connect import connect
from coursekit.cloud.prices import price
from coursekit.cloud.sagemaker import (
    ATTEMPTS,
    INSTANCE,
    NOBODY,
    AmazonAccount,
    SageMaker,
    _predictions,
    _with_probabilities,
)
from coursekit.cloud.simulated import sagemaker_api
from coursekit.cloud.simulated.sagemaker_api import SageMakerRouter
from coursekit.cloud.simulated.server import Server
from coursekit.cloud.vendor import (
    CloudError,
    CloudJob,
    JobState,
    Request,
    Simulated,
    UnsupportedMetric,
)

pytest.importorskip("boto3", reason="the extra sagemaker is not installed")
from botocore.awsrequest import AWSResponse
from urllib3 import HTTPResponse

ROWS, HELD = 500, 40
POISON = "POISON"


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    table = pandas.DataFrame(
        {
            "width": rng.normal(size=ROWS + HELD),
            "kind or class": rng.choice(["big, round", "small", None], ROWS + HELD),
        }
    )
    shift = table["kind or class"].eq("small") + rng.normal(size=len(table))
    table["sold"] = np.where(table["width"] + shift > 0.5, "yes", "no")
    table["price"] = table["width"] + shift
    return table


@pytest.fixture
def request_(rows):
    def make(name="job", target="sold", **options):
        features = ["width", "kind or class"]
        return Request(rows[:ROWS][[*features, target]], target, name, **options)

    return make


@pytest.fixture(autouse=True)
def delays(monkeypatch):
    """What the SDK would have waited before it asks again, in seconds; nobody waits."""
    waited = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", waited.append)
    return waited


@pytest.fixture
def said():
    """Calls and replies of the server, in order."""
    return []


@pytest.fixture
def server(said):
    class Recording(SageMakerRouter):
        def answer(self, call):
            reply = super().answer(call)
            said.append((call, reply))
            return reply

    with Server("sagemaker", pace=None, router=Recording) as server:
        yield server


@pytest.fixture
def vendor(server):
    return connect("sagemaker", simulated=server.url)


def operation(call):
    return call.headers.get("X-Amz-Target", "").partition(".")[2]


def finish(vendor, job):
    while not (progress := vendor.status(job)).state.ended:
        pass
    return progress


def test_a_job_from_its_submission_to_predictions(
    server, vendor, said, request_, rows, monkeypatch
):
    monkeypatch.setattr(sagemaker_api, "PAGE", 2)  # so that the leaderboard comes in pages
    assert vendor.simulated and vendor.find("job") is None
    asked = request_(max_candidates=3)
    job = vendor.submit(asked)
    assert job.simulated and job.details["metric"] == "AUC"
    with pytest.raises(ValueError, match="no finished candidate yet"):
        other = vendor.submit(request_("other", max_candidates=1))
        server.service.get("other").fail("nothing works")
        vendor.best(other)

    assert vendor.submit(asked) == vendor.find("job") == job
    assert [operation(call) for call, _ in said].count("CreateAutoMLJobV2") == 2  # job and other

    progress = finish(vendor, job)
    assert progress.state is JobState.COMPLETED and progress.done == 3
    assert progress.seconds == 3 * server.service.minutes * 60
    board = vendor.leaderboard(job)
    truth = sorted(server.service.get("job").candidates, key=lambda each: -each.score)
    assert [(c.name, c.score) for c in board] == [(t.name, t.score) for t in truth]
    assert board[0] == vendor.best(job) and board[0].metric == "AUC" and board[0].higher
    assert board[0].algorithm == truth[0].algorithm.replace("_", "-")

    # The rows may have their columns in another order, and the target: it is not sent.
    held = rows[ROWS:][["sold", "price", "kind or class", "width"]]
    found = vendor.predict(job, held)
    told = server.service.get("job").predict(held.to_csv(index=False).encode())
    np.testing.assert_allclose(found, told)  # in the order of the sorted classes
    assert found.shape == (HELD, 2)
    np.testing.assert_array_equal(vendor.predict(job, held), found)
    assert len(server.service.files) == 4  # two training tables, held-out rows and predictions
    train = server.service.files[f"{NOBODY.bucket}/coursekit/job/train/table.csv"]
    assert train == asked.table.to_csv(index=False).encode()
    with pytest.raises(ValueError, match="lack columns of the training table: width"):
        vendor.predict(job, held.drop(columns="width"))
    with pytest.raises(ValueError, match="line break"):
        vendor.predict(job, held.assign(**{"kind or class": "a\nb"}))

    shown = vendor.disclosed(job)
    assert (
        "simulated" in shown["candidate notebook"]
        and board[-1].name in shown["data notebook"] + (shown["candidate notebook"])
    )
    assert shown["best"] == board[0].name and len(shown["images"]) == 3
    [moved] = shown["explainability"]["explanations"].values()
    assert set(moved) == {"width", "kind or class"} and min(moved.values()) > 0

    vendor.stop(job)  # which Amazon refuses, since it has ended
    assert vendor.status(job).state is JobState.COMPLETED
    assert vendor.console_url(job) == f"{server.url}/simulated#job"
    check_wire(said)


def test_regression_has_its_own_metrics_and_containers(server, vendor, said, request_, rows):
    job = vendor.submit(request_(target="price", metric="rmse", max_candidates=2))
    assert job.details["problem"] == "Regression"
    finish(vendor, job)
    scores = [candidate.score for candidate in vendor.leaderboard(job)]
    assert scores == sorted(scores) and not vendor.best(job).higher
    found = vendor.predict(job, rows[ROWS:])
    assert found.shape == (HELD,)
    assert np.corrcoef(found, rows["price"][ROWS:])[0, 1] > 0.5
    check_wire(said)


def test_answers_as_documented_are_read(rows):
    """Containers and lines of Amazon's developer guide, which the simulated service copies."""
    able = "predicted_label,probability,probabilities"
    prepare, model, labels = (
        {"Image": "a/sagemaker-sklearn-automl:2", "Environment": {"AUTOML_TRANSFORM_MODE": "f"}},
        {"Image": "a/sagemaker-xgboost:1", "Environment": {"SAGEMAKER_INFERENCE_SUPPORTED": able}},
        {"Image": "a/b", "Environment": {"SAGEMAKER_INFERENCE_SUPPORTED": f"{able},labels"}},
    )
    told = [each["Environment"] for each in _with_probabilities([prepare, model, labels])]
    assert told[0] == prepare["Environment"]
    assert told[1]["SAGEMAKER_INFERENCE_OUTPUT"] == "probabilities"
    assert told[2]["SAGEMAKER_INFERENCE_INPUT"] == "probabilities"
    assert told[2]["SAGEMAKER_INFERENCE_OUTPUT"] == "probabilities,labels"
    assert "SAGEMAKER_INFERENCE_OUTPUT" not in model["Environment"]
    [alone] = _with_probabilities([labels])  # of the mode ENSEMBLING
    assert alone["Environment"].keys() == {
        "SAGEMAKER_INFERENCE_SUPPORTED", "SAGEMAKER_INFERENCE_OUTPUT"
    }  # fmt: skip

    two = b"""\"[0.9, 0.1]\",\"['1', '0']\"\n\"[0.2, 0.8]\",\"['1', '0']\"\n"""
    np.testing.assert_array_equal(_predictions(two), [[0.1, 0.9], [0.8, 0.2]])
    ten = b"""\"[0.5, 0.3, 0.2]\",\"['10', '9', '-1']\"\n"""
    np.testing.assert_array_equal(_predictions(ten), [[0.2, 0.3, 0.5]])  # sorted as numbers
    np.testing.assert_array_equal(_predictions(b"1.5\n-2e3\n"), [1.5, -2000.0])


def check_wire(said):
    """Botocore's description of the service holds for requests and replies, names included."""
    from botocore.loaders import create_loader
    from botocore.model import ServiceModel
    from botocore.validate import ParamValidator

    loader = create_loader()
    service = ServiceModel(loader.load_service_model("sagemaker", "service-2"), "sagemaker")
    seen = set()
    for call, reply in said:
        if name := operation(call):
            seen.add(name)
            model = service.operation_model(name)
            sides = [(model.input_shape, call.body)]
            if reply.status == 200 and model.output_shape is not None:
                sides.append((model.output_shape, reply.body))
            elif reply.status != 200:
                code = json.loads(reply.body)["__type"]
                known = {error.name for error in model.error_shapes}
                assert code in known | {"ValidationException"}, (name, code)
            for shape, body in sides:
                value = json.loads(body)
                report = ParamValidator().validate(value, shape)
                assert not report.has_errors(), (name, report.generate_report())
                check_texts(value, shape, name)
    assert {"CreateAutoMLJobV2", "CreateModel", "CreateTransformJob"} <= seen


def check_texts(value, shape, where):
    """Texts are among the names of the description, and match its patterns."""
    if shape.type_name == "structure":
        assert set(value) <= set(shape.members), where
        for key, inner in value.items():
            check_texts(inner, shape.members[key], f"{where}.{key}")
    elif shape.type_name == "list":
        for inner in value:
            check_texts(inner, shape.member, where)
    elif shape.type_name == "string":
        assert not shape.enum or value in shape.enum, (where, value)
        pattern = shape.metadata.get("pattern", ".*")
        assert re.fullmatch(pattern, value, re.S), (where, value)


@pytest.mark.parametrize(
    ("kind", "match"),
    [
        ("throttle", "DescribeAutoMLJobV2"),
        ("throttle", "PUT /"),
        ("throttle", "CreateAutoMLJobV2"),
        ("expire", "CreateAutoMLJobV2"),
        ("expire", "PUT /"),
        ("drop", "CreateAutoMLJobV2"),
        ("drop", "PUT /"),
        ("lose", "CreateAutoMLJobV2"),
    ],
)
def test_a_submission_survives(server, vendor, said, request_, kind, match, delays):
    server.faults.add(kind, match, retry_after=7)
    job = vendor.submit(request_(max_candidates=1))
    assert [fault.kind for fault in server.faults.met] == [kind]
    assert job == vendor.find("job") and set(server.service.jobs) == {"job"}
    if kind == "throttle":
        assert delays == [7.0]  # as the header Retry-After says
    if kind == "lose":
        codes = [reply.status for call, reply in said if operation(call) == "CreateAutoMLJobV2"]
        assert codes == [200, 400]  # sent again by the SDK, refused, and found


def test_a_prediction_survives_lost_replies(server, vendor, request_, rows):
    job = vendor.submit(request_(max_candidates=1))
    finish(vendor, job)
    for operation_ in ("CreateModel", "CreateTransformJob", "GET /"):
        server.faults.add("lose", operation_)
    assert vendor.predict(job, rows[ROWS:]).shape == (HELD, 2)
    assert len(server.faults.met) == 3


def test_faults_that_do_not_end_say_what_to_do(server, vendor, request_, delays):
    job = vendor.submit(request_(max_candidates=1))
    server.faults.add("throttle", "Describe", times=ATTEMPTS)
    with pytest.raises(CloudError, match="ThrottlingException"):
        vendor.status(job)
    assert delays == [0.0] * (ATTEMPTS - 1)
    server.faults.add("drop", "Describe", times=ATTEMPTS)
    with pytest.raises(CloudError, match="ask again"):
        vendor.status(job)
    server.faults.add("expire", "Describe", times=2)
    with pytest.raises(CloudError, match=r"expired: renew them .* jobs continue"):
        vendor.status(job)
    assert vendor.status(job).state is JobState.COMPLETED


def test_a_slow_service_is_waited_for(server, vendor, request_):
    job = vendor.submit(request_(max_candidates=1))
    server.faults.add("slow", "Describe")
    found = []
    asking = threading.Thread(target=lambda: found.append(vendor.status(job)))
    asking.start()
    server.faults.hurry.set()
    asking.join()
    assert found[0].state is JobState.COMPLETED


def test_a_failed_and_a_stopped_job_say_so(server, vendor, request_):
    server.service.fails = 1, "the disk is full"
    job = vendor.submit(request_("fails"))
    progress = finish(vendor, job)
    assert progress.state is JobState.FAILED and progress.message == "simulated: the disk is full"
    server.service.fails = None
    job = vendor.submit(request_("stops"))
    vendor.stop(job)
    assert vendor.status(job).state is JobState.STOPPED
    # The metrics of a candidate that failed are not told: it comes last.
    started = server.service.get("stops")
    started.candidates += [
        tried._replace(name=f"stops-{k}", score=score, state=state)
        for k, (score, state) in enumerate(
            [(math.nan, JobState.FAILED), (0.6, JobState.COMPLETED), (0.7, JobState.COMPLETED)]
        )
        for tried in server.service.get("fails").candidates
    ]
    board = vendor.leaderboard(job)
    assert [each.name for each in board] == ["stops-2", "stops-1", "stops-0"]
    assert math.isnan(board[-1].score) and board[-1].details["status"] == "Failed"


def test_the_bill_is_estimated_limited_and_told(server, vendor, said, request_):
    hour = price("sagemaker", INSTANCE).dollars
    low, high, formula, date, simulated = vendor.estimate_cost(request_(max_candidates=20))
    assert simulated and date == price("sagemaker", INSTANCE).date
    assert (low, high) == pytest.approx((20 * 3 / 60 * hour, 10 * hour))
    assert "at most 10 at once for 60 minutes" in formula
    limited = request_(max_candidates=4, ceiling=0.5 * hour)
    assert vendor.estimate_cost(limited).high == pytest.approx(0.5 * hour)
    job = vendor.submit(limited)
    [body] = [json.loads(c.body) for c, _ in said if operation(c) == "CreateAutoMLJobV2"]
    limits = body["AutoMLProblemTypeConfig"]["TabularJobConfig"]["CompletionCriteria"]
    assert limits == {"MaxCandidates": 4, "MaxAutoMLJobRuntimeInSeconds": 450}
    done = finish(vendor, job).done
    assert done == 2  # of 3 minutes each, in 7.5 minutes
    spent = vendor.spent(job)
    assert spent.low == spent.high == pytest.approx(2 * 3 / 60 * hour) and spent.simulated


def test_what_amazon_would_refuse_is_not_sent(server, vendor, request_, rows):
    with pytest.raises(UnsupportedMetric, match=r"cannot search for 'log_loss'.*auc, accuracy"):
        vendor.submit(request_(metric="log_loss"))
    with pytest.raises(UnsupportedMetric, match="cannot search for RMSE in a problem of Binary"):
        vendor.submit(request_(metric="rmse"))
    three = rows[:ROWS].assign(sold=np.resize(["a", "b", "c"], ROWS))
    with pytest.raises(UnsupportedMetric, match=r"AUC .* has 3 classes.*F1macro"):
        vendor.submit(Request(three, "sold", "job"))
    with pytest.raises(ValueError, match="20 rows, where 500"):
        vendor.submit(Request(request_().table[:20], "sold", "job"))
    with pytest.raises(ValueError, match=r"ceiling=0.2 pays 10 instances at once: 1.3 min"):
        vendor.submit(request_(ceiling=0.2))
    with pytest.raises(ValueError, match="max_minutes: 1 minutes, where 3"):
        vendor.submit(request_(max_minutes=1))
    with pytest.raises(ValueError, match=r"max_candidates=751: .* 1 to 750"):
        vendor.submit(request_(max_candidates=751))
    for name in ("a" * 33, f"a{'-' * 31}b", "-a", "a_b", ""):
        with pytest.raises(ValueError, match="1 to 32 letters"):
            vendor.submit(request_(name))
    assert not server.calls
    # What only the service finds is shown in its words.
    stars = Request(rows[:ROWS].assign(sold=np.arange(ROWS) % 5), "sold", "stars", metric="rmse")
    assert vendor.submit(stars).details["problem"] == "Regression"
    job = server.service.get("stars").wire["request"]
    job["AutoMLJobInputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] = "s3://theirs/t.csv"
    with pytest.raises(ValueError, match="'stars' is taken by a job of another table"):
        vendor.submit(stars)
    with pytest.raises(CloudError, match=r"simulated service searches for AUC"):
        vendor.submit(request_(metric="F1"))


@pytest.fixture
def poisoned(monkeypatch, tmp_path):
    """A machine whose environment and home folder know accounts, proxies and endpoints."""
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    (home / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = POISONfile\naws_secret_access_key = POISON\n"
        "[chosen]\naws_access_key_id = CHOSEN\naws_secret_access_key = chosen\n"
    )
    (home / ".aws" / "config").write_text(
        f"[default]\nregion = {POISON}\nendpoint_url = http://{POISON}.invalid\n"
        f"sdk_ua_app_id = {POISON}\n[profile empty]\nregion = eu-west-1\n"
    )
    monkeypatch.setenv("HOME", str(home))
    for name in (
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION",
        "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_SDK_UA_APP_ID", "AWS_BEARER_TOKEN_SAGEMAKER",
        "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN", "AWS_CA_BUNDLE",
    ):  # fmt: skip
        monkeypatch.setenv(name, POISON)
    for name in (
        "HTTP_PROXY", "http_proxy", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ):  # fmt: skip
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("AWS_CONFIG_FILE", raising=False)
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE", raising=False)
    return home


def test_a_simulated_client_knows_nothing_of_the_machine(poisoned, server, said, request_, rows):
    for file in (poisoned / ".aws").iterdir():  # so that reading one is an error
        file.write_text("[broken")
    vendor = SageMaker(Simulated(server.url))
    job = vendor.submit(request_(max_candidates=1))
    finish(vendor, job)
    vendor.predict(job, rows[ROWS:])
    for call in server.calls:
        assert POISON not in f"{call.path} {call.query} {dict(call.headers)} {call.body!r}"
        assert "Credential=simulated/" in call.headers["Authorization"]
    # A client whose SDK has another address than its server sends nothing.
    vendor.where, before = Simulated("http://127.0.0.1:9"), len(server.calls)
    with pytest.raises(CloudError, match="nothing was sent"):
        vendor.find("job")
    assert len(server.calls) == before


class Caught(Exception):
    """A request that was about to be sent."""


def test_a_real_account_is_the_named_profile_alone(poisoned, monkeypatch):
    """No request leaves: the SDK's own sender is replaced by one that shows what it was given."""
    sent = []
    body = {"__type": "ExpiredTokenException", "message": "The security token is expired"}

    def send(session, request):
        sent.append((request.url, dict(request.headers)))
        if len(sent) > 1:
            raise Caught
        file = poisoned / ".aws" / "credentials"  # as after `aws sso login`
        file.write_text(file.read_text().replace("CHOSEN", "RENEWED"))
        raw = HTTPResponse(io.BytesIO(json.dumps(body).encode()), preload_content=False)
        return AWSResponse(request.url, 400, {}, raw)

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", send)
    account = AmazonAccount(
        "chosen", "eu-west-1", "tables-of-us", "arn:aws:iam::123456789012:role/automl"
    )
    vendor = connect("sagemaker", account=account)
    assert not vendor.simulated and not sent
    with pytest.raises(Caught):
        vendor.find("job")
    assert {url for url, _ in sent} == {"https://api.sagemaker.eu-west-1.amazonaws.com/"}
    keys = [headers["Authorization"].split(b"/")[0].rpartition(b"=")[2] for _, headers in sent]
    assert keys == [b"CHOSEN", b"RENEWED"]
    with pytest.raises(Caught):
        vendor._put("coursekit/job/train/table.csv", b"a\n")
    url, headers = sent[-1]
    assert url.startswith("https://tables-of-us.s3.eu-west-1.amazonaws.com/coursekit/job/")
    assert headers["x-amz-expected-bucket-owner"] == b"123456789012"

    job = CloudJob("sagemaker", "job", "arn", simulated=False)
    assert vendor.console_url(job).startswith("https://eu-west-1.console.aws.amazon.com/")
    before, other = len(sent), CloudJob("sagemaker", "job", "arn", True, {"metric": "AUC"})
    for ask in (vendor.status, vendor.best, vendor.stop, vendor.spent, vendor.leaderboard):
        with pytest.raises(
            ValueError, match=r"job is a simulated job .* SageMaker Autopilot, real"
        ):
            ask(other)
    assert len(sent) == before


def test_a_profile_without_credentials_is_never_replaced(poisoned):
    role = "arn:aws:iam::123456789012:role/automl"
    with pytest.raises(CloudError, match="aws configure"):
        SageMaker(AmazonAccount("absent", "eu-west-1", "tables", role)).find("job")
    with pytest.raises(CloudError, match="Unable to locate credentials"):
        SageMaker(AmazonAccount("empty", "eu-west-1", "tables", role)).find("job")
    with pytest.raises(ValueError, match="'role'"):
        AmazonAccount("chosen", "eu-west-1", "tables", "role")
    with pytest.raises(ValueError, match="is not on this machine"):
        Simulated("https://api.sagemaker.eu-west-1.amazonaws.com")
    with pytest.raises(TypeError, match="Simulated"):
        SageMaker("http://127.0.0.1:9")
