"""Names that network causes put into commands: only addresses, hosts and connections that the commands can serve."""

from __future__ import annotations

from dataclasses import replace

import pytest
from factories import BLOB_HOST, DATA_HOST, SERVICE_PRINCIPAL, climb, denied_with_ip, reply, target
from specimens import SPECIMENS

from pytest_acrauth.catalogue.broken_rung import BrokenRung
from pytest_acrauth.catalogue.facts import layer_hosts, zone_record
from pytest_acrauth.catalogue.symptoms.addresses import rule_address
from pytest_acrauth.catalogue.tables import MODES
from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.model.evidence import Evidence, Look, PrivateEndpoint, RegistryFacts
from pytest_acrauth.model.observation import Data, Exchange, Trouble
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.target import Registry
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.report.explanation import cause, filled


def commands(mode: str, transcript: Transcript) -> list[str]:
    """Return the commands that a cause tells for the first broken rung of a climb."""
    names = filled(BrokenRung(transcript, next(transcript.broken())))
    return [step.text for step in cause(MODES[mode], names).steps if step.command]


def denied(address: str) -> Transcript:
    """Return a climb that the registry's firewall refused for an address."""
    return climb(Stage.EXCHANGE, Exchange(reply=denied_with_ip(address)))


@pytest.mark.parametrize(
    ("address", "expected"),
    [("20.1.2.3", "20.1.2.3"), ("10.1.2.3", ""), ("2603:1030::1", ""), ("fd00::1", ""), ("nonsense", "")],
)
def test_rules_hold_public_ipv4_addresses(address: str, expected: str) -> None:
    """Whatever else a firewall saw cannot stand in one of its rules."""
    assert rule_address(address) == expected


@pytest.mark.parametrize("mode", ["firewall-ip-denied", "firewall-public-access-disabled"])
@pytest.mark.parametrize(("address", "admitted"), [("20.1.2.3", True), ("2603:1030::1", False), ("10.0.0.4", False)])
def test_only_an_address_that_a_rule_can_hold_is_admitted(mode: str, address: str, *, admitted: bool) -> None:
    """For any other address nothing is changed: neither a rule added nor public access switched on."""
    told = commands(mode, denied(address))
    assert any(f"--ip-address {address}" in text for text in told) is admitted
    assert any("network-rule add" in text or "acr update" in text for text in told) is admitted


def test_only_pending_connections_are_approved() -> None:
    """The connections that wait are named, each in a command of its own; one that was rejected is no such."""
    states = {"web.1": "Pending", "build.2": "Rejected", "odd name": "Pending"}
    endpoints = tuple(PrivateEndpoint(name=name, status=status) for name, status in states.items())
    look = Look(value=RegistryFacts(found=True, private_endpoints=endpoints), who="x")
    transcript = replace(SPECIMENS["private-tcp-timeout"].transcript, evidence=Evidence(registry=look))
    approve = "az acr private-endpoint-connection approve --registry-name myacr -n"
    told = [text for text in commands("private-endpoint-pending", transcript) if "approve" in text]
    assert told == [f"{approve} web.1", f"{approve} 'odd name'"]


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        (DATA_HOST, DATA_HOST),
        (BLOB_HOST, "*.blob.core.windows.net"),
        ("abc123.blob.core.chinacloudapi.cn", "*.blob.core.chinacloudapi.cn"),
    ],
)
def test_a_network_allows_all_storage_or_one_data_endpoint(host: str, allowed: str) -> None:
    """A storage account changes, so its whole kind is named, as its cloud names it; a data endpoint stays."""
    assert layer_hosts(host) == allowed


@pytest.mark.parametrize(
    ("host", "record"),
    [
        ("myacr-h8k2x9.azurecr.io", "myacr-h8k2x9"),
        ("myacr.chinaeast2.data.azurecr.cn", "myacr.chinaeast2.data"),
        (BLOB_HOST, ""),
    ],
)
def test_a_record_is_a_host_without_its_zone(host: str, record: str) -> None:
    """A record's name has the hash of a login server, and the region of a data endpoint."""
    assert zone_record(host) == record


def test_records_go_into_the_zone_of_the_registrys_cloud() -> None:
    """A registry of another cloud has its own private zone, and a data endpoint its own record there."""
    aims = replace(target(SERVICE_PRINCIPAL, "team/app"), registry=Registry.parse("myacr.azurecr.cn"))
    lost = Data(reply=reply(307), redirect="myacr.chinaeast2.data.azurecr.cn", trouble=Trouble.NAME)
    told = commands("private-dns-data-endpoint-missing", climb(Stage.DATA, lost, chosen=aims))
    assert any("-z privatelink.azurecr.cn -n myacr.chinaeast2.data -a ADDRESS" in text for text in told)


def test_a_text_names_the_host_of_the_layers() -> None:
    """What a client could not reach is filled in, and the registry that a data endpoint belongs to."""
    (found,) = recognise("dial tcp: lookup myacr.eastus.data.azurecr.us on 10.0.0.2:53: no such host")
    names = found.seen.facts
    assert (names["redirect"], names["login_server"]) == ("myacr.eastus.data.azurecr.us", "myacr.azurecr.us")
    assert (names["record"], names["private_zone"]) == ("myacr.eastus.data", "privatelink.azurecr.us")
