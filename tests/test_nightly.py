"""The nightly example: one readiness file, in the nights that it is for, and what is printed for the morning."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import Inner
from fleets import shop_base_and_vault

from pytest_acrauth.emulator import Emulator, World
from pytest_acrauth.emulator.__main__ import environment
from pytest_acrauth.emulator.world import Coming
from pytest_acrauth.emulator.world.cloud import DAY, MINUTE
from pytest_acrauth.emulator.world.healthy import CLIENT

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "nightly"
NAMES = ("shopacr", "baseacr", "vaultacr")
#: A run with the file, which waits longer than a busy machine needs.
NIGHT = ("--acr-config=acr.toml", "--acr-wait", "60")
WAITED = "shopacr.azurecr.io puller: ready after * s of waiting (network at once, permission after * s; * attempts)"


class Night:
    """The world that the file describes, and runs in it."""

    def __init__(self, inner: Inner, emulator: Emulator) -> None:
        self.change = emulator.change
        self._inner = inner

    def run(self, *args: str) -> pytest.RunResult:
        """Run the checks of the file, in a process of their own, as a job does."""
        return self._inner.apart("-W", "error", *NIGHT, *args)


@pytest.fixture
def night(inner: Inner, tmp_path: Path, clean_environment: pytest.MonkeyPatch) -> Iterator[Night]:
    """Deliver a healthy world with the example's variables, beside the example's file."""
    shutil.copytree(EXAMPLE, inner.pytester.path, dirs_exist_ok=True)
    with Emulator(registries=NAMES) as emulator:
        emulator.change(lambda world: shop_base_and_vault(world, "ACR_"))
        emulator.change(ends_in(300))
        own = {
            name: value for name, value in emulator.environ.items() if name.startswith(("ACR_BUILDER", "ACR_PULLER"))
        }
        for name, value in (environment(emulator, tmp_path) | own).items():
            clean_environment.setenv(name, value)
        yield Night(inner, emulator)


def ends_in(days: float) -> Callable[[World], None]:
    """Return a change that lets the puller's secret end in so many days."""

    def apply(world: World) -> None:
        (secret,) = world.cloud.applications[CLIENT].secrets
        secret.ends = world.cloud.now() + days * DAY + MINUTE

    return apply


def deployed(after: int | None) -> Callable[[World], None]:
    """Return a change that gives the puller its roles anew; they count after so many refused requests, or never."""

    def apply(world: World) -> None:
        recently = world.cloud.now() - MINUTE
        shop = world.cloud.registries["shopacr"]
        world.cloud.assignments[:] = [
            replace(each, created=recently) if each.role == "AcrPull" and each.scope.endswith("/shopacr") else each
            for each in world.cloud.assignments
        ]
        if after is not None:
            world.coming.append(
                Coming(lambda _: setattr(shop, "caught_up", True), after, shop.login_server, "/oauth2/*")
            )

    return apply


def test_a_quiet_night(night: Night) -> None:
    """Everything is as the file says, and that is all that is told; names and connections are the proxy's here."""
    result = night.run()
    result.assert_outcomes(passed=32, skipped=8)
    result.stdout.fnmatch_lines(
        [
            "acr: registry shopacr.azurecr.io, baseacr.azurecr.io, vaultacr.azurecr.io (from acr.toml)",
            "acr: identity puller = service-principal from ACR_PULLER_TENANT_ID, *(from acr.toml)",
            "acr: identity builder = service-principal from ACR_BUILDER_TENANT_ID, *(from acr.toml)",
            "*= Azure Container Registry =*",
            "ready: 4 of 4",
            "refused as expected: 3 of 3",
        ]
    )


@pytest.mark.thorough
def test_a_secret_about_to_end(night: Night) -> None:
    """It is told a month ahead, and fails a week ahead, with what renews it."""
    night.change(ends_in(20))
    told = night.run()
    told.assert_outcomes(passed=32, skipped=8)
    told.stdout.fnmatch_lines(["expiry puller client-secret: * ends * UTC, in 20 days*"])
    night.change(ends_in(5))
    failed = night.run()
    failed.assert_outcomes(passed=31, skipped=8, failed=1)
    failed.stdout.fnmatch_lines(
        [
            "expiry-sp-secret: *",
            "*az ad app credential reset *--append*",
            "FAILED acr::expiry::puller::client-secret - expiry-sp-secret: *",
        ]
    )


def test_a_door_that_stands_open(night: Night) -> None:
    """A refusal that does not happen is a failure, for everybody who got in."""

    def opened(world: World) -> None:
        vault = world.cloud.registries["vaultacr"]
        vault.public_network_access, vault.default_action = True, "Allow"

    night.change(opened)
    result = night.run()
    result.assert_outcomes(passed=30, skipped=8, failed=2)
    result.stdout.fnmatch_lines(
        [
            "vaultacr.azurecr.io puller: more-open-than-expected: puller gets into vaultacr",
            "vaultacr.azurecr.io builder: more-open-than-expected: builder gets into vaultacr",
            "refused as expected: 1 of 3",
        ]
    )


@pytest.mark.thorough
def test_a_wait_that_succeeds(night: Night) -> None:
    """Right behind a deployment: the role counts some requests later, and both clocks are told."""
    night.change(deployed(4))
    result = night.run()
    result.assert_outcomes(passed=32, skipped=8)
    result.stdout.fnmatch_lines([WAITED])


@pytest.mark.thorough
def test_a_wait_that_runs_out(night: Night) -> None:
    """The failure is what it would be without waiting, and says how long was waited."""
    night.change(deployed(None))
    result = night.run("--acr-wait", "2")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "role-propagation-delay: *",
            "*waited * of 2 s, * attempts: the network held at once, permission did not",
            "shopacr.azurecr.io puller: role-propagation-delay: *",
            "FAILED acr::shopacr.azurecr.io::puller::exchange - role-propagation-delay: *",
        ]
    )


@pytest.mark.thorough
def test_what_is_kept_of_a_night_is_compared_with_the_next(night: Night) -> None:
    """Who newly fails, and by what, for the morning's alert."""
    night.run("--acr-report=monday.json").assert_outcomes(passed=32, skipped=8)
    night.change(ends_in(5))
    result = night.run("--acr-compare=monday.json", "--acr-report=tuesday.md")
    result.stdout.fnmatch_lines(
        [
            "acr: changed since the run of *:",
            "acr:   newly failing: expiry puller client-secret, expiry puller client-secret: * ends *, in 5 days*",
            "acr:   changed: expiry puller client-secret, * ends *, was *",
        ]
    )
