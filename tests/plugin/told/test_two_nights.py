"""``--acr-compare`` between two nights in which refusals, and what nobody could look at, became something else."""

from __future__ import annotations

import json

import pytest
from conftest import Inner

FILE = """\
[identity.ci]
method = "service-principal"

[identity.outsider]
method = "anonymous"

[registry.myacr]
access = [{ identities = ["ci"], repositories = ["team/app"] }]
refusal = [
    { identities = ["outsider"], expect = ["identity-kept-out"] },
    { identities = ["ci"], expect = ["push-denied"], repositories = ["team/app"] },
    { identities = ["ci"], expect = ["admin-user-off"] },
]

[registry.otheracr]
refusal = [{ identities = ["ci"], expect = ["network-shut-out"] }]
"""
#: Worlds by their names, one of which a night names in its environment.
CONFTEST = """
import os

import pytest
from pytest_acrauth.emulator.scenarios.changes import with_role
from pytest_acrauth.emulator.scenarios.obstacles import other_addresses_only, private_only
from pytest_acrauth.emulator.world.cloud import DAY
from pytest_acrauth.emulator.world.directory import Password
from pytest_acrauth.emulator.world.healthy import CLIENT
from pytest_acrauth.plugin.commands.emulation import EMULATOR

BEGAN = 1_700_000_000.0


def closed(world):
    for each in world.cloud.registries.values():
        each.admin_enabled = False
    other_addresses_only(world.cloud.registries["otheracr"])


def admin(world):
    closed(world)
    world.cloud.registries["myacr"].admin_enabled = True


def anonymous(world):
    closed(world)
    world.cloud.registries["myacr"].anonymous_pull = True


def push(world):
    closed(world)
    with_role("AcrPush")(world)


def private(world):
    closed(world)
    private_only(world.cloud.registries["otheracr"])


def secrets(world, **days):
    held = world.machine.environ["AZURE_CLIENT_SECRET"] = "the-first-of-two-secrets-0123456789"
    world.cloud.applications[CLIENT].secrets[:] = [
        Password(held if name == "first" else f"{name}-of-two-secrets-0123456789", BEGAN, BEGAN + each * DAY)
        for name, each in days.items()
    ]


def two(world):
    secrets(world, first=4000, other=4100)


def another_end(world):
    secrets(world, first=3900, other=4100)


def one(world):
    secrets(world, first=4000)


def soon(world):
    for each in world.cloud.applications[CLIENT].secrets:
        each.ends = world.cloud.now() + 5 * DAY


def soon_unseen(world):
    soon(world)
    world.cloud.directory_readers.clear()


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.stash[EMULATOR].change(globals()[os.environ["NIGHT"]])
"""


@pytest.fixture
def nights(inner: Inner) -> Inner:
    """Deliver inner runs beside a file with refusals, and the worlds."""
    (inner.pytester.path / "acr.toml").write_text(FILE, encoding="utf-8")
    inner.pytester.makeconftest(CONFTEST)
    return inner


def told(nights: Inner, before: str, now: str, *args: str) -> list[str]:
    """Return what is told of two nights, without the dates of the emulator's certificates."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHT", before)
        nights.run("--acr-emulate", "healthy", *args, "--acr-report=before.json")
        patch.setenv("NIGHT", now)
        result = nights.run("--acr-emulate", "healthy", *args, "--acr-compare=before.json")
    begin = next(number for number, line in enumerate(result.outlines) if line.startswith("acr: changed since"))
    lines = [line.removeprefix("acr:   ") for line in result.outlines[begin + 1 :] if line.startswith("acr:   ")]
    return [line for line in lines if ", certificate from " not in line]


IN_FILE = ("--acr-config", "acr.toml")
REFUSED = {
    "admin": "ci::refused::admin-user-off",
    "anonymous": "outsider::refused::identity-kept-out",
    "push": "ci::refused::push-denied::team/app",
}


@pytest.mark.broad(of=2)
@pytest.mark.parametrize("opened", REFUSED)
def test_a_door_that_was_opened_newly_fails(nights: Inner, opened: str) -> None:
    """By the check of that very refusal; and closed again it is repaired, though nobody gets in."""
    check = f"acr::myacr.azurecr.io::{REFUSED[opened]}"
    (line,) = told(nights, "closed", opened, *IN_FILE)
    assert line.startswith(f"newly failing: {check}, more-open-than-expected: ")
    assert told(nights, opened, "closed", *IN_FILE) == [f"repaired: {check}"]


def test_refusals_that_go_on_are_no_news(nights: Inner) -> None:
    """Unless the cause is another one, which fails nothing."""
    assert told(nights, "closed", "closed", *IN_FILE) in ([], ["nothing"])
    assert told(nights, "closed", "private", *IN_FILE) == [
        "changed: otheracr.azurecr.io ci, refused by firewall-public-access-disabled, was firewall-ip-denied"
    ]


def test_who_must_get_in_from_now_on_fails_newly(nights: Inner) -> None:
    """Though the registry answers as it did."""
    refusal = 'refusal = [{ identities = ["ci"], expect = ["network-shut-out"] }]'
    access = 'access = [{ identities = ["ci"] }]'
    assert refusal in FILE
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHT", "closed")
        nights.run("--acr-emulate", "healthy", *IN_FILE, "--acr-report=before.json")
        (nights.pytester.path / "acr.toml").write_text(FILE.replace(refusal, access), encoding="utf-8")
        result = nights.run("--acr-emulate", "healthy", *IN_FILE, "--acr-compare=before.json")
    result.stdout.fnmatch_lines(["acr:   newly failing: otheracr.azurecr.io ci, firewall-ip-denied: *"])


ENDS = ("--acr-registry", "myacr", "--acr-expiry-fail", "14")
SECRET = "expiry service-principal client-secret"


def test_two_secrets_of_one_name_are_two(nights: Inner) -> None:
    """Each is compared with itself, by its id."""
    assert told(nights, "two", "two", *ENDS) in ([], ["nothing"])
    (line,) = told(nights, "two", "another_end", *ENDS)
    assert line.startswith(f"changed: {SECRET}, ci (")
    assert line.endswith("ends 2034-07-19T22:13:20Z, was 2034-10-27T22:13:20Z")
    (line,) = told(nights, "two", "one", *ENDS)
    assert line.startswith(f"changed: {SECRET}, ci (")
    assert line.endswith(") is gone")


def test_a_report_without_ids_is_compared_by_names(nights: Inner) -> None:
    """As those that were written before the ids were."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHT", "one")
        nights.run("--acr-emulate", "healthy", *ENDS, "--acr-report=before.json")
        path = nights.pytester.path / "before.json"
        document = json.loads(path.read_text(encoding="utf-8"))
        for credential in document["credentials"]:
            for end in credential["ends"]:
                del end["id"]
        path.write_text(json.dumps(document), encoding="utf-8")
        result = nights.run("--acr-emulate", "healthy", *ENDS, "--acr-compare=before.json")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("*is new*")
    result.stdout.fnmatch_lines(["acr: changed since *"])


def test_what_nobody_could_look_at_is_not_repaired(nights: Inner) -> None:
    """A secret that was near its end is so still, for all that is known."""
    lines = told(nights, "soon", "soon_unseen", *ENDS)
    assert lines[0].startswith(f"changed: {SECRET}, {SECRET}: could not look: ")
    assert not any(line.startswith("repaired") for line in lines)
    assert any(line.startswith("repaired") for line in told(nights, "soon", "one", *ENDS))
