"""The storage behind the registries: signed links to blobs, and the data hosts that honour them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.requests import Request

from pytest_acrauth.emulator.azure.answers import Answer, Headers, http_date, new_id
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import Registry

_LIFE = 20 * 60
_VERSION = "2018-03-28"
_PATH = re.compile(r"/(?P<container>\w+)/+docker/registry/v2/blobs/sha256/../(?P<hex>[0-9a-f]{64})/data")
_RANGE = re.compile(r"bytes=(?P<first>\d+)-(?P<last>\d*)")


class BlobLinks:
    """Makes and checks links to blobs: a path and, in the query, an end date and a signature over both."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._key = secrets.token_bytes(32)
        self._containers: dict[str, str] = {}

    def url(self, registry: Registry, digest: str) -> str:
        """Return where to read a blob from: for twenty minutes from when the link was made, by whoever kept it."""
        nearest = registry.data_endpoint_in(registry.nearest or registry.location)
        host = nearest if registry.data_endpoint_enabled else self._world.cloud.blob_host
        text = digest.removeprefix("sha256:")
        self._containers[registry.container] = registry.login_server
        path = f"/{registry.container}/docker/registry/v2/blobs/sha256/{text[:2]}/{text}/data"
        made = self._world.cloud.now() - self._world.network.redirects_kept
        end = datetime.fromtimestamp(made + _LIFE, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = {"se": end, "sig": self._signature(path, end), "sp": "r", "spr": "https", "sr": "b", "sv": _VERSION}
        return f"https://{host}{path}?{urlencode(query)}"

    def honours(self, request: Request) -> bool:
        """Whether the link was made here and has not ended."""
        end, given = request.query_params.get("se", ""), request.query_params.get("sig", "")
        if not hmac.compare_digest(given.encode(), self._signature(request.url.path, end).encode()):
            return False
        return datetime.fromisoformat(end).timestamp() > self._world.cloud.now()

    def registry(self, container: str) -> Registry | None:
        """Return the registry, if it still exists, to whose container links were made."""
        return self._world.cloud.registry_at(self._containers.get(container, ""))

    def _signature(self, path: str, end: str) -> str:
        return base64.b64encode(hmac.digest(self._key, f"{path}\n{end}".encode(), hashlib.sha256)).decode()


class DataHosts:
    """Answers for the shared blob host and for the registries' dedicated data endpoints."""

    def __init__(self, world: World, links: BlobLinks) -> None:
        self._world = world
        self._links = links

    async def serve(self, request: Request) -> Answer:
        """Hand out a blob, or a part of it, to whoever has a valid link and sends no other credentials."""
        if "authorization" in request.headers:
            text = "Authentication information is not given in the correct format."
            return self._error(400, "InvalidAuthenticationInfo", text)
        if not self._world.cloud.blobs_admit:
            return self._error(403, "AuthorizationFailure", "This request is not authorized to perform this operation.")
        if not self._links.honours(request):
            return self._error(403, "AuthenticationFailed", "Server failed to authenticate the request.")
        content = self._find(request.url.path)
        if content is None:
            return self._error(404, "BlobNotFound", "The specified blob does not exist.")
        wanted = _RANGE.fullmatch(request.headers.get("range", ""))
        if wanted is None:
            return Answer(200, self._headers("application/octet-stream"), content)
        first, last = int(wanted["first"]), min(int(wanted["last"] or len(content)), len(content) - 1)
        if first > last:
            return self._error(416, "InvalidRange", "The range specified is invalid for the current size.")
        span = ("Content-Range", f"bytes {first}-{last}/{len(content)}")
        return Answer(206, [*self._headers("application/octet-stream"), span], content[first : last + 1])

    def _find(self, path: str) -> bytes | None:
        named = _PATH.fullmatch(path)
        registry = self._links.registry(named["container"]) if named else None
        if registry is None or named is None:
            return None
        digest = f"sha256:{named['hex']}"
        holders = (repository.blobs for repository in registry.repositories.values())
        return next((blobs[digest] for blobs in holders if digest in blobs), None)

    def _headers(self, content_type: str) -> list[tuple[str, str]]:
        return [
            ("Content-Type", content_type),
            ("Accept-Ranges", "bytes"),
            ("Server", "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0"),
            ("x-ms-request-id", new_id()),
            ("x-ms-version", _VERSION),
            ("Date", http_date(self._world.cloud.now())),
        ]

    def _error(self, status: int, code: str, message: str) -> Answer:
        body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
        headers: Headers = [*self._headers("application/xml"), ("x-ms-error-code", code)]
        return Answer(status, headers, b"\xef\xbb\xbf" + body.encode())
