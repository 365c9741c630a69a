"""A plain HTTP client that reaches an emulator under the real host names, and how its answers are read."""

from __future__ import annotations

from typing import Any

import httpx
import jwt

from pytest_acrauth.emulator import Emulator

AUDIENCE = "https://containerregistry.azure.net"
REGISTRY = "https://myacr.azurecr.io"
NULL_GUID = "00000000-0000-0000-0000-000000000000"
ARM = "https://management.azure.com"
GRAPH = "https://graph.microsoft.com"
PULL = "repository:team/app:pull"
GENERIC = "authentication required, visit https://aka.ms/acr/authorization for more information."


def claims(token: str) -> dict[str, Any]:
    """Read a token."""
    return jwt.decode(token, options={"verify_signature": False})


def granted(response: Any) -> list[tuple[str, list[str]]]:
    """Return what the access token of an answer grants: name and actions."""
    return [(entry["name"], entry["actions"]) for entry in claims(response.json()["access_token"])["access"]]


def error(response: Any) -> tuple[int, str, str]:
    """Return status, code and message of a refusal."""
    first = response.json()["errors"][0]
    return response.status_code, first["code"], first["message"]


def challenge_of(response: Any) -> str:
    """Return what follows realm and service in the challenge."""
    return response.headers["WWW-Authenticate"].partition('service="myacr.azurecr.io"')[2]


def client(emulator: Emulator) -> httpx.Client:
    """Return a client of the emulator's proxy that trusts its authority, and waits longer than a busy machine needs."""
    context = emulator.machine.ssl_context()
    return httpx.Client(proxy=emulator.proxy_url, verify=context, trust_env=False, timeout=60.0)


class Visitor:
    """Sends single requests through the emulator's proxy, each as a client of the real services would."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.http = client(emulator)

    def entra(self, tenant: str = "", **fields: str) -> httpx.Response:
        """Ask Entra for a token with the environment's service principal, some fields replaced."""
        environ = self.emulator.environ
        form = {
            "grant_type": "client_credentials",
            "client_id": environ["AZURE_CLIENT_ID"],
            "client_secret": environ.get("AZURE_CLIENT_SECRET", ""),
            "scope": f"{AUDIENCE}/.default",
        }
        tenant = tenant or environ["AZURE_TENANT_ID"]
        return self.http.post(f"https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token", data=form | fields)

    def bearer(self, resource: str = ARM, tenant: str = "") -> dict[str, str]:
        """Return the header with an Entra token of the environment's service principal for a resource."""
        return {"Authorization": f"Bearer {self.entra(tenant, scope=f'{resource}/.default').json()['access_token']}"}

    def arm(self, path: str, method: str = "GET", *, version: str = "2025-11-01", **more: Any) -> httpx.Response:
        """Ask ARM, as the service principal unless other headers are given."""
        headers = more.pop("headers") if "headers" in more else self.bearer()
        query = {"api-version": version} | more.pop("params", {})
        return self.http.request(method, f"{ARM}{path}", params=query, headers=headers, **more)

    def graph(self, path: str, **params: str) -> httpx.Response:
        """Ask Graph as the service principal."""
        return self.http.get(f"{GRAPH}/v1.0/{path}", params=params, headers=self.bearer(GRAPH))

    def exchange(self, **fields: str) -> httpx.Response:
        """Exchange an Entra token, the environment's unless one is given."""
        form = {"grant_type": "access_token", "service": "myacr.azurecr.io"} | fields
        if "access_token" not in form:
            form["access_token"] = self.entra().json()["access_token"]
        return self.http.post(f"{REGISTRY}/oauth2/exchange", data=form)

    def access(self, *scopes: str) -> httpx.Response:
        """Ask for an access token with a refresh token of the environment's service principal."""
        refresh_token = self.exchange().json()["refresh_token"]
        form = {"grant_type": "refresh_token", "service": "myacr.azurecr.io", "refresh_token": refresh_token}
        return self.http.post(f"{REGISTRY}/oauth2/token", data={**form, "scope": list(scopes)})

    def basic(self, user: str, password: str, *scopes: str) -> httpx.Response:
        """Ask for an access token with Basic credentials, as docker does."""
        query = {"service": "myacr.azurecr.io", "scope": list(scopes)}
        return self.http.get(f"{REGISTRY}/oauth2/token", params=query, auth=(user, password))

    def get(self, path: str, *scopes: str, method: str = "GET", **headers: str) -> httpx.Response:
        """Send a request to the registry with an access token for the scopes."""
        token = self.access(*scopes).json()["access_token"]
        return self.http.request(method, f"{REGISTRY}{path}", headers={"Authorization": f"Bearer {token}"} | headers)


def arm_error(response: Any) -> tuple[int, str]:
    """Return status and code of a refusal of ARM's or Graph's."""
    return response.status_code, response.json()["error"]["code"]
