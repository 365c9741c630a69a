"""Unmodified Azure SDKs, sent through the emulator's proxy, work and fail as against Azure."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.containerregistry import ContainerRegistryClient
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential

from pytest_acrauth.emulator import Emulator

AUTHORITY = "login.microsoftonline.com"
LOGIN_SERVER = "myacr.azurecr.io"
# azure-containerregistry drops answers to streaming requests unread, and their connections with them.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
BLOB_HOST = "eusmanaged1.blob.core.windows.net"


class Sdk:
    """Makes the SDK's clients with nothing changed but proxy and trusted authority."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        bundle = folder / "ca.pem"
        bundle.write_text(emulator.ca_pem, encoding="ascii")
        self._environ = emulator.environ
        self._transport: dict[str, Any] = {
            "proxies": {"https": emulator.proxy_url},
            "connection_verify": str(bundle),
            "retry_total": 0,
        }

    def credential(self, *, disable_instance_discovery: bool = True) -> ClientSecretCredential:
        """Return a credential over the environment's service principal."""
        return ClientSecretCredential(
            self._environ["AZURE_TENANT_ID"],
            self._environ["AZURE_CLIENT_ID"],
            self._environ["AZURE_CLIENT_SECRET"],
            disable_instance_discovery=disable_instance_discovery,
            **self._transport,
        )

    def client(self, credential: ClientSecretCredential | None) -> ContainerRegistryClient:
        """Return a registry client; without a credential it is anonymous."""
        return ContainerRegistryClient(f"https://{LOGIN_SERVER}", credential, **self._transport)


@pytest.fixture
def sdk(emulator: Emulator, tmp_path: Path) -> Iterator[Sdk]:
    """Return the maker of clients for the healthy world."""
    yield Sdk(emulator, tmp_path)
    gc.collect()


def paths(emulator: Emulator) -> list[str]:
    """Return the paths asked for so far, without the tenant."""
    return [request.path.removeprefix(f"/{emulator.environ['AZURE_TENANT_ID']}") for request in emulator.requests]


@pytest.mark.parametrize("without_discovery", [True, False])
def test_identity_gets_a_token(emulator, sdk, without_discovery):
    """azure-identity gets a token in two requests on one connection, instance discovery allowed or not."""
    with sdk.credential(disable_instance_discovery=without_discovery) as credential:
        assert credential.get_token("https://containerregistry.azure.net/.default").token.count(".") == 2
    assert paths(emulator) == ["/v2.0/.well-known/openid-configuration", "/oauth2/v2.0/token"]
    assert emulator.connections == [AUTHORITY]


@pytest.mark.parametrize("without_discovery", [True, False])
@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("entra-sp-secret-wrong", "AADSTS7000215"),
        ("entra-sp-secret-expired", "AADSTS7000222"),
        ("entra-app-not-found", "AADSTS700016"),
    ],
)
def test_identity_reports_the_number(emulator, sdk, scenario, code, without_discovery):
    """azure-identity's own error carries Entra's number, also where MSAL asks instance discovery afterwards."""
    emulator.apply(scenario)
    credential = sdk.credential(disable_instance_discovery=without_discovery)
    with credential, pytest.raises(ClientAuthenticationError, match=code):
        credential.get_token("https://containerregistry.azure.net/.default")
    asked = ["/v2.0/.well-known/openid-configuration", "/oauth2/v2.0/token", "/common/discovery/instance"]
    assert paths(emulator) == asked[: 2 if without_discovery else 3]


def test_registry_client_lists_and_pulls(emulator, sdk):
    """azure-containerregistry lists repositories and tags, reads properties and a manifest, downloads a layer."""
    with sdk.credential() as credential, sdk.client(credential) as client:
        assert list(client.list_repository_names()) == ["team/app", "team/multi"]
        assert client.get_repository_properties("team/app").tag_count == 1
        (tag,) = client.list_tag_properties("team/app")
        assert client.get_tag_properties("team/app", "latest").digest == tag.digest
        assert len(list(client.list_manifest_properties("team/multi"))) == 4
        assert client.get_manifest_properties("team/app", "latest").architecture == "amd64"
        found = client.get_manifest("team/app", "latest")
        assert found.digest == tag.digest
        layer = found.manifest["layers"][0]
        content = b"".join(client.download_blob("team/app", layer["digest"]))
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == layer["digest"]
    assert {host: emulator.connections.count(host) for host in (AUTHORITY, BLOB_HOST)} == {AUTHORITY: 1, BLOB_HOST: 1}
    assert [request.status for request in emulator.requests if request.host == BLOB_HOST] == [206]
    assert {request.host for request in emulator.requests} == {AUTHORITY, LOGIN_SERVER, BLOB_HOST}


def test_registry_client_pages(sdk):
    """azure-containerregistry follows the link from page to page."""
    with sdk.credential() as credential, sdk.client(credential) as client:
        pages = client.list_repository_names(results_per_page=1).by_page()
        assert [list(page) for page in pages] == [["team/app"], ["team/multi"]]


def test_registry_client_says_what_is_missing(sdk):
    """azure-containerregistry reports a missing tag and a missing manifest as not found."""
    with sdk.credential() as credential, sdk.client(credential) as client:
        with pytest.raises(ResourceNotFoundError, match="the specified tag does not exist"):
            client.get_tag_properties("team/app", "none")
        with pytest.raises(ResourceNotFoundError, match="manifest sha256:00 is not found"):
            client.get_manifest_properties("team/app", "sha256:00")
        with pytest.raises(ResourceNotFoundError):
            client.get_manifest("team/app", "none")


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("exchange-no-role", "authentication required"),
        ("firewall-ip-denied", "client with IP '198.51.100.7' is not allowed access"),
        ("exchange-throttled", "too many requests"),
    ],
)
def test_registry_client_reports_the_refusal(emulator, sdk, scenario, words):
    """azure-containerregistry fails with the registry's own words where the registry refuses."""
    emulator.apply(scenario)
    with (
        sdk.credential() as credential,
        sdk.client(credential) as client,
        pytest.raises(HttpResponseError, match=words),
    ):
        list(client.list_repository_names())


def test_anonymous_client(emulator, sdk):
    """Without a credential azure-containerregistry reads exactly where anonymous pull is on."""
    with sdk.client(None) as client:
        with pytest.raises(ClientAuthenticationError, match="authentication required"):
            client.get_manifest("team/app", "latest")
        emulator.world.cloud.registries["myacr"].anonymous_pull = True
        assert client.get_manifest("team/app", "latest").manifest["layers"]
