"""The CONNECT proxy that leads unmodified programs to the emulator."""

from __future__ import annotations

import socket

import httpx
import pytest
from emulator.visiting import client

from pytest_acrauth.emulator import Emulator


def test_tunnels_count_at_the_service_alone(visitor):
    """A request through the proxy is one connection of the host it is for."""
    visitor.http.get("https://otheracr.azurecr.io/v2/")
    assert visitor.emulator.connections == ["otheracr.azurecr.io"]


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://nobody.azurecr.io/v2/", "502 Bad Gateway"),
        ("https://myacr.azurecr.io:8443/v2/", "502 Bad Gateway"),
    ],
)
def test_what_leads_nowhere_is_a_bad_gateway(visitor, url, status):
    """A name or port that the world does not have is the proxy's 502."""
    with pytest.raises(httpx.ProxyError, match=status):
        visitor.http.get(url)


def test_plain_requests_are_not_forwarded(visitor):
    """Only CONNECT is served, so that nothing travels unencrypted."""
    assert visitor.http.get("http://myacr.azurecr.io/v2/").status_code == 405


def test_a_client_may_leave_at_any_time(emulator):
    """A client that goes away before, while or after it asks does not disturb the next one."""
    host, port = emulator.proxy_url.removeprefix("http://").split(":")
    for sent in (b"", b"CONNECT ", b"CONNECT myacr.azurecr.io:443 HTTP/1.1\r\n\r\n", b"x" * 70000):
        with socket.create_connection((host, int(port)), 2.0) as leaving:
            leaving.sendall(sent)
    with client(emulator) as http:
        assert http.get("https://myacr.azurecr.io/v2/").status_code == 401


def test_a_blocked_route_is_waited_for():
    """Behind a blocked route the proxy says nothing, as a network that drops packets, and does not delay the end."""
    with Emulator("registry-tcp-blocked") as emulator:
        context = emulator.machine.ssl_context()
        http = httpx.Client(proxy=emulator.proxy_url, verify=context, trust_env=False, timeout=0.2)
        with http, pytest.raises(httpx.TimeoutException):
            http.get("https://myacr.azurecr.io/v2/")
