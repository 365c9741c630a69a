"""Unmodified azure-identity in an emulated job of Azure Pipelines, and what GitHub's runner gives a job to ask with."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AzurePipelinesCredential, CredentialUnavailableError

from pytest_acrauth.auth import choose
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Certainty
from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.emulator import Emulator
from pytest_acrauth.emulator.scenarios.variants import (
    GITHUB_HOST,
    MAIN_BRANCH,
    PIPELINES_HOST,
    in_azure_pipeline,
    in_github_job,
)
from pytest_acrauth.emulator.world.healthy import CLIENT, TENANT
from pytest_acrauth.emulator.world.jobs import ENTRAS_EXCHANGE
from pytest_acrauth.model.target import Registry, Target
from pytest_acrauth.running.run import Run

SCOPE = "https://containerregistry.azure.net/.default"
NAMES = ("TENANT_ID", "CLIENT_ID", "SERVICE_CONNECTION_ID")


@pytest.fixture
def credential(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], AzurePipelinesCredential]:
    """Deliver the maker of the credential that a step of the emulated pipeline would make."""
    emulator.change(in_azure_pipeline)
    bundle = tmp_path / "ca.pem"
    bundle.write_text(emulator.ca_pem, encoding="ascii")

    def make() -> AzurePipelinesCredential:
        environ = emulator.environ
        monkeypatch.setenv("SYSTEM_OIDCREQUESTURI", environ["SYSTEM_OIDCREQUESTURI"])
        tenant, client, connection = (environ[f"AZURESUBSCRIPTION_{name}"] for name in NAMES)
        return AzurePipelinesCredential(
            tenant_id=tenant,
            client_id=client,
            service_connection_id=connection,
            system_access_token=environ["SYSTEM_ACCESSTOKEN"],
            proxies={"https": emulator.proxy_url},
            connection_verify=str(bundle),
            retry_total=0,
            disable_instance_discovery=True,
        )

    return make


def test_a_pipeline_gets_a_token(emulator: Emulator, credential: Callable[[], AzurePipelinesCredential]) -> None:
    """Azure's own credential gets an Entra token by the service connection, with the request that this plugin sends."""
    claims = jwt.decode(credential().get_token(SCOPE).token, options={"verify_signature": False})
    assert (claims["appid"], claims["tid"]) == (CLIENT, TENANT)
    (asked,) = [each for each in emulator.requests if each.host == PIPELINES_HOST]
    assert (asked.method, asked.status) == ("POST", 200)


def test_what_azures_credential_says(emulator: Emulator, credential: Callable[[], AzurePipelinesCredential]) -> None:
    """What it prints of a refusal is known, and leaves open what a climb tells apart."""
    emulator.environ["SYSTEM_ACCESSTOKEN"] = "of-another-job"
    with pytest.raises(ClientAuthenticationError) as caught:
        credential().get_token(SCOPE)
    (found,) = recognise(str(caught.value))
    assert found.symptom.id == "id-token-failed"
    assert {mode.id for mode in found.candidates} >= {"ci-id-token-refused", "ci-request-token-expired"}


def test_what_azures_credential_says_outside_a_pipeline(
    credential: Callable[[], AzurePipelinesCredential], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It misses the variable that the system sets."""
    made = credential()
    monkeypatch.delenv("SYSTEM_OIDCREQUESTURI")
    with pytest.raises(CredentialUnavailableError) as caught:
        made.get_token(SCOPE)
    (found,) = recognise(str(caught.value))
    assert [mode.id for mode in found.candidates] == ["ci-id-token-not-permitted"]


@pytest.mark.parametrize(
    ("slow", "causes", "certainty"),
    [
        (3600.0, {"entra-fic-assertion-expired", "clock-skew"}, Certainty.ONE_OF),
        (-3600.0, {"clock-skew"}, Certainty.PROVEN),
    ],
)
def test_a_system_with_a_wrong_clock(emulator: Emulator, slow: float, causes: set[str], certainty: Certainty) -> None:
    """An id token that had ended when it came may be an old one or of a slow clock; one of the future is of a clock."""
    emulator.change(in_github_job)
    emulator.world.cloud.jobs[GITHUB_HOST].slow = slow
    my = Registry.parse("myacr")
    (chosen,) = choose(["github-actions"], emulator.environ, [my])
    (found,) = diagnose(Run(emulator.machine).check([Target(my, chosen.identity)])[0])
    assert {mode.id for mode in found.candidates} == causes
    assert found.certainty is certainty


class Asking:
    """Asks a host of the emulator as a plain client does."""

    def __init__(self, emulator: Emulator) -> None:
        context = ssl.create_default_context(cadata=emulator.ca_pem)
        proxy = urllib.request.ProxyHandler({"https": emulator.proxy_url})

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_: Any) -> None:
                return None

        self._opener = urllib.request.build_opener(proxy, urllib.request.HTTPSHandler(context=context), Stay)

    def __call__(self, method: str, url: str, **headers: str) -> tuple[int, bytes, str]:
        """Return status, body and where it leads."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = b"" if method == "POST" else None
        request = urllib.request.Request(url, data, named, method=method)  # noqa: S310 - an https address of ours
        try:
            with self._opener.open(request, timeout=10) as answer:
                return answer.status, answer.read(), ""
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers.get("Location", "")


def test_githubs_runner(emulator: Emulator) -> None:
    """A job asks for any audience with its request token, and gets a token of its branch; nobody else gets one."""
    emulator.change(in_github_job)
    ask, environ = Asking(emulator), emulator.environ
    url = environ["ACTIONS_ID_TOKEN_REQUEST_URL"]
    token = f"bearer {environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"
    status, body, _ = ask("GET", f"{url}&audience=api%3A%2F%2Fexample", Authorization=token)
    claims = jwt.decode(json.loads(body)["value"], options={"verify_signature": False})
    assert status == 200
    assert (claims["iss"], claims["sub"]) == ("https://token.actions.githubusercontent.com", MAIN_BRANCH)
    assert claims["aud"] == "api://example"
    assert ask("GET", url, Authorization="bearer of-another-job")[0] == 401
    assert ask("GET", url)[0] == 401
    assert ask("GET", f"https://{GITHUB_HOST}/elsewhere", Authorization=token)[0] == 404
    emulator.world.cloud.jobs[GITHUB_HOST].ends = 0.0
    assert ask("GET", url, Authorization=token)[0] == 401


def test_azure_devops(emulator: Emulator) -> None:
    """Only a POST is answered; who is not known is sent to a page for people, unless that is not wanted."""
    emulator.change(in_azure_pipeline)
    ask, environ = Asking(emulator), emulator.environ
    connection = environ["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"]
    url = f"{environ['SYSTEM_OIDCREQUESTURI']}?api-version=7.1&serviceConnectionId={connection}"
    token = f"Bearer {environ['SYSTEM_ACCESSTOKEN']}"
    status, body, _ = ask("POST", url, Authorization=token)
    claims = jwt.decode(json.loads(body)["oidcToken"], options={"verify_signature": False})
    assert status == 200
    assert claims["iss"] == f"https://login.microsoftonline.com/{TENANT}/v2.0"
    assert claims["sub"].startswith("/eid1/")
    assert claims["sub"].endswith(connection)
    assert claims["aud"] == ENTRAS_EXCHANGE
    status, body, _ = ask("GET", url, Authorization=token)
    assert (status, json.loads(body)["value"]["Message"]) == (
        405,
        "The requested resource does not support http method 'GET'.",
    )
    status, _, location = ask("POST", url, Authorization="Bearer of-another-job")
    assert (status, location.partition("?")[0]) == (302, "https://spsprodcus3.vssps.visualstudio.com/_signin")
    refused = ask("POST", url, Authorization="Bearer of-another-job", X_TFS_FedAuthRedirect="Suppress")
    assert refused == (401, b"", "")
    assert ask("POST", url.replace(connection, "0"), Authorization=token)[0] == 404
