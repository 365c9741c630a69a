"""The registries' API under ``/v2/`` and ``/acr/v1/``: challenges, manifests, blobs, lists and properties."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from pytest_acrauth.emulator.azure.answers import GUARD, JSON, Answer, Refusal, as_json, http_date, new_id, refuse
from pytest_acrauth.emulator.azure.data import BlobLinks
from pytest_acrauth.emulator.azure.login import REQUIRED, TokenServer, errors
from pytest_acrauth.emulator.azure.uploads import Api, Uploads
from pytest_acrauth.emulator.world import World
from pytest_acrauth.emulator.world.cloud import Registry
from pytest_acrauth.emulator.world.content import OCI_INDEX, Manifest, Repository

_EXPOSED = ("Docker-Content-Digest", "WWW-Authenticate", "Link", "X-Ms-Correlation-Request-Id")
_NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_READ = ["GET", "HEAD"]
_DISALLOWED = (
    "The operation is disallowed on this registry, repository or image. View troubleshooting steps at"
    " https://aka.ms/acr/faq/#why-does-my-pull-or-push-request-fail-with-disallowed-operation"
)
# Which lock stands against an action.
_LOCKS = {"pull": "read", "metadata_read": "list", "push": "write", "delete": "delete"}


class Registries:
    """Every registry's API; which one is meant, the host name tells."""

    def __init__(self, world: World, tokens: TokenServer, links: BlobLinks) -> None:
        self._world = world
        self._tokens = tokens
        self._links = links
        api = Api(self._named, self._authorise, self._headers, self._refusal, self._unlocked)
        one = "/acr/v1/{name:path}"
        self.app = Starlette(
            routes=[
                Route("/oauth2/exchange", tokens.exchange, methods=["POST"]),
                Route("/oauth2/token", tokens.token, methods=["GET", "POST"]),
                Route("/v2/", self._base, methods=_READ),
                Route("/v2/_catalog", self._catalog, methods=_READ),
                *Uploads(api, world.cloud.now).routes,
                Route("/v2/{name:path}/tags/list", self._tags, methods=_READ),
                Route("/v2/{name:path}/referrers/{digest}", self._referrers, methods=_READ),
                Route("/v2/{name:path}/manifests/{reference}", self._manifest, methods=[*_READ, "DELETE"]),
                Route("/v2/{name:path}/blobs/{digest}", self._blob, methods=_READ),
                Route("/acr/v1/_catalog", self._catalog, methods=_READ),
                Route(f"{one}/_tags", self._all_tag_properties, methods=_READ),
                Route(f"{one}/_tags/{{tag}}", self._tag_properties, methods=[*_READ, "DELETE"]),
                Route(f"{one}/_manifests", self._all_manifest_properties, methods=_READ),
                Route(f"{one}/_manifests/{{digest}}", self._manifest_properties, methods=_READ),
                Route(one, self._repository_properties, methods=_READ),
                Route("/{rest:path}", self._nowhere),
            ],
            exception_handlers={Refusal: refuse},
        )

    async def _base(self, request: Request) -> Answer:
        registry = self._registry(request)
        if registry.firewall_at_challenge:
            self._tokens.firewall(request, registry)
        self._authorise(request, registry, None)
        return self._answer({})

    async def _nowhere(self, _request: Request) -> Answer:
        raise self._plain_404()

    async def _catalog(self, request: Request) -> Answer:
        registry = self._enter(request)
        self._authorise(request, registry, ("registry", "catalog", "*"))
        shown, more = _page(request, sorted(registry.repositories))
        return self._answer({"repositories": shown}, *more)

    async def _tags(self, request: Request) -> Answer:
        _, repository = self._repository(request, "pull")
        shown, more = _page(request, sorted(repository.tags))
        return self._answer({"name": repository.name, "tags": shown}, *more)

    async def _referrers(self, request: Request) -> Answer:
        self._repository(request, "pull")
        body = as_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []})
        return Answer(200, self._headers(OCI_INDEX), body)

    async def _manifest(self, request: Request) -> Answer:
        action = "delete" if request.method == "DELETE" else "pull"
        registry, repository = self._repository(request, action)
        reference = request.path_params["reference"]
        self._unlocked(registry, repository, reference, action)
        if action == "delete":
            raise self._refusal(405, "UNSUPPORTED", "The operation is unsupported.")
        manifest = repository.find(reference)
        held_back = registry.quarantine and manifest is not None and manifest.digest in repository.quarantined
        if held_back and ":" in reference:  # by its tag it is not found, by its digest not let out
            raise self._refusal(405, "REGISTRY_DISALLOWED_OPERATION", "The operation is disallowed.", detail={})
        if manifest is None or held_back:
            named = f"manifest {reference}" if ":" in reference else f'manifest tagged by "{reference}"'
            detail = {"Name": repository.name, "Reference": reference}
            raise self._refusal(404, "MANIFEST_UNKNOWN", f"{named} is not found", detail=detail)
        if not _accepts(request, manifest):
            text = f"{manifest.media_type} found, but the accept header does not support it"
            raise self._refusal(404, "MANIFEST_UNKNOWN", text)
        digest = manifest.digest
        more = [("Docker-Content-Digest", digest), ("Etag", f'"{digest}"')]
        return Answer(200, [*self._headers(manifest.media_type), *more], manifest.content)

    async def _blob(self, request: Request) -> Answer:
        registry, repository = self._repository(request, "pull")
        self._unlocked(registry, repository, "", "pull")
        digest = request.path_params["digest"]
        if digest not in repository.blobs or digest in registry.on_their_way:
            raise self._refusal(404, "BLOB_UNKNOWN", "blob unknown to registry", detail={"digest": digest})
        location = ("Location", self._links.url(registry, digest))
        return Answer(307, [*self._headers("text/html; charset=utf-8"), ("Docker-Content-Digest", digest), location])

    async def _all_tag_properties(self, request: Request) -> Answer:
        registry, repository = self._repository(request, "metadata_read")
        wanted = request.query_params.get("digest")
        names = [tag for tag, digest in sorted(repository.tags.items()) if wanted in {None, digest}]
        shown, more = _page(request, names)
        return self._answer({**_home(registry, repository), "tags": [_tag(repository, tag) for tag in shown]}, *more)

    async def _tag_properties(self, request: Request) -> Answer:
        action = "delete" if request.method == "DELETE" else "metadata_read"
        registry, name = self._named(request, action)
        repository, tag = registry.repositories.get(name), request.path_params["tag"]
        if repository is None or tag not in repository.tags:
            raise self._refusal(404, "TAG_UNKNOWN", "the specified tag does not exist")
        if action == "delete":
            raise self._refusal(405, "UNSUPPORTED", "The operation is unsupported.")
        return self._answer({**_home(registry, repository), "tag": _tag(repository, tag)})

    async def _all_manifest_properties(self, request: Request) -> Answer:
        registry, repository = self._repository(request, "metadata_read")
        shown, more = _page(request, sorted(repository.manifests))
        manifests = [_properties(repository, repository.manifests[digest]) for digest in shown]
        return self._answer({**_home(registry, repository), "manifests": manifests}, *more)

    async def _manifest_properties(self, request: Request) -> Answer:
        registry, repository = self._repository(request, "metadata_read")
        digest = request.path_params["digest"]
        if digest not in repository.manifests:
            raise self._refusal(404, "MANIFEST_UNKNOWN", f"manifest {digest} is not found")
        manifest = _properties(repository, repository.manifests[digest])
        return self._answer({**_home(registry, repository), "manifest": manifest})

    async def _repository_properties(self, request: Request) -> Answer:
        registry, repository = self._repository(request, "metadata_read")
        counts = {"manifestCount": len(repository.manifests), "tagCount": len(repository.tags)}
        about = {**_home(registry, repository), **_times(repository), **counts}
        return self._answer({**about, "changeableAttributes": _changeable(repository)})

    def _registry(self, request: Request) -> Registry:
        registry = self._world.cloud.registry_at(request.state.host)
        if registry is None:
            raise self._plain_404()
        if registry.failing:
            raise self._refusal(503, "UNAVAILABLE", "service is temporarily unavailable")
        return registry

    def _enter(self, request: Request) -> Registry:
        registry = self._registry(request)
        self._tokens.firewall(request, registry)
        if registry.reads_throttled and request.method in _READ:
            body = errors("TOOMANYREQUESTS", "too many requests")
            raise Refusal(Answer(429, [*self._headers(), ("Retry-After", "27")], body))
        return registry

    def _unlocked(self, registry: Registry, repository: Repository, reference: str, action: str) -> None:
        """Refuse what a lock of the repository, or of the image behind a reference ('' for none), stands against.

        A registry whose storage is used up takes nothing in.
        """
        if _LOCKS[action] in repository.locks_on(reference) or (registry.full and action == "push"):
            raise self._refusal(405, "REGISTRY_DISALLOWED_OPERATION", _DISALLOWED, detail={})

    def _named(self, request: Request, action: str) -> tuple[Registry, str]:
        """Return registry and repository name of a request that may do this; a name that is none is no page."""
        registry, name = self._enter(request), request.path_params["name"]
        if not _NAME.fullmatch(name):
            raise self._plain_404()
        self._authorise(request, registry, ("repository", name, action))
        if registry.key_lost:
            text = (
                "The identity associated with the registry is inactive. This could be due to attempted removal of the "
                "identity. Reassign the identity manually."
            )
            raise self._refusal(403, "DENIED", text)
        return registry, name

    def _repository(self, request: Request, action: str) -> tuple[Registry, Repository]:
        registry, name = self._named(request, action)
        registry.fill(name)
        repository = registry.repositories.get(name)
        if repository is None:
            text = "repository name not known to registry"
            raise self._refusal(404, "NAME_UNKNOWN", text, detail={"name": name})
        return registry, repository

    def _authorise(self, request: Request, registry: Registry, wanted: tuple[str, str, str] | None) -> None:
        """Let a request through whose credentials cover what is wanted (None: any valid ones), or challenge it."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        error = ""
        if scheme.lower() == "basic":
            caller = self._tokens.by_basic(registry, value)
            if wanted is None or self._tokens.holds(registry, caller, *wanted):
                return
            error = "insufficient_scope"
        elif scheme.lower() == "bearer":
            entries = self._tokens.access(registry, value)
            if entries is not None and (wanted is None or any(_covers(entry, *wanted) for entry in entries)):
                return
            error = "invalid_token" if entries is None else "insufficient_scope"
        raise self._challenge(request.state.host, wanted, error)

    def _challenge(self, host: str, wanted: tuple[str, str, str] | None, error: str) -> Refusal:
        parts = {"realm": f"https://{host}/oauth2/token", "service": host}
        detail = None
        if wanted is not None:
            parts["scope"] = ":".join(wanted)
            detail = [dict(zip(("Type", "Name", "Action"), wanted, strict=True))]
        if error:
            parts["error"] = error
        header = ("Www-Authenticate", "Bearer " + ",".join(f'{name}="{value}"' for name, value in parts.items()))
        # The real body ends in a line feed: 149 bytes where nothing is named.
        body = errors("UNAUTHORIZED", REQUIRED, detail=detail) + b"\n"
        return Refusal(Answer(401, [*self._headers(), header], body))

    def _headers(self, content_type: str = JSON) -> list[tuple[str, str]]:
        return [
            *self._plain_headers(content_type),
            *(("Access-Control-Expose-Headers", name) for name in _EXPOSED),
            ("X-Ms-Correlation-Request-Id", new_id()),
        ]

    def _plain_headers(self, content_type: str) -> list[tuple[str, str]]:
        return [
            ("Server", "openresty"),
            ("Date", http_date(self._world.cloud.now())),
            ("Content-Type", content_type),
            ("Connection", "keep-alive"),
            ("Docker-Distribution-Api-Version", "registry/2.0"),
            *GUARD,
        ]

    def _answer(self, value: dict[str, Any], *more: tuple[str, str]) -> Answer:
        return Answer(200, [*self._headers(), *more], as_json(value))

    def _refusal(self, status: int, code: str, message: str, **more: object) -> Refusal:
        return Refusal(Answer(status, self._headers(), errors(code, message, **more)))

    def _plain_404(self) -> Refusal:
        return Refusal(Answer(404, self._plain_headers("text/plain; charset=utf-8"), b"404 page not found\n"))


def _covers(entry: dict[str, Any], kind: str, name: str, action: str) -> bool:
    return entry["type"] == kind and entry["name"] in {name, "*"} and bool({action, "*"} & set(entry["actions"]))


def _accepts(request: Request, manifest: Manifest) -> bool:
    named = [part.split(";")[0].strip() for line in request.headers.getlist("accept") for part in line.split(",")]
    return not named or bool({manifest.media_type, "*/*"} & set(named))


def _page(request: Request, names: list[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the part of a list asked for with ``n`` and ``last``, and the link to the rest if there is more."""
    last, count = request.query_params.get("last", ""), request.query_params.get("n", "")
    rest = [name for name in names if name > last]
    size = int(count) if count.isdecimal() and int(count) else len(rest)
    shown = rest[:size]
    if len(shown) == len(rest):
        return shown, []
    return shown, [("Link", f'<{quote(request.url.path)}?last={quote(shown[-1])}&n={size}>; rel="next"')]


def _home(registry: Registry, repository: Repository) -> dict[str, Any]:
    return {"registry": registry.login_server, "imageName": repository.name}


def _times(repository: Repository) -> dict[str, Any]:
    moment = datetime.fromtimestamp(repository.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    return {"createdTime": moment, "lastUpdateTime": moment}


def _changeable(repository: Repository, reference: str = "") -> dict[str, Any]:
    locks = repository.locked.get(reference, set()) if reference else repository.locks
    return {f"{word}Enabled": word not in locks for word in ("delete", "write", "read", "list")}


def _tag(repository: Repository, tag: str) -> dict[str, Any]:
    about = {"name": tag, "digest": repository.tags[tag], **_times(repository), "signed": False}
    return {**about, "changeableAttributes": _changeable(repository, tag)}


def _properties(repository: Repository, manifest: Manifest) -> dict[str, Any]:
    about = {"digest": manifest.digest, "imageSize": len(manifest.content), **_times(repository)}
    platform = {"architecture": manifest.architecture, "os": manifest.os} if manifest.os else {}
    tags = sorted(tag for tag, digest in repository.tags.items() if digest == manifest.digest)
    more = {
        "mediaType": manifest.media_type,
        "changeableAttributes": _changeable(repository, manifest.digest),
        "tags": tags,
    }
    return {**about, **platform, **more}
