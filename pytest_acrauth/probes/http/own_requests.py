"""A client for requests of somebody's own: httpx's, over connections that are opened as a climb's are.

So it resolves names, trusts certificates and goes through proxies as the climb did, on an emulated machine as well.
"""

from __future__ import annotations

import httpcore
import httpx

from pytest_acrauth.model.observation import Trouble
from pytest_acrauth.model.secret import Secret
from pytest_acrauth.probes.http.client import NoCookies, Transport, open_pool
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.network import Connector

#: What is returned, by a name that rooms without a network may use.
Client = httpx.Client
_NO_END = 10.0**9  # seconds


class _Own(Transport):
    """Says in httpx's exceptions what went wrong, and speaks to nobody in plain http."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme != "https":
            raise httpx.UnsupportedProtocol(f"{request.url.host} is not asked in plain http", request=request)
        try:
            return super().handle_request(request)
        except httpcore.ProtocolError as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error
        except httpcore.NetworkError as error:
            trouble = getattr(error, "trouble", None)
            kind = httpx.TimeoutException if trouble is Trouble.TIMEOUT else httpx.NetworkError
            raise kind(f"{request.url.host}: {trouble or ''} {error}".rstrip(), request=request) from error


def client_for(host: str, token: Secret | None, connector: Connector, wait: float) -> Client:
    """Return a client whose relative addresses are a host's, and which shows the host a token, if there is one.

    ``wait`` is how long a peer may be silent, in seconds. Redirects are followed where a request says so; httpx shows
    the token to no other host then. Network trouble is raised as httpx raises it. Close it after use.
    """
    pool = open_pool(connector, Deadline(_NO_END, wait=wait))
    headers = {} if token is None else {"Authorization": f"Bearer {token.reveal()}"}
    return Client(
        transport=_Own(pool),
        base_url=f"https://{host}",
        headers=headers,
        trust_env=False,
        timeout=None,
        cookies=NoCookies(),
    )
