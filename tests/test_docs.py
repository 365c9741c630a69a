"""The documentation: what is generated is up to date, what is named exists, and the examples do what is said."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from configparser import ConfigParser
from dataclasses import replace
from pathlib import Path

import pytest
from derived.failure_modes import mode_page
from derived.markdown import prose
from derived.searches import searched_for
from derived.seen import climbed, lasting
from fleets import shop_base_and_vault
from generate import pages

import pytest_acrauth
from pytest_acrauth.catalogue.entra_numbers import NUMBERS
from pytest_acrauth.catalogue.tables import FAMILIES, MODES, SYMPTOMS
from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.emulator import DELAYS, LOOK_ALIKES, SCENARIOS, Emulator, World
from pytest_acrauth.emulator.__main__ import environment
from pytest_acrauth.emulator.world.roles import EVIDENCE, Role
from pytest_acrauth.plugin.asked.options import OPTIONS
from pytest_acrauth.report.entries import Decisive, cause_entry
from pytest_acrauth.report.explanation import Asked, Cause, Kind, Step
from pytest_acrauth.report.text import explain

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
EXAMPLES = ROOT / "docs" / "examples"
WORKFLOW = ROOT / ".github" / "workflows" / "ci.yml"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TEXTS = {path: path.read_text(encoding="utf-8") for path in PAGES}


def named(pattern: str) -> set[str]:
    """Return what a pattern's group finds on all pages together."""
    return {found for text in TEXTS.values() for found in re.findall(pattern, text)}


def promised_pythons() -> list[str]:
    """Return the minor versions of Python 3 that the package's classifiers list."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.findall(r'"Programming Language :: Python :: 3\.(\d+)"', project)


@pytest.mark.thorough
def test_generated_pages_are_what_the_code_says() -> None:
    """Running docs/generate.py would change nothing: pages, tables and the failure in README are today's."""
    wanted = pages()
    existing = {path.relative_to(ROOT) for path in ROOT.glob("docs/failure-modes/*.md")}
    assert existing <= set(wanted)
    assert [path for path, text in wanted.items() if (ROOT / path).read_text(encoding="utf-8") != text] == []


def test_a_page_shows_the_entry_it_is_given() -> None:
    """A failure mode's page is made of the very value that the text is made of, and decides nothing by itself."""
    entry = cause_entry(MODES["firewall-ip-denied"])
    said = Asked("said", "Is this the question?", "label", Step(Kind.LOOK, "look here", command=True))
    cause = Cause(
        "made-up",
        "a title",
        "few words",
        "A meaning.",
        (Step(Kind.FIX, "do this", command=True),),
        "https://example.com/page",
        (),
    )
    changed = replace(
        entry, cause=cause, symptoms=entry.symptoms[:1], questions=(Decisive(said, "An oracle tells it"),)
    )
    page = mode_page(changed, None)
    lines = page.splitlines()
    assert {"# made-up", "A title.", "A meaning.", "$ do this", "- Is this the question?"} <= set(lines)
    assert "  An oracle tells it; by hand: `look here`" in lines
    assert "<https://example.com/page>" in lines
    for text in (entry.cause.title, entry.cause.meaning, *(step.text for step in entry.cause.steps)):
        assert prose(text) not in page


def test_every_mode_with_a_scenario_shows_real_output() -> None:
    """A page whose failure mode the emulator can bring about begins with what the emulator really showed."""
    for scenario in set(SCENARIOS) & set(MODES):
        text = TEXTS[ROOT / "docs" / "failure-modes" / f"{scenario}.md"]
        shown = text.partition("```text\n")[2].partition("\n")[0]
        assert re.match(rf"{scenario}: |[\w-]+: one of .*\b{scenario}\b", shown), scenario


def test_a_command_that_was_shown_can_be_typed() -> None:
    """What pages leave out of real output, such as ids of one run, stands in no command."""
    shown = re.compile(r"^ {4,}(?:az|docker|curl|kubectl) .*<(?:id|time|thumbprint|subject)>.*$", re.MULTILINE)
    assert {path.name: shown.findall(text) for path, text in TEXTS.items() if shown.search(text)} == {}


def test_readme_has_the_two_commands() -> None:
    """A newcomer finds the demo and the tests as one line each."""
    commands = re.findall(r"^    python -m pip install tox && (tox run.*?) +#", TEXTS[README], re.MULTILINE)
    assert commands == ["tox run -e demo", "tox run"]


def test_readme_can_be_read_away_from_the_checkout() -> None:
    """README is the package's description too: no link needs the files beside it, and pages named in it exist."""
    inline, by_name, html = r"\]\((?!https://)", r"(?m)^ *\[[^\]]+\]:(?! *https://)", r"\b(?:src|href)="
    assert [kind for kind in (inline, by_name, html) if re.search(kind, TEXTS[README])] == []
    pages = re.findall(r"`([\w-]+\.md)`", TEXTS[README])
    assert pages
    assert [page for page in pages if not {ROOT / page, ROOT / "docs" / page} & set(PAGES)] == []


def test_no_address_is_told_while_there_is_none() -> None:
    """The package's metadata names no address: the project has none yet, and one that is invented leads astray."""
    assert "urls" not in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_tox_runs_on_every_python_that_is_promised() -> None:
    """The Pythons of the package's classifiers are those of tox's matrix."""
    assert re.findall(r"\bpy3(\d+)\b", (ROOT / "tox.ini").read_text(encoding="utf-8")) == promised_pythons()


@pytest.mark.skipif(not WORKFLOW.exists(), reason="a source distribution has no workflows")
def test_the_workflow_runs_on_every_python_that_is_promised() -> None:
    """The Pythons of the package's classifiers are those of the hosted CI."""
    (listed,) = re.findall(r"python: \[(.*)\]", WORKFLOW.read_text(encoding="utf-8"))
    assert re.findall(r"3\.(\d+)", listed) == promised_pythons()


@pytest.mark.skipif(not WORKFLOW.exists(), reason="a source distribution has no workflows")
def test_actions_of_the_workflow_are_pinned() -> None:
    """An action is named by the hash of its commit with the version behind it, and by the same one everywhere."""
    used = re.findall(r"uses: (.*)", WORKFLOW.read_text(encoding="utf-8"))
    assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)] == []
    assert len(set(used)) == len({action.partition("@")[0] for action in used}) > 0


def test_links_between_files_lead_somewhere() -> None:
    """No page outside the documentation folder, whose links Sphinx checks, points at a file that does not exist."""
    broken = [
        (path.name, link)
        for path in ROOT.glob("*.md")
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", TEXTS[path])
        if not (ROOT / link).exists()
    ]
    assert broken == []


def test_every_option_named_exists_under_every_name() -> None:
    """Flags, configuration entries and environment variables on any page are in the table of options."""
    of_az = {"--acr-identity"}  # of az container create
    assert named(r"(--acr-[a-z][a-z-]*)") <= {option.flag for option in OPTIONS} | of_az
    assert named(r"(?m)^(acr_\w+) *=(?!=)") <= {option.ini for option in OPTIONS}
    assert named(r"\b(PYTEST_ACR_\w+)") <= {option.variable for option in OPTIONS}


def test_every_scenario_and_id_named_exists() -> None:
    """What pages tell to emulate or to explain can be emulated and explained."""
    assert named(r"--acr-emulate ([a-z0-9-]+)") <= {"list", "declared", *SCENARIOS, *LOOK_ALIKES, *DELAYS}
    ids = named(r"--acr-explain ([a-z0-9][a-z0-9-]*)(?![\w.-])")
    assert ids <= {"all", *MODES, *SYMPTOMS, *FAMILIES}


def test_every_option_is_in_readme() -> None:
    """Whoever decides from README learns of every option there is."""
    assert {option.flag for option in OPTIONS} == set(re.findall(r"--acr-[a-z][a-z-]*", TEXTS[README]))


def linked(page: Path) -> set[Path]:
    """Return the pages that a reader sees links to on a page; the table of contents in a margin does not count."""
    seen = re.sub(r"^```\{toctree\}.*?^```", "", TEXTS[page], flags=re.MULTILINE | re.DOTALL)
    return {(page.parent / target).resolve() for target in re.findall(r"\]\(([^):#]+\.md)(?:#[^)]*)?\)", seen)}


def test_every_page_is_two_clicks_from_the_landing_page() -> None:
    """Whoever begins where README sends them reaches each page by what they can see, in two steps."""
    landing = ROOT / "docs" / "index.md"
    assert f"`{landing.relative_to(ROOT).as_posix()}`" in TEXTS[README]
    once = {landing} | linked(landing)
    twice = once.union(*map(linked, once))
    pages = {path for path in PAGES if path.is_relative_to(ROOT / "docs") and "examples" not in path.parts}
    assert twice <= set(PAGES)
    assert pages - twice == set()
    assert {path for path in pages - once if path.parent.name != "failure-modes"} == set()


def test_what_people_see_is_in_the_index() -> None:
    """Each number of Entra's, sentence of docker's and code of az is an index entry on the pages of its causes."""
    searched = searched_for()
    assert {f"AADSTS{number}" for number in NUMBERS} <= set(searched)
    for words, causes in searched.items():
        assert causes, words
        pages = [TEXTS[ROOT / "docs" / "failure-modes" / f"{name}.md"] for name in causes]
        assert all(f"   single: {words}; " in text for text in pages), words
    coded = [mode for mode in MODES.values() if mode.az_code]
    for mode in coded:
        assert f"   single: {mode.az_code}; {mode.id}\n" in TEXTS[ROOT / "docs" / "failure-modes" / f"{mode.id}.md"]


def test_a_mode_is_told_in_the_order_of_the_failure() -> None:
    """Each page has what the text of a failure has, in its order, and what is more behind it."""
    order = ["What to do", "Why", "Seen", "Documentation", "Related modes", "Reproduce it", "At a glance"]
    for name in MODES:
        assert re.findall(r"^## (.*)$", TEXTS[ROOT / "docs" / "failure-modes" / f"{name}.md"], re.MULTILINE) == order


def test_every_public_name_is_told() -> None:
    """The page on Python has each name that the package exports."""
    told = set(re.findall(r"`(\w+)", TEXTS[ROOT / "docs" / "reference" / "python-api.md"]))
    assert {name for name in dir(pytest_acrauth) if not name.startswith("_")} <= told


def test_every_page_has_a_place() -> None:
    """No guide, reference or explanation is left out of the table of contents."""
    listed = set(re.findall(r"^[\w-]+/[\w-]+$", TEXTS[ROOT / "docs" / "index.md"], re.MULTILINE))
    folders = ("how-to", "reference", "explanation")
    assert {f"{path.parent.name}/{path.stem}" for path in PAGES if path.parent.name in folders} <= listed


def test_text_of_the_guide_is_explained_as_shown() -> None:
    """The line that the guide shows leads to the explanation whose beginning it shows."""
    line, shown = re.findall(r"```text\n(.*?)\n```", TEXTS[ROOT / "docs" / "how-to" / "explain-text.md"], re.DOTALL)[:2]
    assert explain(recognise(line)[0], asked=True).startswith(f"{shown}\n")


def test_text_of_the_tutorial_is_recognised() -> None:
    """The log that the tutorial lets explain is about a registry."""
    (line,) = re.findall(r"^Error response from daemon.*", TEXTS[ROOT / "docs" / "tutorial.md"], re.MULTILINE)
    assert recognise(line)


@pytest.mark.parametrize("scenario", ["firewall-ip-denied", "scope-map-token-disabled", "exchange-no-role"])
def test_the_role_shown_for_evidence_suffices(scenario) -> None:
    """An identity with the custom role of the guide, and no other right to look, finds the cause."""
    page = TEXTS[ROOT / "docs" / "how-to" / "evidence.md"]
    shown = json.loads(page.partition("```json\n")[2].partition("```")[0])

    def as_shown(world: World) -> None:
        role = Role(world.cloud.custom_roles[EVIDENCE].id, tuple(shown["Actions"]), built_in=False)
        world.cloud.custom_roles[EVIDENCE] = role
        for user in world.cloud.users:
            world.cloud.assignments = [each for each in world.cloud.assignments if each.principal_id != user.object_id]

    with Emulator(scenario) as emulator:
        emulator.change(as_shown)
        found = climbed(emulator, SCENARIOS[scenario])
    assert [diagnosis.mode and diagnosis.mode.id for diagnosis in found] == [scenario]


def test_changelog_lists_every_id() -> None:
    """Whoever reads the changelog learns which failure modes a version can name."""
    listed = re.findall(
        r"`([a-z0-9-]+)`", "".join(re.findall(r"^- Failure modes.*$", TEXTS[ROOT / "CHANGELOG.md"], re.MULTILINE))
    )
    assert sorted(listed) == sorted(MODES)


def test_example_suite_is_green_on_a_healthy_registry(inner) -> None:
    """The suite that the documentation shows passes, built-in checks included."""
    shutil.copytree(EXAMPLES, inner.pytester.path, dirs_exist_ok=True)
    result = inner.apart("--acr-registry", "myacr", "--acr-emulate", "healthy")
    result.assert_outcomes(passed=13)


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("scenario", ["entra-sp-secret-expired", "data-redirect-foreign"])
def test_example_suite_shows_what_is_emulated_last(inner, scenario) -> None:
    """A scenario that is added to the demo's command is what the user meets."""
    shutil.copytree(EXAMPLES, inner.pytester.path, dirs_exist_ok=True)
    result = inner.apart("--acr-registry", "myacr", "--acr-emulate", "healthy", "--acr-emulate", scenario)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"{scenario}: *"])


def test_the_demo_shows_the_text_of_readme(inner, monkeypatch) -> None:
    """The command that README names prints the failure that README shows, to the letter but for times and ids."""
    told = re.search(r"^`tox run -e demo -- (--acr-emulate (\S+))` makes it fail", TEXTS[README], re.MULTILINE)
    assert told is not None
    (shown,) = re.findall(rf"<!-- shown: {told[2]} -->\n```text\n(.*?)\n```", TEXTS[README], re.DOTALL)
    tox = ConfigParser()
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    line = tox["testenv:demo"]["commands"].removeprefix("pytest ").removesuffix(" {posargs}")
    (begun,) = re.findall(r"```text\n(.*?)```", TEXTS[ROOT / "docs" / "index.md"], re.DOTALL)
    assert shown.startswith(begun)
    shutil.copytree(EXAMPLES, inner.pytester.path, dirs_exist_ok=True)
    monkeypatch.delenv("COLUMNS")
    printed = inner.apart(*line.split(), *told[1].split()).stdout.str()
    assert printed.count(shown.splitlines()[1]) == 1
    assert shown in lasting(printed)


def test_example_of_a_fleet_is_green(inner, tmp_path, monkeypatch) -> None:
    """The suite for three registries and two identities holds in the world that it describes, and in no other one."""
    shutil.copytree(EXAMPLES / "fleet", inner.pytester.path, dirs_exist_ok=True)
    with Emulator(registries=("shopacr", "baseacr", "vaultacr")) as emulator:
        emulator.change(shop_base_and_vault)
        own = {name: value for name, value in emulator.environ.items() if name.startswith(("BUILDER_", "PULLER_"))}
        for name, value in (environment(emulator, tmp_path) | own).items():
            monkeypatch.setenv(name, value)
        inner.apart("-W", "error").assert_outcomes(passed=16)
        vault = emulator.world.cloud.registries["vaultacr"]
        vault.public_network_access, vault.default_action = True, "Allow"
        opened = inner.apart("-rf")
    opened.assert_outcomes(passed=13, failed=3)
    opened.stdout.fnmatch_lines(
        ["FAILED *test_nobody_gets_into_the_vault* - more-open-than-expected: * gets into vaultacr*"]
    )


def test_example_of_the_emulator_is_green(inner) -> None:
    """The tests that the guide shows for code of one's own pass, with no registry configured."""
    shutil.copytree(EXAMPLES / "emulator", inner.pytester.path, dirs_exist_ok=True)
    inner.apart("-W", "error").assert_outcomes(passed=8)
