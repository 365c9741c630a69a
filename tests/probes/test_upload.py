"""The upload that proves push: opened, cancelled, and nothing left behind or sent elsewhere."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
import respx
from standing_in import BASE, SERVICE_PRINCIPAL, access_token, climb, target

from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.model.stage import Rung, Stage
from pytest_acrauth.model.target import Target
from pytest_acrauth.model.transcript import Transcript

UPLOAD = Rung(Stage.UPLOAD, "team/app")
BEGIN, SESSION = f"{BASE}/v2/team/app/blobs/uploads/", f"{BASE}/v2/team/app/blobs/uploads/session-1?_state=x"


def pushing() -> Target:
    """Return a target that must push, and is to prove it."""
    return replace(target(SERVICE_PRINCIPAL, "team/app"), must=("pull", "push"), prove_push=True)


@pytest.fixture
def registry(cloud: respx.MockRouter) -> respx.MockRouter:
    """Deliver a registry that grants push, and accepts and cancels uploads."""
    cloud["post_token"].respond(200, json=access_token("pull", "push"))
    cloud.post(BEGIN, name="begin").respond(202, headers={"Location": SESSION.removeprefix(BASE)})
    cloud.delete(url__startswith=f"{BEGIN}session-1", name="cancel").respond(204)
    return cloud


def test_an_upload_is_opened_and_cancelled(registry: respx.MockRouter) -> None:
    """With the token that the registry issued, and without a byte of content."""
    seen = climb(pushing())
    assert list(seen.broken()) == []
    assert seen.accesses[0].upload is not None
    assert seen.accesses[0].upload.left_open == ""
    begun, ended = registry["begin"].calls.last.request, registry["cancel"].calls.last.request
    assert begun.content == b""
    assert str(ended.url) == SESSION
    assert begun.headers["authorization"] == ended.headers["authorization"]
    assert Transcript.from_json(seen.to_json()) == seen


@pytest.mark.parametrize("must", [("pull",), ("pull", "push")])
def test_nobody_uploads_unasked(registry: respx.MockRouter, must: tuple[str, ...]) -> None:
    """Without the option, or where push need not be held, the token alone is read."""
    seen = climb(replace(pushing(), must=must, prove_push="push" not in must))
    assert UPLOAD not in seen.target.rungs
    assert not registry["begin"].called


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(500, text="no"), "500 no"),
        (httpx.Response(405, json={"errors": [{"code": "UNSUPPORTED", "message": "not here"}]}), "405 "),
        (httpx.ConnectError("gone"), "gone"),
    ],
)
def test_an_upload_that_is_not_cancelled_is_told(
    registry: respx.MockRouter, answer: httpx.Response | Exception, words: str
) -> None:
    """The right is proven all the same."""
    if isinstance(answer, Exception):
        registry["cancel"].side_effect = answer
    else:
        registry["cancel"].return_value = answer
    seen = climb(pushing())
    assert list(seen.broken()) == []
    assert seen.accesses[0].upload is not None
    assert words in seen.accesses[0].upload.left_open


def test_an_upload_that_ended_meanwhile_is_fine(registry: respx.MockRouter) -> None:
    """What is not there any more needs no cancelling."""
    registry["cancel"].respond(404)
    upload = climb(pushing()).accesses[0].upload
    assert upload is not None
    assert upload.left_open == ""


@pytest.mark.parametrize(
    "location", ["", "https://evil.example/v2/team/app/blobs/uploads/1", "http://myacr.azurecr.io/v2/x", "https://[x/y"]
)
def test_a_session_elsewhere_is_none(registry: respx.MockRouter, location: str) -> None:
    """Nothing is sent to a place that is not the login server's own."""
    registry["begin"].respond(202, headers={"Location": location} if location else {})
    seen = climb(pushing())
    assert list(seen.broken()) == [UPLOAD]
    assert not registry["cancel"].called
    assert {call.request.url.host for call in registry.calls} <= {
        "myacr.azurecr.io",
        "login.microsoftonline.com",
        "store.blob.core.windows.net",
    }
    (found,) = diagnose(seen)
    assert found.symptom.id == "answer-of-another-kind"  # no registry says yes so


@pytest.mark.parametrize(
    ("status", "code", "message", "cause"),
    [
        (
            405,
            "UNSUPPORTED",
            "The operation is disallowed on this registry, repository or image.",
            "operation-disallowed",
        ),
        (429, "TOOMANYREQUESTS", "too many requests", "registry-throttled"),
    ],
)
def test_a_refused_upload_has_its_cause(
    registry: respx.MockRouter, status: int, code: str, message: str, cause: str
) -> None:
    """What a token does not tell, an upload does."""
    headers = {"X-Ms-Correlation-Request-Id": "0f0f0f0f-1111-2222-3333-444444444444"}
    registry["begin"].respond(status, headers=headers, json={"errors": [{"code": code, "message": message}]})
    seen = climb(pushing())
    assert list(seen.broken()) == [UPLOAD]
    (found,) = diagnose(seen)
    assert found.mode is not None
    assert found.mode.id == cause
