"""Unmodified azure-identity and azure-mgmt-containerregistry work against the emulator and fail as against Azure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import (
    CertificateCredential,
    ClientSecretCredential,
    CredentialUnavailableError,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)
from azure.mgmt.containerregistry import ContainerRegistryManagementClient

from pytest_acrauth.emulator import Emulator, LoggedRequest
from pytest_acrauth.emulator.scenarios.variants import (
    MACHINE_IDENTITY,
    SUBJECT,
    VARIANTS,
    assertion,
    in_kubernetes,
    on_app_service,
    on_virtual_machine,
    on_virtual_machine_of_its_own,
    with_certificate,
)
from pytest_acrauth.emulator.world.cloud import SUBSCRIPTION, PrivateEndpoint, RoleAssignment
from pytest_acrauth.emulator.world.directory import FederatedCredential
from pytest_acrauth.emulator.world.healthy import CLIENT, OTHER_SUBSCRIPTION, PRINCIPAL, TENANT

GROUP = "rg-registries"
SCOPE = "https://containerregistry.azure.net/.default"


class Sdk:
    """Makes the SDKs' objects with nothing changed but proxy and trusted authority."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        bundle = folder / "ca.pem"
        bundle.write_text(emulator.ca_pem, encoding="ascii")
        self.emulator = emulator
        self.transport: dict[str, Any] = {
            "proxies": {"https": emulator.proxy_url},
            "connection_verify": str(bundle),
            "retry_total": 0,
        }

    def credential(self) -> Any:
        """Return the credential that the environment is for."""
        environ, more = self.emulator.environ, {**self.transport, "disable_instance_discovery": True}
        if "AZURE_CLIENT_CERTIFICATE_PATH" in environ:
            return CertificateCredential(TENANT, CLIENT, environ["AZURE_CLIENT_CERTIFICATE_PATH"], **more)
        if "AZURE_FEDERATED_TOKEN_FILE" in environ:
            token_file = environ["AZURE_FEDERATED_TOKEN_FILE"]
            return WorkloadIdentityCredential(tenant_id=TENANT, client_id=CLIENT, token_file_path=token_file, **more)
        if "AZURE_CLIENT_SECRET" in environ:
            return ClientSecretCredential(TENANT, CLIENT, environ["AZURE_CLIENT_SECRET"], **more)
        return ManagedIdentityCredential(retry_total=0)

    def management(self, subscription: str = SUBSCRIPTION) -> ContainerRegistryManagementClient:
        """Return the management client."""
        return ContainerRegistryManagementClient(self.credential(), subscription, **self.transport)


@pytest.fixture
def sdk(emulator: Emulator, tmp_path: Path) -> Iterator[Sdk]:
    """Return the maker of clients for the healthy world."""
    return Sdk(emulator, tmp_path)


@pytest.fixture
def told(sdk: Sdk, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what changes the world and tells this process's environment, which azure-identity reads by itself."""

    def change(*changes: Any) -> None:
        sdk.emulator.change(*changes)
        for name in ("AZURE_POD_IDENTITY_AUTHORITY_HOST", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
            if name in sdk.emulator.environ:
                monkeypatch.setenv(name, sdk.emulator.environ[name])
            else:
                monkeypatch.delenv(name, raising=False)

    return change


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.__name__)
def test_every_healthy_identity_gets_a_token(sdk, told, variant):
    """A certificate, a cluster's service account and each kind of managed identity get a token of their own."""
    told(variant)
    with sdk.credential() as credential:
        claims = jwt.decode(credential.get_token(SCOPE).token, options={"verify_signature": False})
    of_azure = variant.__name__.startswith("on_")
    assert claims["appid"] == (MACHINE_IDENTITY if of_azure else CLIENT)
    assert ("xms_mirid" in claims) is of_azure
    assert (claims["tid"], claims["aud"]) == (TENANT, "https://containerregistry.azure.net")
    held = {each.role for each in sdk.emulator.world.cloud.assigned(claims["oid"])}
    assert "AcrPull" in held


def test_certificate_of_nobody(sdk, told):
    """A certificate that the application does not have, or no longer has, is refused by number."""
    told(with_certificate)
    sdk.emulator.world.cloud.applications[CLIENT].certificates.clear()
    with sdk.credential() as credential, pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        credential.get_token(SCOPE)


@pytest.mark.parametrize(
    ("field", "code"), [("issuer", "AADSTS700211"), ("subject", "AADSTS700213"), ("audience", "AADSTS700212")]
)
def test_federated_credential_must_match(sdk, told, field, code):
    """An assertion whose issuer, subject or audience is not on record is refused by the number of what differs."""
    told(in_kubernetes)
    application = sdk.emulator.world.cloud.applications[CLIENT]
    (record,) = application.federated
    parts = {"issuer": record.issuer, "subject": record.subject, "audience": record.audience, field: "another"}
    application.federated[:] = [FederatedCredential(**parts)]
    with sdk.credential() as credential, pytest.raises(ClientAuthenticationError, match=code):
        credential.get_token(SCOPE)


def test_assertions_that_prove_nothing(sdk, told):
    """An assertion that has ended, of an issuer that cannot be asked, or to an application without records, fails."""
    told(in_kubernetes)
    cloud, path = sdk.emulator.world.cloud, Path(sdk.emulator.environ["AZURE_FEDERATED_TOKEN_FILE"])
    (record,) = cloud.applications[CLIENT].federated
    path.write_text(assertion(cloud, record, life=-60.0), encoding="ascii")
    with sdk.credential() as credential, pytest.raises(ClientAuthenticationError, match="AADSTS700024"):
        credential.get_token(SCOPE)
    path.write_text(assertion(cloud, record), encoding="ascii")
    cloud.assertion_issuers.clear()
    with sdk.credential() as credential, pytest.raises(ClientAuthenticationError, match="AADSTS90061"):
        credential.get_token(SCOPE)
    cloud.applications[CLIENT].federated.clear()
    with sdk.credential() as credential, pytest.raises(ClientAuthenticationError, match="AADSTS70025"):
        credential.get_token(SCOPE)
    assert record.subject == SUBJECT


def test_machine_without_the_identity(sdk, told):
    """Instance metadata has no token for an identity that is not assigned, in either form."""
    told(on_virtual_machine, lambda world: world.machine.identities.clear())
    with sdk.credential() as credential, pytest.raises(CredentialUnavailableError, match="Identity not found"):
        credential.get_token(SCOPE)
    told(on_app_service, lambda world: world.machine.identities.clear())
    with sdk.credential() as credential, pytest.raises(ClientAuthenticationError, match="Managed Identity found"):
        credential.get_token(SCOPE)


def test_machine_with_two_identities(sdk, told):
    """With two user-assigned identities one must be named, by client id or resource id."""

    def second(world):
        on_virtual_machine(world)
        world.machine.identities.append(CLIENT)

    told(second)
    multiple = "Multiple user assigned identities exist"
    with (
        ManagedIdentityCredential(retry_total=0) as credential,
        pytest.raises(CredentialUnavailableError, match=multiple),
    ):
        credential.get_token(SCOPE)
    resource_id = sdk.emulator.world.cloud.applications[MACHINE_IDENTITY].resource_id
    for named in ({"client_id": MACHINE_IDENTITY}, {"identity_config": {"resource_id": resource_id}}):
        with ManagedIdentityCredential(retry_total=0, **named) as credential:
            assert credential.get_token(SCOPE).token


def test_machine_outside_azure_has_no_metadata(emulator):
    """The healthy machine is not in Azure: nothing answers at the address of instance metadata."""
    with pytest.raises(OSError, match="unreachable"):
        emulator.machine.dial("169.254.169.254", 80, 1.0)
    assert not {"AZURE_POD_IDENTITY_AUTHORITY_HOST", "IDENTITY_ENDPOINT"} & set(emulator.environ)
    emulator.change(on_virtual_machine_of_its_own)
    with emulator.machine.dial("169.254.169.254", 80, 1.0) as connection:
        connection.sendall(b"GET /metadata/identity/oauth2/token HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 400"
    assert emulator.requests[-1] == LoggedRequest("169.254.169.254", "GET", "/metadata/identity/oauth2/token", 400)


def test_management_client_reads_a_registry(sdk):
    """The management client gets and lists registries, and everything below one, with typed values."""
    registry = sdk.emulator.world.cloud.registries["myacr"]
    registry.private_endpoints.append(PrivateEndpoint("pe", "10.1.0.5", "Pending"))
    with sdk.management() as client:
        found = client.registries.get(GROUP, "myacr")
        assert (found.login_server, found.admin_user_enabled) == ("myacr.azurecr.io", True)
        assert (found.public_network_access, found.role_assignment_mode) == ("Enabled", "LegacyRegistryPermissions")
        assert (found.data_endpoint_enabled, found.anonymous_pull_enabled, found.sku.name) == (False, False, "Premium")
        assert found.creation_date is not None
        assert [each.name for each in client.registries.list()] == ["myacr", "otheracr"]
        assert [each.name for each in client.registries.list_by_resource_group(GROUP)] == ["myacr", "otheracr"]
        token = client.tokens.get(GROUP, "myacr", "puller")
        assert (token.status, len(token.credentials.passwords)) == ("enabled", 2)
        assert token.credentials.passwords[0].expiry is not None
        assert [each.name for each in client.tokens.list(GROUP, "myacr")] == ["puller"]
        assert "repositories/team/app/content/read" in client.scope_maps.get(GROUP, "myacr", "app-pull").actions
        assert len(list(client.scope_maps.list(GROUP, "myacr"))) == 3
        (endpoint,) = client.private_endpoint_connections.list(GROUP, "myacr")
        assert endpoint.private_link_service_connection_state.status == "Pending"
        assert [each.location for each in client.replications.list(GROUP, "myacr")] == ["eastus"]
    assert {request.host for request in sdk.emulator.requests} == {"login.microsoftonline.com", "management.azure.com"}


def test_management_client_says_why_not(sdk):
    """The management client reports a missing thing as not found and a missing right with ARM's own words."""
    cloud = sdk.emulator.world.cloud
    with sdk.management() as client:
        with pytest.raises(ResourceNotFoundError, match="The resource none could not be found"):
            client.tokens.get(GROUP, "myacr", "none")
        with pytest.raises(HttpResponseError, match="does not have authorization to perform action") as caught:
            client.registries.check_name_availability(
                {"name": "myacr", "type": "Microsoft.ContainerRegistry/registries"}
            )
        assert caught.value.error.code == "AuthorizationFailed"
        cloud.assignments.append(RoleAssignment(PRINCIPAL, "Reader", f"/subscriptions/{SUBSCRIPTION}"))
        name = {"name": "myacr", "type": "Microsoft.ContainerRegistry/registries"}
        assert client.registries.check_name_availability(name).name_available is False
    with sdk.management(OTHER_SUBSCRIPTION) as client:
        assert list(client.registries.list()) == []
