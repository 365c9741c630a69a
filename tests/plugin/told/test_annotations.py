"""Annotations of a job, and Markdown for its summary, through whole runs."""

from __future__ import annotations

import pytest
from conftest import Inner

from pytest_acrauth.plugin.told.annotations import Annotation, annotating
from pytest_acrauth.plugin.told.annotations import _azure_pipelines as azure_pipelines
from pytest_acrauth.plugin.told.annotations import _github as github

IN = {"GITHUB_ACTIONS": "::error ", "TF_BUILD": "##vso[task.logissue "}


@pytest.fixture(autouse=True)
def _outside(clean_environment: pytest.MonkeyPatch) -> None:
    for name in IN:
        clean_environment.delenv(name, raising=False)


def annotations(result: pytest.RunResult) -> list[str]:
    """Return the lines that are commands to a CI system."""
    return [line for line in result.outlines if line.startswith(("::", "##"))]


@pytest.mark.broad(of=3)
@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "xdist"])
@pytest.mark.parametrize(("name", "value"), [("GITHUB_ACTIONS", "true"), ("TF_BUILD", "True")])
def test_each_cause_is_annotated_once(
    inner: Inner, clean_environment: pytest.MonkeyPatch, name: str, value: str, options: tuple[str, ...]
) -> None:
    """With the file that configures the run, and who it concerns."""
    clean_environment.setenv(name, value)
    inner.pytester.makepyfile("def test_own(acr): acr.require()\ndef test_other(): assert 0, '::error::no'")
    result = inner.emulate("entra-sp-secret-expired", *options)
    told = "entra-sp-secret-expired: the secret of c1a9e3b4-7d25-4f60-8b1c-5a6e9d0f2b38 ended"
    where = {
        "GITHUB_ACTIONS": "::error file=tox.ini,line=1,title=myacr.azurecr.io as service-principal::",
        "TF_BUILD": "##vso[task.logissue type=error;sourcepath=tox.ini;linenumber=1]myacr.azurecr.io as "
        "service-principal: ",
    }
    (line,) = annotations(result)
    assert line.startswith(where[name])
    assert line.removeprefix(where[name]).startswith("entra-sp-secret-expired: ")
    assert told.partition(":")[0] in line


def test_outside_of_such_a_system_nothing_is_annotated(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """Nor where all is well, nor where another plugin annotates every failure."""
    assert annotations(inner.emulate("entra-sp-secret-expired")) == []
    clean_environment.setenv("GITHUB_ACTIONS", "true")
    assert annotations(inner.emulate("healthy")) == []
    inner.pytester.makepyfile(pytest_github_actions_annotate_failures="")
    result = inner.emulate("entra-sp-secret-expired", "-p", "pytest_github_actions_annotate_failures")
    assert annotations(result) == []


def test_many_causes_are_few_annotations(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """As many as are shown of a step."""
    clean_environment.setenv("GITHUB_ACTIONS", "true")
    names = ",".join(f"fleet{number:02}" for number in range(20))
    assert len(annotations(inner.emulate("exchange-no-role", registry=names))) == 10


def test_what_a_text_holds_is_no_command() -> None:
    """Line ends, and what separates the parts of a command, are written as the systems want them."""
    note = Annotation("a,b:c;d]", "100%\n::error::x", "one\r\ntwo ]; ##vso[x]")
    assert (
        github(note) == "::error file=a%2Cb%3Ac;d],line=1,title=100%25%0A%3A%3Aerror%3A%3Ax::one%0D%0Atwo ]; ##vso[x]"
    )
    assert azure_pipelines(note) == (
        "##vso[task.logissue type=error;sourcepath=a,b:c%3Bd%5D;linenumber=1]"
        "100%AZP25%0A::error::x: one%0D%0Atwo ]; ##vso[x]"
    )


def test_only_true_is_such_a_system(pytestconfig: pytest.Config) -> None:
    """A variable that somebody set to anything else means nothing."""
    assert annotating(pytestconfig, {"GITHUB_ACTIONS": "false", "TF_BUILD": ""}) is None
    assert annotating(pytestconfig, {}) is None


def test_a_summary_in_markdown(inner: Inner) -> None:
    """Who is not ready in a table, then each cause with what to do."""
    inner.emulate("exchange-no-role", "--acr-report=out.md", registry="myacr,otheracr")
    lines = (inner.pytester.path / "out.md").read_text("utf-8").splitlines()
    assert lines[0] == "# Azure Container Registry: 2 of 2 not ready"
    table = lines[lines.index("## Registries") + 2 :][:4]
    assert table == [
        "| registry | identity | dns | tcp | tls | challenge | entra | exchange | access token | result |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        (
            "| myacr.azurecr.io | service-principal | passed | passed | passed | passed | passed | **failed** |"
            " not reached | exchange-no-role |"
        ),
        (
            "| otheracr.azurecr.io | service-principal | passed | passed | passed | passed | passed | **failed** |"
            " not reached | exchange-no-role |"
        ),
    ]
    assert "## exchange-no-role: the identity has no role for images on myacr" in lines
    assert any(line.startswith("az role assignment create ") for line in lines)
