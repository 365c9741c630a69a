"""What pages tell people to type runs, and ends as it should, in a served emulator that has what the pages speak of."""

from __future__ import annotations

import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import without

from pytest_acrauth.emulator import Emulator, World
from pytest_acrauth.emulator.__main__ import environment
from pytest_acrauth.emulator.scenarios.obstacles import private_only
from pytest_acrauth.emulator.scenarios.variants import in_kubernetes
from pytest_acrauth.emulator.world.cloud import DAY, RoleAssignment, ScopeMapToken
from pytest_acrauth.emulator.world.content import Repository
from pytest_acrauth.emulator.world.directory import Application, Password
from pytest_acrauth.emulator.world.healthy import CLIENT, TENANT
from pytest_acrauth.emulator.world.roles import EVIDENCE

ROOT = Path(__file__).parents[1]
WRITTEN = [ROOT / "README.md", ROOT / "docs" / "index.md", ROOT / "docs" / "tutorial.md"]
WRITTEN += sorted(
    path for room in ("how-to", "reference", "explanation") for path in (ROOT / "docs" / room).glob("*.md")
)
BLOCK = re.compile(r"^```(?P<kind>console|python|ini|toml)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
#: README is shown by indexes of packages, and has its commands indented.
INDENTED = re.compile(r"^    ((?:export|docker|pytest|python) .*)$", re.MULTILINE)
LOG = "Error response from daemon: Get https://myacr.azurecr.io/v2/: unauthorized: authentication required"

#: How commands begin that are other programs', or are tried elsewhere, and where.
ELSEWHERE = {
    "python -m pip ": "it installs this project",
    "uvx ": "tests/release/test_built.py runs it with the built wheel",
    "pipx run ": "tests/release/test_built.py runs it with the built wheel",
    "python acr-ready.pyz ": "tests/release/test_onefile.py",
    "python -m pytest_acrauth.emulator ": "tests/emulator/test_served.py, and the clients' environment",
    "az acr list ": "the clients' environment has every az command parsed by az itself",
    "az role ": "the clients' environment has every az command parsed by az itself",
    "pytest --acr-config acr.toml --acr-report tonight.json ": "tests/test_nightly.py runs that file, night by night",
    "pytest --acr-config acr.toml --acr-emulate declared": "tests/plugin/commands/test_declared_world.py",
    "pytest --acr-config acr.toml --acr-emulate 'declared,": "the same tests change such worlds by name",
    "pytest --acr-config acr.toml --acr-rehearse": "tests/plugin/commands/test_rehearsing.py",
    "pytest --acr-emulate declared": "tests/plugin/commands/test_declared_world.py plays what markers declare",
    "pytest --acr-config acr.toml --acr-report=/var/lib/": "tests/report/test_metrics.py writes such a file elsewhere",
    "kubectl ": "tests/auth/test_pull_secret.py reads what it prints",
    "tox run -e ": "it makes an environment; tests/test_live_run.py, tests/test_benchmarks.py",
}
#: Commands that fail: where what is emulated does not pass by itself, and in a cloud that the emulator does not play.
FAILS = re.compile(r"--acr-emulate (?!healthy|role-soon)|\.azurecr\.us\b")
#: By the path of a page, the variables that it takes for set.
ALSO_SET = {"docs/how-to/evidence.md": {"ACR_USERNAME": "ci", "ACR_PASSWORD": "password-of-ci"}}
#: What a block of a page is a part of, by the first test or function in it, and the options that it is for.
AROUND = {
    "test_deployment_pulls_its_image": "@pytest.fixture\ndef cluster(): ...\n",
    "test_the_cluster_starts_the_application": "",
    "cluster": "def test_cluster(cluster): ...\n",
    "pytest_configure": "def test_configure(pytestconfig):\n    pytest_configure(pytestconfig)\n",
    "test_deployment_reads_and_does_no_more": "",
    "test_the_deployment_only_reads": "",
    "test_the_internet_does_not_get_in": "",
    "fleet": "def test_fleet(fleet):\n    assert len(fleet.world.cloud.registries) == 202\n",
    "environment": "def test_environment(acr_emulator, tmp_path):\n    environment(acr_emulator, tmp_path)\n",
}


class Command(NamedTuple):
    """A line that a page tells to type: the page, what is exported before, and the line."""

    page: str
    exports: tuple[str, ...]
    line: str


def blocks(kind: str) -> Iterator[tuple[str, str]]:
    """Yield the blocks of a kind on the pages that people write, each with the page's path."""
    for path in WRITTEN:
        for found in BLOCK.finditer(path.read_text(encoding="utf-8")):
            if found["kind"] == kind:
                yield path.relative_to(ROOT).as_posix(), found["text"]


def commands() -> Iterator[Command]:
    """Yield every line behind a prompt."""
    indented = INDENTED.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    typed = {"README.md": [indented]}
    for page, text in blocks("console"):
        typed.setdefault(page, []).append(re.findall(r"^\$ (.*)$", text.replace("\\\n", ""), re.MULTILINE))
    for page, lines in ((page, lines) for page, found in typed.items() for lines in found):
        exports: list[str] = []
        for line in lines:
            words = line.partition(" #")[0].strip()
            if words.startswith("export "):
                exports += shlex.split(words)[1:]
            else:
                yield Command(page, tuple(exports), words)


ALL = [*commands()]
RUN = [each for each in ALL if not each.line.startswith(tuple(ELSEWHERE))]


def as_the_pages_have_it(world: World) -> None:
    """Give every registry the images and the tokens that pages name, each token with a password after its name."""
    now = world.cloud.now()
    for registry in world.cloud.registries.values():
        app = registry.repositories["team/app"]
        app.tags["stable"] = app.tags["latest"]
        for name, tag in (
            ("team/worker", "stable"),
            ("team/web", "stable"),
            ("base/python", "latest"),
            ("your/image", "latest"),
        ):
            registry.repositories[name] = Repository(name, now)
            registry.repositories[name].add_image(tag)
        for name in ("reader", "writer", "ci"):
            password = Password(f"password-of-{name}", now - DAY, now + DAY)
            registry.tokens[name] = ScopeMapToken(name, "app-pull", [password], created=now - DAY)
    private_only(world.cloud.registries["vaultacr"])


def with_a_builder(world: World) -> None:
    """Let a second application in, that may push and proves itself as a cluster's workload; the first has a prefix."""
    cloud, environ = world.cloud, world.machine.environ
    environ |= {f"ACR_PULLER_{name}": environ[f"AZURE_{name}"] for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET")}
    in_kubernetes(world)
    builder, principal = "9f2c7a10-4d3b-4e58-8a6f-1b0c2d3e4f50", "5d1e8b3a-72c4-4f09-9be6-0a1b2c3d4e5f"
    first = cloud.applications[CLIENT]
    cloud.applications[builder] = Application(builder, [], {TENANT: principal}, federated=first.federated)
    first.federated = []
    place = cloud.registries["myacr"].resource_id
    cloud.assignments += [RoleAssignment(principal, role, place) for role in ("AcrPush", EVIDENCE)]
    environ |= {"AZURE_CLIENT_ID": builder, "ACR_SHOP": "myacr"}


#: By the path of a page, what it speaks of that others do not.
WORLDS = {"docs/how-to/readiness-file.md": with_a_builder}


class Typed:
    """Somebody who types what pages show, on the emulated machine, in a folder with the files that are named."""

    def __init__(self, pytester: pytest.Pytester, environ: pytest.MonkeyPatch, emulator: Emulator) -> None:
        self.pytester = pytester
        self.environ = environ
        self.emulator = emulator
        self.export_all()
        (pytester.path / "build.log").write_text(f"{LOG}\n")
        (pytester.path / "junit.xml").write_text(f"<testsuite><failure>{LOG}</failure></testsuite>\n")
        (pytester.path / "registries.txt").write_text("myacr\notheracr\n")
        (pytester.path / "corporate-ca.pem").write_text(emulator.ca_pem)
        (pytester.path / "pull-secret.json").write_bytes(Path(emulator.environ["ACR_PULL_FILE"]).read_bytes())
        pytester.makepyfile(test_own="def test_own(): ...")
        pytester.makeini("[pytest]\n")

    def export_all(self) -> None:
        """Set what the emulated machine has, and what leads to the emulator."""
        folder = Path(tempfile.mkdtemp(dir=self.pytester.path))
        own = self.emulator.environ
        there = {name: own[name] for name in ("AZURE_CONFIG_DIR", "PATH", "HOME")}
        for name, value in {**own, **environment(self.emulator, folder), **there}.items():
            self.environ.setenv(name, value)

    def export(self, each: str) -> None:
        """Set a variable as a page does; what it leaves out is the emulated identity's."""
        name, _, value = each.replace("$PWD", str(self.pytester.path)).partition("=")
        own = self.emulator.environ
        if value == "…" and name in own:
            value = own[name]
        elif value == "…" and name.endswith("PASSWORD"):
            value = f"password-of-{os.environ[name.removesuffix('PASSWORD') + 'USERNAME']}"
        elif value == "…":
            value = own["AZURE_" + re.sub(r"^.*_(TENANT_ID|CLIENT_\w+)$", r"\1", name)]
        self.environ.setenv(name, value)

    def type(self, line: str) -> pytest.RunResult:
        """Run the pytest of a line, with what it is fed where another program feeds it."""
        _, piped, pytest_line = line.rpartition("| ")
        words = shlex.split(pytest_line)
        assert words[0] == "pytest", line
        fed = f"{LOG}\n".encode() if piped else b""
        absent = without("asyncio", "randomly", "hypothesispytest")
        if fed or "-n" in words:
            return self.pytester.run(sys.executable, "-m", "pytest", *absent, *words[1:], stdin=fed)
        return self.pytester.runpytest_inprocess(*absent, *words[1:])


@pytest.fixture
def typed(pytester, clean_environment):
    """Deliver somebody who types."""
    clean_environment.setenv("COLUMNS", "200")
    with Emulator(registries=("myacr", "otheracr", "yourregistry", "vaultacr")) as emulator:
        emulator.change(as_the_pages_have_it)
        yield Typed(pytester, clean_environment, emulator)


@pytest.mark.broad(of=8)
@pytest.mark.parametrize("command", RUN, ids=lambda command: f"{command.page}: {command.line}")
def test_a_command_ends_as_the_page_says(typed, command):
    """It is a command that pytest takes, and passes in a world where all is well, or fails where the page says so."""
    if command.page in WORLDS:
        typed.emulator.change(WORLDS[command.page])
        typed.export_all()
    for name, value in ALSO_SET.get(command.page, {}).items():
        typed.environ.setenv(name, value)
    if "--acr-config " in command.line:
        (typed.pytester.path / "acr.toml").write_text(
            next(text for page, text in blocks("toml") if page == command.page)
        )
    for each in command.exports:
        typed.export(each)
    if command.page.endswith("private-ca.md"):
        typed.environ.delenv("SSL_CERT_FILE")
    for name, text in blocks("ini"):
        if name == command.page:
            typed.pytester.makeini(text)
    if earlier := re.search(r"\b(?:there|yesterday)\.json", command.line):
        typed.type(f"pytest --acr-registry myacr --acr-report={earlier[0]}")
    result = typed.type(command.line)
    wanted = pytest.ExitCode.TESTS_FAILED if FAILS.search(command.line) else pytest.ExitCode.OK
    assert result.ret == wanted, result.stdout.str() + result.stderr.str()


def test_every_command_is_run_or_tried_elsewhere():
    """No page shows a command that nobody tries, and no row is about a command that no page shows."""
    assert {each.line.rpartition("| ")[2].partition(" ")[0] for each in RUN} == {"pytest"}
    assert [begin for begin in ELSEWHERE if not any(each.line.startswith(begin) for each in ALL)] == []


def defined(text: str) -> str:
    """Return the name of the first function in a block, '' for one without."""
    return (re.findall(r"^def (\w+)", text, re.MULTILINE) or [""])[0]


PYTHON = [each for each in blocks("python") if defined(each[1])]


@pytest.mark.parametrize(("page", "text"), PYTHON, ids=[f"{page}: {defined(text)}" for page, text in PYTHON])
def test_tests_on_a_page_hold(typed, page, text):
    """They pass where the registry is as their names say."""
    source = f"import os\nimport pytest\n\n{text}\n\n{AROUND[defined(text)]}"
    (typed.pytester.path / "test_own.py").write_text(source, encoding="utf-8")
    tests = re.findall(r"^def (test_\w+)", source, re.MULTILINE)
    for name in tests:
        registry = "vaultacr" if "internet" in name else "myacr"
        result = typed.type(f"pytest --acr-registry {registry} --acr-checks none -k {name}")
        result.assert_outcomes(passed=1, deselected=len(tests) - 1)


def test_code_on_a_page_runs(capsys):
    """What is no test does what the page says of it."""
    codes = [text for _, text in blocks("python") if not defined(text)]
    assert codes
    for text in codes:
        code = compile(text, "page", "exec")
        with Emulator() as emulator:
            exec(code, {"log": LOG, "acr_emulator": emulator})  # noqa: S102 - our own page
        printed = capsys.readouterr().out
        assert ("basic-refused: " in printed) is ("log" in code.co_names)
