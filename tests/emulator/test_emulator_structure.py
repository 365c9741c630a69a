"""The emulator's services answer for causes: they know neither scenarios nor the catalogue of failure modes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from for_each import for_each

import pytest_acrauth
import pytest_acrauth.emulator
from pytest_acrauth.catalogue.tables import MODES, SYMPTOMS
from pytest_acrauth.emulator import SCENARIOS

PACKAGE = Path(pytest_acrauth.__file__).parent
FOLDER = Path(pytest_acrauth.emulator.__file__).parent
ROOMS = ("world", "azure", "programs", "server")
SERVICES = [
    pytest.param(path, id=f"{room}-{path.stem}") for room in ROOMS for path in sorted((FOLDER / room).glob("*.py"))
]


ENTRIES = FOLDER / "scenarios" / "entries.py"
DELAYS = FOLDER / "scenarios" / "delays.py"
#: Who names what happens to a world: scenarios, what a refusal is declared to be for, and what breaks a promise.
NAMING = {ENTRIES, DELAYS, FOLDER / "declared.py", FOLDER / "rehearsal.py"}
LOOK_ALIKES = ENTRIES.parent / "look_alikes"
MODULES = [pytest.param(path, id="-".join(path.relative_to(FOLDER).parts)) for path in sorted(FOLDER.rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """Return the names of all modules that a file imports, also from inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def texts(path: Path) -> Iterator[str]:
    """Yield the text constants of a file, parts of formatted ones included, docstrings not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_there_are_services():
    """The modules looked at here are the ones that serve."""
    assert {"azure-registry", "azure-login", "azure-entra", "azure-data", "world-__init__", "server-front"} <= {
        param.id for param in SERVICES
    }


@pytest.mark.parametrize("path", SERVICES)
def test_service_imports_neither_scenarios_nor_catalogue(path):
    """Of the package, a service may know the emulator's other services and the machine's contract only."""
    own = {name for name in imported(path) if name.startswith("pytest_acrauth")}
    allowed = ("pytest_acrauth.emulator.", "pytest_acrauth.model.machine")
    assert {name for name in own if not name.startswith(allowed)} == set()
    assert {name for name in own if "scenarios" in name} == set()


@for_each("path", MODULES)
def test_one_module_names_failure_modes(path):
    """No id of a scenario, mode or symptom stands anywhere else than among the scenarios, comments included."""
    text = path.read_text(encoding="utf-8")
    ids = {name for name in {*SCENARIOS, *MODES, *SYMPTOMS} if "-" in name}
    found = bool({name for name in ids if name in text})
    assert not found if path not in NAMING and path.parent != LOOK_ALIKES else found or path != ENTRIES


def test_services_say_nothing_that_the_catalogue_says():
    """No sentence of the catalogue is a service's; the words of foreign programs, both quote for themselves."""
    services = {text for param in SERVICES for text in texts(param.values[0])}
    sentences = {
        text
        for mode in MODES.values()
        for text in (mode.title, mode.means, *map(str, (*mode.look, *mode.fix, *mode.instead)))
    }
    sentences |= {symptom.says for symptom in SYMPTOMS.values()}
    assert {text for text in services & sentences if " " in text.strip()} == set()


def test_scenarios_do_not_import_the_catalogue():
    """Scenario ids are texts; that they are the catalogue's is for tests to compare."""
    assert {name for name in imported(ENTRIES) if "catalogue" in name} == set()
    assert set(SCENARIOS) - {"healthy"} <= set(MODES)
