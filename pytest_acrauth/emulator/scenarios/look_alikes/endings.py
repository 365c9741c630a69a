"""Look-alikes in which a credential of an identity ends soon, or seems to, and it is another that is in use."""

from __future__ import annotations

from pytest_acrauth.emulator.scenarios.changes import puller
from pytest_acrauth.emulator.scenarios.endings import logged_in, password_ends
from pytest_acrauth.emulator.scenarios.scenario import READY, Scenario
from pytest_acrauth.emulator.scenarios.variants import BY_CERTIFICATE, USUAL, with_certificate
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import DAY, MINUTE, Registry
from pytest_acrauth.emulator.world.directory import Application, Password
from pytest_acrauth.emulator.world.healthy import CLIENT

_SOON, _LATER, _NEVER = 5 * DAY, 300 * DAY, 253_402_300_799.0  # the last of the year 9999
_OTHER_VALUE = "another-secret-that-somebody-else-holds"


def _application(world: World) -> Application:
    return world.cloud.applications[CLIENT]


def _held_ends(world: World, ends: float | None) -> None:
    for secret in _application(world).secrets:
        secret.ends = ends


def _beside(own: float, other: float) -> Change:
    """Let the secret that is held here end in so many seconds, and another one beside it."""

    def change(world: World) -> None:
        now = world.cloud.now()
        _held_ends(world, now + own)
        _application(world).secrets.insert(0, Password(_OTHER_VALUE, now - 360 * DAY, now + other, "other-ci"))

    return change


def _without_hints(world: World) -> None:
    """Have two secrets of which Graph does not tell how they begin, as of those that were made long ago."""
    _beside(_SOON, _LATER)(world)
    for secret in _application(world).secrets:
        secret.hinted = False


def _of_the_principal(world: World) -> None:
    """Move the secret, which ends soon, from the application to its service principal."""
    application = _application(world)
    _held_ends(world, world.cloud.now() + _SOON)
    application.principal_secrets[:], application.secrets[:] = application.secrets, []


def _without_end(world: World) -> None:
    _held_ends(world, None)


def _at_the_end_of_time(world: World) -> None:
    _held_ends(world, _NEVER)


def _renewed_certificate(world: World) -> None:
    """Hold a new certificate, while the one before is still registered and ends soon."""
    with_certificate(world, world.cloud.now() + _SOON - 365 * DAY)
    with_certificate(world)


def _one_password_ends(registry: Registry, now: float) -> None:
    first, second = registry.tokens["puller"].passwords
    first.ends, second.ends = now + _SOON, None


def _one_password_left(registry: Registry, now: float) -> None:
    password_ends(registry, now)
    registry.tokens["puller"].passwords[1].ends = now - DAY


_LIMIT = {"expiry-fail": "14"}
_SECRET = {"auth": USUAL} | _LIMIT
_CERTIFICATE = {"auth": BY_CERTIFICATE} | _LIMIT
_PULLER = {"auth": "scope-map-token"} | _LIMIT
_STORED = {"auth": "docker-config"} | _LIMIT

LOOK_ALIKES: tuple[Scenario, ...] = (
    Scenario(
        "secret-of-somebody-else-ends",
        _beside(_LATER, _SOON),
        _SECRET,
        diagnosed=READY,
        like="expiry-sp-secret",
    ),
    Scenario(
        "held-secret-ends-beside-a-new-one",
        _beside(_SOON, _LATER),
        _SECRET,
        diagnosed="expiry-sp-secret",
        like="secret-of-somebody-else-ends",
    ),
    Scenario("one-of-two-secrets-ends", _without_hints, _SECRET, diagnosed=READY, like="expiry-sp-secret"),
    Scenario(
        "secret-ended-beside-a-new-one",
        _beside(_LATER, -DAY),
        _SECRET,
        diagnosed=READY,
        like="entra-sp-secret-expired",
    ),
    Scenario(
        "secret-of-the-service-principal-ends",
        _of_the_principal,
        _SECRET,
        diagnosed="expiry-sp-secret",
        like="secret-without-end",
    ),
    Scenario("secret-without-end", _without_end, _SECRET, diagnosed=READY, like="expiry-sp-secret"),
    Scenario("secret-until-the-end-of-time", _at_the_end_of_time, _SECRET, diagnosed=READY, like="expiry-sp-secret"),
    Scenario(
        "certificate-before-the-new-one-ends",
        _renewed_certificate,
        _CERTIFICATE,
        diagnosed=READY,
        like="expiry-sp-certificate",
    ),
    Scenario(
        "one-of-two-passwords-ends",
        puller(_one_password_ends),
        _PULLER,
        diagnosed=READY,
        like="expiry-scope-map-password",
    ),
    Scenario(
        "only-password-that-is-left-ends",
        puller(_one_password_left),
        _PULLER,
        seen_by=("basic", "scope-map-token"),
        diagnosed="expiry-scope-map-password",
        like="one-of-two-passwords-ends",
    ),
    Scenario("login-of-a-minute-ago", logged_in(MINUTE), _STORED, diagnosed=READY, like="expiry-cached-login"),
)
