"""The shape of the code: who may import whom, and what has to exist together."""

from __future__ import annotations

import ast
import dataclasses
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pytest_acrauth.stage import Stage
from pytest_acrauth.transcript import Access, Transcript

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pytest_acrauth"

#: Which part of the package may import which other parts, at module level or inside functions. A part is a module or
#: a subpackage.
ARROWS = {
    # the vocabulary
    "stage": "",
    "machine": "",
    "secret": "",
    "codec": "",
    "target": "stage",
    "programs": "",
    "evidence": "",
    "observation": "machine",
    "credential": "",
    "transcript": "codec credential evidence observation stage target",
    "tokens": "credential observation",
    "auth": "credential observation programs secret target tokens",
    "client": "codec credential",
    # what records
    "probes": "auth client credential evidence machine observation programs secret target tokens transcript",
    "run": "diagnosis evidence machine probes secret target transcript",
    # what concludes and speaks
    "failure": "client evidence observation stage transcript",
    "facts": "client client_facts credential failure observation target transcript",
    "client_facts": "client target",
    "catalogue": "client credential evidence facts failure machine observation stage target",
    "diagnosis": "catalogue client evidence failure transcript",
    "printed": "secret target",
    "recognition": "catalogue client diagnosis failure printed target",
    "report": "catalogue client client_facts diagnosis facts failure observation stage target transcript",
    # what faces pytest
    "options": "",
    "configuration": "auth evidence machine options target",
    "emulation": "auth configuration emulator machine options",
    "verdict": "stage target transcript",
    "barrier": "client configuration probes run target transcript",
    "failing": "diagnosis failure machine observation recognition report secret transcript",
    "fixture": "barrier failing failure observation target transcript",
    "markers": "barrier failing failure fixture target",
    "readiness": "barrier failing failure observation recognition report stage target transcript verdict",
    "explaining": "recognition report",
    "activation": "auth barrier configuration emulation failing markers options readiness run target",
    "plugin": "activation barrier emulator explaining failing fixture markers options target",
    "__init__": "diagnosis failure fixture machine recognition report run stage target transcript",
    # the emulator; what its services may know of each other: tests/emulator/test_emulator_structure.py
    "emulator": "machine",
}

STANDARD_LIBRARY_ONLY = (
    "stage",
    "secret",
    "codec",
    "target",
    "programs",
    "evidence",
    "observation",
    "credential",
    "transcript",
    "tokens",
    "client",
    "failure",
    "facts",
    "client_facts",
    "catalogue",
    "diagnosis",
    "printed",
    "recognition",
    "report",
    "verdict",
)
MEETS_PYTEST = (
    "activation",
    "barrier",
    "configuration",
    "emulation",
    "explaining",
    "failing",
    "fixture",
    "markers",
    "options",
    "plugin",
    "readiness",
)
HEAVY = ("azure", "cryptography", "dns", "httpcore", "httpx", "jwt", "starlette", "truststore", "trustme", "uvicorn")
HTTP_AND_AZURE = ("azure", "httpcore", "httpx")


class Import(NamedTuple):
    """One import statement's module: who imports, what, and whether at module level."""

    part: str
    path: Path
    module: str
    at_module_level: bool

    @property
    def distribution(self) -> str:
        """The first part of the name, which tells whose it is."""
        return self.module.partition(".")[0]

    @property
    def imported_part(self) -> str:
        """The part of our package that is imported."""
        return part_of(self.module.split(".")[1:])


def part_of(names: list[str]) -> str:
    """Return the part a module belongs to: its name below the package."""
    return names[0] if names else "__init__"


def modules_named(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """Every module an import statement names; `from package import module` counts as package.module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    assert node.level == 0, "relative imports hide the arrows"
    assert node.module is not None
    for alias in node.names:
        folder = ROOT.joinpath(*node.module.split("."))
        inside = (folder / f"{alias.name}.py").exists() or (folder / alias.name).is_dir()
        yield f"{node.module}.{alias.name}" if inside else node.module


def imports_of(path: Path) -> Iterator[Import]:
    """Every import of a source file, those inside functions and type-checking blocks included."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = path.relative_to(PACKAGE).with_suffix("").parts
    part = part_of([name for name in names if name != "__init__"])
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    inside |= {
        id(node)
        for outer in tree.body
        if isinstance(outer, ast.If) and ast.unparse(outer.test) == "TYPE_CHECKING"
        for node in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for module in modules_named(node):
                yield Import(part, path.relative_to(ROOT), module, id(node) not in inside)


IMPORTS = tuple(found for path in sorted(PACKAGE.rglob("*.py")) for found in imports_of(path))
PARTS = sorted({found.part for found in IMPORTS})


@pytest.mark.parametrize("part", PARTS)
def test_parts_import_only_along_the_arrows(part: str) -> None:
    """Every part of the package is in the table, and imports no part that the table does not grant it."""
    allowed = {part, *ARROWS[part].split()}
    foreign = [
        found
        for found in IMPORTS
        if found.part == part and found.distribution == "pytest_acrauth" and found.imported_part not in allowed
    ]
    assert foreign == []


def test_arrows_point_at_what_is_imported() -> None:
    """The table grants no arrow that nobody uses, and names no part that does not exist."""
    used = {(found.part, found.imported_part) for found in IMPORTS if found.distribution == "pytest_acrauth"}
    granted = {(part, other) for part, others in ARROWS.items() for other in others.split()}
    assert granted - used == set()
    assert set(ARROWS) == set(PARTS)


def test_arrows_form_no_circle() -> None:
    """Parts can be put in an order in which each imports only those before it."""
    waiting = {part: set(others.split()) for part, others in ARROWS.items()}
    while ready := [part for part, others in waiting.items() if not others]:
        waiting = {part: others - set(ready) for part, others in waiting.items() if part not in ready}
    assert waiting == {}


def test_what_concludes_and_speaks_needs_the_standard_library_only() -> None:
    """Vocabulary, catalogue, diagnosis and report import nothing that has to be installed."""
    known = {*sys.stdlib_module_names, "pytest_acrauth"}
    foreign = [found for found in IMPORTS if found.part in STANDARD_LIBRARY_ONLY and found.distribution not in known]
    assert foreign == []


def test_few_modules_meet_pytest() -> None:
    """Only the modules that face pytest import it."""
    runners = {"pytest", "_pytest", "pluggy", "xdist"}
    assert [found for found in IMPORTS if found.distribution in runners and found.part not in MEETS_PYTEST] == []


def test_http_and_azure_live_in_the_probes() -> None:
    """No part but the probes imports an HTTP or Azure library."""
    assert [found for found in IMPORTS if found.distribution in HTTP_AND_AZURE and found.part != "probes"] == []


def test_heavy_libraries_load_with_probes_and_emulator_only() -> None:
    """Elsewhere, whatever has to be installed and is slow to import is imported inside the function that needs it."""
    homes = ("probes", "emulator")
    loaded = [found for found in IMPORTS if found.distribution in HEAVY and found.at_module_level]
    assert [found for found in loaded if found.part.partition(".")[0] not in homes] == []


def reached_from(*parts: str) -> set[str]:
    """Every part that these parts import, directly or through others."""
    found: set[str] = set()
    waiting = list(parts)
    while waiting:
        others = set(ARROWS[waiting.pop()].split()) - found
        found |= others
        waiting += others
    return found


def test_probes_know_neither_causes_nor_the_emulator() -> None:
    """Nothing the probes import leads to the catalogue or to the emulator."""
    knowing = {"catalogue", "facts", "failure", "diagnosis", "report", "emulator"}
    assert {part.partition(".")[0] for part in reached_from("probes")} & knowing == set()


@pytest.mark.parametrize("stage", Stage)
def test_a_stage_has_its_observation_and_its_paragraph(stage: Stage) -> None:
    """Every stage is recorded once, in the transcript or per repository, and the documentation tells when it passes."""
    home = Access if stage.per_repository else Transcript
    assert stage in {field.name for field in dataclasses.fields(home)}
    assert f"| `{stage}` | " in (ROOT / "docs/explanation/stages.md").read_text(encoding="utf-8")


def test_lowest_environment_installs_the_declared_bounds() -> None:
    """The versions that `tox run -e lowest` pins are the lower bounds a user is promised."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = settings["project"]
    # The one test dependency whose newer releases would bring a newer pytest.
    asyncio = [each for each in settings["dependency-groups"]["test"] if str(each).startswith("pytest-asyncio")]
    declared = {*project["dependencies"], *project["optional-dependencies"]["emulator"], *asyncio}
    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")
    pinned = re.findall(r"^ {4}([\w-]+)==([\w.]+)$", tox, re.MULTILINE)
    bounds = sorted(requirement.split(">=") for requirement in declared)
    assert len(bounds) == len(pinned)
    for (name, bound), (pinned_name, version) in zip(bounds, sorted(map(list, pinned)), strict=True):
        assert name == pinned_name
        assert version in {bound, *(bound + ".0" * zeros for zeros in (1, 2))}
