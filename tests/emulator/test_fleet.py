"""Registries that are asked for by name: each made like the others, and as many as one likes."""

from __future__ import annotations

import socket

import pytest
from emulator.visiting import Visitor, claims, client

from pytest_acrauth.emulator import REGISTRIES, Emulator
from pytest_acrauth.emulator.world.cloud import SUBSCRIPTION
from pytest_acrauth.emulator.world.healthy import PRINCIPAL
from pytest_acrauth.emulator.world.network import Name, Route
from pytest_acrauth.emulator.world.roles import EVIDENCE
from pytest_acrauth.model.machine import Resolved
from pytest_acrauth.model.target import BadName

ELSEWHERE = "0f1e2d3c-4b5a-4968-8776-95a4b3c2d1e0"
ID = "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.ContainerRegistry/registries/{}"


def test_a_registry_has_everything_of_its_own():
    """Passwords, addresses, resource and roles of a registry asked for by name are like another's and not the same."""
    with Emulator(registries=("thirdacr", "fourthacr")) as emulator:
        cloud, machine = emulator.world.cloud, emulator.machine
        assert list(cloud.registries) == ["thirdacr", "fourthacr", *REGISTRIES]
        every = list(cloud.registries.values())
        for registry in every:
            assert {each.role for each in cloud.reaching(PRINCIPAL, registry.resource_id)} == {"AcrPull", EVIDENCE}
            assert set(registry.repositories) == {"team/app", "team/multi"}
        hosts = [host for each in every for host in (each.login_server, each.data_endpoint)]
        assert len({machine.resolve(host).addresses for host in hosts}) == len(hosts)
        secrets = [each.admin_passwords for each in every] + [
            each.tokens["puller"].passwords[0].value for each in every
        ]
        assert len(set(secrets)) == len(secrets)
        assert every[0].repositories["team/app"].tags is not every[1].repositories["team/app"].tags


def test_a_registry_that_is_not_named_does_not_exist():
    """No name leads to it, no token server answers for it, and ARM does not know it."""
    with Emulator(registries=("thirdacr",)) as emulator:
        assert emulator.machine.resolve("fourthacr.azurecr.io").outcome is Resolved.NO_SUCH_NAME
        looking = Visitor(emulator)
        with looking.http:
            assert looking.arm(ID.format(SUBSCRIPTION, "rg-registries", "thirdacr")).status_code == 200
            assert looking.arm(ID.format(SUBSCRIPTION, "rg-registries", "fourthacr")).status_code == 403
            # Whoever reaches the services without a name: they answer for the registries there are.
            headers = {"Host": "fourthacr.azurecr.io"}
            assert looking.http.get("https://thirdacr.azurecr.io/v2/", headers=headers).status_code == 404


def test_the_environment_is_the_first_ones():
    """Its admin user and scope-map token are those of the first registry asked for; docker keeps a login for each."""
    with Emulator(registries=("thirdacr", "fourthacr")) as emulator:
        environ = emulator.environ
        with client(emulator) as http:
            for names in ("ACR_ADMIN", "ACR_PULLER"):
                login = (environ[f"{names}_USERNAME"], environ[f"{names}_PASSWORD"])
                assert http.get("https://thirdacr.azurecr.io/oauth2/token", auth=login).status_code == 200
                assert http.get("https://fourthacr.azurecr.io/oauth2/token", auth=login).status_code == 401
            for host, kept in emulator.world.machine.docker_config["auths"].items():
                headers = {"Authorization": f"Basic {kept['auth']}"}
                assert http.get(f"https://{host}/oauth2/token", headers=headers).status_code == 200
        assert environ["ACR_ADMIN_USERNAME"] == "thirdacr"
        assert len(emulator.world.machine.docker_config["auths"]) == 4


@pytest.mark.parametrize(
    ("given", "login_server", "resource_id"),
    [
        ("ThirdAcr", "thirdacr.azurecr.io", ID.format(SUBSCRIPTION, "rg-registries", "thirdacr")),
        ("thirdacr.azurecr.io", "thirdacr.azurecr.io", ID.format(SUBSCRIPTION, "rg-registries", "thirdacr")),
        ("myacr-abc123.azurecr.io", "myacr-abc123.azurecr.io", ID.format(SUBSCRIPTION, "rg-abc123", "myacr")),
        (ID.format(ELSEWHERE.upper(), "Team", "myacr"), "myacr.azurecr.io", ID.format(ELSEWHERE, "Team", "myacr")),
    ],
)
def test_every_way_to_name_a_registry(given, login_server, resource_id):
    """Name, login server, domain name label and resource id lead to one registry, in DNS, over TLS and in ARM."""
    with Emulator(registries=(given,)) as emulator:
        looking = Visitor(emulator)
        with looking.http:
            answer = looking.http.get(f"https://{login_server}/v2/")
            assert f'realm="https://{login_server}/oauth2/token"' in answer.headers["WWW-Authenticate"]
            record = looking.arm(resource_id).json()
            assert (record["id"], record["properties"]["loginServer"]) == (resource_id, login_server)
            login = (emulator.environ["ACR_ADMIN_USERNAME"], emulator.environ["ACR_ADMIN_PASSWORD"])
            token = looking.http.get(f"https://{login_server}/oauth2/token", auth=login).json()["access_token"]
            assert claims(token)["aud"] == login_server


def test_one_registry_named_twice_is_one():
    """However often a login server is named, the first way of naming it counts."""
    world = Emulator(registries=(ID.format(ELSEWHERE, "team", "myacr"), "myacr", "MYACR.azurecr.io")).world
    assert list(world.cloud.registries) == ["myacr", "otheracr"]
    assert world.cloud.registries["myacr"].subscription_id == ELSEWHERE


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("myacr.azurecr.cn", "AzureCloud alone, where login servers end in .azurecr.io; myacr.azurecr.cn does not"),
        ("registry.example.com", "registry.example.com does not"),
        ("my_acr", "'my_acr' is no registry name"),
    ],
)
def test_a_registry_that_no_public_cloud_has(given, words):
    """Another cloud's login server, and what names no registry, is said to whoever asks for it."""
    with pytest.raises(BadName) as caught:
        Emulator(registries=(given,))
    assert words in str(caught.value)


def test_a_thousand_registries_take_no_more_sockets_than_two():
    """What listens is the same for any number, and the last registry answers at an address of its own."""
    fleet = [f"fleet{number:04d}" for number in range(1000)]
    with Emulator() as small, Emulator(registries=fleet) as large:
        assert set(large.machine.ports) == set(small.machine.ports)
        assert len(large._server._servers) == len(small._server._servers)
        addresses = {large.machine.resolve(f"{name}.azurecr.io").addresses for name in fleet}
        assert len(addresses) == 1000
        with client(large) as http:
            for name in (fleet[0], fleet[-1]):
                assert http.get(f"https://{name}.azurecr.io/v2/").status_code == 401
        assert large.connections == ["fleet0000.azurecr.io", "fleet0999.azurecr.io"]
        assert [each.host for each in large.requests] == large.connections


def test_whoever_leaves_the_entrance_does_not_disturb(emulator):
    """Saying nothing, half of an address, one that does not exist, or none at all keeps nobody else out."""
    port = emulator.machine.ports[Route.OPEN]
    for said in (b"", b"203.0.113.11", b"192.0.2.1".ljust(45), b"\xff" * 100):
        with socket.create_connection(("127.0.0.1", port), 2.0) as caller:
            caller.sendall(said)
    with client(emulator) as http:
        assert http.get("https://myacr.azurecr.io/v2/").status_code == 401


def test_names_of_addresses_follow_the_world(emulator):
    """An address that changes hands is counted for whoever has it, and leads nowhere once nobody has."""
    network = emulator.world.network
    assert network.host_at("203.0.113.11") == "myacr.azurecr.io"
    network.names["new.azurecr.io"] = network.names.pop("myacr.azurecr.io")
    assert network.host_at("203.0.113.11") == "new.azurecr.io"
    network.names["new.azurecr.io"] = Name(("203.0.113.99",))
    assert (network.host_at("203.0.113.11"), network.host_at("203.0.113.99")) == (None, "new.azurecr.io")
    with pytest.raises(OSError, match="Network is unreachable"):
        emulator.machine.dial("203.0.113.11", 443, 2.0)


def test_roles_follow_the_world(emulator):
    """What is given or taken away, in whichever way the list changes, counts from then on."""
    cloud = emulator.world.cloud
    place = cloud.registries["myacr"].resource_id
    held = [each.role for each in cloud.reaching(PRINCIPAL, place)]
    assert held == ["AcrPull", EVIDENCE]
    taken = cloud.assignments.pop(0)
    assert taken.role == "AcrPull"
    assert [each.role for each in cloud.reaching(PRINCIPAL, place)] == [EVIDENCE]
    cloud.assignments += [taken]
    assert [each.role for each in cloud.reaching(PRINCIPAL, place)] == [EVIDENCE, "AcrPull"]
    cloud.assignments = []
    assert list(cloud.reaching(PRINCIPAL, place)) == []
