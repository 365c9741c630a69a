"""Jobs of CI systems and federated tokens in variables: what is found, what is noted, what is refused in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import jwt
import pytest

from pytest_acrauth.auth import BadAuth, Chosen, choose, read_credential
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Registry

MY = Registry.parse("myacr")
TENANT, CLIENT = "3f0c8a52-6d1e-4b7a-9a55-0e8d2c41b6f7", "c1a9e3b4-7d25-4f60-8b1c-5a6e9d0f2b38"
APPLICATION = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT}
URL = "https://run.actions.githubusercontent.com/idtoken/1?api-version=2.0"
REQUEST_TOKEN = jwt.encode({"iss": "github", "exp": 2_000_000_000}, "k" * 32)
GITHUB = {
    **APPLICATION,
    "GITHUB_ACTIONS": "true",
    "ACTIONS_ID_TOKEN_REQUEST_URL": URL,
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
}
PIPELINE = {
    "TF_BUILD": "True",
    "SYSTEM_OIDCREQUESTURI": "https://dev.azure.com/contoso/1/_apis/oidctoken",
    "SYSTEM_ACCESSTOKEN": REQUEST_TOKEN,
    "AZURESUBSCRIPTION_TENANT_ID": TENANT,
    "AZURESUBSCRIPTION_CLIENT_ID": CLIENT,
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "d95e2f07-3b48-4c61-9a1f-e06c7d5b8243",
}
JOBS = {"github-actions": GITHUB, "azure-pipelines": PIPELINE}
ADDRESS = {"github-actions": "ACTIONS_ID_TOKEN_REQUEST_URL", "azure-pipelines": "SYSTEM_OIDCREQUESTURI"}
TOKEN = {"github-actions": "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "azure-pipelines": "SYSTEM_ACCESSTOKEN"}
ASSERTION = jwt.encode({"aud": "api://AzureADTokenExchange", "exp": 1_900_000_000}, "k" * 32)


def without(environ: Mapping[str, str], *names: str) -> dict[str, str]:
    """Return an environment without some of its variables."""
    return {name: value for name, value in environ.items() if name not in names}


def chosen(environ: Mapping[str, str], spec: str = "default") -> Chosen:
    """Return what is chosen for myacr."""
    return choose([spec], environ, [MY])[0]


@pytest.mark.parametrize("method", JOBS)
def test_the_request_token_is_a_secret(method: str) -> None:
    """It is registered when it is read, and all that is shown of it is its end."""
    secrets = Secrets()
    identity = chosen(JOBS[method]).identity
    facts = read_credential(identity, MY, JOBS[method], secrets).facts
    assert (identity.method, facts.kind, facts.client_id) == (method, Kind.SERVICE_PRINCIPAL, CLIENT)
    assert (facts.secret, facts.secret_expires) == (SecretShape.REQUEST_TOKEN, 2_000_000_000)
    assert secrets.scrub(f"<{REQUEST_TOKEN}>") == "<***>"
    opaque = read_credential(identity, MY, JOBS[method] | {TOKEN[method]: "x" * 9}, secrets).facts
    assert opaque.secret_expires is None


@pytest.mark.parametrize("method", JOBS)
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://run.example/idtoken", "leads to http://run.example, which is no https address"),
        ("planted.example/idtoken", "holds no https address"),
        ("planted-token", "holds no https address"),
        ("https://", "holds no https address"),
        ("https://planted_host/", "holds no https address"),
        ("https://run.example/id planted", "holds no https address"),
        ("https://ci:planted@run.example/idtoken", "names a user at run.example"),
        ("https://run.example:8443/planted", "leads to port 8443 of run.example, and not to 443"),
        ("https://run.example:planted/idtoken", "holds no address"),
        ("https://[planted/idtoken", "holds no address"),
    ],
)
def test_an_address_that_gets_no_request_token(method: str, address: str, words: str) -> None:
    """Only an https address on its usual port is one; the error names the variable, and nothing that may be a token."""
    for spec in (method, "default"):
        with pytest.raises(BadAuth) as caught:
            chosen(JOBS[method] | {ADDRESS[method]: address}, spec)
        assert str(caught.value) == f"{ADDRESS[method]} {words}; the request token is not sent there"
        assert "planted" not in repr(caught.value.__cause__)


INCOMPLETE = {
    "GitHub job without the permission": (
        "github-actions",
        {**APPLICATION, "GITHUB_ACTIONS": "true"},
        "ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "the job lacks the permission to ask for an id token; give it permissions: id-token: write",
    ),
    "GitHub job of no application": (
        "github-actions",
        without(GITHUB, *APPLICATION),
        "AZURE_TENANT_ID, AZURE_CLIENT_ID",
        "set and export them in the job",
    ),
    "pipeline step without its access token": (
        "azure-pipelines",
        without(PIPELINE, "SYSTEM_ACCESSTOKEN"),
        "SYSTEM_ACCESSTOKEN",
        "add env: SYSTEM_ACCESSTOKEN: $(System.AccessToken) to the step",
    ),
    "pipeline step of no service connection": (
        "azure-pipelines",
        without(PIPELINE, "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"),
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
        (
            "AzureCLI@2 and AzurePowerShell@5 set those of their service connection, any other step has to name them"
            " under env"
        ),
    ),
    "pipeline without an address": (
        "azure-pipelines",
        without(PIPELINE, "SYSTEM_OIDCREQUESTURI"),
        "SYSTEM_OIDCREQUESTURI",
        "Azure DevOps Services sets it in every job",
    ),
}


@pytest.mark.parametrize("case", INCOMPLETE)
def test_an_incomplete_job(case: str) -> None:
    """Named, it is a usage error that says what to add to the job; looked for, a note that says the same."""
    method, environ, lacking, words = INCOMPLETE[case]
    with pytest.raises(BadAuth) as named:
        chosen(environ, method)
    assert str(named.value) == f"{method} needs the environment variables {lacking}; {words}"
    with pytest.raises(BadAuth, match="no credential found") as looked:
        chosen(environ)
    assert f"incomplete {method}: {lacking} not set ({words})" in str(looked.value)


@pytest.mark.parametrize(("method", "sign"), [("github-actions", "GITHUB_ACTIONS"), ("azure-pipelines", "TF_BUILD")])
def test_outside_a_job(method: str, sign: str) -> None:
    """A named method says that this is no job; nobody who is not in one is told of it."""
    with pytest.raises(BadAuth, match=f"this is none \\({sign} is not set\\)"):
        chosen(APPLICATION, method)
    with pytest.raises(BadAuth, match="no credential found") as looked:
        chosen(APPLICATION)
    assert f"incomplete {method}" not in str(looked.value)


def test_a_job_that_signs_in_otherwise_is_not_told_of_it() -> None:
    """What a complete credential reads is not held against the job's own."""
    secret = {**APPLICATION, "GITHUB_ACTIONS": "true", "AZURE_CLIENT_SECRET": "made-up-secret"}
    assert chosen(secret).notes == ()
    assert chosen({"GITHUB_ACTIONS": "true", "ACR_USERNAME": "puller", "ACR_PASSWORD": "made-up"}).notes == ()
    pair = {**APPLICATION, "GITHUB_ACTIONS": "true", "ACR_USERNAME": "puller", "ACR_PASSWORD": "made-up"}
    assert any(note.startswith("incomplete github-actions: ACTIONS_ID") for note in chosen(pair).notes)


@pytest.mark.parametrize("method", JOBS)
def test_a_named_identity_shares_the_job(method: str) -> None:
    """What the job's system sets has no prefix: two identities of one job ask at the same place."""
    own = {"DEPLOY_TENANT_ID": TENANT, "DEPLOY_CLIENT_ID": CLIENT, "DEPLOY_SERVICE_CONNECTION_ID": "1"}
    found = chosen(JOBS[method] | own, f"deploy={method}:DEPLOY")
    assert found.variables[0] == "DEPLOY_TENANT_ID"
    assert found.variables[-1] in {"ACTIONS_ID_TOKEN_REQUEST_TOKEN", "SYSTEM_ACCESSTOKEN"}
    facts = read_credential(found.identity, MY, JOBS[method] | own, Secrets()).facts
    assert facts.also == (method,)


def test_a_federated_token_in_a_variable() -> None:
    """Without a file the token itself is taken, and is a secret as that of a file is."""
    environ, secrets = {**APPLICATION, "AZURE_FEDERATED_TOKEN": f" {ASSERTION}\n"}, Secrets()
    found = chosen(environ)
    assert found.identity.method == "workload-identity"
    assert found.variables == ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN")
    facts = read_credential(found.identity, MY, environ, secrets).facts
    assert (facts.secret, facts.secret_expires) == (SecretShape.ASSERTION, 1_900_000_000)
    assert facts.variables == found.variables
    assert secrets.scrub(f"<{ASSERTION}>") == "<***>"
    named = {f"CI_{suffix}": value for suffix, value in zip(("TENANT_ID", "CLIENT_ID"), (TENANT, CLIENT), strict=True)}
    assert chosen({**named, "CI_FEDERATED_TOKEN": ASSERTION}, "it=workload-identity:CI").notes == ()


@pytest.mark.parametrize("spec", ["default", "workload-identity"])
def test_a_file_stands_before_the_variable(tmp_path: Path, spec: str) -> None:
    """Of the two the file is read, and the header says that the other is not."""
    file = tmp_path / "token"
    file.write_text(jwt.encode({"aud": "of the file"}, "k" * 32), encoding="ascii")
    environ = {**APPLICATION, "AZURE_FEDERATED_TOKEN_FILE": str(file), "AZURE_FEDERATED_TOKEN": ASSERTION}
    found = chosen(environ, spec)
    assert found.notes == ("AZURE_FEDERATED_TOKEN is not read beside AZURE_FEDERATED_TOKEN_FILE",)
    assert found.variables[-1] == "AZURE_FEDERATED_TOKEN_FILE"
    assert read_credential(found.identity, MY, environ, Secrets()).facts.secret_audience == "of the file"


def test_no_federated_token_at_all() -> None:
    """The error names both variables in which it could be."""
    with pytest.raises(BadAuth, match="AZURE_FEDERATED_TOKEN_FILE or AZURE_FEDERATED_TOKEN; set and export"):
        chosen(APPLICATION, "workload-identity")
    with pytest.raises(BadAuth, match=r"AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE or AZURE_FEDERATED_TOKEN\)"):
        chosen({})
