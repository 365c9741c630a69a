"""A JUnit file as CI systems read it: what failed by which cause, in a message, in properties and in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest
from conftest import Inner

ABOUT = ("acr_stage", "acr_registry", "acr_identity")
CAUSE = ("acr_id", "acr_certainty", *ABOUT)
TESTS = """
import pytest

@pytest.mark.acr_ready
def test_marked():
    pass

def test_requires(acr):
    acr.require()

@pytest.fixture
def ready(acr):
    acr.require()

def test_fixture(ready):
    pass

def test_passes(acr):
    pass
"""


class Case(NamedTuple):
    """One test case of the file."""

    outcome: str
    message: str
    text: str
    properties: Mapping[str, str]
    classname: str


def cases(folder: Path) -> dict[str, Case]:
    """Return the cases of the file by their names; of one that was run again, the last try."""
    found: dict[str, Case] = {}
    for case in ET.parse(folder / "junit.xml").iter("testcase"):  # noqa: S314 - our own file
        results = [each for each in case if each.tag in {"failure", "error", "skipped"}]
        assert len(results) <= 1
        properties = [(each.get("name", ""), each.get("value", "")) for each in case.iter("property")]
        assert len(dict(properties)) == len(properties)
        result = results[0] if results else ET.Element("passed")
        name = f"{case.get('classname')}.{case.get('name')}"
        assert "type" not in result.attrib or result.tag == "skipped"
        text = result.text or ""
        found[name] = Case(result.tag, result.get("message", ""), text, dict(properties), case.get("classname", ""))
    return found


def run(inner: Inner, scenario: str, *arguments: str) -> dict[str, Case]:
    """Run the checks, and whatever tests there are, and read the file."""
    inner.emulate(scenario, "--junitxml=junit.xml", *arguments)
    return cases(inner.pytester.path)


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "workers"])
def test_whoever_fails(inner: Inner, workers: tuple[str, ...]) -> None:
    """Check, marker and fixture tell of the cause alike: its id first, all of its properties, what to do first."""
    inner.pytester.makepyfile(test_own=TESTS)
    found = run(inner, "exchange-no-role", *workers)
    failed = {name: case for name, case in found.items() if case.outcome in {"failure", "error"}}
    assert {name.rpartition(".")[2].partition("[")[0] for name in failed} >= {"exchange", "test_marked"}
    assert len(failed) == 4
    for case in failed.values():
        set_up = 'failed on setup with "' if case.outcome == "error" else ""
        assert case.message.startswith(f"{set_up}exchange-no-role: ")
        assert case.properties["acr_id"] == "exchange-no-role"
        assert case.properties["acr_certainty"] == "proven"
        assert case.properties["acr_stage"] == "exchange"
        assert case.properties["acr_registry"] == "myacr.azurecr.io"
        assert case.properties["acr_identity"] == "service-principal"
        assert len(case.properties["acr_correlation_id"]) == 36
        lines = case.text.splitlines()
        assert lines[0].startswith("exchange-no-role: ")
        assert "az role assignment" in case.text
    whole = [case for case in failed.values() if "explained at" not in case.text]
    assert len(whole) == 1
    assert "Seen" in whole[0].text
    assert found["test_own.test_passes[myacr.azurecr.io-service-principal]"].properties == {}


def test_checks_that_do_not_fail(inner: Inner) -> None:
    """A check that passes, or is skipped, says what it is about, and of no cause."""
    found = run(inner, "exchange-no-role")
    others = {name: case for name, case in found.items() if case.outcome != "failure"}
    assert {case.outcome for case in others.values()} == {"passed", "skipped"}
    for name, case in others.items():
        expected = (name.rpartition(".")[2], "myacr.azurecr.io", "service-principal")
        assert case.properties == dict(zip(ABOUT, expected, strict=True))
        assert case.classname == "acr.myacr.azurecr.io.service-principal"


def test_several_causes(inner: Inner) -> None:
    """A marker about two registries names both, in its message and in each property."""
    inner.pytester.makepyfile("import pytest\n@pytest.mark.acr_ready\ndef test_marked(): pass")
    asked = ("--acr-registry", "myacr,otheracr", "--acr-checks", "none")
    (case,) = run(inner, "exchange-no-role", *asked).values()
    assert [part.partition(":")[0] for part in case.message.split("; ")] == ["exchange-no-role"] * 2
    assert "myacr" in case.message
    assert "otheracr" in case.message
    assert case.properties["acr_registry"] == "myacr.azurecr.io, otheracr.azurecr.io"
    assert case.properties["acr_id"] == "exchange-no-role"
    assert len(case.properties["acr_correlation_id"].split(", ")) == 2


def test_several_candidates(inner: Inner) -> None:
    """While several causes remain, the id is the symptom's, and the message says so."""
    found = run(inner, "exchange-no-role", "--acr-evidence", "off")
    (case,) = [case for case in found.values() if case.outcome == "failure"]
    assert case.message.startswith(f"{case.properties['acr_id']}: one of ")
    assert case.properties["acr_certainty"] == "one of"


def test_a_client(inner: Inner) -> None:
    """A client belongs to no registry: its failure has an id and a certainty."""
    asked = ("--acr-client", "docker")
    found = run(inner, "client-docker-missing", *asked)
    case = found["acr.client.docker"]
    assert case.message.startswith("client-docker-missing: ")
    assert case.properties == {"acr_id": "client-docker-missing", "acr_certainty": "proven"}


def test_a_test_that_passes_when_it_is_run_again(inner: Inner) -> None:
    """What the first try failed by is no property of a test that passed; of one that fails again, it is there once."""
    inner.pytester.makepyfile(
        """
        import pytest
        TRIES = []

        def test_once(acr):
            TRIES.append(1)
            if len(TRIES) == 1:
                acr.require()

        def test_always(acr):
            acr.require()
        """
    )
    found = run(inner, "exchange-no-role", "--reruns", "1")
    suite = "test_a_test_that_passes_when_it_is_run_again"
    assert found[f"{suite}.test_once[myacr.azurecr.io-service-principal]"][:2] == ("passed", "")
    assert found[f"{suite}.test_once[myacr.azurecr.io-service-principal]"].properties == {}
    again = found[f"{suite}.test_always[myacr.azurecr.io-service-principal]"]
    assert again.properties["acr_id"] == "exchange-no-role"
    check = found["acr.myacr.azurecr.io.service-principal.exchange"]
    assert set(CAUSE) < set(check.properties)


def test_a_users_own_properties_stay(inner: Inner) -> None:
    """What a test records itself is beside ours."""
    inner.pytester.makepyfile("def test_own(acr, record_property):\n record_property('ticket', '7')\n acr.require()")
    found = run(inner, "exchange-no-role", "--acr-checks", "none", "-o", "junit_family=xunit1")
    (case,) = found.values()
    assert case.properties["ticket"] == "7"
    assert case.properties["acr_id"] == "exchange-no-role"
