"""What the registry's record and the resolver prove of a name: from facts, without I/O."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from factories import HOST, climb, denied_with_ip
from looks import ids, looked, record, with_evidence
from specimens import SPECIMENS

from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.model.evidence import Evidence, Look, NameFacts, PrivateEndpoint, RegistryFacts
from pytest_acrauth.model.machine import Resolution, Resolved
from pytest_acrauth.model.observation import Dns, Exchange
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.target import Registry
from pytest_acrauth.plugin.checks.failures import shared_cause

DENIED = climb(Stage.EXCHANGE, Exchange(reply=denied_with_ip()))
LINKED = (HOST, "myacr.privatelink.azurecr.io")


@pytest.mark.parametrize(
    ("status", "expected"),
    [("Approved", ["private-dns-resolves-public"]), ("Pending", ["firewall-public-access-disabled"])],
)
def test_an_approved_private_endpoint_makes_it_a_matter_of_names(status: str, expected: list[str]) -> None:
    """A registry with an endpoint that could be used is reached past it; one that is not approved leads nowhere."""
    found = Resolution(Resolved.FOUND, ("20.0.0.1",), LINKED)
    transcript = replace(DENIED, dns=Dns(host=HOST, resolution=found))
    looks = record(public_network_access="Disabled", private_endpoints=(PrivateEndpoint(name="pe", status=status),))
    assert with_evidence(transcript, registry=looks) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"found": True, "login_server": "myacr-h8k2x9.azurecr.io"}, ["registry-dnl-hash-missing"]),
        ({"found": True, "login_server": HOST}, ["registry-name-unknown-here"]),
        ({"found": False, "name_free": True, "all_readable": True}, ["registry-dns-nxdomain"]),
        ({"found": False, "name_free": True}, ["registry-dns-nxdomain", "registry-dnl-hash-missing"]),
        (
            {"found": False, "name_free": False},
            ["registry-dns-nxdomain", "registry-dnl-hash-missing", "registry-name-unknown-here"],
        ),
    ],
)
def test_a_name_without_address_is_explained_by_the_record(facts: dict[str, Any], expected: list[str]) -> None:
    """ARM knows the registry, under this name or another, or sees that there is none.

    That a name is free says nothing of login servers with a hash behind it, and a name that is taken proves nothing.
    """
    look = Look(value=RegistryFacts(**facts), who="x", why="not shown")
    names = looked(NameFacts(public=True))
    assert with_evidence(SPECIMENS["nxdomain"].transcript, registry=look, names=names) == expected


@pytest.mark.parametrize("host", ["myacr-h8k2x9.azurecr.io", "myacr-wrong1.azurecr.io"])
def test_a_free_name_proves_nothing_of_a_host_with_a_hash(host: str) -> None:
    """The check is about the name alone: whether the host with a hash exists stays open."""
    seen = SPECIMENS["nxdomain"].transcript
    assert isinstance(seen.dns, Dns)
    seen = replace(seen, target=replace(seen.target, registry=Registry.parse(host)), dns=replace(seen.dns, host=host))
    looks = {"names": looked(NameFacts(public=True))}
    shown = Look(value=RegistryFacts(found=False, name_free=True), who="x", why="not shown")
    expected = ["registry-dns-nxdomain", "registry-name-unknown-here"]
    assert with_evidence(seen, registry=shown, **looks) == expected
    known = record(login_server="myacr-h8k2x9.azurecr.io")
    expected = ["registry-name-unknown-here" if "h8k2x9" in host else "registry-dns-nxdomain"]
    assert with_evidence(seen, registry=known, **looks) == expected


@pytest.mark.parametrize(
    ("elsewhere", "expected"),
    [
        ((), ["registry-dns-nxdomain"]),
        (("myacr.azurecr.cn",), ["registry-dns-nxdomain", "registry-wrong-cloud"]),
    ],
)
def test_a_registry_of_the_same_name_in_another_cloud_can_be_somebody_elses(
    elsewhere: tuple[str, ...], expected: list[str]
) -> None:
    """Where another cloud has the name, neither cause is proven; where none has, there is no wrong cloud."""
    gone = looked(RegistryFacts(found=False, name_free=True, all_readable=True))
    names = looked(NameFacts(public=True, elsewhere=elsewhere))
    found = with_evidence(SPECIMENS["nxdomain"].transcript, registry=gone, names=names)
    assert found == expected


@pytest.mark.parametrize(
    ("facts", "beside"),
    [
        ({"found": False, "name_free": True, "all_readable": True}, "registry-dns-nxdomain"),
        ({"found": True, "login_server": "myacr-h8k2x9.azurecr.io"}, "registry-dnl-hash-missing"),
    ],
)
def test_what_the_record_tells_holds_beside_a_closed_resolver(facts: dict[str, Any], beside: str) -> None:
    """Both are facts, and each is told by itself: mending the resolver alone would not do."""
    look = Look(value=RegistryFacts(**facts), who="x", why="not shown")
    evidence = Evidence(registry=look, names=looked(NameFacts(public=False)))
    found = diagnose(replace(SPECIMENS["nxdomain"].transcript, evidence=evidence))
    assert sorted(mode.id for each in found for mode in each.candidates) == sorted(["no-public-dns", beside])


def test_a_resolver_without_public_names_is_no_missing_registry() -> None:
    """Entra's name, which everybody can look up, tells one from the other; so does a look at other names."""
    seen = SPECIMENS["nxdomain"].transcript
    assert with_evidence(seen, names=looked(NameFacts(public=False))) == ["no-public-dns"]
    both = replace(seen, entra=SPECIMENS["authority-name-unknown"].transcript.entra)
    assert [ids(found) for found in diagnose(both)] == [["no-public-dns"], ["no-public-dns"]]
    shared = {shared_cause(found) for found in diagnose(both)}
    assert len(shared) == 1
    assert None not in shared
