"""Whole runs with ``--acr-mask-ids``: no id and no address of the emulated world in whatever way results are told."""

from __future__ import annotations

import re
from importlib.util import find_spec
from xml.etree import ElementTree as ET

import pytest
from canaries import LOUD
from conftest import Inner

GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Writes down what must not be seen, and tells what reports hold in the process that prints.
WORLD = """
import json
import re
import pytest
from pytest_acrauth.plugin.commands.emulation import EMULATOR

def ids_of(config):
    emulator = config.stash[EMULATOR]
    held = repr(emulator.world) + repr(dict(emulator.environ))
    found = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", held)
    return sorted({*found, *re.findall(r"(?<![\\d.])\\d{1,3}(?:\\.\\d{1,3}){3}(?![\\d.])", held)})

def pytest_configure(config):
    global PRINTS
    PRINTS = not hasattr(config, "workerinput")

def pytest_sessionstart(session):
    if EMULATOR in session.config.stash:
        (session.config.rootpath / "ids.txt").write_text("\\n".join(ids_of(session.config)))

@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    report.noted = {"raised": str(call.excinfo), "arguments": str(getattr(item, "funcargs", ""))}

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report):
    if PRINTS:
        with open("told.jsonl", "a") as file:
            file.write(json.dumps(vars(report), default=str, skipkeys=True) + "\\n")
"""
#: A user's tests, which know who signs in and from where, and say so in every way.
SPILLS = """
import logging
import os
import warnings

import pytest

@pytest.fixture
def ids(request, acr):
    environ = request.config.stash[CLIMBS].plan.machine.environ
    names = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID")
    found = [environ[name] for name in names]
    attempts = getattr(acr.transcript.tcp, "attempts", ())
    return [*found, *(each.address for each in attempts), "203.0.113.40"]

from pytest_acrauth.plugin.climbing.stash import CLIMBS

@pytest.mark.acr_ready
def test_marked():
    pass

def test_requires(acr):
    acr.require("repository:team/app:pull")

def test_spills(ids, record_property):
    record_property("tenant", ids[0])
    record_property("everything", {"ids": ids, ids[1]: 1, "bytes": ids[0].encode()})
    print(ids, ids[0].upper(), ids[1].replace("-", ""), f"https://login.example/{ids[0]}/::ffff:{ids[-1]}")
    warnings.warn(f"{ids[0]} is no place for {ids[-1]}")
    logging.getLogger("mine").warning("%s", ids)
    raise ValueError(f"{ids}")

def test_passes(ids):
    print(ids)

def test_skipped(ids):
    pytest.skip(f"not with {ids}")

def test_expected(ids):
    pytest.xfail(f"not with {ids}")

@pytest.fixture
def set_up(ids):
    raise ValueError({"ids": ids})

def test_error(set_up):
    pass
"""
FILES = ("--junitxml=junit.xml", "-o", "junit_logging=all", "--html=report.html", "--self-contained-html")
OUTPUTS = {
    "loud": (*LOUD, *FILES),
    "short": ("-l", "-q", "--tb=short", *FILES),
    "native": ("--tb=native", "-rA", "--reruns=1", *FILES),
    "workers": (*LOUD, "-n", "2", *FILES),
    "debug": ("--debug", *FILES),
}
SCENARIOS = ("healthy", "exchange-no-role", "firewall-ip-denied", "private-endpoint-pending", "entra-app-not-found")

CORRELATION = "0f8fad5b-d9cb-469f-a165-70867728950e"


def run(inner: Inner, scenario: str, *arguments: str) -> pytest.RunResult:
    """Run the checks and a user's tests in a process of their own, with ids masked."""
    inner.pytester.makeconftest(WORLD)
    inner.pytester.makepyfile(test_spills=SPILLS)
    asked = ("--acr-registry", "myacr,otheracr", "--acr-emulate", scenario, "--acr-repository", "team/app")
    return inner.apart(*asked, "--acr-mask-ids", *arguments)


def outputs(inner: Inner, result: pytest.RunResult) -> dict[str, str]:
    """Return what a run printed and left, by where it is."""
    told = {"stdout": result.stdout.str(), "stderr": result.stderr.str()}
    apart = {".py", ".pyc", ".ini"}
    for path in inner.pytester.path.rglob("*"):
        if path.is_file() and path.suffix not in apart and path.name != "ids.txt" and ".pytest_cache" not in str(path):
            told[path.name] = path.read_text("utf-8", "replace")
    return told


def leaked(inner: Inner, told: dict[str, str]) -> set[tuple[str, str]]:
    """Return where something of the world is found that must not be seen, in any spelling."""
    planted = inner.pytester.path.joinpath("ids.txt").read_text().split()
    kept = {"127.0.0.1", "169.254.169.254", "00000000-0000-0000-0000-000000000000"}
    assert len({*planted} - kept) > 12
    found = set()
    for place, text in told.items():
        low = text.lower()
        for each in {*planted} - kept:
            spelt = (each, each.replace("-", "")) if "-" in each else (each,)
            found |= {(place, form) for form in spelt if form in low}
    return found


@pytest.mark.broad(of=24)
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_every_output(inner: Inner, output: str, scenario: str) -> None:
    """Neither the terminal nor a file holds an id or an address; what support needs is there."""
    told = outputs(inner, run(inner, scenario, *OUTPUTS[output]))
    assert leaked(inner, told) == set()
    assert "INTERNALERROR" not in told["stdout"]
    assert {"junit.xml", "report.html", "told.jsonl"} <= {*told}
    for place in ("stdout", "junit.xml", "report.html", "told.jsonl"):
        assert "id-1" in told[place]
    assert "address-" in told["stdout"]
    traces = [
        each.get("value", "")
        for each in ET.fromstring(told["junit.xml"]).iter("property")  # noqa: S314 - our own file
        if each.get("name") == "acr_correlation_id"
    ]
    answered = scenario in {"exchange-no-role", "firewall-ip-denied", "entra-app-not-found"}
    assert bool(traces) is answered
    for trace in (each for text in traces for each in text.split(", ")):
        assert GUID.fullmatch(trace)
    if answered and output == "loud":
        assert any(trace in told["stdout"] for trace in traces)


@pytest.mark.thorough
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "workers"])
def test_one_stand_in_everywhere(inner: Inner, workers: tuple[str, ...]) -> None:
    """The one that signs in has the same name on the terminal and in files, whichever process saw it."""
    told = outputs(inner, run(inner, "exchange-no-role", "-vv", *FILES, *workers))
    seen = {place: set(re.findall(r"principal (id-\d+)", told[place])) for place in ("stdout", "junit.xml")}
    assert len(seen["stdout"]) == 1
    assert seen["stdout"] == seen["junit.xml"]


@pytest.mark.skipif(find_spec("pytest_jsonreport") is None, reason="pytest-json-report is not installed")
def test_the_json_report(inner: Inner) -> None:
    """A plugin that writes whatever a report holds writes stand-ins."""
    told = outputs(inner, run(inner, "exchange-no-role", "--json-report", "--json-report-file=report.json"))
    assert leaked(inner, told) == set()
    assert "id-1" in told["report.json"]


@pytest.mark.thorough
def test_the_trace_of_hooks(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    """PYTEST_DEBUG tells every hook's arguments."""
    monkeypatch.setenv("PYTEST_DEBUG", "1")
    told = outputs(inner, run(inner, "exchange-no-role"))
    assert leaked(inner, told) == set()
    assert "pytest_runtest_makereport" in told["stderr"]


@pytest.mark.thorough
def test_the_worker_of_a_trace_says_which_it_is(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a worker writes itself has stand-ins of its own, and says whose they are."""
    monkeypatch.setenv("PYTEST_DEBUG", "1")
    told = outputs(inner, run(inner, "exchange-no-role", "-n", "1"))
    assert leaked(inner, told) == set()
    assert "gw0-id-1" in told["stderr"]
    assert "gw0-" not in told["stdout"].replace("[gw0]", "")


@pytest.mark.thorough
@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "worker"])
def test_an_internal_error(inner: Inner, workers: tuple[str, ...]) -> None:
    """The traceback that ends a run is masked, wherever it was raised."""
    inner.pytester.makepyfile(plugin="def pytest_runtest_protocol(item): raise RuntimeError(" + repr(TENANT) + ")")
    monkeypatched = ("-p", "plugin", *workers)
    inner.pytester.syspathinsert()
    told = outputs(inner, run(inner, "healthy", *monkeypatched))
    assert leaked(inner, told) == set()
    assert "RuntimeError: id-" in told["stdout"]


TENANT = "3f0c8a52-6d1e-4b7a-9a55-0e8d2c41b6f7"


@pytest.mark.thorough
def test_usage_errors(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """A configuration that is wrong is told without its ids."""
    wrong = {
        "AZURE_AUTHORITY_HOST": ("https://10.0.0.4", ("--acr-registry", "myacr", "--acr-auth", "service-principal")),
        "HTTPS_PROXY": (
            "",
            ("--acr-registry", "myacr", "--acr-auth", "anonymous", "--acr-repository", f"10.0.0.4/{TENANT}/x:y:z"),
        ),
    }
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"):
        clean_environment.setenv(name, TENANT)
    for name, (value, arguments) in wrong.items():
        with clean_environment.context() as context:
            if value:
                context.setenv(name, value)
            shown = inner.apart(*arguments)
            masked = inner.apart(*arguments, "--acr-mask-ids")
        assert shown.ret == masked.ret == pytest.ExitCode.USAGE_ERROR
        assert "10.0.0.4" in shown.stderr.str()
        assert "address-1" in masked.stderr.str()
        assert "10.0.0.4" not in masked.stderr.str()


def test_the_header(inner: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """The header says that ids are masked and who said so, and shows none."""
    clean_environment.setenv("PYTEST_ACR_MASK_IDS", "yes")
    inner.pytester.makepyfile("def test_own(): pass")
    asked = ("--acr-registry", "myacr", "--acr-auth", "anonymous", "--acr-checks", "none", "--acr-subscription", TENANT)
    lines = inner.run(*asked).outlines
    assert "acr: subscription id-1 (from the command line)" in lines
    assert "acr: ids and addresses masked (from PYTEST_ACR_MASK_IDS)" in lines


def test_the_end(inner: Inner) -> None:
    """The section at the end, with the facts of who is ready."""
    lines = inner.emulate("healthy", "--acr-mask-ids").outlines
    assert any(re.search(r"ready; address address-\d+; signed in as service principal id-\d+", line) for line in lines)


def test_records_stay_as_they_are(inner: Inner) -> None:
    """A test that reads the transcript gets the real values."""
    inner.pytester.makepyfile(f'def test_own(acr): assert acr.transcript.credential.tenant_id == "{TENANT}"')
    inner.emulate("healthy", "--acr-mask-ids", "--acr-checks", "none").assert_outcomes(passed=1)


def test_names_of_tests_stay(inner: Inner) -> None:
    """A test that somebody named after an address is run again by that name."""
    inner.pytester.makepyfile(
        'import pytest\n@pytest.mark.parametrize("at", ["10.0.0.4"])\ndef test_own(at): assert at == "", at'
    )
    asked = ("--acr-registry", "myacr", "--acr-emulate", "healthy", "--acr-checks", "none", "--acr-mask-ids")
    result = inner.run(*asked)
    result.stdout.fnmatch_lines(
        ["FAILED test_names_of_tests_stay.py::test_own[[]10.0.0.4] - AssertionError: address-1*"]
    )
    assert inner.run(*asked, "test_names_of_tests_stay.py::test_own[10.0.0.4]").parseoutcomes() == {"failed": 1}


def test_the_search_finds(inner: Inner) -> None:
    """What a test prints straight to the terminal is found: a search that finds nothing would be no proof."""
    assert leaked(inner, outputs(inner, run(inner, "healthy", "-s")))
    inner.pytester.makepyfile(test_spills="def test_own(): pass")
    plain = inner.apart("--acr-registry", "myacr", "--acr-emulate", "exchange-no-role", "-v")
    assert {place for place, _ in leaked(inner, {"stdout": plain.stdout.str()})} == {"stdout"}


def test_what_is_explained_without_a_run(inner: Inner) -> None:
    """A text that somebody pastes, and a usage error that repeats it: the correlation id stays."""
    own = f"AADSTS700016: Application with identifier '{TENANT}' was not found. Correlation ID: {CORRELATION}"
    explained = inner.run("--acr-mask-ids", "--acr-explain", own)
    assert explained.ret == pytest.ExitCode.OK
    assert TENANT not in explained.stdout.str()
    assert CORRELATION in explained.stdout.str()
    refused = inner.run("--acr-mask-ids", "--acr-explain", f"nothing {TENANT}")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    assert TENANT not in refused.stderr.str()
