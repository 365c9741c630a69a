# ruff: noqa: E501 - a text is one line, as it is printed
"""What az, Terraform and docker print where a policy, the network or the image's name sends them elsewhere."""

from __future__ import annotations

import pytest

from pytest_acrauth.diagnosis.conclusion import Certainty
from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.report.explanation import headline

PLANE = "HTTPSConnectionPool(host='management.azure.com', port=443): Max retries exceeded with url:"
LIST = f"{PLANE} /subscriptions/x/resources?$filter=resourceType%20eq%20%27Microsoft.ContainerRegistry%2Fregistries%27 (Caused by"
REFUSED = "WARNING: Unable to get AAD authorization tokens with message: An error occurred: CONNECTIVITY_REFRESH_TOKEN_ERROR\nAccess to registry 'myacr.azurecr.io' was denied. Response code: 401."
NOTE = "WARNING: Note: The token in both the accessToken and refreshToken fields is an ACR Refresh Token"
TO_HUB = "The push refers to repository [docker.io/team/app]\n5f70bf18a086: Preparing\ndenied: requested access to the resource is denied"

TOLD = [
    ("arm-denied-by-policy", "creating Registry: unexpected status 403 with error: RequestDisallowedByPolicy: Resource 'myacr' was disallowed by policy. with azurerm_container_registry.acr"),
    ("arm-denied-by-policy", '{"code":"RequestDisallowedByPolicy","message":"Resource \'myacr\' was disallowed by policy. Policy identifiers: \'[{"policyAssignment":{"name":"No local admin on a Container Registry"}}]\'."}'),
    ("arm-denied-by-policy", "Resource '/subscriptions/x/providers/Microsoft.ContainerRegistry/registries/myacr/tokens/t' was disallowed by policy."),
    ("arm-unreachable", 'Get "https://management.azure.com/subscriptions/x/providers/Microsoft.ContainerRegistry/registries/myacr": dial tcp: lookup management.azure.com on 10.0.0.2:53: no such host'),
    ("arm-unreachable", f"{LIST} NewConnectionError('<HTTPSConnection object at 0x7f>: Failed to establish a new connection: [Errno 110] Connection timed out'))"),
    ("arm-unreachable", f"az acr login -n myacr\n{PLANE} /x (Caused by ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 403 Forbidden')))"),
    ("arm-unreachable", "az acr show -n myacr --cloud AzureChinaCloud: HTTPSConnection(host='management.chinacloudapi.cn', port=443): Failed to resolve 'management.chinacloudapi.cn'"),
    ("client-wrong-registry-host", 'Failed to pull image "myacr.azurcr.io/app:1": failed to do request: dial tcp: lookup myacr.azurcr.io: no such host'),
    ("client-wrong-registry-host", 'Get "https://myacr.azurecr.com/v2/": net/http: request canceled (Client.Timeout exceeded while awaiting headers)'),
    ("client-wrong-registry-host", f"$ az acr login --name myacr\nLogin Succeeded\n$ docker push team/app:v1\n{TO_HUB}"),
    ("client-wrong-registry-host", "The push refers to repository [docker.io/library/myacr.azurecr.io]\n5f70bf18a086: Waiting\ndenied: requested access to the resource is denied"),
    ("client-wrong-registry-host", 'failed to resolve reference "docker.io/library/myacr.azurecr.io:latest": pull access denied, repository does not exist'),
    ("client-wrong-registry-host", "pull access denied for myacr.azurecr.io, repository does not exist or may require 'docker login'"),
    ("client-wrong-registry-host", "reading tags for myacr.azurecr.io: UNAUTHORIZED: authentication required; [map[Action:pull Class: Name:library/myacr.azurecr.io Type:repository]]"),
    ("client-login-masked-by-admin-fallback", f"{REFUSED}\nLogin Succeeded"),
    ("client-login-masked-by-admin-fallback", "WARNING: Unable to get AAD authorization tokens with message: AADSTS7000222: The secret keys are expired.\nLogin Succeeded"),
    ("client-expose-token-returned-admin-password", f'{REFUSED}\n{NOTE}\n{{"accessToken": "***"}}'),
    ("client-current-folder-gone", "ERROR: Unable to verify binary path safety."),
    ("connected-registry-password-wrong", '{"errors":[{"code":"UNAUTHORIZED","message":"Incorrect Password","detail":"See https://aka.ms/acr#UNAUTHORIZED"}]}'),
    ("connected-registry-already-active", "Failed to activate the connected registry as it is already activated by another instance."),
    ("cmk-key-inaccessible", "az acr encryption rotate-key: The user does not have keys get permission on key vault 'v;location=westeurope'."),
    ("cmk-key-inaccessible", "azurerm_container_registry.acr: Operation wrapKey is not allowed on a disabled key."),
]  # fmt: skip

QUIET = [
    "(RequestDisallowedByPolicy) Resource 'aks1' was disallowed by policy. '[{\"name\":\"Kubernetes cluster containers should only use allowed images\"}]'",
    "az vm create -n vm1: (RequestDisallowedByPolicy) Resource 'vm1' was disallowed by policy. Reasons: 'Allowed locations'",
    "azurerm_storage_account.a: RequestDisallowedByPolicy: Resource 'st' was disallowed by policy",
    f"az vm list: {PLANE} /x (Caused by NewConnectionError('Failed to establish a new connection: [Errno 111] Connection refused'))",
    'Get "https://management.example.com/registries/x": dial tcp: lookup management.example.com: no such host',
    f"{LIST} SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate')))",
    f"docker login -u me\nLogin Succeeded\n{TO_HUB}",
    f"az acr login -n myacr\nLogin Succeeded\nThe push refers to repository [myacr.azurecr.io/app]\nlatest: digest: sha256:1 size: 1\n{TO_HUB}",
    f"az acr login -n myacr\nLogin Succeeded\ndocker login -u hub\nLogin Succeeded\n{TO_HUB}",
    "The image is called myacr.azureacr.io/app in the example.",
    "The push refers to repository [docker.io/library/myacr]\n5f70bf18a086: Waiting\ndenied: requested access to the resource is denied",
    "pull access denied for docker.io/library/azurecr.io.tools, repository does not exist",
    "docker tag app docker.io/library/myacr.azurecr.io\ndocker image ls",
    'Get "https://registry.azurecr.io.example.com/v2/": dial tcp: lookup registry.azurecr.io.example.com: no such host',
    "The application does not have keys get permission on key vault 'v;location=westeurope'",
    "azurerm_storage_account_customer_managed_key.k: Client address is not authorized and caller is not a trusted service.",
    '{"code":"ALREADY_ACTIVATED","message":"Card already activated"}',
    "UNAUTHORIZED: Incorrect Password for https://nexus.example.com/repository",
    "Unable to get tokens for the AWS role\nLogin Succeeded",
    '{"accessToken": "***", "refreshToken": "***"}',
    "Unable to verify binary signature.",
]  # fmt: skip


@pytest.mark.parametrize(("mode", "text"), TOLD, ids=lambda value: value[:60])
def test_it_is_told(mode: str, text: str) -> None:
    """Its cause is named alone, whatever else the text shows."""
    assert mode in [found.mode.id for found in recognise(text) if found.mode is not None]


@pytest.mark.parametrize("text", QUIET, ids=lambda text: text[:60])
def test_what_is_said_of_something_else_gives_nothing(text: str) -> None:
    """The same words about another service, another host or a registry of somebody else's."""
    assert [headline(found) for found in recognise(text)] == []


def test_a_push_to_docker_hub_is_no_proof() -> None:
    """It may have been meant."""
    (found,) = recognise(f"az acr login -n myacr\n{TO_HUB}")
    assert found.certainty is Certainty.PROBABLE


@pytest.mark.parametrize("after", [
    "WARNING: Unable to get admin user credentials with message: Admin user is disabled.\nUsername: puller\nPassword:\nLogin Succeeded",
    "ERROR: (AuthorizationFailed) no\naz acr login -n otheracr\nLogin Succeeded",
])  # fmt: skip
def test_a_login_that_somebody_gave_is_not_the_admin_users(after: str) -> None:
    """Az asks, or gives up, and a later login is another one."""
    modes = {mode.id for found in recognise(f"{REFUSED}\n{after}") for mode in found.candidates}
    assert "client-login-masked-by-admin-fallback" not in modes


def test_what_refused_az_comes_before_what_that_led_to() -> None:
    """The admin user's login is a consequence of the refusal."""
    first, second = recognise(f"{REFUSED}\nLogin Succeeded")
    assert (first.symptom.id, second.symptom.id) == ("exchange-refused", "login-as-admin-user")
