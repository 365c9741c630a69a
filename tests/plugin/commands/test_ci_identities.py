"""Suites that run in jobs of CI systems, as their logs show it: who signs in, what broke, what the job lacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Inner, outcomes

TENANT, CLIENT = "3f0c8a52-6d1e-4b7a-9a55-0e8d2c41b6f7", "c1a9e3b4-7d25-4f60-8b1c-5a6e9d0f2b38"
APPLICATION = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT}
CONNECTION = {
    "AZURESUBSCRIPTION_TENANT_ID": TENANT,
    "AZURESUBSCRIPTION_CLIENT_ID": CLIENT,
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "d95e2f07-3b48-4c61-9a1f-e06c7d5b8243",
}
MY = ("--acr-registry", "myacr")
ACTIONS = "AZURE_TENANT_ID, AZURE_CLIENT_ID, ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN"
PIPELINES = ", ".join([*CONNECTION, "SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN"])

HEALTHY = {
    "environment-trusted-beside-the-branch": f"github-actions from {ACTIONS}",
    "service-connection-trusted-in-both-forms": f"azure-pipelines from {PIPELINES}",
    "gitlab-branch-trusted-beside-a-tag": (
        "workload-identity from AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN"
    ),
}


@pytest.mark.parametrize("scenario", HEALTHY)
def test_a_job_signs_in(inner: Inner, scenario: str) -> None:
    """Detected and named alike, a job gets through to the layer; the header says from which variables."""
    method = HEALTHY[scenario].partition(" ")[0]
    for auth in ("default", method):
        result = inner.emulate(scenario, "--acr-auth", auth, "--acr-repository", "team/app")
        assert set(outcomes(result).values()) == {"PASSED"}
        (line,) = [line for line in result.outlines if line.startswith("acr: identity ")]
        assert line.startswith(f"acr: identity {HEALTHY[scenario]} (from the command line")
        assert (
            f"myacr.azurecr.io {method}: ready; address 203.0.113.11; signed in as service principal {CLIENT}; "
            "granted pull on team/app" in result.stdout.str()
        )


def test_what_else_a_job_has(inner: Inner) -> None:
    """Whatever comes behind a job's own identity is named in the header."""
    result = inner.emulate("environment-trusted-beside-the-branch", "--acr-auth", "default")
    (line,) = [line for line in result.outlines if line.startswith("acr: identity ")]
    assert "; also found: azure-cli (" in line
    assert "docker-config (" in line


BROKEN = {
    "ci-request-token-expired": (
        "ci-request-token-expired: the job's request token has ended",
        "id token request refused (401) by run-actions-1-azure-eastus.actions.githubusercontent.com: ",
        "Request token ended: yes",
    ),
    "ci-id-token-refused": (
        "ci-id-token-refused: the CI system refuses this job an id token",
        "id token request refused (401) by run-actions-1-azure-eastus.actions.githubusercontent.com: ",
        "Request token ended: no",
    ),
    "service-connection-of-nobody": (
        "ci-id-token-refused: the CI system refuses this job an id token",
        "id token request refused (404) by dev.azure.com: ",
        "Correct the service connection's id, or let its administrator permit this pipeline.",
    ),
    "ci-id-token-missing": (
        "ci-id-token-missing: what answered the job gave no id token",
        "id token request answered with a page (200) by run-actions-1-azure-eastus.actions.githubusercontent.com ",
        "a gateway or proxy on the way answers in the system's place",
    ),
    "ci-id-token-redirected": (
        "ci-id-token-redirected: the id token address leads elsewhere",
        "id token request redirected (302) by dev.azure.com to portal.example",
        "the redirect was not followed and nothing was sent there",
    ),
    "ci-id-token-unreachable": (
        "ci-id-token-unreachable: the id token address is out of reach",
        "id token request without an answer from run-actions-1-azure-eastus.actions.githubusercontent.com: timed out",
        "curl -sSI https://run-actions-1-azure-eastus.actions.githubusercontent.com",
    ),
    "unknown-ci-system": (
        "ci-id-token-unreachable: the id token address is out of reach",
        "run-actions-1-azure-eastus.actions.githubusercontent.com: Name or service not known",
        "No answer came to the request",
    ),
    "job-with-an-environment": (
        "entra-fic-subject-mismatch: no federated credential takes this subject",
        "presented: repo:contoso@5544123/app@821093847:environment:production",
        '"subject":"repo:contoso@5544123/app@821093847:environment:production"',
    ),
    "repository-with-lasting-ids": (
        "entra-fic-subject-mismatch: no federated credential takes this subject",
        (
            "for the subject repo:contoso/app:ref:refs/heads/main; presented: "
            "repo:contoso@5544123/app@821093847:ref:refs/heads/main"
        ),
        '"issuer":"https://token.actions.githubusercontent.com"',
    ),
    "job-that-nobody-trusts": (
        "entra-fic-missing: the application has no federated credential",
        f"{CLIENT} has no federated credential",
        '"audiences":["api://AzureADTokenExchange"]',
    ),
    "converted-service-connection": (
        "entra-fic-issuer-mismatch: no federated credential takes this issuer",
        (
            "for the issuer https://vstoken.dev.azure.com/40b7c9e3-6f12-4d85-b0a4-17e9d3c5f268; presented: "
            f"https://login.microsoftonline.com/{TENANT}/v2.0"
        ),
        f'"issuer":"https://login.microsoftonline.com/{TENANT}/v2.0","subject":"/eid1/',
    ),
    "service-connection-for-another-cloud": (
        "entra-fic-audience-mismatch: no federated credential has this audience",
        "No matching federated identity record found for presented assertion audience 'api://AzureADTokenExchange'",
        "AADSTS700212 and 7002121 are about the audience that was presented",
    ),
    "id-token-ended-in-its-variable": (
        "entra-fic-assertion-expired: the assertion had ended when it was shown",
        "AADSTS700024",
        "from AZURE_FEDERATED_TOKEN, AZURE_CLIENT_ID, AZURE_TENANT_ID",
    ),
}


@pytest.mark.broad(of=4)
@pytest.mark.parametrize("scenario", BROKEN)
def test_a_job_that_cannot_sign_in(inner: Inner, scenario: str) -> None:
    """The entra stage fails with the cause, what was answered and by whom, and what to do; no secret is printed."""
    headline, *words = BROKEN[scenario]
    result = inner.emulate(scenario)
    found = outcomes(result)
    failed = [name for name, outcome in found.items() if outcome == "FAILED"]
    assert [name.rpartition("::")[2] for name in failed] == ["entra"]
    assert headline in result.outlines
    text = " ".join(result.stdout.str().split())
    for each in words:
        assert each in text
    assert "eyJ" not in text


def test_a_job_looks_for_evidence_itself(inner: Inner) -> None:
    """What its identity may read is read by it, and said so."""
    for scenario, who in {
        "environment-trusted-beside-the-branch": "the job's identity",
        "service-connection-trusted-in-both-forms": "the service connection's identity",
    }.items():
        text = " ".join(inner.emulate(f"{scenario},exchange-no-role").stdout.str().split())
        assert f"(read by {who} {CLIENT}). Entra knows the identity, and nothing is assigned to it" in text


LACKING = {
    "no permission": (
        "github-actions",
        {**APPLICATION, "GITHUB_ACTIONS": "true"},
        (
            "--acr-auth: github-actions needs the environment variables ACTIONS_ID_TOKEN_REQUEST_URL, "
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN; the job lacks the permission to ask for an id token; give it permissions: "
            "id-token: write"
        ),
    ),
    "no access token": (
        "azure-pipelines",
        {**CONNECTION, "TF_BUILD": "True", "SYSTEM_OIDCREQUESTURI": "https://dev.azure.com/1/oidctoken"},
        (
            "--acr-auth: azure-pipelines needs the environment variables SYSTEM_ACCESSTOKEN; add env: "
            "SYSTEM_ACCESSTOKEN: $(System.AccessToken) to the step"
        ),
    ),
    "plain http": (
        "github-actions",
        {
            **APPLICATION,
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": "http://ghes.example/idtoken?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "planted-request-token",
        },
        (
            "--acr-auth: ACTIONS_ID_TOKEN_REQUEST_URL leads to http://ghes.example, which is no https address; the "
            "request token is not sent there"
        ),
    ),
}


@pytest.mark.parametrize("case", LACKING)
def test_what_a_job_lacks(inner: Inner, clean_environment: pytest.MonkeyPatch, case: str) -> None:
    """A named method without what it needs is a usage error that says what to add to the job."""
    method, environ, words = LACKING[case]
    for name, value in environ.items():
        clean_environment.setenv(name, value)
    result = inner.run(*MY, "--acr-auth", method)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {words}" in result.errlines
    assert "planted" not in result.stdout.str() + result.stderr.str()


def test_an_incomplete_job_is_noted(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """A job whose identity lacks something says so in the header, beside what was taken in its place."""
    for name, value in {
        **APPLICATION,
        "GITHUB_ACTIONS": "true",
        "ACR_USERNAME": "puller",
        "ACR_PASSWORD": "planted-password",
    }.items():
        clean_environment.setenv(name, value)
    result = inner.run(*MY, "--acr-checks", "none")
    result.stdout.fnmatch_lines(
        [
            (
                "acr: identity basic from ACR_USERNAME, ACR_PASSWORD (default; *incomplete github-actions: "
                "ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN not set (the job lacks the permission to "
                "ask for an id token; give it permissions: id-token: write)*"
            )
        ]
    )


def test_both_kinds_of_federated_token(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """The file is read, and the header says that the variable beside it is not."""
    path = inner.pytester.path / "token"
    path.write_text("planted-token-of-the-file", encoding="ascii")
    for name, value in {
        **APPLICATION,
        "AZURE_FEDERATED_TOKEN_FILE": str(path),
        "AZURE_FEDERATED_TOKEN": "planted-token",
    }.items():
        clean_environment.setenv(name, value)
    result = inner.run(*MY, "--acr-checks", "none", "--acr-auth", "default")
    (line,) = [line for line in result.outlines if line.startswith("acr: identity ")]
    assert line == (
        "acr: identity workload-identity from AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE (from the "
        "command line; AZURE_FEDERATED_TOKEN is not read beside AZURE_FEDERATED_TOKEN_FILE)"
    )


PULL = ("--acr-auth", "pull=docker-config:ACR_PULL")


def test_a_pull_secret(inner: Inner) -> None:
    """A pull secret is used under its name, pulls, and is explained as a scope-map token when it does not."""
    result = inner.emulate("healthy", *PULL, "--acr-repository", "team/app")
    assert set(outcomes(result).values()) == {"PASSED"}
    result.stdout.fnmatch_lines(["acr: identity pull = docker-config from ACR_PULL_FILE (from the command line)"])
    result = inner.emulate("scope-map-token-password-wrong", *PULL)
    result.stdout.fnmatch_lines(
        ["scope-map-token-password-wrong: *", "*identity *pull = scope-map token puller, from ACR_PULL_FILE*"]
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("planted: yaml", "cannot use '{path}': it is no JSON object; kubectl prints one with -o json"),
        (json.dumps({"auths": {"otheracr.azurecr.io": {}}}), "'{path}' holds no entry for myacr.azurecr.io"),
        ("", "cannot use '{path}': it is no JSON object; kubectl prints one with -o json"),
    ],
)
def test_what_is_no_pull_secret(
    inner: Inner, clean_environment: pytest.MonkeyPatch, tmp_path: Path, content: str, words: str
) -> None:
    """It is a usage error with variable and path, and nothing of the content."""
    path = tmp_path / "pull-secret.json"
    path.write_text(content, encoding="utf-8")
    clean_environment.setenv("ACR_PULL_FILE", str(path))
    result = inner.run(*MY, *PULL)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: --acr-auth: ACR_PULL_FILE: {words.format(path=path)}" in result.errlines
    assert "planted" not in result.stdout.str() + result.stderr.str()
