"""The recipes for CI systems, clusters and nights: each is what its system takes, and what it runs is run here."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

import pytest_acrauth
from pytest_acrauth.auth import method_named
from pytest_acrauth.emulator import Emulator
from pytest_acrauth.emulator.__main__ import environment
from pytest_acrauth.emulator.scenarios.changes import nothing
from pytest_acrauth.emulator.scenarios.variants import (
    SUBJECT,
    in_azure_pipeline,
    in_github_job,
    in_gitlab_job,
    in_kubernetes,
)
from pytest_acrauth.emulator.world import Change

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
KUBERNETES = EXAMPLES / "kubernetes"
REPORTS = {"readiness.xml", "readiness.json", "readiness.md"}


class Recipe(NamedTuple):
    """A CI system's file, the world in which it runs, and what the system sets where the file asks for it."""

    file: str
    job: Change
    set_by_system: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """The file as it is."""
        return (EXAMPLES / "ci" / self.file).read_text(encoding="utf-8")

    @property
    def commands(self) -> list[str]:
        """Every command of its steps, in order."""
        if self.file == "Jenkinsfile":
            return re.findall(r"\bsh '(.*)'", self.text)
        return [command for command in commands_in(yaml.safe_load(self.text)) if " " in command]

    @property
    def check(self) -> list[str]:
        """The words of the one command that checks."""
        (found,) = [words for words in map(shlex.split, self.commands) if words[0].rpartition("/")[2] == "pytest"]
        return found[1:]

    @property
    def method(self) -> str:
        """How its job authenticates."""
        return self.check[self.check.index("--acr-auth") + 1]

    @property
    def sets(self) -> set[str]:
        """The environment variables that it sets."""
        return set(re.findall(r"^\s*([A-Z][A-Z_]+)\s*(?::|=)", self.text, re.MULTILINE))


RECIPES = (
    Recipe(
        "github-actions.yml",
        in_github_job,
        frozenset({"ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"}),
    ),
    Recipe(
        "azure-pipelines.yml",
        in_azure_pipeline,
        frozenset(
            {
                "AZURESUBSCRIPTION_TENANT_ID",
                "AZURESUBSCRIPTION_CLIENT_ID",
                "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
                "SYSTEM_OIDCREQUESTURI",
            }
        ),
    ),
    Recipe("gitlab-ci.yml", in_gitlab_job),
    Recipe("Jenkinsfile", nothing),
)
recipes = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.file)


def commands_in(part: Any, under: str = "") -> Iterator[str]:
    """Yield what the systems take for commands: texts under these keys, and lists of them."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield from commands_in(value, str(key))
    elif isinstance(part, list):
        for value in part:
            yield from commands_in(value, under)
    elif under in {"run", "script", "inlineScript"}:
        yield part


@pytest.fixture
def programs(pytester, clean_environment):
    """Put a `pytest` on the PATH that is this project's, without the plugins that only these tests have."""
    folder = pytester.mkdir("bin")
    absent = " ".join(f"-p no:{name}" for name in ("asyncio", "randomly", "hypothesispytest"))
    for name, line in (("pytest", f'"{sys.executable}" -m pytest {absent} "$@"'), ("alert", 'echo "$1" && cat')):
        program = folder / name
        program.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        program.chmod(0o755)
    clean_environment.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@recipes
def test_a_recipe_sets_what_its_method_reads(recipe) -> None:
    """Whatever the method needs is set in the file, or by the system for what the file asks of it."""
    method = method_named(recipe.method)
    needed = {f"{method.prefix}_{suffix}" for suffix in method.variables} | set(method.given)
    there = recipe.sets | recipe.set_by_system
    assert needed <= there
    assert not method.either or {f"{method.prefix}_{suffix}" for suffix in method.either} & there


def test_jobs_may_ask_for_their_tokens() -> None:
    """What the systems give only to jobs that ask for it is asked for."""
    actions, pipelines, gitlab = (yaml.safe_load(recipe.text) for recipe in RECIPES[:3])
    assert actions["permissions"] == {"contents": "read", "id-token": "write"}
    (task,) = [step for step in pipelines["steps"] if step.get("task") == "AzureCLI@2"]
    assert task["env"] == {"SYSTEM_ACCESSTOKEN": "$(System.AccessToken)"}
    assert gitlab["registries"]["id_tokens"] == {"AZURE_FEDERATED_TOKEN": {"aud": "api://AzureADTokenExchange"}}
    (published,) = [step for step in pipelines["steps"] if step.get("task") == "PublishTestResults@2"]
    assert published["inputs"]["testResultsFiles"] == gitlab["registries"]["artifacts"]["reports"]["junit"]


@recipes
def test_what_a_recipe_installs_is_this_version(recipe) -> None:
    """The wheel that the requirements name is what a checkout of this version makes."""
    assert any(command.endswith("pip install -r requirements.txt") for command in recipe.commands)
    (line,) = re.findall(r"^[^#\n].*", (EXAMPLES / "ci" / "requirements.txt").read_text(), re.MULTILINE)
    assert line == f"./pytest_acrauth-{pytest_acrauth.__version__}-py3-none-any.whl"


@pytest.fixture
def emulated(inner, tmp_path, clean_environment):
    """Deliver what runs pytest in a job of one's choice, and in a world of one's choice."""

    def run(job: Change, scenario: str, *words: str) -> pytest.RunResult:
        with Emulator(scenario) as emulator:
            emulator.change(job)
            for name, value in environment(emulator, tmp_path).items():
                clean_environment.setenv(name, value)
            return inner.apart(*words)

    return run


@pytest.mark.broad(of=3)
@recipes
@pytest.mark.parametrize(("scenario", "code"), [("healthy", 0), ("exchange-no-role", 1)])
def test_a_recipe_runs(recipe, scenario, code, emulated, inner) -> None:
    """In a job of that system it passes where all is well, fails where it is not, and keeps what it says it keeps."""
    result = emulated(recipe.job, scenario, *recipe.check)
    assert result.ret == code, result.stdout.str()
    if scenario != "healthy":
        result.stdout.fnmatch_lines([f"{scenario}: *"])
    kept = {path.name for path in inner.pytester.path.glob("readiness.*")}
    assert kept == {word for word in recipe.check if word in REPORTS} >= {"readiness.xml", "readiness.json"}


@pytest.mark.parametrize("written", [True, False], ids=["after a run", "after a mistake"])
def test_summaries_are_shown_where_there_are_any(written, pytester, monkeypatch) -> None:
    """The steps behind the checks hold whether the checks came to an end or the configuration was wrong."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    if written:
        (pytester.path / "readiness.md").write_text("ready\n")
    steps = [command for recipe in RECIPES for command in recipe.commands if "readiness.md ||" in command]
    said = [pytester.run("sh", "-c", step) for step in steps]
    assert [result.ret for result in said] == [0, 0]
    assert (pytester.path / "summary.md").exists() is written
    assert said[1].outlines == ([f"##vso[task.uploadsummary]{pytester.path}/readiness.md"] if written else [])


def objects() -> dict[str, Any]:
    """Return what the cluster gets, by kind."""
    return {each["kind"]: each for each in yaml.safe_load_all((KUBERNETES / "cronjob.yaml").read_text())}


def entry_point() -> list[str]:
    """Return the command of the container image."""
    (found,) = re.findall(r"^ENTRYPOINT (.*)$", (KUBERNETES / "Dockerfile").read_text(), re.MULTILINE)
    return json.loads(found)


def test_objects_of_the_cluster_fit_together() -> None:
    """The pod runs as the account that Entra knows, gets its token, and reads the file that is there."""
    found = objects()
    account, pod = found["ServiceAccount"], found["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]
    (container,), (volume,) = pod["spec"]["containers"], pod["spec"]["volumes"]
    assert pod["metadata"]["labels"] == {"azure.workload.identity/use": "true"}
    assert pod["spec"]["serviceAccountName"] == account["metadata"]["name"]
    assert "system:serviceaccount:{namespace}:{name}".format(**account["metadata"]) == SUBJECT
    assert {each["metadata"]["namespace"] for each in found.values()} == {"ci"}
    assert volume["configMap"]["name"] == found["ConfigMap"]["metadata"]["name"]
    (mount,) = container["volumeMounts"]
    assert mount["name"] == volume["name"]
    (file,) = found["ConfigMap"]["data"]
    assert container["args"] == [f"--acr-config={mount['mountPath']}/{file}"]


@pytest.mark.broad(of=3)
@pytest.mark.parametrize(("scenario", "code"), [("healthy", 0), ("exchange-no-role", 1), ("permission-excess", 1)])
def test_the_container_runs(scenario, code, emulated, inner) -> None:
    """The image's command, with the pod's arguments, reads the file of the cluster and writes nothing."""
    folder = inner.pytester.mkdir("etc")
    (folder / "acr.toml").write_text(objects()["ConfigMap"]["data"]["acr.toml"])
    words = [*entry_point()[1:], f"--acr-config={folder / 'acr.toml'}"]
    result = emulated(in_kubernetes, scenario, *words)
    assert result.ret == code, result.stdout.str()
    assert not (inner.pytester.path / ".pytest_cache").exists()


class Night:
    """The nightly job's folder, with a small environment, and nights in worlds of one's choice."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        shutil.copy(EXAMPLES / "nightly" / "nightly.sh", pytester.path)
        (pytester.path / "acr.toml").write_text('[identity.own]\nmethod = "service-principal"\n\n[registry.myacr]\n')
        self.pytester = pytester

    def pass_(self, scenario: str) -> pytest.RunResult:
        """Let one pass."""
        served = (sys.executable, "-m", "pytest_acrauth.emulator", "--scenario", scenario, "--exec")
        return self.pytester.run(*served, "sh", "nightly.sh")


@pytest.fixture
def night(pytester, programs, monkeypatch):
    """Deliver the nightly job where `alert` prints what it is told."""
    monkeypatch.setenv("ALERT", "alert")
    pytester.makeini("[pytest]\n")
    return Night(pytester)


@pytest.mark.thorough
def test_a_night_wakes_nobody_without_need(night) -> None:
    """Where all is well nobody is told; what breaks is told with its cause, and that it is new."""
    quiet = night.pass_("healthy")
    assert quiet.ret == 0
    quiet.stdout.no_fnmatch_line("*a registry is not ready*")
    loud = night.pass_("exchange-no-role")
    assert loud.ret == 1
    loud.stdout.fnmatch_lines(["a registry is not ready", "*exchange-no-role*"])
    assert "newly failing" in loud.stdout.str()
    assert json.loads((night.pytester.path / "last.json").read_text())
    assert (night.pytester.path / "readiness.xml").exists()


def test_a_night_tells_a_mistake_from_a_registry(night) -> None:
    """A file that is wrong is not a registry that refuses."""
    (night.pytester.path / "acr.toml").write_text("[registri.myacr]\n")
    result = night.pass_("healthy")
    assert result.ret == 4
    result.stdout.fnmatch_lines(["the check itself is set up wrong"])
    assert not (night.pytester.path / "last.json").exists()


@pytest.mark.broad(of=2)
@pytest.mark.parametrize(
    ("scenario", "lines"),
    [
        ("healthy", ["myacr.azurecr.io-service-principal is ready", "otheracr.azurecr.io-service-principal is ready"]),
        (
            "exchange-no-role",
            ["*-service-principal is not ready", "proven", "['exchange-no-role']", "exchange-no-role: *", "What to do"],
        ),
    ],
)
def test_the_script_without_pytest_runs(scenario, lines, pytester, clean_environment) -> None:
    """It says who is ready, and explains who is not."""
    served = (sys.executable, "-m", "pytest_acrauth.emulator", "--scenario", scenario, "--exec")
    result = pytester.run(*served, sys.executable, EXAMPLES / "api" / "check.py")
    assert result.ret == 0
    result.stdout.fnmatch_lines(lines)


def test_the_conftest_configures_guards_and_notes(inner) -> None:
    """Registries come from Terraform's outputs, the guard fails what needs them, and every result is noted."""
    shutil.copytree(EXAMPLES / "conftest", inner.pytester.path, dirs_exist_ok=True)
    inner.apart("--acr-emulate", "healthy").assert_outcomes(passed=17)
    noted = inner.pytester.path / "results.jsonl"
    assert len(noted.read_text().splitlines()) == 17
    noted.unlink()
    result = inner.apart("--acr-emulate", "exchange-no-role")
    result.assert_outcomes(failed=3, passed=12, skipped=2)
    lines = [json.loads(line) for line in noted.read_text().splitlines()]
    failed = {line["test"]: line["cause"] for line in lines if line["outcome"] == "failed"}
    assert failed == {
        "acr::myacr.azurecr.io::service-principal::exchange": "exchange-no-role",
        "acr::otheracr.azurecr.io::service-principal::exchange": "exchange-no-role",
        "test_cluster.py::test_the_application_starts": "exchange-no-role",
    }


def test_markers_are_known_without_the_plugin(inner) -> None:
    """What the page shows for environments that lack the plugin makes `--strict-markers` take its markers."""
    page = (EXAMPLES.parent / "how-to" / "conftest.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```python\n(def pytest_configure\(config\).*?)```", page, re.DOTALL)
    marks = "".join(f"@pytest.mark.{name}\n" for name in ("acr", "acr_ready", "acr_permissions", "acr_expect"))
    inner.pytester.makepyfile(test_own=f"import pytest\n\n{marks}def test_own(): ...\n")
    without = ("-p", "no:acrauth", "--strict-markers")
    assert inner.apart(*without).ret == pytest.ExitCode.INTERRUPTED
    inner.pytester.makeconftest(shown)
    inner.apart(*without).assert_outcomes(passed=1)
