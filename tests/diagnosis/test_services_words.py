# ruff: noqa: E501 - a text is one line, as it is printed
"""What services print that pull, build or import: whose identity it was is told, and whose address is not admitted."""

from __future__ import annotations

import pytest

from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.report.explanation import headline
from pytest_acrauth.report.text import explain

MYACR = "myacr.azurecr.io"
DENIED = (
    "denied: client with IP '52.138.231.5' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
)
REFUSED = "unauthorized: authentication required, visit https://aka.ms/acr/authorization for more information."
NO_TOKEN = "failed to fetch {kind} token: unexpected status from GET request to https://{host}/oauth2/token?scope=repository%3Aa%3Apull: 401 Unauthorized"
OF_PEOPLE = {
    "admin-password-not-current",
    "admin-user-disabled",
    "scope-map-token-password-wrong",
    "anonymous-pull-only",
}
OF_IDENTITIES = {"exchange-no-role", "exchange-arm-audience-rejected", "exchange-cross-tenant"}
OF_NODES = {
    "aks-kubelet-identity-no-role",
    "aks-kubelet-identity-detached",
    "aks-cross-tenant-mi",
    "aks-attach-abac-ineffective",
    "kubelet-credential-cache",
}

#: Symptom, causes that have to be among those told, and words about a host, by who prints them.
PRINTED = [
    # Tasks.
    ("task-denied", {"firewall-tasks-bypass-off"}, f'Logging in to registry: {{host}}\nfailed to login, ran out of retries: failed to set docker credentials: Error response from daemon: Get "https://{{host}}/v2/": {DENIED}: exit status 1\nRun ID: cg2 failed after 30s. Error: failed during run'),
    ("task-denied", {"firewall-tasks-bypass-off"}, f"Pushing image: {{host}}/app:1, attempt 1\n{DENIED}\nfailed to run step ID: acb_step_1: exit status 1"),
    ("task-denied", {"firewall-trusted-service-off"}, f'az acr run --cmd "acr purge --ago 1d" -r myacr /dev/null: {{host}} {DENIED}'),
    ("task-refused", {"abac-task-identity", "task-login-missing"}, f"Pushing image: {{host}}/app:1, attempt 1\n{REFUSED}\nfailed to run step ID: push: exit status 1"),
    ("task-refused", {"abac-task-identity", "task-login-missing"}, "Run ID: ca1: {host}: when specifying push, at least one credential is required"),
    ("import-denied", {"firewall-trusted-service-off"}, f"{{host}}: Operation registries-1a2b-3c failed. Invalid message Forbidden Forbidden {DENIED}"),
    ("service-denied", {"firewall-trusted-service-off"}, f"(InaccessibleImage) The image '{{host}}/app:1' in container group 'ci' is not accessible: {DENIED}"),
    ("web-app-denied", {"firewall-web-app-outside"}, f'DockerApiException: Docker API responded with status code=InternalServerError, response={{{{"message":"Head https://{{host}}/v2/web/manifests/1: {DENIED}"}}}}'),
    # Managed identities.
    ("identity-pull-refused", OF_IDENTITIES, "Field 'configuration.registries' is invalid with details: unable to pull image using Managed identity system for registry {host}"),
    ("identity-pull-refused", OF_IDENTITIES, "Failed to construct registry secret for registry '{host}': ACR token exchange endpoint returned error status: 401. body: "),
    ("identity-pull-refused", OF_IDENTITIES, "AcrRefreshTokenRetrievalError: Unable to retrieve ACR refresh token using Compute Identity 1, please check. serviceURL: {host}"),
    ("identity-pull-refused", OF_IDENTITIES, "BadArgument: Endpoint identity does not have pull permission on the registry. {host}"),
    ("identity-pull-refused", OF_IDENTITIES, "{host}: failed to get ACR refresh token, exchange API response code: 401 Unauthorized\nRun ID: cbx failed after 3s."),
    # Services that pull with either.
    ("service-pull-refused", OF_IDENTITIES | {"service-login-wrong"}, "Site startup failed: ImagePullUnauthorizedFailure, {host}/web:1"),
    ("service-pull-refused", OF_IDENTITIES | {"service-login-wrong"}, f'DockerApiException: Docker API responded with status code=InternalServerError, response={{{{"message":"Get https://{{host}}/v2/web/manifests/1: {REFUSED}"}}}}'),
    ("service-pull-refused", OF_IDENTITIES | {"service-login-wrong"}, "Field 'template.containers.app.image' is invalid with details: 'Invalid value: \"{host}/app:1\": GET https:: UNAUTHORIZED: authentication required, visit https://aka.ms/acr/authorization for more information.; [map[Action:pull Name:app Type:repository]]'"),
    ("service-pull-refused", OF_IDENTITIES | {"service-login-wrong"}, "Field 'template.containers.<app>.image' is invalid with details: 'Invalid value: \"{host}/app:1\": GET https:: UNAUTHORIZED: authentication required, visit https://aka.ms/acr/authorization for more information.; [map[Action:pull Name:app Type:repository]]'"),
    ("container-group-refused", {"aci-private-registry", "exchange-no-role", "image-not-found"}, "(InaccessibleImage) The image '{host}/app:1' in container group 'ci' is not accessible. Please check the image and registry credential."),
    ("container-group-refused", {"aci-private-registry", "firewall-trusted-service-off"}, "(RegistryErrorResponse) An error response is received from the docker registry '{host}'. Please retry later."),
    # Nodes.
    ("node-pull-refused", OF_NODES | {"k8s-pull-secret-wrong", "exchange-arm-audience-rejected"}, f'Failed to pull image "{{host}}/a:1": failed to pull and unpack image "{{host}}/a:1": failed to resolve reference "{{host}}/a:1": failed to authorize: {NO_TOKEN.replace("{kind}", "anonymous")}'),
    ("node-pull-refused", OF_NODES, f'Failed to pull image "{{host}}/a:1": [rpc error: code = Unknown desc = failed to pull and unpack image "{{host}}/a:1": failed to authorize: {NO_TOKEN.replace("{kind}", "oauth")}]'),
    ("node-pull-refused", OF_NODES, 'Failed to pull image "{host}/a:1": rpc error: code = Unknown desc = Error response from daemon: Get https://{host}/v2/a/manifests/1: unauthorized: authentication required'),
    ("check-acr-refused", {"aks-check-acr-arm-audience", "aks-kubelet-identity-no-role"}, "Validating image pull permission: FAILED\nACR {host} rejected token exchange: ACR token exchange endpoint returned error status: 401. body: "),
    ("acr-env-refused", {"acr-env-variables-missing", "exchange-no-role"}, f'checking push permission for "{{host}}/a:1" with docker-credential-acr-env: {REFUSED}'),
]  # fmt: skip


@pytest.mark.parametrize(("symptom", "expected", "text"), PRINTED, ids=[row[2][:50] for row in PRINTED])
def test_who_pulled_is_told_from_the_words(symptom: str, expected: set[str], text: str) -> None:
    """The best that is told of a service's words is its own, and no general one about the same refusal is beside it."""
    found = recognise(text.format(host=MYACR))
    assert found[0].symptom.id == symptom
    assert expected <= {mode.id for mode in found[0].candidates}
    assert not {"generic-401", "no-credential-sent", "denied-with-ip"} & {each.symptom.id for each in found}


@pytest.mark.parametrize("text", [text for symptom, _, text in PRINTED if symptom != "node-pull-refused"])
def test_a_pull_with_an_identity_is_not_about_the_registrys_own_passwords(text: str) -> None:
    """An admin user's or a scope-map token's password is no cause where a service pulls; its stored login is one."""
    assert not OF_PEOPLE & {mode.id for mode in recognise(text.format(host=MYACR))[0].candidates}


#: What says by itself that a registry of Azure's is meant, whatever host is named.
AZURES = ("aka.ms/acr", "at least one credential", "ACR ", "Compute Identity", "Endpoint identity", "Managed identity")


@pytest.mark.parametrize("host", ["docker.io", "ghcr.io", "quay.io", "registry.example.com:5000"])
@pytest.mark.parametrize("text", [text for _, _, text in PRINTED if not any(sign in text for sign in AZURES)])
def test_the_same_words_about_another_registry_give_nothing(text: str, host: str) -> None:
    """A service that pulls from somebody else's registry is not told about this one's."""
    assert [headline(each) for each in recognise(text.format(host=host))] == []


@pytest.mark.parametrize(
    "text", [text for symptom, _, text in PRINTED if symptom in {"task-denied", "service-denied", "web-app-denied"}]
)
def test_no_address_of_azures_own_is_admitted(text: str) -> None:
    """The address in the refusal of a task or a service is shared by many: no instruction admits it."""
    for diagnosis in recognise(text.format(host=MYACR)):
        told = explain(diagnosis, full=True)
        assert "network-rule add" not in told
        assert "52.138.231.5" not in told.partition("Seen")[0]


@pytest.mark.parametrize(
    ("symptom", "text"),
    [
        ("denied-with-ip", f"docker push {MYACR}/app:1: {DENIED}"),
        ("denied-with-ip", f"az acr build -r myacr . && docker push {MYACR}/app:1: {DENIED}"),
        ("denied-with-ip", f"Field 'template.containers.app.image' is invalid with details: {MYACR}/app:1: {DENIED}"),
        ("generic-401", f"docker push {MYACR}/app:1: {REFUSED}"),
        ("generic-401", f"az acr build -r myacr . && docker push {MYACR}/app:1: {REFUSED}"),
        ("no-credential-sent", f"pushing {MYACR}/app:1: {NO_TOKEN.format(kind='anonymous', host=MYACR)}"),
        ("private-tcp-timeout", f"ACR {MYACR} rejected token exchange: failed to send token exchange request: Post https://{MYACR}/oauth2/exchange: dial tcp 10.201.3.5:443: i/o timeout"),
    ],
)  # fmt: skip
def test_what_a_client_prints_is_no_services(symptom: str, text: str) -> None:
    """The same refusals from a client, or of the network before, keep their own causes."""
    assert [each.symptom.id for each in recognise(text)] == [symptom]


def test_a_regional_endpoint_needs_a_node_image_that_knows_it() -> None:
    """Of a pull from an endpoint of one region, the age of the nodes is a cause; of one from the global one, it is not."""
    text = f'Failed to pull image "{{host}}/a:1": failed to authorize: {NO_TOKEN.replace("{kind}", "anonymous")}'
    region, globally = (recognise(text.format(host=host))[0] for host in ("myacr.eastus.geo.azurecr.io", MYACR))
    assert region.candidates[0].id == "aks-regional-endpoint-node-image"
    assert "aks-regional-endpoint-node-image" not in {mode.id for mode in globally.candidates}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('DNS routing to registry "myacr" through private IP is incorrect. Expect: 10.0.0.5, Actual: 20.1.2.3\nDNS routing verification failed', ["private-dns-resolves-public"]),
        ('DNS routing to registry "myacr" through private IP is incorrect. Expect: 10.0.0.5, Actual: 10.0.9.9', ["private-dns-stale-record", "private-dns-elsewhere"]),
        ("Error resolving DNS for myacr.eastus.data.azurecr.io. Ex: [Errno -2] Name or service not known", ["private-dns-data-endpoint-missing", "data-host-not-resolved"]),
        ('Registry "myacr" has more than one private endpoint in the vnet of "v". DNS routing will be unreliable', ["private-endpoint-duplicate"]),
        ('Registry "myacr" doesn\'t have private endpoints in the vnet of "v".', ["private-endpoint-not-in-network"]),
        ('DNS routing to server "mydb" through private IP is incorrect. Expect: 10.0.0.5, Actual: 20.1.2.3', []),
    ],
)  # fmt: skip
def test_what_check_health_says_of_a_private_endpoint(text: str, expected: list[str]) -> None:
    """Where the name leads tells whether DNS goes past the endpoint or to something else."""
    assert [mode.id for each in recognise(text) for mode in each.candidates] == expected


@pytest.mark.parametrize(
    ("address", "cause", "admitted"),
    [
        ("20.1.2.3", "firewall-ip-denied", "20.1.2.3"),
        ("::ffff:20.1.2.3", "firewall-ip-denied", "20.1.2.3"),
        ("2603:1030:401::5", "firewall-ipv6-client", ""),
        ("10.1.2.3", "firewall-service-endpoint", ""),
        ("fd12:3456::1", "firewall-service-endpoint", ""),
    ],
)
def test_only_a_public_ipv4_address_is_admitted(address: str, cause: str, admitted: str) -> None:
    """A rule holds no other: for those, no command is told that adds one."""
    (found,) = recognise(f"denied: client with IP '{address}' is not allowed access. {MYACR}")
    told = explain(found, full=True)
    assert cause in {mode.id for mode in found.candidates}
    others = {"firewall-ip-denied", "firewall-ipv6-client", "firewall-service-endpoint"} - {cause}
    assert not others & {mode.id for mode in found.candidates}
    assert ("network-rule add" in told) is bool(admitted)
    assert not admitted or f"--ip-address {admitted}" in told
