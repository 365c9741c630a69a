"""``--acr-emulate declared``: what a team declares is so, offline, and is changed by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import Inner

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
NIGHTLY = ("--acr-config=acr.toml", "-W", "error")
EVERY_METHOD = """
[identity.cert]
method = "service-principal-certificate"
prefix = "ACR_CERT"
[identity.token]
method = "scope-map-token"
prefix = "ACR_TOKEN"
[identity.pod]
method = "workload-identity"
prefix = "ACR_POD"
[identity.machine]
method = "managed-identity"
[registry.shopacr]
[[registry.shopacr.access]]
identities = ["cert"]
repositories = ["team/app:v1", "team/web"]
must = ["pull", "delete"]
must_not = ["push"]
[[registry.shopacr.access]]
identities = ["token", "pod"]
repositories = ["team/web"]
must_not = ["push", "metadata_read"]
[registry.openacr]
[[registry.openacr.access]]
identities = ["machine"]
repositories = ["team/app"]
[[registry.openacr.refusal]]
identities = ["cert"]
expect = ["identity-kept-out"]
"""


@pytest.fixture
def nightly(inner: Inner) -> Inner:
    """Deliver a run beside the nightly example's file."""
    shutil.copytree(EXAMPLES / "nightly", inner.pytester.path, dirs_exist_ok=True)
    return inner


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_readiness_file_is_green(nightly: Inner, workers: tuple[str, ...]) -> None:
    """Everything that the nightly example declares is so, with no variable set, and the header says what this is."""
    result = nightly.apart(*NIGHTLY, "--acr-emulate=declared", *workers)
    result.assert_outcomes(passed=40)
    result.stdout.fnmatch_lines(["acr: rehearsal: the declared world, played offline; *", "ready: 4 of 4"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_a_suite_with_markers_is_green(inner: Inner, workers: tuple[str, ...]) -> None:
    """What only the markers of the fleet example ask for is granted, and refused, too."""
    shutil.copytree(EXAMPLES / "fleet", inner.pytester.path, dirs_exist_ok=True)
    inner.apart("-W", "error", "--acr-emulate=declared", *workers).assert_outcomes(passed=16)


def test_every_method_holds_its_own_rights(inner: Inner) -> None:
    """Identities of several methods hold different rights at one registry, by repository where roles cannot say it."""
    inner.pytester.path.joinpath("acr.toml").write_text(EVERY_METHOD)
    result = inner.apart(*NIGHTLY, "--acr-emulate=declared")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["ready: 4 of 4", "refused as expected: 1 of 1"])


def test_every_method_is_rehearsed(inner: Inner) -> None:
    """Of promises to identities of several methods, the one hole is found, and what has no scenario is listed."""
    inner.pytester.path.joinpath("acr.toml").write_text(EVERY_METHOD)
    result = inner.apart(*NIGHTLY, "--acr-rehearse")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "machine at openacr has no push on team/app · push is given · nobody",
            "not rehearsed: the credential of machine is good: *",
            "noticed: 33 of 34",
        ]
    )


def test_a_change_by_name_is_seen_by_whom_it_is_for(nightly: Inner) -> None:
    """One identity's right at one registry is gone, another registry is shut, and nothing else fails."""
    changed = "--acr-emulate=declared,baseacr=firewall-ip-denied,shopacr/builder=scope-not-granted"
    result = nightly.apart(*NIGHTLY, changed)
    result.assert_outcomes(passed=29, failed=3, skipped=8)
    result.stdout.fnmatch_lines(
        [
            "FAILED acr::shopacr.azurecr.io::builder::access_token::team/app - scope-not-g*",
            "FAILED acr::baseacr.azurecr.io::puller::exchange - firewall-ip-denied*",
            "FAILED acr::baseacr.azurecr.io::builder::exchange - firewall-ip-denied*",
        ]
    )


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("firewall-ip-denied", "*'firewall-ip-denied' changes nothing*write declared, and behind it REGISTRY=ID or*"),
        ("shopacr/=exchange-no-role", "*'shopacr/=exchange-no-role' changes nothing*REGISTRY/IDENTITY=ID*"),
        ("shpacr=exchange-no-role", "*no registry 'shpacr' is declared; did you mean shopacr?*"),
        ("shopacr/bilder=exchange-no-role", "*no identity 'bilder' is declared; did you mean builder?*"),
        ("shopacr=exchange-no-rule", "*'exchange-no-rule' is no scenario; close to it: exchange-no-role*"),
        ("shopacr/builder=admin-user-disabled", "*builder signs in by service-principal, which admin-user-disabled*"),
    ],
)
def test_a_mistake_says_what_can_be_written(nightly: Inner, written: str, told: str) -> None:
    """Whatever names nothing of the declared world is a usage error."""
    result = nightly.apart(*NIGHTLY, f"--acr-emulate=declared,{written}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([told])


def test_nothing_of_the_real_environment_is_read(nightly: Inner, clean_environment: pytest.MonkeyPatch) -> None:
    """A proxy, a trust store and credentials that nobody could use make no difference, and are in no output."""
    for name in ("HTTPS_PROXY", "SSL_CERT_FILE", "AZURE_CLIENT_SECRET", "ACR_PULLER_CLIENT_SECRET", "ACR_USERNAME"):
        clean_environment.setenv(name, f"canary-{name}")
    result = nightly.apart(*NIGHTLY, "--acr-emulate=declared", "-vv", "--showlocals")
    result.assert_outcomes(passed=40)
    result.stdout.no_fnmatch_line("*canary*")


def test_what_cannot_be_guessed_is_said_in_a_line(inner: Inner) -> None:
    """No image can be made whose digest is given."""
    text = '[registry.shopacr]\n[[registry.shopacr.access]]\nrepositories = ["team/app@sha256:' + "0" * 64 + '"]\n'
    inner.pytester.path.joinpath("acr.toml").write_text(text)
    result = inner.apart(*NIGHTLY, "--acr-emulate=declared")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*no image can be made for a digest; rehearse with a tag*"])
