"""``--acr-rehearse``: each declared promise is broken, and it is told which check noticed, or that nobody did."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from conftest import Inner

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
HOLES = """
[identity.puller]
method = "service-principal"
prefix = "ACR_PULLER"
[identity.builder]
method = "service-principal"
prefix = "ACR_BUILDER"
[registry.shopacr]
[[registry.shopacr.access]]
identities = ["puller"]
repositories = ["team/app"]
[[registry.shopacr.access]]
identities = ["builder"]
repositories = ["team/app"]
must = ["pull", "push"]
must_not = ["delete"]
[registry.baseacr]
[[registry.baseacr.access]]
identities = ["builder"]
[registry.vaultacr]
[[registry.vaultacr.refusal]]
identities = ["puller"]
expect = ["network-shut-out", "identity-kept-out"]
"""


def test_on_a_whole_file_nothing_is_unnoticed(inner: Inner) -> None:
    """Every promise of the nightly example is noticed when it is broken, rightly, and the run is green."""
    shutil.copytree(EXAMPLES / "nightly", inner.pytester.path, dirs_exist_ok=True)
    result = inner.apart("-W", "error", "--acr-config=acr.toml", "--acr-rehearse")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["noticed: 36 of 36"])
    result.stdout.no_fnmatch_line("*wrong cause*")


def test_planted_holes_are_found_and_nothing_else(inner: Inner) -> None:
    """A missing must-not, a registry without repository, and a refusal that another failure satisfies."""
    inner.pytester.path.joinpath("acr.toml").write_text(HOLES)
    result = inner.apart("-W", "error", "--acr-config=acr.toml", "--acr-rehearse")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    told = [line for line in result.outlines if line.endswith("· nobody") or line.startswith("    would notice it")]
    assert told == [
        "puller at shopacr has no push on team/app · push is given · nobody",
        '    would notice it: must_not = ["push"] in the access of puller to shopacr',
        "builder at baseacr reads layers · the storage behind it cannot be reached · nobody",
        '    would notice it: repositories = ["team/app"] in the access of builder to baseacr',
        "puller at vaultacr is refused by network-shut-out or identity-kept-out · another reason refuses · nobody",
        '    would notice it: expect = ["network-shut-out"] alone in the refusal of vaultacr',
    ]


def test_each_change_is_a_test_in_a_junit_file(inner: Inner) -> None:
    """A change that nobody notices is a failed test there, one that is noticed a passed one with who and as what."""
    inner.pytester.path.joinpath("acr.toml").write_text(HOLES)
    inner.apart("--acr-config=acr.toml", "--acr-rehearse", "--junitxml=out.xml")
    cases = [
        each
        for each in ET.parse(inner.pytester.path / "out.xml").iter("testcase")  # noqa: S314 - our own file
        if "·" in each.get("name", "")
    ]
    failed = [each for each in cases if each.find("failure") is not None]
    assert len(failed) == 3
    assert all(
        each.find("properties/property[@name='acr_noticed_by']") is not None for each in cases if each not in failed
    )


def test_another_world_cannot_be_rehearsed(inner: Inner) -> None:
    """Promises are broken in the declared world alone."""
    result = inner.apart("--acr-registry=myacr", "--acr-emulate=healthy", "--acr-rehearse")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--acr-rehearse breaks declared alone*"])


def test_workers_rehearse_nothing(inner: Inner) -> None:
    """It is a usage error to share a rehearsal out."""
    result = inner.apart("--acr-registry=myacr", "--acr-rehearse", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--acr-rehearse runs in one process: leave out -n*"])
