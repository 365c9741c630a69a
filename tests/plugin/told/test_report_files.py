"""``--acr-report`` and ``--acr-compare``: a run in a file, and what changed since an earlier one."""

from __future__ import annotations

import copy
import errno
import json
import math
import os
import sys
from collections.abc import Iterator
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import Inner

from pytest_acrauth.emulator import LOOK_ALIKES, SCENARIOS, Emulator
from pytest_acrauth.model.record_schema import schema
from pytest_acrauth.plugin.commands.printed import _of_run
from pytest_acrauth.plugin.told.report_files import _shown
from pytest_acrauth.report.changes import changes
from pytest_acrauth.report.document import Document, document_of

PUBLISHED = Path(__file__).parents[3] / "docs" / "reference" / "report.schema.json"
VALID = jsonschema.Draft202012Validator(json.loads(PUBLISHED.read_text("utf-8")))


def kept(inner: Inner, name: str = "out.json") -> dict[str, Any]:
    """Return a report as any reader of JSON has it, which the published schema takes."""
    found: dict[str, Any] = json.loads((inner.pytester.path / name).read_text("utf-8"))
    VALID.validate(found)
    return found


def test_the_published_schema_is_this_one() -> None:
    """And is one by its own rules."""
    jsonschema.Draft202012Validator.check_schema(VALID.schema)
    assert schema(Document, VALID.schema["title"]) == VALID.schema


@pytest.mark.broad(of=40)
@pytest.mark.parametrize("scenario", sorted(set(SCENARIOS) - {"healthy"}))
def test_every_scenario_is_a_document(inner: Inner, scenario: str) -> None:
    """By the published schema, read back as the same, explained again elsewhere by the same id, without a network."""
    inner.emulate(scenario, "--acr-report=out.json")
    found = kept(inner)
    text = (inner.pytester.path / "out.json").read_text("utf-8")
    document = document_of(text)
    assert document is not None
    assert document.to_json() == text
    told = [
        each["explanation"]["headline"] for part in (*found["climbed"], *found["clients"]) for each in part["diagnoses"]
    ]
    assert told or not SCENARIOS[scenario].options.keys().isdisjoint({"expiry-fail", "expiry-warn", "wait"})
    again = inner.run("--acr-explain", "out.json")
    lines = again.outlines
    assert [each for each in told if each not in lines] == []


def test_the_order_is_that_of_names(inner: Inner) -> None:
    """Whoever was ready first, and with workers: two reports differ in times alone."""
    args = ("--acr-registry=otheracr,myacr", "--acr-emulate", "healthy", "--acr-repository", "team/app")
    inner.run(*args, "--acr-report=one.json")
    inner.run(*args, "--acr-report=two.json", "-n", "2", "-p", "xdist")
    one, two = kept(inner, "one.json"), kept(inner, "two.json")
    assert [each["registry"] for each in one["climbed"]] == ["myacr.azurecr.io", "otheracr.azurecr.io"]
    assert [each["id"] for each in one["checks"]] == sorted(each["id"] for each in one["checks"])
    for key in ("version", "plugin", "outcome", "complete", "settings"):
        if key != "settings":
            assert one[key] == two[key]
    assert [(each["id"], each["outcome"]) for each in one["checks"]] == [
        (each["id"], each["outcome"]) for each in two["checks"]
    ]
    assert [each["stages"][0]["stage"] for each in two["climbed"]] == ["dns", "dns"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("out.txt", "'out.txt' says no format: let it end in one of .html, .json, .md, .prom"),
        ("out", "'out' says no format: *"),
        ("file/out.json", "'file/out.json' cannot be written: it or a folder above it is closed, or no folder"),
        ("folder.json", "'folder.json' is no file"),
        (f"{'x' * 300}.json", "* cannot be written: *"),
        (f"missing/{'x' * 300}/out.json", "* cannot be written: *"),
        (f"missing/{'x' * 300}.json", "* cannot be written: *"),
        ("/proc/missing/out.json", "* cannot be written: *"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_first(inner: Inner, name: str, told: str) -> None:
    """Before anything is contacted."""
    (inner.pytester.path / "folder.json").mkdir()
    (inner.pytester.path / "file").touch()
    result = inner.run("--acr-registry", "myacr", "--acr-emulate", "healthy", f"--acr-report={name}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --acr-report: {told}"])
    assert not (inner.pytester.path / "missing").exists()


def test_a_report_is_written_in_one_step(inner: Inner) -> None:
    """Over an older one, with nothing left beside it, and with the rights that files of this user have."""
    path = inner.pytester.path / "out.json"
    path.write_text("old")
    before = sorted(inner.pytester.path.iterdir())
    result = inner.emulate("healthy", "--acr-report=out.json", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["acr: report out.json written"])
    assert sorted(inner.pytester.path.iterdir()) == before
    (inner.pytester.path / "plain").write_text("x")
    assert path.stat().st_mode == (inner.pytester.path / "plain").stat().st_mode


def test_folders_are_made_and_links_stay(inner: Inner) -> None:
    """As pytest's own reports do: a job's first run has no folder for them, and a link leads to the newest."""
    link = inner.pytester.path / "newest.json"
    link.symlink_to("kept/tonight.json")
    inner.emulate("healthy", "--acr-report=out/of/this.md,newest.json").assert_outcomes(passed=7)
    assert (inner.pytester.path / "out/of/this.md").exists()
    assert link.is_symlink()
    assert json.loads(link.read_text("utf-8"))["outcome"] == "passed"


@pytest.mark.parametrize("missing", ["jinja2", "markupsafe"])
def test_what_a_page_needs_is_told_first(inner: Inner, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """Before anything is contacted, and with what installs it; every other format does without."""
    for name in ("pytest_acrauth.report.html", "jinja2", "markupsafe"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    # Plugins of others that need it as well.
    args = ("-p", "no:html", "--acr-registry=myacr", "--acr-emulate=healthy")
    result = inner.run(*args, "--acr-report=out.html")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    install = f"a report in HTML needs {missing}; install it with: pip install 'pytest-acrauth[report]'"
    result.stderr.fnmatch_lines([f"ERROR: --acr-report: {install.replace('[', '[[]', 1)}"])
    assert not (inner.pytester.path / "out.html").exists()
    assert inner.run(*args, "--acr-report=out.json", "--acr-report=out.md").ret == pytest.ExitCode.OK


def page(inner: Inner) -> str:
    """Return the page that a run was kept in."""
    return (inner.pytester.path / "out.html").read_text("utf-8")


def test_a_page_is_written_beside_the_others(inner: Inner) -> None:
    """Once, with workers as well, and with what they found."""
    args = ("--acr-report=out.html", "--acr-report=out.json", "-n", "2", "-p", "xdist")
    result = inner.emulate("exchange-no-role", *args)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert [line for line in result.outlines if line.endswith(" written")] == [
        "acr: report out.html written",
        "acr: report out.json written",
    ]
    text = page(inner)
    assert "<h1>Azure Container Registry: 1 not ready</h1>" in text
    assert "exchange-no-role: the identity has no role for images on myacr" in text
    assert kept(inner)["climbed"][0]["ready"] is False


def test_ids_are_masked_on_a_page(inner: Inner) -> None:
    """As in any other output."""
    inner.emulate("exchange-no-role", "--acr-report=out.html", "--acr-mask-ids")
    with Emulator() as emulator:
        ids = [emulator.environ["AZURE_CLIENT_ID"], emulator.environ["AZURE_TENANT_ID"]]
    assert [each for each in ids if each in page(inner)] == []
    assert "exchange-no-role" in page(inner)


STOPPED = """
import pytest

def test_first(acr):
    pass

def test_second():
    {act}

def test_third():
    pass
"""


@pytest.mark.broad(of=3)
@pytest.mark.parametrize(
    ("act", "options", "outcome"),
    [
        ("raise KeyboardInterrupt", (), "interrupted"),
        ("pytest.exit('enough')", (), "interrupted"),
        ("assert 0", ("-x",), "failed"),
    ],
)
def test_a_run_that_was_ended_early_is_kept(inner: Inner, act: str, options: tuple[str, ...], outcome: str) -> None:
    """As far as it went, and says so."""
    inner.pytester.makepyfile(STOPPED.format(act=act))
    # Apart: an interrupt would end this process as well.
    reports = ("--acr-report=out.json", "--acr-report=out.html")
    inner.apart("--acr-registry", "myacr", "--acr-emulate", "healthy", *reports, *options)
    found = kept(inner)
    assert f"outcome: {outcome}</p>" in page(inner)
    assert "The run was ended early, or " in page(inner)
    assert (found["outcome"], found["complete"]) == (outcome, False)
    assert found["climbed"][0]["ready"] is True
    ids = [each["id"] for each in found["checks"]]
    assert any("test_first" in each for each in ids)
    assert not any("test_third" in each for each in ids)


OUTCOMES = """
import pytest

def test_passed(): pass
def test_failed(): assert 1 == 2
@pytest.mark.skip("for a reason")
def test_skipped(): pass
@pytest.mark.xfail(reason="known")
def test_xfailed(): assert 0
@pytest.mark.xfail
def test_xpassed(): pass
@pytest.fixture
def broken(): raise ValueError("in a fixture")
def test_error(broken): pass
@pytest.fixture
def late():
    yield
    raise ValueError("behind")
def test_late(late): pass
"""


def test_what_became_of_tests_of_one_s_own(inner: Inner) -> None:
    """In pytest's words, with why in a line."""
    inner.pytester.makepyfile(test_own=OUTCOMES)
    inner.run("--acr-registry", "myacr", "--acr-emulate", "healthy", "--acr-report=out.json", "--acr-checks", "none")
    told = {each["id"].partition("::")[2]: (each["outcome"], each["why"]) for each in kept(inner)["checks"]}
    assert told == {
        "test_passed": ("passed", ""),
        "test_failed": ("failed", "assert 1 == 2"),
        "test_skipped": ("skipped", "for a reason"),
        "test_xfailed": ("xfailed", ""),
        "test_xpassed": ("xpassed", ""),
        "test_error": ("error", "ValueError: in a fixture"),
        "test_late": ("error", "ValueError: behind"),
    }


def test_ids_are_masked_in_a_report(inner: Inner) -> None:
    """As in any other output; it is read back all the same."""
    inner.emulate("exchange-no-role", "--acr-report=out.json", "--acr-mask-ids")
    text = (inner.pytester.path / "out.json").read_text("utf-8")
    with Emulator() as emulator:
        ids = [emulator.environ["AZURE_CLIENT_ID"], emulator.environ["AZURE_TENANT_ID"]]
    assert [each for each in ids if each in text] == []
    assert document_of(text) is not None
    result = inner.run("--acr-explain", "out.json")
    result.stdout.fnmatch_lines(["exchange-no-role: the identity has no role for images on myacr"])


def compared(inner: Inner, before: str, now: str, *args: str, args_now: tuple[str, ...] = ()) -> list[str]:
    """Return what is said to have changed from one world to another."""
    base = ("--acr-registry=myacr,otheracr", *args)
    inner.run(*base, "--acr-emulate", before, "--acr-report=before.json")
    healthy = inner.run(*base, *args_now, "--acr-emulate", now)
    result = inner.run(*base, *args_now, "--acr-emulate", now, "--acr-compare=before.json", "--acr-report=now.json")
    assert result.ret == healthy.ret
    lines = [line.removeprefix("acr:").strip() for line in result.outlines if line.startswith("acr:")]
    begin = next(number for number, line in enumerate(lines) if line.startswith("changed since the run of "))
    found = kept(inner, "now.json")
    assert found["compared_with"] == kept(inner, "before.json")["began"]
    told = lines[begin + 1 : lines.index("report now.json written")]
    assert len(told) == max(1, len(found["changes"]))
    return told


def test_nothing_changed(inner: Inner) -> None:
    """Between two nights that are alike, but for the emulator's certificates."""
    told = compared(inner, "healthy", "healthy")
    assert all(line.startswith("changed: ") and ", certificate from " in line for line in told) or told == ["nothing"]


def test_what_newly_fails_and_what_is_repaired(inner: Inner) -> None:
    """Failures first, with the cause, and neither decides the exit code."""
    told = compared(inner, "healthy", "exchange-no-role")
    assert told[0].startswith("newly failing: myacr.azurecr.io service-principal, exchange-no-role: the identity ")
    told = compared(inner, "entra-sp-secret-expired", "exchange-no-role")
    assert told[0].startswith("failing otherwise: myacr.azurecr.io service-principal, exchange-no-role: ")
    assert told[0].endswith(", was entra-sp-secret-expired")
    told = compared(inner, "entra-sp-secret-expired", "healthy")
    assert told[0] == "repaired: myacr.azurecr.io service-principal, was entra-sp-secret-expired"


def test_what_is_another_one_is_told(inner: Inner) -> None:
    """Rights, addresses, who is checked."""
    told = compared(inner, "healthy", "permission-excess", "--acr-repository", "team/app", "--acr-must-not", "push")
    assert "changed: myacr.azurecr.io service-principal, rights on team/app pull, push, was pull" in told
    told = compared(inner, "healthy", "healthy", args_now=("--acr-registry=thirdacr",))
    assert "new: thirdacr.azurecr.io service-principal" in told
    inner.run("--acr-registry=myacr", "--acr-emulate=healthy", "--acr-compare=now.json").stdout.fnmatch_lines(
        ["acr:   gone: otheracr.azurecr.io service-principal", "acr:   gone: thirdacr.azurecr.io service-principal"]
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "'old.json' cannot be read: No such file or directory"),
        (b"\xff", "'old.json' cannot be read: it is no UTF-8 text, or too large"),
        (b"{}", "'old.json' is no report in JSON of --acr-report, or of another version than 1"),
        (b'{"version": 99}', "'old.json' is no report in JSON of --acr-report, or of another version than 1"),
        (b"[" * 100_000, "'old.json' is no report in JSON of --acr-report, or of another version than 1"),
    ],
)
def test_what_cannot_be_compared_with_is_told_first(inner: Inner, content: bytes | None, told: str) -> None:
    """Before anything is contacted."""
    if content is not None:
        (inner.pytester.path / "old.json").write_bytes(content)
    result = inner.run("--acr-registry", "myacr", "--acr-emulate", "healthy", "--acr-compare=old.json")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --acr-compare: {told}"])


#: What stands in the place of any value, in turn.
COMMANDS = "::error::x ##vso[task.complete] ##[error]"
ODD = (None, True, -1, 1e308, 10**400, math.nan, "", "x\ud800\x00\u202e\x1b[31m", [], [1], {}, {"a": 1}, [[[]]])


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the places of all values, of the lists their first."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for name in value if isinstance(value, dict) else range(min(1, len(value))):
            yield from places(value[name], (*path, name))


@pytest.mark.thorough
def test_a_report_that_somebody_changed_is_none_or_is_told_in_harmless_words(inner: Inner) -> None:
    """Whatever stands in whichever field, it is no defect of ours."""
    inner.run(
        "--acr-registry=myacr", "--acr-emulate=exchange-no-role", "--acr-client=docker-config", "--acr-report=out.json"
    )
    whole = kept(inner)
    now = document_of(json.dumps(whole))
    assert now is not None
    read = 0
    odd = [(place, value) for number, place in enumerate(places(whole)) for value in (ODD[number % len(ODD)], COMMANDS)]
    for (*above, name), value in odd:
        changed = copy.deepcopy(whole)
        inside = reduce(getitem, above, changed)
        inside[name] = value
        if (document := document_of(json.dumps(changed))) is None:
            continue
        read += 1
        words, differences = (
            "\n".join(_of_run(document)),
            "\n".join(_shown(each.words) for each in changes(now, document)),
        )
        assert not set(words + differences) & set("\x00\x1b\u202e"), (above, name)
        assert [word for word in COMMANDS.split() if word in words] == [], (above, name)
        assert "##vso[" not in differences, (above, name)  # ids keep their colons, behind a line's first words
        (words + differences).encode()
    assert read


def test_look_alikes_have_names_of_their_own() -> None:
    """So that a report of one is never taken for a report of the other."""
    assert not set(SCENARIOS) & set(LOOK_ALIKES)


@pytest.mark.parametrize("plan", ["--collect-only", "--setup-plan"])
def test_what_an_earlier_run_has_left_stays(inner: Inner, plan: str) -> None:
    """Where nothing runs there is nothing to keep, and nothing has changed."""
    path = inner.pytester.path / "out.json"
    inner.emulate("healthy", "--acr-report=out.json")
    kept = path.read_text("utf-8")
    result = inner.emulate("exchange-no-role", "--acr-report=out.json", "--acr-compare=out.json", plan)
    result.stdout.fnmatch_lines(["acr: report out.json not written: nothing was run"])
    result.stdout.no_fnmatch_line("*changed since*")
    assert path.read_text("utf-8") == kept


def test_what_was_not_selected_is_not_gone(inner: Inner) -> None:
    """A registry of this run that nothing selected asks about was not looked at."""
    inner.emulate("healthy", "--acr-registry", "otheracr", "--acr-report=out.json")
    result = inner.emulate("healthy", "--acr-registry", "otheracr", "--acr-compare=out.json", "-k", "myacr")
    result.stdout.fnmatch_lines(["acr:   nothing"])
    result.stdout.no_fnmatch_line("acr:   gone*")


HOSTILE = """
import pytest

WORDS = "half \\udce4 \\x1b[31m \\u2028 \\u202e ::error::x ##vso[task.complete] " + "y" * 100_000

def test_fails():
    raise AssertionError(WORDS)

def test_skipped():
    pytest.skip(WORDS)
"""


def test_words_of_tests_of_one_s_own_are_harmless(inner: Inner) -> None:
    """Half characters end no run; no control character, no command of a CI system and no length gets into a report."""
    inner.pytester.makepyfile(test_hostile=HOSTILE)
    names = ("report.json", "report.md", "report.html")
    reports = [argument for name in names for argument in ("--acr-report", name)]
    result = inner.emulate("healthy", "--tb=no", *reports)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"acr: report {name} written" for name in names])
    for name in names:
        text = inner.pytester.path.joinpath(name).read_text(encoding="utf-8")
        assert [word for word in ("\ud800", "\x1b", "\u2028", "\u202e", "::error::", "##vso[") if word in text] == []
        assert "y" * 5000 not in text


def test_a_name_that_just_fits(inner: Inner) -> None:
    """A report is written under any name that a file can have."""
    name = "a" * 250 + ".json"
    result = inner.emulate("healthy", "--acr-report", name)
    result.stdout.fnmatch_lines([f"acr: report {name} written"])


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("args", [(), ("-n2",)], ids=["alone", "xdist"])
def test_a_run_without_its_report_is_not_green(inner: Inner, args: tuple[str, ...]) -> None:
    """What cannot be written by the end is told and fails the run; the other report is written."""
    inner.pytester.makeconftest(
        """
        import pathlib, pytest

        @pytest.hookimpl(tryfirst=True)
        def pytest_sessionfinish(session):
            if not hasattr(session.config, "workerinput"):
                pathlib.Path("out").write_text("in the way of a folder", encoding="utf-8")
        """
    )
    result = inner.emulate("healthy", *args, "--acr-report=out/of.json,other.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["acr: report out/of.json could not be written: File exists"])
    result.stdout.fnmatch_lines(["acr: report other.json written"])


def test_a_disk_that_is_full_is_told(inner: Inner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the emulator has no place for its files that is a usage error."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pytest_acrauth.emulator.programs.home.Home.follow", full)
    monkeypatch.setenv("TMPDIR", str(inner.pytester.path))
    monkeypatch.setattr("tempfile.tempdir", None)
    result = inner.emulate("healthy")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --acr-emulate: cannot be served: No space left on device"])
    assert list(inner.pytester.path.glob("acr-emulator-*")) == []
