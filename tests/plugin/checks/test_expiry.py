"""The look-ahead through inner runs: which items there are, what becomes of them, and what is printed."""

from __future__ import annotations

import json
import re
from xml.etree.ElementTree import parse

import pytest
from conftest import Inner, outcomes

from pytest_acrauth.emulator import LOOK_ALIKES, READY
from pytest_acrauth.plugin.checks.items import ROOT

SP = "acr::expiry::service-principal::client-secret"
PULLER = "acr::expiry::scope-map-token::scope-map-password"
FILE, REGISTERED = (
    f"acr::expiry::service-principal-certificate::{kind}" for kind in ("certificate-file", "certificate")
)
TITLE = re.compile(r"=+ Azure Container Registry =+")
WHEN = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"
ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
APPLICATION = "c1a9e3b4-7d25-4f60-8b1c-5a6e9d0f2b38"

#: Changes the world of an inner run, and what is planned, before anything is asked.
CONFTEST = """
import dataclasses
import pytest
from pytest_acrauth.emulator.scenarios.endings import *
from pytest_acrauth.emulator.scenarios.look_alikes import endings
from pytest_acrauth.emulator.world.healthy import *
from pytest_acrauth.plugin.climbing.stash import CLIMBS
from pytest_acrauth.plugin.commands.emulation import EMULATOR

@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.stash[EMULATOR].change(change)
    climbs = config.stash[CLIMBS]
    if REQUIRED:
        limits = {name: each._replace(required=True) for name, each in climbs.plan.expiry.items()}
        climbs.plan = dataclasses.replace(climbs.plan, expiry=limits)
"""


def changed(inner: Inner, change: str, *, required: bool = False) -> Inner:
    """Let inner runs have a change of the world, as the body of a function of it, and perhaps must be able to look."""
    body = change.replace("\n", "\n    ")
    inner.pytester.makeconftest(f"{CONFTEST}\nREQUIRED = {required}\n\ndef change(world):\n    {body}\n")
    return inner


def section(result: pytest.RunResult) -> list[str]:
    """Return the lines about ends in the section at the end of a run."""
    begin = next((number for number, line in enumerate(result.outlines) if TITLE.match(line)), len(result.outlines))
    return [line for line in result.outlines[begin:] if line.startswith("expiry ")]


def skipped(result: pytest.RunResult) -> list[str]:
    """Return the reasons for which tests were skipped."""
    return [line.partition(": ")[2] for line in result.outlines if line.startswith("SKIPPED")]


def test_a_secret_about_to_end_fails_and_is_told(inner: Inner) -> None:
    """Name, date, days that are left, whose it is, who read it, and how to get a new one without ending the others."""
    result = inner.emulate("expiry-sp-secret")
    result.assert_outcomes(failed=1, passed=7)
    printed = result.stdout.str()
    assert outcomes(result)[SP] == "FAILED"
    assert f"expiry-sp-secret: {APPLICATION}'s secret ends in 5 days\nWhat to do\n" in printed
    words = " ".join(printed.split())
    assert re.search(rf"client secret ci \({ID}\) ends {WHEN}, in 5 days, in use read by service principal", words)
    assert f"read by service principal {APPLICATION} limit 14 days kept in AZURE_CLIENT_SECRET identity" in words
    assert f"az ad app credential reset --id {APPLICATION} --append --display-name CALLER" in printed
    (line,) = section(result)
    assert re.fullmatch(rf"expiry service-principal client-secret: ci \({ID}\) ends {WHEN}, in 5 days, in use", line)


def test_warned_it_passes_and_is_told(inner: Inner) -> None:
    """In the section at the end, in the report and its properties, and as no warning of Python's."""
    inner.pytester.makeini("[pytest]\nfilterwarnings = error\n")
    report = inner.pytester.path / "report.xml"
    warn = ("--acr-expiry-warn", "90", "--acr-auth", "scope-map-token:ACR_PULLER")
    result = inner.run("-rP", "--acr-registry", "myacr", "--acr-emulate", "healthy", *warn, "--junitxml", str(report))
    result.assert_outcomes(passed=6)
    expected = rf"expiry scope-map-token scope-map-password: password1 ends {WHEN}, in 84 days, perhaps in use"
    (line,) = section(result)
    assert re.fullmatch(expected, line)
    assert result.outlines.count(line) == 2  # the other one is the report's
    assert "warnings summary" not in result.stdout.str()
    cases = {f"{case.get('classname')}.{case.get('name')}": case for case in parse(report).iter("testcase")}  # noqa: S314
    case = cases["acr.expiry.scope-map-token.scope-map-password"]
    told = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert told["acr_identity"] == "scope-map-token"
    assert told["acr_registry"] == "myacr.azurecr.io"
    assert told["acr_credential"] == "scope-map-password"
    assert told["acr_credential_name"] == "password1, password2"
    assert re.fullmatch(WHEN, told["acr_expires"] or "")
    assert told["acr_days_left"] in {"84.9", "85.0"}
    assert "acr_id" not in told


def test_a_kept_run_has_every_end(inner: Inner) -> None:
    """As JSON and as Markdown, whatever became of the checks."""
    folder = inner.pytester.path
    reports = ("--acr-report", "run.json", "--acr-report", "run.md")
    auth = ("--acr-auth", "scope-map-token:ACR_PULLER", "--acr-expiry-warn", "7")
    inner.emulate("healthy", *auth, *reports)
    found = json.loads((folder / "run.json").read_text("utf-8"))["credentials"]
    (password,) = found
    assert (password["id"], password["verdict"]) == (
        "scope-map-token::scope-map-password",
        "no end within the limit",
    )
    assert [line.partition(": ")[2].split()[0] for line in password["lines"]] == ["password1", "password2"]
    assert password["lines"][1].endswith("password2 has no end, perhaps in use")
    first, second = password["ends"]
    assert (second["name"], second["ends"], second["days_left"], second["in_question"]) == ("password2", "", None, True)
    assert (first["name"], first["near"], first["days_left"] > 7) == ("password1", False, True)
    assert "## When credentials end" in (folder / "run.md").read_text("utf-8")


def test_a_failure_has_properties_too(inner: Inner) -> None:
    """The cause beside what is told of every check."""
    report = inner.pytester.path / "report.xml"
    inner.emulate("expiry-sp-secret", "--junitxml", str(report))
    (case,) = [case for case in parse(report).iter("testcase") if case.find("failure") is not None]  # noqa: S314
    told = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert told["acr_id"] == "expiry-sp-secret"
    assert told["acr_certainty"] == "proven"
    assert told["acr_identity"] == "service-principal"
    assert told["acr_days_left"] == "5.0"


def test_without_a_limit_there_are_no_items(inner: Inner) -> None:
    """And nothing is asked of the directory."""
    inner.pytester.makeconftest(
        """
        from pytest_acrauth.plugin.commands.emulation import EMULATOR

        def pytest_sessionfinish(session):
            print("asked", [each.host for each in session.config.stash[EMULATOR].requests].count("graph.microsoft.com"))
        """
    )
    result = inner.emulate("healthy", "-s")
    assert not [nodeid for nodeid in outcomes(result) if "expiry" in nodeid]
    assert "asked 0" in result.stdout.str()


@pytest.mark.parametrize(
    ("auth", "found"),
    [
        ("service-principal", [SP]),
        ("basic:ACR_SP", ["acr::expiry::basic::client-secret"]),
        ("puller=scope-map-token:ACR_PULLER", ["acr::expiry::puller::scope-map-password"]),
        ("docker-config", ["acr::expiry::docker-config::stored-login::myacr.azurecr.io"]),
        ("admin:ACR_ADMIN", []),
        ("basic:ACR_ADMIN", []),
        ("azure-cli", []),
        ("anonymous", []),
    ],
)
def test_each_credential_with_an_end_is_an_item(inner: Inner, auth: str, found: list[str]) -> None:
    """Those of a machine, a person, the admin user and of nobody have none; --co lists the same as a run."""
    given = ("--acr-auth", auth, "--acr-expiry-fail", "7")
    listed = inner.emulate("healthy", "--co", "-q", "-q", *given).outlines
    assert [line for line in listed if "expiry" in line and "::" in line] == found or not found
    ran = outcomes(inner.emulate("healthy", *given))
    assert [nodeid for nodeid in ran if "::expiry::" in nodeid] == found
    assert {ran[nodeid] for nodeid in found} <= {"PASSED"}


def test_items_stand_behind_the_climbs_and_before_the_clients(inner: Inner) -> None:
    """In the order of the identities; a docker config has one for each registry."""
    given = ("--acr-auth", "docker-config", "--acr-auth", "service-principal", "--acr-client", "docker-config")
    ran = list(outcomes(inner.emulate("healthy", *given, "--acr-expiry-fail", "7", registry="myacr,otheracr")))
    stored = [f"acr::expiry::docker-config::stored-login::{name}.azurecr.io" for name in ("myacr", "otheracr")]
    assert [nodeid for nodeid in ran if "::expiry::" in nodeid] == ran[-4:-1]
    assert sorted(ran[-4:-1]) == sorted([*stored, SP])
    assert ran[-1] == "acr::client::docker-config"


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ([SP], 1),
        (["acr::expiry"], 1),
        (["acr::expiry::service-principal"], 1),
        (["-k", "client-secret"], 1),
        (["-m", "acr"], 8),
        (["--deselect", SP], 7),
        (["--deselect", "acr::expiry"], 7),
    ],
)
def test_items_are_selected_as_others_are(inner: Inner, arguments: list[str], count: int) -> None:
    """By node id and its beginnings, name and mark."""
    result = inner.emulate("expiry-sp-secret", *arguments)
    assert len(outcomes(result)) == count
    assert (SP in outcomes(result)) is (count != 7)


def test_an_unknown_item_is_a_usage_error(inner: Inner) -> None:
    """The close ones are named."""
    result = inner.emulate("expiry-sp-secret", "acr::expiry::service-principal::client-secrets")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert any(f"there is no built-in check {SP}s; close to it: {SP}" in line for line in result.errlines)


def test_last_failed_looks_again(inner: Inner) -> None:
    """Only what failed is asked, and it passes once the secret is renewed."""
    inner.pytester.makeini("[pytest]\n")
    assert outcomes(inner.emulate("expiry-sp-secret"))[SP] == "FAILED"
    assert outcomes(inner.emulate("expiry-sp-secret", "--lf")) == {SP: "FAILED"}
    assert outcomes(inner.emulate("healthy", "--lf", "--acr-expiry-fail", "14")) == {SP: "PASSED"}


def test_a_rerun_looks_again(inner: Inner) -> None:
    """What was renewed between two tries is seen."""
    inner.pytester.makeconftest(
        f"""
        from pytest_acrauth.emulator.world.healthy import CLIENT
        from pytest_acrauth.plugin.commands.emulation import EMULATOR

        def renew(world):
            world.cloud.applications[CLIENT].secrets[0].ends = None

        def pytest_runtest_logfinish(nodeid): pass

        def pytest_runtest_makereport(item, call):
            if call.excinfo is not None and item.nodeid == {SP!r}:
                item.config.stash[EMULATOR].change(renew)
        """
    )
    result = inner.emulate("expiry-sp-secret", "--reruns", "1", SP)
    result.assert_outcomes(passed=1)
    assert "1 rerun" in result.stdout.str()
    assert section(result) == [line for line in section(result) if "has no end" in line]


@pytest.mark.thorough
def test_workers_are_told_and_ask_nothing(inner: Inner) -> None:
    """The controller looks once for all; ids, outcomes and lines are those of a run without workers."""
    inner.pytester.makeconftest(
        """
        from pytest_acrauth.plugin.commands.emulation import EMULATOR

        def pytest_sessionfinish(session):
            if EMULATOR in session.config.stash:
                hosts = [each.host for each in session.config.stash[EMULATOR].requests]
                counts = [hosts.count(name) for name in ("graph.microsoft.com", "login.microsoftonline.com")]
                with open("asked", "a") as file:
                    file.write(f"{counts}\\n")
        """
    )
    alone = inner.emulate("expiry-sp-secret")
    shared = inner.emulate("expiry-sp-secret", "-n", "2")
    assert outcomes(shared) == outcomes(alone)
    strip = re.compile(rf"{ID}|{WHEN}")
    assert [strip.sub("", line) for line in section(shared)] == [strip.sub("", line) for line in section(alone)]
    assert len(section(shared)) == 1
    assert (inner.pytester.path / "asked").read_text() == "[2, 3]\n" * 2


def test_whoever_may_not_read_is_a_skip_that_says_so(inner: Inner) -> None:
    """Could not look is never fine: the reason is in the skip and in the section at the end."""
    result = changed(inner, "world.cloud.directory_readers.clear()").emulate("expiry-sp-secret", "-rs")
    result.assert_outcomes(skipped=1, passed=7)
    why = f"graph.microsoft.com answered 403 Authorization_RequestDenied, as service principal {APPLICATION}"
    assert skipped(result) == [f"could not look: {why}"]
    assert section(result) == [f"expiry service-principal client-secret: could not look: {why}"]


def test_whoever_must_be_able_to_look_fails(inner: Inner) -> None:
    """A readiness file that names the expiry makes it a failure, with what to do."""
    result = changed(inner, "world.cloud.directory_readers.clear()", required=True).emulate("expiry-sp-secret")
    result.assert_outcomes(failed=1, passed=7)
    why = f"graph.microsoft.com answered 403 Authorization_RequestDenied, as service principal {APPLICATION}"
    said = f"could-not-look: when the client-secret of service-principal ends: {why}"
    assert any(line.startswith(f"FAILED {SP} - {said[:100]}") for line in result.outlines)
    assert result.outlines[result.outlines.index(said) + 1] == "What to do"


def test_without_evidence_only_this_machine_is_read(inner: Inner) -> None:
    """The certificate's own file is judged, and the record in the directory is not."""
    result = inner.emulate("expiry-certificate-file", "--acr-evidence", "off", "-rs")
    assert outcomes(result)[FILE] == "FAILED"
    assert outcomes(result)[REGISTERED] == "SKIPPED"
    assert skipped(result) == ["could not look: nobody is asked, as --acr-evidence off says"]


def test_a_sign_in_that_broke_is_told_once(inner: Inner) -> None:
    """Its own check fails; the expiry item says on whose account it could not look."""
    result = inner.emulate("entra-sp-secret-expired", "--acr-expiry-fail", "7", "-rs")
    result.assert_outcomes(failed=1, passed=4, skipped=3)
    assert "could not look: entra failed (entra-sp-secret-expired)" in skipped(result)
    assert result.stdout.str().count("Why ") == 1


def test_a_sign_in_that_broke_is_told_by_whoever_is_selected(inner: Inner) -> None:
    """No selection turns a sign-in that broke into a skip alone."""
    result = inner.emulate("entra-sp-secret-expired", "--acr-expiry-fail", "7", SP)
    result.assert_outcomes(failed=1)
    place = "fails in the place of acr::myacr.azurecr.io::service-principal::entra, not selected"
    assert f"({place})" in result.outlines


def test_where_somebody_must_look_both_fail_by_the_same_cause(inner: Inner) -> None:
    """The second refers to the first."""
    result = changed(inner, "pass", required=True).emulate("entra-sp-secret-expired", "--acr-expiry-fail", "7")
    assert outcomes(result)[SP] == "FAILED"
    assert result.stdout.str().count("Why ") == 1
    assert "explained at acr::myacr.azurecr.io::service-principal::entra" in result.outlines


def test_a_network_that_broke_is_no_matter_of_the_secret(inner: Inner) -> None:
    """Entra and Graph are reached: the end is looked at, whatever the registry does."""
    result = inner.emulate("registry-tcp-blocked", "--acr-expiry-fail", "400")
    assert outcomes(result)[SP] == "FAILED"
    assert f"FAILED {SP} - expiry-sp-secret: {APPLICATION}'s secret ends in 334 days" in result.outlines


def test_a_certificate_and_its_record_are_told_of_once(inner: Inner) -> None:
    """The file is old and a new one is registered: both are about the certificate that is held, and explained once."""
    body = "from pytest_acrauth.emulator.scenarios.variants import with_certificate\n"
    body += "with_certificate(world, world.cloud.now() - 360 * DAY)\nkept = dict(world.machine.files)\n"
    body += "with_certificate(world)\nworld.machine.files.update(kept)"
    result = changed(inner, body).emulate("expiry-sp-certificate")
    assert (outcomes(result)[FILE], outcomes(result)[REGISTERED]) == ("FAILED", "FAILED")
    assert result.stdout.str().count("Why ") == 1
    assert f"explained at {FILE}" in result.outlines
    lines = section(result)
    assert sum("certificate-file: " in line and line.endswith("in use") for line in lines) == 1
    assert sum("certificate: " in line and line.endswith(", in use") for line in lines) == 1


def test_what_another_tenant_has_is_not_shown(inner: Inner) -> None:
    """The application's own secrets are there, so that what is seen here tells nothing for sure."""
    body = "world.cloud.applications[CLIENT].principal_secrets[:] = world.cloud.applications[CLIENT].secrets\n"
    body += "world.cloud.applications[CLIENT].registered = OTHER_TENANT"
    result = changed(inner, body).emulate("expiry-sp-secret", "-rs")
    assert outcomes(result)[SP] == "SKIPPED"
    (why,) = skipped(result)
    assert why.startswith("could not look: the application is another tenant's, and what it has there is not shown")


def test_days_are_counted_by_the_services_clock(inner: Inner) -> None:
    """A machine that is a month ahead neither fails for it nor keeps it to itself."""
    body = "secret_ends(world)\nworld.cloud.applications[CLIENT].secrets[0].ends += 20 * DAY\n"
    body += "world.machine.clock_offset = 20 * DAY"
    result = changed(inner, body).emulate("healthy", "--acr-expiry-fail", "14")
    assert outcomes(result)[SP] == "PASSED"
    said = "this machine's clock is 20 days ahead of that of the services, by which the days are counted"
    assert any(line.endswith(said) for line in section(result))
    assert any(", in 25 days, in use" in line for line in section(result))


@pytest.mark.parametrize("scenario", [each for each in LOOK_ALIKES.values() if each.ahead], ids=lambda each: each.id)
def test_look_alikes_through_the_whole_plugin(inner: Inner, scenario) -> None:
    """What only looks as if it ended passes; what ends in another guise fails."""
    result = inner.emulate(scenario.id)
    failed = re.findall(rf"^FAILED {ROOT}::expiry::\S+ - ([a-z-]+): ", result.stdout.str(), re.MULTILINE)
    assert failed == ([] if scenario.cause == READY else [scenario.cause])
    assert result.ret == (pytest.ExitCode.OK if scenario.cause == READY else pytest.ExitCode.TESTS_FAILED)


#: A token of a cluster, made so many minutes ago, for an hour.
FEDERATED = """
from pytest_acrauth.emulator.scenarios import variants
variants.in_kubernetes(world)
issued = int(world.cloud.now() - {age} * MINUTE)
claims = {{"iss": variants.CLUSTER, "sub": variants.SUBJECT, "aud": "api://AzureADTokenExchange"}}
dates = {{"iat": issued, "nbf": issued, "exp": int(issued + 60 * MINUTE)}}
signer = world.cloud.assertion_issuers[variants.CLUSTER]
world.machine.files["AZURE_FEDERATED_TOKEN_FILE"] = signer.sign(claims | dates)
"""


@pytest.mark.parametrize(("age", "told"), [("10", 0), ("57", 1)])
def test_a_federated_token_is_judged_by_its_own_life(inner: Inner, age: str, told: int) -> None:
    """One of an hour is always near its end: it is told of where whoever rotates it has not, and never fails."""
    inner.pytester.makepyfile(
        plant="""
        from pytest_acrauth.emulator.scenarios import entries
        from pytest_acrauth.emulator.scenarios.scenario import Scenario
        from pytest_acrauth.emulator.scenarios.variants import in_kubernetes
        entries._CHOICES["in-kubernetes"] = Scenario("in-kubernetes", in_kubernetes)
        """
    )
    changed(inner, FEDERATED.format(age=age))
    result = inner.apart(
        *("-p", "plant", "-v", "--acr-registry", "myacr", "--acr-emulate", "in-kubernetes"),
        *("--acr-auth", "workload-identity", "--acr-expiry-fail", "30"),
    )
    assert outcomes(result)["acr::expiry::workload-identity::federated-token"] == "PASSED"
    assert sum("and was not renewed" in line for line in section(result)) == told


READINESS = """
[registry.myacr]
[[registry.myacr.access]]
[identity.ci]
method = "service-principal"
expiry = { fail = 14 }
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("pass", "expiry-sp-secret: "),
        ("world.cloud.directory_readers.clear()", "could-not-look: when the client-secret of ci ends: "),
    ],
)
def test_a_readiness_file_that_names_the_expiry(inner: Inner, change: str, said: str) -> None:
    """Its limits hold, and whoever may not look fails."""
    changed(inner, change)
    (inner.pytester.path / "acr.toml").write_text(READINESS)
    result = inner.run("-v", "--acr-config", "acr.toml", "--acr-emulate", "expiry-sp-secret")
    assert outcomes(result)["acr::expiry::ci::client-secret"] == "FAILED"
    assert any(line.startswith(said) for line in result.outlines)


@pytest.mark.parametrize(("method", "extra"), [("managed-identity", ""), ("admin", 'prefix = "ACR_ADMIN"')])
def test_an_identity_without_an_end_is_told_where_it_is_meant(inner: Inner, method: str, extra: str) -> None:
    """No check is there, and a limit of its own that looked at nothing does not go unsaid."""
    text = (
        f'[identity.ci]\nmethod = "{method}"\nexpiry = {{ fail = 14 }}\n{extra}\n'
        '[registry.myacr]\naccess = [{ identities = ["ci"] }]\n'
    )
    (inner.pytester.path / "acr.toml").write_text(text, encoding="utf-8")
    result = inner.run("-v", "--acr-config", "acr.toml", "--acr-emulate", "healthy")
    assert result.ret == pytest.ExitCode.OK
    assert section(result) == ["expiry ci: no check: nothing that ends is known of its credential"]
