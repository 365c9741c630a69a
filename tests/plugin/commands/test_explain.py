"""``--acr-explain`` prints what an id, a code, a line or a file means, in place of a test run."""

from __future__ import annotations

import os
import subprocess
import sys
from html import escape

import pytest
from conftest import Inner
from specimens import SPECIMENS

from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.printed import LIMIT
from pytest_acrauth.report.explanation import headline
from pytest_acrauth.report.text import explain

DOCKER = (
    'Error response from daemon: Get "https://myacr.azurecr.io/v2/": denied: '
    "client with IP '203.0.113.9' is not allowed access."
)
NOTHING = "nothing in this text is about authenticating to an Azure Container Registry"
(EXPIRED,) = diagnose(SPECIMENS["aadsts-7000222"].transcript)
(REFUSED,) = diagnose(SPECIMENS["exchange-refused"].transcript)


def explained(inner: Inner, wanted: str) -> list[str]:
    """Return the lines that are printed of what can be explained."""
    result = inner.run("--acr-explain", wanted)
    assert result.ret == pytest.ExitCode.OK
    return result.outlines


@pytest.mark.parametrize("entry", ["entra-sp-secret-expired", "nxdomain", "entra"])
def test_an_entry(inner: Inner, entry: str) -> None:
    """A cause, a symptom or a family is described, no test runs, and the exit code is 0."""
    inner.pytester.makepyfile("def test_own(): raise RuntimeError")
    lines = explained(inner, entry)
    assert lines[0].startswith(f"{entry}: ")
    assert not any("test session starts" in line for line in lines)


def test_all(inner: Inner) -> None:
    """``all`` lists every cause beside its title, below its family."""
    result = inner.run("--acr-explain", "all")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.re_match_lines(
        ["entra \\(\\d+\\): \\w", "  entra-sp-secret-expired {2,}\\w", "\\d+ causes in \\d+ families"]
    )


@pytest.mark.parametrize("wanted", ["AADSTS7000222", "aadsts7000222", "7000222"])
def test_a_number_of_entras(inner: Inner, wanted: str) -> None:
    """However it is written, its cause is told as under the cause's id, with Entra's page for it."""
    first, short, page, _, *rest = explained(inner, wanted)
    assert first == "AADSTS7000222: a number of Entra's"
    assert short == "In short: the client secret has ended."
    assert page == "In its own words: https://login.microsoftonline.com/error?code=7000222"
    assert rest == explained(inner, "entra-sp-secret-expired")


def test_a_code_of_check_health(inner: Inner) -> None:
    """A code that can have several causes lists them; one that says nothing of the registry says that."""
    lines = explained(inner, "connectivity_refresh_token_error")
    assert lines[:2] == ["CONNECTIVITY_REFRESH_TOKEN_ERROR: a code of az acr check-health", "Possible causes"]
    assert any(line.startswith("  exchange-no-role ") for line in lines)
    lines = explained(inner, "HELM_VERSION_ERROR")
    assert lines[1] == "It says nothing about the registry, or about logging in to it."


@pytest.mark.parametrize(
    ("line", "first"),
    [
        (headline(EXPIRED), headline(EXPIRED)),
        (f"FAILED acr::myacr.azurecr.io::service-principal::entra - {headline(EXPIRED)}", headline(EXPIRED)),
        (DOCKER, "denied-with-ip: one of firewall-ip-denied, "),
        (f"  {DOCKER} {'x' * 5000}", "denied-with-ip: one of firewall-ip-denied, "),
        ("AADSTS7000222: The provided client secret keys are expired.", "entra-sp-secret-expired: "),
        ("ERROR: An error occurred: CONNECTIVITY_DNS_ERROR", "name-not-resolved: one of "),
    ],
)
def test_a_pasted_line(inner: Inner, line: str, first: str) -> None:
    """A line of ours or of another program is explained as if it stood in a file; it may be longer than any name."""
    assert explained(inner, line)[0].startswith(first)


@pytest.mark.parametrize(
    "line",
    [
        "FAILED acr::myacr.azurecr.io::service-principal::exchange - exchange-no-ro...",
        "FAILED acr::myacr.azurecr.io::service-principal::exchange - exchange-no-role: the iden...",
        "SKIPPED [2] acr: not reached: exchange failed (exchange-no-role)",
        "probably exchange-no-role",
    ],
)
def test_a_line_of_a_run_that_was_cut_or_says_it_in_short(inner: Inner, line: str) -> None:
    """Whatever a run prints of a cause in one line leads to the cause."""
    assert explained(inner, line)[0] == "exchange-no-role: a cause, of the family roles"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("FAILED acr::x - exchange-...", "it names exchange-arm-audience-rejected, "),
        ("sp-lacks-role and exchange-no-role", "it names sp-lacks-role, exchange-no-role. "),
        ("healthy", "'healthy' is a scenario of --acr-emulate, and no failure"),
    ],
)
def test_a_line_that_leaves_several_open(inner: Inner, line: str, said: str) -> None:
    """They are named, and none is chosen."""
    result = inner.run("--acr-explain", line)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in result.stderr.str()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_without_a_writer_is_not_waited_for(inner: Inner) -> None:
    """Only a regular file is read; for what a program writes there is standard input."""
    os.mkfifo(inner.pytester.path / "pipe")
    result = inner.run("--acr-explain", "pipe")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "cannot read 'pipe': it is no regular file; what comes from a program is read from" in result.stderr.str()


@pytest.mark.parametrize("wanted", [("--acr-explain", "all"), ("--acr-emulate", "list")])
def test_whoever_reads_may_stop(inner: Inner, wanted: tuple[str, str]) -> None:
    """As ``head`` does: no traceback, also where pytest is called by a program."""
    inner.pytester.path.joinpath("call.py").write_text(
        f"import pytest, sys\nsys.exit(pytest.main({list(wanted)!r}))", encoding="utf-8"
    )
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "call.py"], cwd=inner.pytester.path, stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_id_goes_before_a_file_and_a_file_before_a_line(inner: Inner) -> None:
    """What is called like an id is read with its folder; a file whose name reads like a failure is a file."""
    inner.pytester.path.joinpath("nxdomain").write_text(DOCKER)
    inner.pytester.path.joinpath("AADSTS7000222 again").write_text("nothing to see")
    assert explained(inner, "nxdomain")[0].startswith("nxdomain: a symptom")
    assert explained(inner, "./nxdomain")[0].startswith("denied-with-ip: one of")
    assert explained(inner, "AADSTS7000222 again") == [f"{NOTHING}: no failure that is known stands in it."]


def test_a_file(inner: Inner) -> None:
    """The text in a file is diagnosed, with the names it shows filled in."""
    inner.pytester.path.joinpath("ci.log").write_text(f"step 1\n{DOCKER}\n")
    result = inner.run("--acr-explain", "ci.log")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["denied-with-ip: one of *firewall-ip-denied*", "*line 2*", "*203.0.113.9*"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_of_powershell(inner: Inner, encoding: str) -> None:
    """What ``>`` writes there begins with a mark, or lost it, and may have two bytes for each character."""
    inner.pytester.path.joinpath("ci.log").write_bytes(DOCKER.encode(encoding))
    assert explained(inner, "ci.log")[0].startswith("denied-with-ip: one of")


def test_a_log_of_our_own_run(inner: Inner) -> None:
    """What a run printed is read back as what it says, as sure, and not as what it quotes or rules out."""
    printed = inner.run("--acr-registry", "myacr", "--acr-emulate", "firewall-ip-denied").outlines
    (told,) = {line for line in printed if line.startswith("firewall-ip-denied: ")}
    stamped = (f"2030-01-01T10:00:{number % 60:02}.5Z {line}" for number, line in enumerate(printed))
    inner.pytester.path.joinpath("ci.log").write_text("\n".join(stamped))
    lines = explained(inner, "ci.log")
    assert [line for line in lines if ": one of " in line or line.startswith("firewall-")] == [told]


def piped(inner: Inner, text: str) -> list[str]:
    """Return the lines that are printed of a text on standard input."""
    result = inner.pytester.run(
        sys.executable, "-m", "pytest", "-p", "no:asyncio", "--acr-explain", "-", stdin=text.encode()
    )
    assert result.ret == pytest.ExitCode.OK
    return result.outlines


def test_standard_input(inner: Inner) -> None:
    """``-`` reads what another program pipes in."""
    assert piped(inner, DOCKER)[0].startswith("denied-with-ip: one of ")


def case(name: str, *parts: str) -> str:
    """Return a test of a JUnit file."""
    return f'<testcase classname="suite" name="{name}">{"".join(parts)}</testcase>'


def failure(text: str, tag: str = "failure") -> str:
    """Return what a test failed by, as pytest writes it."""
    return f'<{tag} message="{escape(text.splitlines()[0])}">{escape(text, quote=False)}</{tag}>'


PROPERTIES = (
    '<properties><property name="acr_registry" value="myacr.azurecr.io"/>'
    '<property name="acr_correlation_id" value="c0ffee"/><property name="other" value="x"/></properties>'
)
JUNIT = (
    '<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" tests="6">'
    + case("passed", f"<system-out>{escape(DOCKER)}</system-out>")
    + case("first", PROPERTIES, failure(f"{headline(EXPIRED)}\n  look  az ad app\nexplained at acr::x"))
    + case("whole", failure(explain(EXPIRED)))
    + case("other", failure("assert 1 == 2"), f"<system-err>#x1B[31m{escape(DOCKER)}</system-err>")
    + case("silent", failure("assert 3 == 4", "error"))
    + case("skipped", f'<skipped message="{escape(DOCKER)}"/>')
    + "</testsuite></testsuites>"
)


def test_a_junit_file(inner: Inner) -> None:
    """Each failure is told below its test, of equal ones the fullest once; a test that passed is none."""
    inner.pytester.path.joinpath("junit.xml").write_text(JUNIT)
    lines = explained(inner, "junit.xml")
    assert lines[:4] == [
        "suite::first",
        "  registry myacr.azurecr.io; correlation id c0ffee",
        "suite::whole",
        headline(EXPIRED),
    ]
    assert lines.count(headline(EXPIRED)) == 1
    assert EXPIRED.seen.facts["client_id"] in " ".join(lines)  # which the first line has no room for
    after = lines[lines.index("suite::other") :]
    assert after[1].startswith("denied-with-ip: one of firewall-ip-denied, ")
    assert after[-2:] == [f"{NOTHING.replace('this text', 'these failures')}:", "suite::silent"]
    assert not [line for line in lines if "passed" in line.split("::") or "skipped" in line]
    assert piped(inner, f"\n{JUNIT}") == lines


def test_a_junit_file_of_pytest_itself(inner: Inner) -> None:
    """What this pytest writes of a run is understood, with the properties that we add."""
    inner.run("--acr-registry", "myacr", "--acr-emulate", "exchange-no-role", "--junitxml", "junit.xml")
    lines = explained(inner, "junit.xml")
    assert lines[0] == "acr.myacr.azurecr.io.service-principal::exchange"
    assert "registry myacr.azurecr.io" in " ".join(lines[1:4])
    assert len([line for line in lines if line.startswith("exchange-no-role: ")]) == 1


def test_a_junit_file_without_failures(inner: Inner) -> None:
    """It says so, instead of claiming that it says nothing about a registry."""
    inner.pytester.path.joinpath("junit.xml").write_text(f"<testsuite>{case('passed')}</testsuite>")
    assert explained(inner, "junit.xml") == ["no test of this JUnit file failed"]


@pytest.mark.parametrize(
    "text",
    [
        f"<html><body>{escape(DOCKER)}</body></html>",
        f'<?xml version="1.0"?><report>{escape(DOCKER)}</report>',
        f"<testsuite>{escape(DOCKER)} & not well-formed",
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><testsuite>{escape(DOCKER)}</testsuite>',
    ],
)
def test_what_is_no_junit_file_is_a_text(inner: Inner, text: str) -> None:
    """Other documents, broken ones, and those that declare entities are read as any log."""
    inner.pytester.path.joinpath("page.xml").write_text(text)
    assert explained(inner, "page.xml")[0].startswith("denied-with-ip: one of")


@pytest.mark.parametrize(
    "cases",
    [
        "<testcase><failure/>" * 20_000 + "</testcase>" * 20_000,
        "<testcase><failure>authentication required at myacr.azurecr.io</failure></testcase>" * 20_000,
    ],
)
def test_a_junit_file_of_many_failures(inner: Inner, cases: str) -> None:
    """Nested or alike, each is read once."""
    (inner.pytester.path / "junit.xml").write_text(f"<testsuite>{cases}</testsuite>")
    assert explained(inner, "junit.xml")


def test_a_junit_file_that_breaks_off(inner: Inner) -> None:
    """The failures before its end are told."""
    inner.pytester.path.joinpath("junit.xml").write_text(JUNIT[: JUNIT.index('name="silent"')])
    assert "suite::other" in explained(inner, "junit.xml")


@pytest.mark.thorough
def test_more_than_is_read(inner: Inner) -> None:
    """A file that is longer than what is read of it says so; one that just fits does not."""
    path = inner.pytester.path.joinpath("ci.log")
    path.write_text(f"{DOCKER}\n".ljust(LIMIT, "x"))
    whole = explained(inner, "ci.log")
    path.write_text(f"{DOCKER}\n".ljust(LIMIT + 1, "x"))
    assert explained(inner, "ci.log") == [
        *whole,
        "Only the first 16 MiB of ci.log were read, and nothing of what follows them.",
    ]


def test_a_text_about_something_else(inner: Inner) -> None:
    """A text that proves nothing about this registry says so, and guesses nothing."""
    inner.pytester.path.joinpath("ci.log").write_text("fatal: could not read from remote repository\n")
    assert explained(inner, "ci.log") == [f"{NOTHING}: no failure that is known stands in it."]


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("docker: ghcr.io/team/app:1: unauthorized: authentication required", "it names ghcr.io"),
        (
            "AADSTS65001: The user has not consented, for Microsoft Graph at https://graph.microsoft.com",
            "AADSTS65001 is about a token for something else here",
        ),
    ],
)
def test_what_a_text_was_taken_for_is_said(inner: Inner, text: str, because: str) -> None:
    """Whoever asked can object: the reason for silence is what the text names."""
    inner.pytester.path.joinpath("ci.log").write_text(text)
    (told,) = explained(inner, "ci.log")
    assert told.startswith(f"{NOTHING}: {because}. ")


def test_a_text_without_its_host_is_answered_on_a_condition(inner: Inner) -> None:
    """The first line says the condition; the first thing to do is the command that decides."""
    inner.pytester.path.joinpath("ci.log").write_text("unauthorized: authentication required")
    lines = explained(inner, "ci.log")
    assert lines[0] == "If this came from an Azure Container Registry:"
    assert lines[1].startswith("generic-401: one of ")
    assert lines[2:4] == ["What to do", "  look  pytest --acr-registry REGISTRY"]
    assert "  With what did it log in?" in lines
    assert any(line.startswith("    admin user: admin-password-not-current, admin-user-disabled") for line in lines)
    assert len(lines) <= 24


def test_the_command_that_decides_has_the_names_of_the_text(inner: Inner) -> None:
    """Whoever pastes it climbs to the registry and the repository that the text is about."""
    inner.pytester.path.joinpath("ci.log").write_text(
        "Error response from daemon: Head https://myacr.azurecr.io/v2/team/app/manifests/1: unauthorized: "
        "authentication required, visit https://aka.ms/acr/authorization for more information."
    )
    lines = explained(inner, "ci.log")
    assert "  look  pytest --acr-registry myacr.azurecr.io --acr-repository team/app" in lines[:3]


def test_a_folder(inner: Inner) -> None:
    """What cannot be read is a usage error that says why."""
    inner.pytester.mkdir("logs")
    result = inner.run("--acr-explain", "logs")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*cannot read 'logs'*"])


@pytest.mark.parametrize(
    "wanted",
    [
        "ENTRA-SP-SECRET-EXPIRED",
        "FAILED acr::myacr.azurecr.io::x::entra - entra-sp-secret-expired:...",
        "entra-sp-secret-expired: the secret of the appl...",
    ],
)
def test_an_id_as_people_paste_it(inner: Inner, wanted: str) -> None:
    """In capitals, or from a summary that was cut at the end of the terminal's line."""
    result = inner.run("--acr-explain", wanted)
    assert result.ret == pytest.ExitCode.OK
    assert result.outlines[0] == "entra-sp-secret-expired: a cause, of the family entra"


@pytest.mark.parametrize(
    ("wanted", "close"),
    [
        ("entra-sp-secret-expird", "entra-sp-secret-expired"),
        ("access-token-pag", "access-token-page"),
        ("healty", "healthy"),
        ("fatal: could not read from remote repository", "none is close to it"),
        ("no\x00such", ""),
        ("x" * 5000, "none is close to it"),
    ],
)
def test_what_is_nothing_of_these(inner: Inner, wanted: str, close: str) -> None:
    """A usage error names near misses, scenarios among them, and what can be given; it is no longer than it must be."""
    result = inner.run("--acr-explain", wanted)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in result.errlines if line.startswith("ERROR: ")]
    assert close in line
    assert "--acr-explain: no failure mode, symptom, family or file is called " in line
    assert "It takes an id (all lists them), a number of Entra's" in line
    assert len(line) < 520
