"""The documentation: what is generated is up to date, what is named exists, and the examples do what is said."""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from pytest_acrauth.catalogue import FAMILIES, MODES, SYMPTOMS
from pytest_acrauth.emulator import SCENARIOS
from pytest_acrauth.options import OPTIONS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
EXAMPLES = ROOT / "docs" / "examples"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TEXTS = {path: path.read_text(encoding="utf-8") for path in PAGES}


def generator() -> ModuleType:
    """Load docs/generate.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def named(pattern: str) -> set[str]:
    """Return what a pattern's group finds on all pages together."""
    return {found for text in TEXTS.values() for found in re.findall(pattern, text)}


def test_generated_pages_are_what_the_code_says() -> None:
    """Running docs/generate.py would change nothing: pages, tables and the failure in README are today's."""
    wanted = generator().pages()
    existing = {path.relative_to(ROOT) for path in ROOT.glob("docs/failure-modes/*.md")}
    assert existing <= set(wanted)
    assert [path for path, text in wanted.items() if (ROOT / path).read_text(encoding="utf-8") != text] == []


def test_every_mode_with_a_scenario_shows_real_output() -> None:
    """A page whose failure mode the emulator can bring about begins with what the emulator really showed."""
    for scenario in set(SCENARIOS) & set(MODES):
        text = TEXTS[ROOT / "docs" / "failure-modes" / f"{scenario}.md"]
        shown = text.partition("```text\n")[2].partition("\n")[0]
        assert re.match(rf"{scenario}: |[\w-]+: one of .*\b{scenario}\b", shown), scenario


def test_readme_has_the_two_commands() -> None:
    """A newcomer finds the demo and the tests as one line each."""
    commands = re.findall(r"^    python -m pip install tox && (tox run.*?) +#", TEXTS[README], re.MULTILINE)
    assert commands == ["tox run -e demo", "tox run"]


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
    assert named(r"(--acr-[a-z][a-z-]*)") <= {option.flag for option in OPTIONS}
    assert named(r"^(acr_\w+) *=") <= {option.ini for option in OPTIONS}
    assert named(r"\b(PYTEST_ACR_\w+)") <= {option.variable for option in OPTIONS}


def test_every_scenario_and_id_named_exists() -> None:
    """What pages tell to emulate or to explain can be emulated and explained."""
    assert named(r"--acr-emulate ([a-z0-9-]+)") <= set(SCENARIOS)
    assert named(r"--acr-explain ([a-z0-9-]+)") <= {"all", *MODES, *SYMPTOMS, *FAMILIES}


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


@pytest.mark.parametrize("scenario", ["entra-sp-secret-expired", "data-redirect-foreign"])
def test_example_suite_shows_what_is_emulated_last(inner, scenario) -> None:
    """A scenario that is added to the demo's command is what the user meets."""
    shutil.copytree(EXAMPLES, inner.pytester.path, dirs_exist_ok=True)
    result = inner.apart("--acr-registry", "myacr", "--acr-emulate", "healthy", "--acr-emulate", scenario)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"{scenario}: *"])
