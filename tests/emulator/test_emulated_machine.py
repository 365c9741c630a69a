"""The emulated machine: names, routes and trust of the world, over real sockets, here and in another process."""

from __future__ import annotations

import gc
import os
import socket
import ssl
import subprocess
import sys
import threading
from http.client import HTTPResponse

import pytest

from pytest_acrauth.emulator import EmulatedMachine, Emulator, LoggedRequest, UnknownScenario
from pytest_acrauth.emulator.server.serve import Server
from pytest_acrauth.emulator.world.healthy import healthy_world
from pytest_acrauth.emulator.world.network import Certificate, Issuer, Name, Route
from pytest_acrauth.model.machine import Machine, Resolved

LOGIN_SERVER = "myacr.azurecr.io"


def connect(machine: Machine, host: str = LOGIN_SERVER) -> ssl.SSLSocket:
    """Return a verified TLS connection to a host, made as a climb makes it."""
    (address, *_) = machine.resolve(host).addresses
    return machine.ssl_context().wrap_socket(machine.dial(address, 443, 2.0), server_hostname=host)


def ask(connection: ssl.SSLSocket, path: str = "/v2/") -> int:
    """Send a request, read the whole answer, return its status."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {LOGIN_SERVER}\r\n\r\n".encode())
    with HTTPResponse(connection) as answer:
        answer.begin()
        answer.read()
        return answer.status


def test_names_resolve_as_they_do_in_azure(emulator):
    """A login server stands for aliases that end in an address of the documentation ranges."""
    found = emulator.machine.resolve("MyAcr.azurecr.io.")
    assert found.outcome is Resolved.FOUND
    assert found.chain is not None
    assert (found.chain[1].endswith(".eastus.fe.azcr.io"), len(found.chain)) == (True, 3)
    assert found.addresses == ("203.0.113.11",)


def test_failed_look_ups_use_the_resolvers_words(emulator):
    """A missing name, a dangling alias and a silent resolver have the outcomes and texts of the system's resolver."""
    network = emulator.world.network
    missing = emulator.machine.resolve("nobody.azurecr.io")
    assert (missing.outcome, missing.chain) == (Resolved.NO_SUCH_NAME, ("nobody.azurecr.io",))
    assert missing.text == f"Name or service not known (code {socket.EAI_NONAME})"
    network.names["gone.azurecr.io"] = Name((), ("gone.privatelink.azurecr.io",))
    dangling = emulator.machine.resolve("gone.azurecr.io")
    assert dangling.outcome is Resolved.NO_SUCH_NAME
    assert dangling.chain == ("gone.azurecr.io", "gone.privatelink.azurecr.io")
    network.silent_zones.add("azurecr.io")
    silent = emulator.machine.resolve(LOGIN_SERVER)
    assert silent.outcome is Resolved.RESOLVER_FAILED
    assert silent.text == f"Temporary failure in name resolution (code {socket.EAI_AGAIN})"
    assert emulator.machine.resolve("login.microsoftonline.com").outcome is Resolved.FOUND


def test_a_hosts_file_is_believed_and_changes_no_certificate(emulator):
    """A name leads where the machine believes, and what is there shows the certificate of its own host."""
    network = emulator.world.network
    (address,) = network.names["management.azure.com"].addresses
    network.hosts_file[LOGIN_SERVER] = (address,)
    machine = EmulatedMachine.from_json(emulator.machine.to_json())
    assert machine.resolve(LOGIN_SERVER).addresses == emulator.machine.resolve(LOGIN_SERVER).addresses == (address,)
    with machine.dial(address, 443, 2.0) as plain, pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        machine.ssl_context().wrap_socket(plain, server_hostname=LOGIN_SERVER)


def test_routes_are_real_sockets(emulator):
    """An address can be open, refuse, swallow, stay silent or break off, and changes follow the world at once."""
    machine, routes = emulator.machine, emulator.world.network.routes
    (address,) = machine.resolve(LOGIN_SERVER).addresses
    with connect(machine) as connection:
        assert ask(connection) == 401
    routes[address] = Route.CLOSED
    with pytest.raises(ConnectionRefusedError):
        machine.dial(address, 443, 2.0)
    routes[address] = Route.FILTERED
    with pytest.raises(TimeoutError):
        machine.dial(address, 443, 0.2)
    routes[address] = Route.MUTE
    with machine.dial(address, 443, 0.2) as silent, pytest.raises(TimeoutError):
        machine.ssl_context().wrap_socket(silent, server_hostname=LOGIN_SERVER)
    routes[address] = Route.RESET
    with machine.dial(address, 443, 2.0) as broken, pytest.raises(ConnectionResetError):
        machine.ssl_context().wrap_socket(broken, server_hostname=LOGIN_SERVER)


def test_only_https_and_only_known_addresses_lead_anywhere(emulator):
    """Another port refuses, and an address outside the world has no route."""
    with pytest.raises(ConnectionRefusedError):
        emulator.machine.dial("203.0.113.11", 80, 2.0)
    with pytest.raises(OSError, match="Network is unreachable"):
        emulator.machine.dial("192.0.2.1", 443, 2.0)


@pytest.mark.parametrize(
    ("names", "ended", "issuer", "code"),
    [
        (("*.azurecr.io",), True, Issuer.TRUSTED, 10),
        (("mirror.example",), False, Issuer.TRUSTED, 62),
        (("*.azurecr.io",), False, Issuer.INSPECTING, 20),
    ],
)
def test_certificates_follow_the_world(emulator, names, ended, issuer, code):
    """An expired, foreign or untrusted certificate fails at the next handshake, with OpenSSL's code."""
    connect(emulator.machine).close()
    now = emulator.world.cloud.now()
    shown = Certificate(names, now - 1000, now - 500 if ended else now + 1000, issuer)
    emulator.world.network.certificates["*.azurecr.io"] = shown
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        connect(emulator.machine)
    assert caught.value.verify_code == code


def test_requests_and_connections_are_counted(emulator):
    """Every accepted connection is one entry, every answer another, whatever the connection is used for."""
    with connect(emulator.machine) as connection:
        assert emulator.connections == [LOGIN_SERVER]
        ask(connection)
        ask(connection, "/v2/team/app/tags/list?n=1")
        (address,) = emulator.machine.resolve("login.microsoftonline.com").addresses
        emulator.machine.dial(address, 443, 2.0).close()
        with connect(emulator.machine):
            pass
    assert emulator.connections == [LOGIN_SERVER, "login.microsoftonline.com", LOGIN_SERVER]
    assert emulator.requests == [
        LoggedRequest(LOGIN_SERVER, "GET", "/v2/", 401),
        LoggedRequest(LOGIN_SERVER, "GET", "/v2/team/app/tags/list", 401, (("n", "1"),)),
    ]


def test_the_end_closes_every_connection():
    """Leaving the context ends open connections, unfinished handshakes and the thread, and leaves no port behind."""
    with Emulator() as emulator:
        machine = emulator.machine
        (address,) = machine.resolve(LOGIN_SERVER).addresses
        emulator.world.network.routes["203.0.113.40"] = Route.MUTE
        idle, bare, mute = connect(machine), machine.dial(address, 443, 2.0), machine.dial("203.0.113.40", 443, 2.0)
        bare.sendall(b"\x16\x03")
        ask(idle)
    for connection in (idle, bare, mute):
        with connection:
            assert connection.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        machine.dial(address, 443, 2.0)
    assert "acr-emulator" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.thorough
def test_an_end_while_somebody_comes_leaves_nothing_open():
    """Connections that are let in, heard or shaken hands with at that moment are closed too: none is left behind."""
    for _ in range(10):
        with Emulator() as emulator:
            for host in tuple(emulator.world.network.names):
                emulator.machine.dial(*emulator.machine.resolve(host).addresses, 443, 2.0).close()
        gc.collect()  # a socket that is left behind warns here, which is an error


def test_what_keeps_it_from_starting_is_raised():
    """A server that cannot listen says so to whoever starts it, and leaves no thread and no port behind."""
    server = Server(healthy_world())
    server._proxy.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        server.start()
    server._thread.join(2.0)
    assert not server._thread.is_alive()


def test_two_emulators_are_independent(emulator):
    """A second emulator has ports, authority and world of its own."""
    with Emulator("exchange-no-role") as other:
        assert other.ca_pem != emulator.ca_pem
        assert emulator.world.cloud.assignments
        with connect(other.machine):
            assert (emulator.connections, other.connections) == ([], [LOGIN_SERVER])


def test_apply_changes_a_running_world(emulator):
    """More scenarios can be applied while it is served, addresses that they bring included."""
    emulator.apply("tcp-refused")
    with pytest.raises(ConnectionRefusedError):
        connect(emulator.machine)
    emulator.world.network.names[LOGIN_SERVER] = Name(("10.1.2.3",))
    emulator.apply("healthy")
    with connect(emulator.machine) as connection:
        assert ask(connection) == 401


def test_apply_of_an_unknown_scenario_changes_nothing(emulator):
    """A misspelt id is named with the choices, and none of the ids beside it is applied."""
    with pytest.raises(UnknownScenario, match=r"'exchange-no-rule' is no scenario; close to it: exchange-no-role"):
        emulator.apply("tcp-refused", "exchange-no-rule")
    connect(emulator.machine).close()
    with pytest.raises(ValueError, match="'nonsense' is no scenario"):
        Emulator("nonsense")


def test_the_real_environment_is_not_seen(emulator, monkeypatch):
    """The machine's environment holds the world's credentials and nothing of the process."""
    monkeypatch.setenv("ACR_PASSWORD", "of the real environment")
    assert emulator.machine.environ is emulator.environ
    assert set(emulator.environ) == {
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "ACR_ADMIN_USERNAME",
        "ACR_ADMIN_PASSWORD",
        "ACR_PULLER_USERNAME",
        "ACR_PULLER_PASSWORD",
        "ACR_PULL_FILE",
        "ACR_SP_USERNAME",
        "ACR_SP_PASSWORD",
        "PATH",
        "HOME",
        "DOCKER_CONFIG",
        "DOCKER_HOST",
        "AZURE_CONFIG_DIR",
    }
    assert emulator.environ["PATH"] not in os.environ["PATH"]


def test_clock_can_be_wrong(emulator):
    """The machine's clock differs from the cloud's by what the world says."""
    emulator.world.machine.clock_offset = 86400.0
    assert emulator.machine.now() - emulator.world.cloud.now() > 86000


def test_another_process_is_on_the_same_machine(emulator):
    """Rebuilt from text in another process, a machine resolves, dials and trusts the same."""
    emulator.world.network.silent_zones.add("silent.example")
    emulator.world.network.routes["203.0.113.40"] = Route.CLOSED
    emulator.world.machine.clock_offset = 5.5
    text = emulator.machine.to_json()
    script = (
        "import sys; from pytest_acrauth.emulator import EmulatedMachine as M; m = M.from_json(sys.stdin.read());"
        "s = m.ssl_context().wrap_socket(m.dial('203.0.113.11', 443, 5.0), server_hostname='myacr.azurecr.io');"
        "s.sendall(b'GET /v2/ HTTP/1.1\\r\\nHost: myacr.azurecr.io\\r\\n\\r\\n'); print(s.recv(12).decode()); s.close()"
    )
    run = subprocess.run([sys.executable, "-c", script], input=text, capture_output=True, text=True, check=True)
    assert run.stdout == "HTTP/1.1 401\n"
    assert emulator.connections == [LOGIN_SERVER]
    again = EmulatedMachine.from_json(text)
    assert again.to_json() == text
    assert again.resolve("a.silent.example").outcome is Resolved.RESOLVER_FAILED
    assert again.resolve(LOGIN_SERVER) == emulator.machine.resolve(LOGIN_SERVER)
    assert again.workplace.clock_offset == 5.5
    assert (again.trust, again.environ) == (emulator.machine.trust, emulator.environ)
    with pytest.raises(ConnectionRefusedError):
        again.dial("203.0.113.40", 443, 2.0)
