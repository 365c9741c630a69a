"""What real programs print, read as a text, leads to the cause that the plugin finds by itself in the same world.

A scenario's id is that cause: the tests of the scenarios hold the plugin to it.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from clients.engines import Engine
from clients.programs import Printed
from clients.test_engines import IMAGE, used

from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.emulator import LOOK_ALIKES

BASIC = [
    "admin-password-not-current",
    "admin-user-disabled",
    "admin-username-wrong",
    "scope-map-token-password-wrong",
    "scope-map-token-password-expired",
    "scope-map-token-disabled",
    "scope-map-token-not-found",
    "basic-username-unknown",
    "entra-sp-secret-wrong",
    "entra-sp-secret-expired",
    "entra-app-not-found",
    "sp-lacks-role",
    "refresh-token-expired",
]
WAY = [
    "registry-dns-nxdomain",
    "registry-dns-resolver-broken",
    "tcp-refused",
    "tls-handshake-failed",
    "registry-tls-intercepted",
    "tls-certificate-expired",
    "tls-hostname-mismatch",
    "firewall-ip-denied",
    "firewall-public-access-disabled",
]
ENTRA = ["entra-sp-secret-wrong", "entra-sp-secret-expired", "entra-app-not-found", "entra-tenant-not-found"]
#: What az's own words merge: certificates of every kind, and whatever else is wrong with the way.
HEALTH = [
    "registry-dns-nxdomain",
    "registry-dns-resolver-broken",
    "tcp-refused",
    "tls-handshake-failed",
    "registry-tls-intercepted",
    "firewall-ip-denied",
    "exchange-no-role",
    "exchange-throttled",
]


#: What keeps from a pull those who may log in, or shows with the login already. A throttled registry is not among it:
#: podman and skopeo wait for as long as it says.
PULL = [
    "scope-map-missing",
    "scope-map-token-password-propagating",
    "operation-disallowed",
    "quarantined-image",
    "cache-rule-credentials",
    "cache-network-restricted",
    "data-host-not-resolved",
    "private-dns-data-endpoint-missing",
    "private-dns-stale-zone",
    "blob-url-expired",
    "blob-signature-refused",
    "blob-access-forbidden",
    "blob-missing",
    "cmk-identity-inactive",
    "firewall-ipv6-client",
    "answer-cut-off",
    "exchange-server-error",
    "client-null-guid-not-used",
    "client-null-guid-other-password",
    "client-entra-token-as-password",
    "sp-certificate-with-docker-login",
    "refresh-token-other-registry",
    "abac-mode-switch-stale-credential",
    "entra-app-disabled",
    "entra-sp-missing",
    "custom-role-wildcard",
    "deny-assignment",
]


#: What these clients print of it names no registry, so that nobody can tell whose it is.
NAMELESS = {"exchange-server-error": ("Docker", "Oras"), "blob-missing": ("Oras",)}


#: How oras ends when the requests for two layers fail at once.
PANIC = "panic: sync/atomic"


def causes(text: str) -> list[set[str]]:
    """Return the candidates of every diagnosis of a text, best first."""
    return [{mode.id for mode in diagnosis.candidates} for diagnosis in recognise(text)]


def failed_pull(engine: Engine, cause: str) -> Printed:
    """Return what a pull printed, the last of several that end in a race which oras loses two times out of three."""
    for _ in range(20):
        pull = engine.pull(LOOK_ALIKES[cause].options.get("repository", IMAGE))
        assert pull.code != 0
        if PANIC not in pull.text:
            break
    return pull


@pytest.mark.parametrize(("emulator", "cause"), [(each, each) for each in (*BASIC, *WAY)], indirect=["emulator"])
def test_login_and_pull(emulator, engine, cause):
    """A login or pull that fails says enough: its best diagnosis has the cause among its candidates."""
    login = engine.login(*used(emulator))
    assert cause in causes(login.text)[0], login.text
    engine.remember(*used(emulator))
    pull = engine.pull(IMAGE)
    assert cause in causes(pull.text)[0], pull.text


@pytest.mark.parametrize(("emulator", "cause"), [(each, each) for each in PULL], indirect=["emulator"])
def test_pull(emulator, engine, cause):
    """Whatever else keeps a pull from coming about is among the candidates of what is printed, too."""
    engine.remember(*used(emulator))
    pull = failed_pull(engine, cause)
    if PANIC in pull.text:
        pytest.skip("oras ends in a defect of its own when a layer is refused, and prints nothing of the refusal")
    found = causes(pull.text)
    if type(engine).__name__ in NAMELESS.get(cause, ()):
        assert recognise(pull.text, overheard=True) == (), pull.text
        # Whoever asks says whose words they are; those of oras alone say too little even then.
        assert not found or cause in found[0], pull.text
    else:
        assert found, pull.text
        assert cause in found[0], pull.text


@pytest.mark.parametrize("emulator", ["image-not-found"], indirect=True)
def test_missing_image(emulator, engine):
    """A missing tag is found to be missing from what the program printed."""
    engine.remember(*used(emulator))
    pull = engine.pull(IMAGE)
    assert "image-not-found" in causes(pull.text)[0], pull.text


def test_push(emulator, engine):
    """A push that is denied leads to the role or the scope map that does not allow it."""
    engine.remember(*used(emulator))
    engine.pull(IMAGE)
    push = engine.push("team/app:second")
    assert "scope-not-granted" in causes(push.text)[0], push.text


@pytest.mark.parametrize(("emulator", "cause"), [(each, each) for each in ENTRA], indirect=["emulator"])
def test_az_login(emulator, az, cause):
    """What Entra refuses is told by az's output alone."""
    printed = az.login(emulator)
    assert causes(printed.text)[0] == {cause}, printed.text


@pytest.mark.parametrize("cause", HEALTH)
def test_az_on_the_registry(emulator, az, internet, cause):
    """Az's login says best what keeps it out, its health check among the other things that it has to say."""
    az.login(emulator)
    emulator.apply(cause)
    internet.show(emulator.machine, emulator.world.network.names)
    login = az.run("acr", "login", "--name", "myacr", "--expose-token")
    assert cause in causes(login.text)[0], login.text
    health = az.run("acr", "check-health", "--name", "myacr", "--ignore-errors", "--yes")
    assert cause in set().union(*causes(health.text)), health.text


@pytest.mark.parametrize("emulator", ["entra-sp-secret-expired"], indirect=True)
def test_on_the_command_line(emulator, engine):
    """``pytest --acr-explain -`` reads what a program printed from standard input, and names the cause."""
    engine.remember(*used(emulator))
    text = engine.pull(IMAGE).text
    command = [sys.executable, "-m", "pytest", "--acr-explain", "-"]
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, cwd=engine.shell.folder, timeout=60
    )
    assert done.returncode == 0, done.stdout
    assert "entra-sp-secret-expired" in done.stdout.splitlines()[0]
