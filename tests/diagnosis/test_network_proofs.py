"""What proves which private endpoint, data host, blob or network rule is meant, and what leaves it open: no I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from factories import BLOB_HOST, DATA_HOST, HOST, STARTED, broken_at, climb, denied_with_ip, generic_401, reply
from looks import DAY, MINUTE, ids, iso

from pytest_acrauth.diagnosis.climb import diagnose, needed
from pytest_acrauth.diagnosis.conclusion import Certainty, Diagnosis
from pytest_acrauth.model.evidence import EndpointAddresses, Evidence, Look, Need, PrivateEndpoint, RegistryFacts
from pytest_acrauth.model.machine import Resolution, Resolved
from pytest_acrauth.model.observation import Attempt, Challenge, Connection, Data, Dns, Exchange, Tcp, Trouble
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.report.explanation import Step, explanation

LINKED = (HOST, "myacr.privatelink.azurecr.io")
DENIED = climb(Stage.EXCHANGE, Exchange(reply=denied_with_ip()))


def looked(value: Any) -> Look[Any]:
    """Return a look that somebody could take."""
    return Look(value=value, who="somebody")


def record(**parts: Any) -> RegistryFacts:
    """Return the registry's record with these parts."""
    return RegistryFacts(found=True, resource_id="/r", login_server=HOST, location="westeurope", **parts)


def one(transcript: Transcript, **looks: Any) -> Diagnosis:
    """Return the only diagnosis of a climb with looks."""
    (found,) = diagnose(replace(transcript, evidence=Evidence(**looks)))
    return found


def silent(*addresses: str, chain: tuple[str, ...] = LINKED) -> Transcript:
    """Return a climb to private addresses that do not answer."""
    attempts = tuple(Attempt(address=each, trouble=Trouble.TIMEOUT) for each in addresses)
    lost = broken_at(Stage.TCP, Tcp(host=HOST, port=443, attempts=attempts)).transcript
    return replace(lost, dns=Dns(host=HOST, resolution=Resolution(Resolved.FOUND, addresses, chain)))


def endpoints(*states: str) -> tuple[PrivateEndpoint, ...]:
    """Return connections in these states, of the endpoints /0, /1 and so on."""
    return tuple(PrivateEndpoint(f"pe-{n}", state, f"/{n}") for n, state in enumerate(states))


@pytest.mark.parametrize(
    ("states", "known", "dialled", "expected"),
    [
        (("Pending",), {"/0": "10.1.0.5"}, "10.1.0.5", ["private-endpoint-pending"]),
        (("Pending", "Approved"), {"/0": "10.1.0.5", "/1": "10.2.0.5"}, "10.1.0.5", ["private-endpoint-pending"]),
        (("Pending", "Approved"), {"/0": "10.1.0.5"}, "10.1.0.5", ["private-endpoint-pending"]),
        (("Pending", "Approved"), {"/1": "10.1.0.5"}, "10.1.0.5", ["private-endpoint-unreachable"]),
        (("Rejected", "Approved"), {"/0": "10.1.0.5"}, "10.1.0.5", ["private-endpoint-rejected"]),
        (("Disconnected",), {"/0": "10.1.0.5"}, "10.1.0.5", ["private-endpoint-disconnected"]),
        (("Approved", "Pending"), {"/0": "10.1.0.5", "/1": "10.2.0.5"}, "10.9.9.9", ["private-dns-stale-record"]),
        ((), {}, "10.9.9.9", ["private-dns-stale-record"]),
        (("Pending",), {}, "10.1.0.5", ["private-endpoint-pending", "private-dns-stale-record"]),
        (("Approved",), {}, "10.1.0.5", ["private-endpoint-unreachable", "private-dns-stale-record"]),
        (
            ("Pending", "Approved"),
            {},
            "10.1.0.5",
            ["private-endpoint-unreachable", "private-endpoint-pending", "private-dns-stale-record"],
        ),
        (
            ("Pending", "Approved"),
            {"/1": "10.2.0.5"},
            "10.1.0.5",
            ["private-endpoint-pending", "private-dns-stale-record"],
        ),
        (("Unheard of",), {"/0": "10.1.0.5"}, "10.1.0.5", []),
    ],
)
def test_the_endpoint_that_was_dialled_is_meant(
    states: tuple[str, ...], known: dict[str, str], dialled: str, expected: list[str]
) -> None:
    """Addresses decide; no state of another endpoint does, and one that was not readable stays possible."""
    addresses = tuple(EndpointAddresses(name, (address,)) for name, address in known.items())
    looks = {"registry": looked(record(private_endpoints=endpoints(*states))), "endpoint_addresses": looked(addresses)}
    found = one(silent(dialled), **looks)
    assert ids(found) == expected
    proven = Certainty.PROBABLE if found.mode and found.mode.unprovable else Certainty.PROVEN
    certainties = {0: Certainty.UNRECOGNISED, 1: proven}
    assert found.certainty is certainties.get(len(expected), Certainty.ONE_OF)


def test_addresses_are_looked_up_once_the_record_is_known() -> None:
    """What the endpoints' states leave open, their addresses may tell; where there is none, nothing is asked."""
    transcript = silent("10.1.0.5")
    assert needed(transcript) == {Need.REGISTRY, Need.ENDPOINT_ADDRESSES}
    read = replace(transcript, evidence=Evidence(registry=looked(record(private_endpoints=endpoints("Approved")))))
    assert needed(read) == {Need.ENDPOINT_ADDRESSES}
    none = replace(transcript, evidence=Evidence(registry=looked(record())))
    assert needed(none) == frozenset()


PUBLICLY = (*LINKED, "r0101weu.westeurope.fe.azcr.io")


@pytest.mark.parametrize(
    ("looks", "expected", "certainty"),
    [
        ({}, ["registry-tcp-blocked", "private-dns-resolves-public"], Certainty.ONE_OF),
        (
            {"private_endpoints": endpoints("Approved"), "public_network_access": "Enabled"},
            ["registry-tcp-blocked", "private-dns-resolves-public"],
            Certainty.ONE_OF,
        ),
        (
            {"private_endpoints": endpoints("Approved"), "public_network_access": "Disabled"},
            ["private-dns-resolves-public"],
            Certainty.PROVEN,
        ),
        ({"private_endpoints": endpoints("Pending")}, ["registry-tcp-blocked"], Certainty.PROBABLE),
    ],
)
def test_a_public_address_past_a_private_endpoint_leaves_both_ways_open(
    looks: dict[str, Any], expected: list[str], certainty: Certainty
) -> None:
    """Which of two ways was meant is known where only one can be: the registry admits no public network."""
    evidence = {"registry": looked(record(**looks))} if looks else {}
    found = one(silent("20.0.0.1", chain=PUBLICLY), **evidence)
    assert (ids(found), found.certainty) == (expected, certainty)


def test_what_a_private_zone_answers_is_an_endpoint_whatever_its_address() -> None:
    """Aliases that end in the private link zone lead to an endpoint, be it that its address is no private one."""
    addresses = looked((EndpointAddresses("/0", ("20.9.0.5",)),))
    looks = {"registry": looked(record(private_endpoints=endpoints("Approved"))), "endpoint_addresses": addresses}
    assert ids(one(silent("20.9.0.5"), **looks)) == ["private-endpoint-unreachable"]
    assert ids(one(silent("20.9.0.5", chain=(HOST,)))) == ["registry-tcp-blocked"]


def test_only_the_addresses_that_refused_are_said_to_refuse() -> None:
    """Where one address refuses and another does not answer, the first is the one to look at."""
    attempts = (Attempt("20.0.0.1", Trouble.TIMEOUT), Attempt("20.0.0.2", Trouble.REFUSED))
    found = one(broken_at(Stage.TCP, Tcp(host=HOST, port=443, attempts=attempts)).transcript)
    assert (ids(found), found.seen.facts["addresses"]) == (["tcp-refused"], "20.0.0.2")


@pytest.mark.parametrize(("proxy", "admitted"), [("", "20.1.2.3"), ("proxy.example:3128", "")])
def test_a_proxys_address_is_let_in_by_nobody(proxy: str, admitted: str) -> None:
    """The address that a registry saw behind a proxy is everybody's who goes by it."""
    steps = [step.text for each in diagnose(replace(DENIED, proxy=proxy)) for step in all_steps(each)]
    assert one(replace(DENIED, proxy=proxy)).seen.facts["rule_address"] == admitted
    assert any("network-rule add" in step for step in steps) is bool(admitted)
    assert any(f"that of the proxy {proxy}" in step for step in steps) is bool(proxy)


def all_steps(diagnosis: Diagnosis) -> list[Step]:
    """Return what to do about each cause still possible."""
    return [step for each in explanation(diagnosis).causes for step in each.steps]


def test_a_private_address_without_endpoint_is_nobodys_whatever_leads_there() -> None:
    """A line in a hosts file leads past the private link zone, and to no endpoint; so does a gateway's name."""
    found = one(silent("10.9.9.9", chain=(HOST,)), registry=looked(record()))
    assert ids(found) == ["registry-tcp-blocked", "private-dns-stale-record"]


@pytest.mark.parametrize(
    ("address", "parts", "expected", "certainty"),
    [
        ("20.1.2.3", {"default_action": "Deny", "ip_rules": ("20.1.2.0/25",), "modified": iso(STARTED - DAY)}, [], ""),
        ("20.1.2.3", {"default_action": "Allow", "modified": iso(STARTED - DAY)}, [], ""),
        (
            "20.1.2.3",
            {"default_action": "Deny", "ip_rules": ("20.1.2.0/25",), "modified": iso(STARTED - MINUTE)},
            ["firewall-rule-propagating"],
            "probable",
        ),
        (
            "20.1.2.3",
            {"default_action": "Allow", "modified": iso(STARTED - MINUTE)},
            ["firewall-rule-propagating"],
            "probable",
        ),
        ("20.1.2.3", {"default_action": "Allow"}, ["firewall-rule-propagating"], "probable"),
        (
            "20.1.2.3",
            {"default_action": "Deny", "ip_rules": ("20.1.2.4", "nonsense"), "modified": iso(STARTED - MINUTE)},
            ["firewall-ip-denied"],
            "proven",
        ),
        (
            "20.1.2.3",
            {"public_network_access": "Disabled", "ip_rules": ("20.1.2.3",)},
            ["firewall-public-access-disabled"],
            "proven",
        ),
        ("2603:1030::1", {"default_action": "Deny", "ip_rules": ("20.1.2.3",)}, ["firewall-ipv6-client"], "proven"),
        ("2603:1030::1", {"public_network_access": "Disabled"}, ["firewall-public-access-disabled"], "proven"),
        (
            "10.4.0.9",
            {"default_action": "Deny", "modified": iso(STARTED - DAY)},
            ["firewall-service-endpoint"],
            "probable",
        ),
        ("10.4.0.9", {"public_network_access": "Disabled"}, ["firewall-public-access-disabled"], "proven"),
        (
            "10.4.0.9",
            {"default_action": "Deny", "modified": iso(STARTED - MINUTE)},
            ["firewall-rule-propagating", "firewall-service-endpoint"],
            "one of",
        ),
    ],
)
def test_rules_are_compared_with_the_address_the_registry_saw(
    address: str, parts: dict[str, Any], expected: list[str], certainty: str
) -> None:
    """The rules as they are decide whom they can hold; one that admits the caller explains nothing unless it is new."""
    found = one(climb(Stage.EXCHANGE, Exchange(reply=denied_with_ip(address))), registry=looked(record(**parts)))
    assert (ids(found), str(found.certainty)) == (expected, certainty or "unrecognised")


def test_the_services_clock_tells_how_old_a_change_is() -> None:
    """A machine whose clock is behind does not take a change of yesterday for one of just now."""
    now = format_datetime(datetime.fromtimestamp(STARTED + DAY, UTC), usegmt=True)
    answer = generic_401(method="GET", url=f"https://{HOST}/v2/", date=now)
    first = DENIED.challenge
    assert isinstance(first, Challenge)
    behind = replace(DENIED, challenge=replace(first, reply=answer))
    changed = looked(record(default_action="Allow", modified=iso(STARTED - MINUTE)))
    assert ids(one(DENIED, registry=changed)) == ["firewall-rule-propagating"]
    assert ids(one(behind, registry=changed)) == []


@pytest.mark.parametrize("admits", [True, False])
def test_past_an_endpoint_only_whom_the_rules_refuse_is_refused(*, admits: bool) -> None:
    """That names lead past the private endpoint matters where the public way is closed, and only there."""
    found = Resolution(Resolved.FOUND, ("20.0.0.1",), LINKED)
    past = replace(DENIED, dns=Dns(host=HOST, resolution=found))
    rules = ("20.1.2.3",) if admits else ()
    parts = {"default_action": "Deny", "ip_rules": rules, "modified": iso(STARTED - DAY)}
    looks = looked(record(private_endpoints=endpoints("Approved"), **parts))
    expected = [] if admits else ["firewall-ip-denied", "private-dns-resolves-public"]
    found_here = diagnose(replace(past, evidence=Evidence(registry=looks)))
    assert sorted(mode for each in found_here for mode in ids(each)) == expected


def layer(
    host: str,
    *addresses: str,
    chain: Iterable[str] = (),
    login: tuple[str, ...] = ("20.0.0.1",),
    names: tuple[str, ...] | None = (HOST,),
) -> Transcript:
    """Return a climb whose layers' host is not reached; ``login`` and ``names`` are what the login server's lead to."""
    outcome = Resolved.FOUND if addresses else Resolved.NO_SUCH_NAME
    dns = Dns(host=host, resolution=Resolution(outcome, addresses, tuple(chain) or (host,)))
    attempts = tuple(Attempt(address=each, trouble=Trouble.TIMEOUT) for each in addresses)
    tcp = Tcp(host=host, port=443, attempts=attempts) if addresses else None
    trouble = Trouble.TIMEOUT if addresses else Trouble.NAME
    way = Connection(host=host, dns=dns, tcp=tcp)
    seen = broken_at(Stage.DATA, Data(redirect=host, trouble=trouble, connection=way)).transcript
    return replace(seen, dns=Dns(host=HOST, resolution=Resolution(Resolved.FOUND, login, names)))


OTHER_REGION = "myacr.northeurope.data.azurecr.io"
LISTED = {"data_endpoint_enabled": True, "data_hosts": (DATA_HOST, OTHER_REGION), "modified": iso(STARTED - 99 * DAY)}
BY_ENDPOINT: dict[str, Any] = {"login": ("10.1.0.5",), "names": LINKED}
PRIVATE_CHAIN = (DATA_HOST, "myacr.westeurope.data.privatelink.azurecr.io")


@pytest.mark.parametrize(
    ("seen", "parts", "expected"),
    [
        (layer(BLOB_HOST, "20.0.0.9"), {}, ["data-endpoint-blocked"]),
        (layer(BLOB_HOST), {}, ["data-host-not-resolved"]),
        (layer(DATA_HOST), LISTED, ["data-host-not-resolved"]),
        (layer(DATA_HOST, "20.0.0.9"), LISTED, ["data-endpoint-blocked"]),
        (
            layer(DATA_HOST, "20.0.0.9"),
            LISTED | {"modified": iso(STARTED - DAY)},
            ["data-endpoint-blocked", "data-endpoint-switched"],
        ),
        (layer(OTHER_REGION, "20.0.0.9"), LISTED, ["data-endpoint-replica-missing"]),
        (layer(OTHER_REGION, "20.0.0.9"), LISTED | {"data_hosts": (DATA_HOST,)}, ["data-endpoint-blocked"]),
        (layer(DATA_HOST, **BY_ENDPOINT), LISTED, ["private-dns-data-endpoint-missing"]),
        (layer(OTHER_REGION, **BY_ENDPOINT), LISTED, ["private-dns-data-endpoint-missing"]),
        (layer(DATA_HOST, "20.0.0.9", **BY_ENDPOINT), LISTED, ["private-dns-data-endpoint-missing"]),
        (layer(DATA_HOST, chain=PRIVATE_CHAIN, **BY_ENDPOINT), {}, ["private-dns-data-endpoint-missing"]),
        (layer(OTHER_REGION, **BY_ENDPOINT), LISTED | {"data_hosts": (DATA_HOST,)}, ["data-host-not-resolved"]),
        (
            layer(DATA_HOST, login=("10.1.0.5",), names=None),
            LISTED,
            ["private-dns-data-endpoint-missing", "data-host-not-resolved"],
        ),
    ],
)
def test_the_host_of_layers_is_judged_by_itself(seen: Transcript, parts: dict[str, Any], expected: list[str]) -> None:
    """Its own address, its place in the registry's list, and the way to the login server tell what it lacks."""
    found = one(seen, registry=looked(record(**parts)))
    assert ids(found) == expected
    assert found.certainty is (Certainty.PROVEN if len(expected) == 1 else Certainty.ONE_OF)


def test_a_data_endpoint_of_its_own_network_is_judged_by_its_endpoint() -> None:
    """A private address of the data host is an endpoint's, or nobody's, as the login server's is."""
    own = (EndpointAddresses("/0", ("10.1.0.5", "10.1.0.6")),)
    looks = {
        "registry": looked(record(private_endpoints=endpoints("Approved"))),
        "endpoint_addresses": looked(own),
    }
    assert ids(one(layer(DATA_HOST, "10.1.0.6", **BY_ENDPOINT), **looks)) == ["private-endpoint-unreachable"]
    assert ids(one(layer(DATA_HOST, "10.9.9.8", **BY_ENDPOINT), **looks)) == ["private-dns-stale-record"]


@pytest.mark.parametrize(
    ("signed_until", "date", "expected"),
    [
        (STARTED - 1.0, STARTED, ["blob-url-expired"]),
        (STARTED + 60.0, STARTED, ["blob-signature-refused"]),
        (STARTED + 60.0, None, ["blob-url-expired", "blob-signature-refused"]),
        (None, STARTED, ["blob-url-expired", "blob-signature-refused"]),
    ],
)
def test_the_storages_own_clock_judges_its_signature(
    signed_until: float | None, date: float | None, expected: list[str]
) -> None:
    """Both dates come from Azure; this machine's clock has no say."""
    at = format_datetime(datetime.fromtimestamp(date, UTC), usegmt=True) if date is not None else ""
    answer = reply(403, body="<Code>AuthenticationFailed</Code>", from_registry=False, date=at)
    seen = broken_at(Stage.DATA, Data(reply=answer, redirect=BLOB_HOST, signed_until=signed_until)).transcript
    assert ids(one(seen)) == expected


@pytest.mark.parametrize(
    ("regions", "expected"),
    [
        (("westeurope",), ["blob-missing"]),
        (("eastus", "westeurope"), ["blob-not-replicated", "blob-missing"]),
        (None, ["blob-not-replicated", "blob-missing"]),
    ],
)
def test_what_one_replica_lacks_the_registry_may_have(regions: tuple[str, ...] | None, expected: list[str]) -> None:
    """Absence is absence here and now, unless there is no other place."""
    answer = reply(404, "BLOB_UNKNOWN", "blob unknown to registry")
    seen = broken_at(Stage.DATA, Data(reply=answer)).transcript
    looks = {"replicas": looked(regions)} if regions is not None else {}
    assert ids(one(seen, **looks)) == expected
