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

from pytest_acrauth.auth import METHODS
from pytest_acrauth.emulator.scenarios.variants import IDENTITIES
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.target import WAYS
from pytest_acrauth.model.transcript import Access, Transcript
from pytest_acrauth.plugin.asked.options import OPTIONS
from pytest_acrauth.probes.programs.clients import CHECKS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pytest_acrauth"

#: Who takes from whom: each room, a folder below the package, may import the rooms named behind it, at module level or
#: inside functions. A row says all of it; a new file in a room needs none.
ROOMS = {
    "model": "",
    "auth": "model",
    "catalogue": "model",
    "emulator": "auth model",  # for the names of methods and of what they read; what works is its own to say
    "probes": "auth model",
    "diagnosis": "catalogue model",
    "report": "catalogue diagnosis model",
    "running": "auth diagnosis model probes",
    "plugin": "auth diagnosis emulator model probes report running",
    "__init__": "auth catalogue diagnosis model plugin report running",
}
#: The same inside the rooms that have rooms of their own. Files beside those may use them all, but for `GROUND`.
INNER_ROOMS = {
    "catalogue": {
        "symptoms": "",
        "questions": "symptoms",
        "causes": "questions symptoms",
    },
    "probes": {
        "http": "",
        "programs": "http",
        "entra": "http programs",
        "management": "entra http",
    },
    "emulator": {
        "world": "",
        "azure": "world",
        "programs": "azure world",
        "scenarios": "azure world",
        "server": "azure programs world",
    },
}
#: The rooms of the plugin, from the ground: each may import those before it. The hooks and the activation, the files
#: beside them, use all of them.
PLUGIN = ("asked", "cleaning", "climbing", "checks", "written", "told", "commands")
INNER_ROOMS["plugin"] = {room: " ".join(PLUGIN[:number]) for number, room in enumerate(PLUGIN)}
#: The files beside inner rooms on which those stand: inner rooms may use them, and they use only each other.
GROUND = {
    "catalogue": "entra_numbers facts pages shape steps",
    "plugin": "keys",
}

STANDARD_LIBRARY_ONLY = ("model", "catalogue", "diagnosis", "report")
MEETS_PYTEST = ("plugin",)
HEAVY = ("azure", "cryptography", "dns", "httpcore", "httpx", "jwt", "starlette", "truststore", "trustme", "uvicorn")
HTTP_AND_AZURE = ("azure", "httpcore", "httpx")


class Import(NamedTuple):
    """One import statement's module: who imports, what, and whether at module level."""

    importer: tuple[str, ...]
    path: Path
    module: str
    at_module_level: bool

    @property
    def room(self) -> str:
        """The room that imports."""
        return room_of(self.importer)

    @property
    def imported(self) -> tuple[str, ...]:
        """The names of what is imported, below the package."""
        return tuple(self.module.split(".")[1:])

    @property
    def distribution(self) -> str:
        """The first part of the name, which tells whose it is."""
        return self.module.partition(".")[0]

    @property
    def ours(self) -> bool:
        """Whether a module of this package is imported."""
        return self.distribution == "pytest_acrauth"


def room_of(names: tuple[str, ...]) -> str:
    """Return the room of a module, by its names below the package."""
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
    importer = tuple(name for name in names if name != "__init__")
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
                yield Import(importer, path.relative_to(ROOT), module, id(node) not in inside)


IMPORTS = tuple(found for path in sorted(PACKAGE.rglob("*.py")) for found in imports_of(path))


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_take_only_from_the_rooms_below(room):
    """A room imports no room that its row does not name."""
    allowed = {room, *ROOMS[room].split()}
    own = [found for found in IMPORTS if found.ours and found.room == room]
    assert own
    assert [found for found in own if room_of(found.imported) not in allowed] == []


@pytest.mark.parametrize(("room", "inner"), [(room, inner) for room, rows in INNER_ROOMS.items() for inner in rows])
def test_inner_rooms_take_only_from_those_below(room, inner):
    """A room within a room imports, of that room, only what its row names, and of the files beside only the ground."""
    allowed = {inner, *INNER_ROOMS[room][inner].split(), *GROUND.get(room, "").split()}
    within = [
        found
        for found in IMPORTS
        if found.ours and found.importer[:2] == (room, inner) and found.imported[:1] == (room,)
    ]
    assert [found for found in within if found.imported[1:2] == () or found.imported[1] not in allowed] == []


@pytest.mark.parametrize("room", GROUND)
def test_the_ground_of_inner_rooms_stands_on_nothing(room):
    """A file on which inner rooms stand imports, of its room, only other such files; each is one that is used."""
    ground = set(GROUND[room].split())
    inside = [found for found in IMPORTS if found.ours and found.importer[:1] == found.imported[:1] == (room,)]
    own = [found for found in inside if found.importer[1:] and set(found.importer[1:2]) <= ground]
    assert [found for found in own if not set(found.imported[1:2]) <= ground] == []
    assert {name for found in inside for name in found.imported[1:2]} >= ground


def test_every_folder_is_a_room():
    """The tables name each folder of the package and nothing else; beside them stand the public names."""
    folders = {path.relative_to(PACKAGE).parts for path in PACKAGE.rglob("*/__init__.py")}
    rooms = {(room,) for room in ROOMS} - {("__init__",)}
    assert {parts[:-1] for parts in folders if len(parts) == 2} == rooms
    for room, rows in INNER_ROOMS.items():
        assert {parts[1] for parts in folders if len(parts) == 3 and parts[0] == room} == set(rows)
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py"}


def test_rooms_are_told_to_contributors():
    """The table in CONTRIBUTING names every room, and each takes only from those that stand below it there."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)(?:/|\.py)` \| ", page, re.MULTILINE)
    assert sorted(told) == sorted(ROOMS)
    assert [room for room in told if set(ROOMS[room].split()) & set(told[: told.index(room)])] == []


def test_rooms_of_the_plugin_are_told_to_contributors():
    """The list in CONTRIBUTING has the plugin's rooms in their order, from the top, and what each says of itself."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `plugin/(\w+)/` \| (.+) \|$", page, re.MULTILINE)
    own = [
        (room, ast.get_docstring(ast.parse((PACKAGE / "plugin" / room / "__init__.py").read_text("utf-8"))))
        for room in PLUGIN
    ]
    assert [(room, words.replace("`", "")) for room, words in told] == [
        (room, (said or "").replace("`", "").rstrip(".")) for room, said in reversed(own)
    ]


def test_arrows_point_at_what_is_imported():
    """The tables grant no arrow that nobody uses."""
    used = {(found.room, room_of(found.imported)) for found in IMPORTS if found.ours}
    granted = {(room, other) for room, others in ROOMS.items() for other in others.split()}
    assert granted - used == set()
    inner = {(*found.importer[:2], *found.imported[1:2]) for found in IMPORTS if found.ours}
    granted_inside = {
        (room, name, other)
        for room, rows in INNER_ROOMS.items()
        if room != "plugin"  # an order, which grants more than is used
        for name, others in rows.items()
        for other in others.split()
    }
    assert granted_inside - inner == set()


def test_the_readiness_file_stands_on_the_options():
    """The room that reads and writes readiness files takes, of the plugin, nothing but the table of options."""
    within = [found for found in IMPORTS if found.importer[:3] == ("plugin", "asked", "readiness")]
    assert within
    taken = {found.imported[1:3] for found in within if found.ours and found.imported[:1] == ("plugin",)}
    assert taken == {("asked", "readiness"), ("asked", "options")}


@pytest.mark.parametrize("table", [ROOMS, *INNER_ROOMS.values()])
def test_arrows_form_no_circle(table):
    """Rooms can be put in an order in which each takes only from those before it."""
    waiting = {room: set(others.split()) for room, others in table.items()}
    while ready := [room for room, others in waiting.items() if not others]:
        waiting = {room: others - set(ready) for room, others in waiting.items() if room not in ready}
    assert waiting == {}


def test_what_concludes_and_speaks_needs_the_standard_library_only():
    """Model, catalogue, diagnosis and report import nothing that has to be installed, but for one format's templates.

    The module of that format is imported where somebody asks for it, and by no other of its room.
    """
    known = {*sys.stdlib_module_names, "pytest_acrauth"}
    foreign = [found for found in IMPORTS if found.room in STANDARD_LIBRARY_ONLY and found.distribution not in known]
    assert {(found.importer, found.distribution) for found in foreign} == {
        (("report", "html"), "jinja2"),
        (("report", "html"), "markupsafe"),
        (("report", "metrics"), "prometheus_client"),
    }
    users = [found for found in IMPORTS if found.imported in {("report", "html"), ("report", "metrics")}]
    assert {(found.importer, found.at_module_level) for found in users} == {(("plugin", "told", "report_files"), False)}


def test_one_room_meets_pytest():
    """Only the plugin's room imports pytest."""
    runners = {"pytest", "_pytest", "pluggy", "xdist"}
    assert [found for found in IMPORTS if found.distribution in runners and found.room not in MEETS_PYTEST] == []


def test_http_and_azure_live_in_the_probes():
    """No room but the probes imports an HTTP or Azure library."""
    assert [found for found in IMPORTS if found.distribution in HTTP_AND_AZURE and found.room != "probes"] == []


def test_heavy_libraries_load_with_probes_and_emulator_only():
    """Elsewhere, whatever has to be installed and is slow to import is imported inside the function that needs it."""
    loaded = [found for found in IMPORTS if found.distribution in HEAVY and found.at_module_level]
    assert [found for found in loaded if found.room not in {"probes", "emulator"}] == []


def reached_from(room: str) -> set[str]:
    """Every room that a room takes from, directly or through others."""
    found: set[str] = set()
    waiting = [room]
    while waiting:
        others = set(ROOMS[waiting.pop()].split()) - found
        found |= others
        waiting += others
    return found


def test_probes_know_neither_causes_nor_the_emulator():
    """Nothing the probes import leads to the catalogue or to the emulator."""
    assert reached_from("probes") & {"catalogue", "diagnosis", "report", "emulator"} == set()


def test_the_ground_floor_does_no_io():
    """The model opens nothing and starts nothing; the machine's contract only names the type of a socket."""
    doing = {"subprocess", "tempfile", "shutil", "http", "urllib.request", "asyncio"}
    assert [found for found in IMPORTS if found.room == "model" and found.module in doing] == []


@pytest.mark.parametrize("stage", Stage)
def test_a_stage_has_its_observation_and_its_paragraph(stage):
    """Every stage is recorded once, in the transcript or per repository, and the documentation tells when it passes."""
    home = Access if stage.per_repository else Transcript
    assert stage in {field.name for field in dataclasses.fields(home)}
    assert f"| `{stage}` | " in (ROOT / "docs/explanation/stages.md").read_text(encoding="utf-8")


def test_the_emulator_has_an_identity_for_every_method():
    """The emulated machine can be given each method's credential, and none of a method that does not exist."""
    assert set(IDENTITIES) == {method.name for method in METHODS}


def test_an_identity_is_made_as_the_row_of_its_method_says():
    """`Identity.of` is below the rows, so that whoever has a target's words alone can use it, and says the same."""
    assert {method.name: (method.flow, method.prefix) for method in METHODS} == WAYS


def test_methods_are_named_by_their_row_their_probe_and_their_identity():
    """Nothing else in the package knows a method's name: what tells methods apart is in their rows."""
    tables = {"model/target.py", "auth/methods.py", "probes/entra/methods.py", "emulator/scenarios/variants.py"}
    other_things_too = {"basic", "admin", "anonymous", "scope-map-token", "docker-config"}
    names = {method.name for method in METHODS} - other_things_too
    named = {
        (path.relative_to(PACKAGE).as_posix(), node.value)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in names
    }
    # Who climbs in a world, as its options say; and the name of the program itself, in what it prints of its version.
    elsewhere = {(path, name) for path, name in named if path not in tables and "/look_alikes/" not in path}
    assert elsewhere == {("emulator/programs/az.py", "azure-cli")}


def test_a_client_can_be_required_where_it_can_be_checked():
    """The choices of `--acr-client` are the clients that there is a check of."""
    (choices,) = [option.choices for option in OPTIONS if option.name == "client"]
    assert choices == tuple(CHECKS)


def test_lowest_environment_installs_the_declared_bounds():
    """The versions that `tox run -e lowest` pins are the lower bounds a user is promised."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = settings["project"]
    # The one test dependency whose newer releases would bring a newer pytest.
    asyncio = [each for each in settings["dependency-groups"]["test"] if str(each).startswith("pytest-asyncio")]
    extras = [bound for bounds in project["optional-dependencies"].values() for bound in bounds]
    declared = {*project["dependencies"], *extras, *asyncio}
    tox = (ROOT / "tox.ini").read_text(encoding="utf-8")
    pinned = re.findall(r"^ {4}([\w-]+)==([\w.]+)$", tox, re.MULTILINE)
    bounds = sorted(requirement.split(">=") for requirement in declared)
    assert len(bounds) == len(pinned)
    for (name, bound), (pinned_name, version) in zip(bounds, sorted(map(list, pinned)), strict=True):
        assert name == pinned_name
        assert version in {bound, *(bound + ".0" * zeros for zeros in (1, 2))}
