"""What the management plane answers, before anything of it is kept."""

from __future__ import annotations

import json

import pytest

from pytest_acrauth.model.observation import Reply
from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.model.target import CLOUDS
from pytest_acrauth.probes.http.client import Response
from pytest_acrauth.probes.management.plane import CouldNotLook, Plane, content_of

SECRET = "planted-client-secret"


@pytest.mark.parametrize(
    "error",
    [
        {"code": {f"see {SECRET} there": True}},
        {"code": f"see {SECRET} there"},
        {"code": [SECRET]},
        {"message": {SECRET: SECRET}},
        {SECRET: SECRET},
    ],
)
def test_a_refusal_keeps_no_secret(error: object) -> None:
    """Wherever a peer says it again, as a name too and in the place of a text."""
    secrets = Secrets()
    secrets.add(SECRET)
    refused = Response(Reply("GET", "https://management.azure.com/", 401), json.dumps({"error": error}).encode())
    with pytest.raises(CouldNotLook) as told:
        content_of(refused, "management.azure.com", secrets)
    assert SECRET not in str(told.value)


def test_names_in_an_answer_keep_no_secret() -> None:
    """What is looked up by name is found by it, and a name that is a secret is none."""
    secrets = Secrets()
    secrets.add(SECRET)
    found = Response(Reply("GET", "https://management.azure.com/", 200), json.dumps({"id": "x", SECRET: 1}).encode())
    assert SECRET not in str(content_of(found, "management.azure.com", secrets))


@pytest.mark.parametrize("path", ["https://[/x", "[", ".evil.example/x", "@evil.example/x", ":444/x"])
def test_what_is_no_address_of_the_plane_is_not_asked(path: str) -> None:
    """A resource's id comes from an answer, and may make anything of the address."""
    cloud = CLOUDS[0]
    plane = Plane(None, cloud, Secrets(), lambda _: Secret("token"))  # type: ignore[arg-type] # nothing is sent
    with pytest.raises(CouldNotLook, match="not asked"):
        plane.ask_arm(path, "2022-04-01")
