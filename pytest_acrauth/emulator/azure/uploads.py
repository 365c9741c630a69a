"""Taking content in: upload sessions for blobs, mounting them from another repository, and manifests.

Paths, statuses and headers are those of the distribution specification. A session's place is a relative reference
with ``_nouploadcache`` and ``_state``, the latter new with every part, as Azure's own examples for upload show it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.routing import Route

from pytest_acrauth.emulator.azure.answers import Answer, Headers, Refusal, new_id
from pytest_acrauth.emulator.world.cloud import Registry
from pytest_acrauth.emulator.world.content import Manifest, Repository, digest_of

_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Api:
    """What a registry's interface does with every request, whatever it is for.

    ``named`` returns registry and repository name of a request that may do something, ``authorise`` lets through a
    request whose credentials cover a scope; both refuse others. ``headers`` and ``refusal`` are those of its answers.
    ``unlocked`` refuses what is switched off for a repository or, where one is named, for an image of it.
    """

    named: Callable[[Request, str], tuple[Registry, str]]
    authorise: Callable[[Request, Registry, tuple[str, str, str]], None]
    headers: Callable[[str], Headers]
    refusal: Callable[..., Refusal]
    unlocked: Callable[[Registry, Repository, str, str], None]


@dataclass
class _Session:
    """One upload that goes on."""

    registry: str
    repository: str
    id: str = field(default_factory=new_id)
    content: bytearray = field(default_factory=bytearray)

    @property
    def place(self) -> str:
        state = json.dumps({"Name": self.repository, "UUID": self.id, "Offset": len(self.content)}).encode()
        query = f"_nouploadcache=false&_state={base64.urlsafe_b64encode(state).decode().rstrip('=')}"
        return f"/v2/{self.repository}/blobs/uploads/{self.id}?{query}"


class Uploads:
    """The writing half of the registries' API. ``clock`` dates the repositories that a push creates."""

    def __init__(self, api: Api, clock: Callable[[], float]) -> None:
        self._api = api
        self._clock = clock
        self._sessions: dict[str, _Session] = {}
        place = "/v2/{name:path}/blobs/uploads/{session}"
        self.routes = [
            Route("/v2/{name:path}/blobs/uploads/", self._start, methods=["POST"]),
            Route(place, self._progress, methods=["GET"]),
            Route(place, self._append, methods=["PATCH"]),
            Route(place, self._finish, methods=["PUT"]),
            Route(place, self._cancel, methods=["DELETE"]),
            Route("/v2/{name:path}/manifests/{reference}", self._manifest, methods=["PUT"]),
        ]

    async def _start(self, request: Request) -> Answer:
        registry, name = self._api.named(request, "push")
        mount, source = request.query_params.get("mount", ""), request.query_params.get("from", "")
        if mount and source:
            self._api.authorise(request, registry, ("repository", source, "pull"))
            if source in registry.repositories and mount in registry.repositories[source].blobs:
                return self._keep(registry, name, registry.repositories[source].blobs[mount])
        session = _Session(registry.login_server, name)
        if "digest" in request.query_params:
            session.content += await request.body()
            return self._complete(request, registry, session)
        self._sessions[session.id] = session
        return self._accepted(202, session)

    async def _progress(self, request: Request) -> Answer:
        _, session = self._session(request)
        return self._accepted(204, session)

    async def _append(self, request: Request) -> Answer:
        _, session = self._session(request)
        start = request.headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
        if start and start != str(len(session.content)):
            raise self._api.refusal(416, "RANGE_INVALID", "invalid content range")
        session.content += await request.body()
        return self._accepted(202, session)

    async def _finish(self, request: Request) -> Answer:
        registry, session = self._session(request)
        session.content += await request.body()
        answer = self._complete(request, registry, session)
        del self._sessions[session.id]
        return answer

    async def _cancel(self, request: Request) -> Answer:
        _, session = self._session(request)
        del self._sessions[session.id]
        return Answer(204, [*self._api.headers(_TEXT), ("Docker-Upload-Uuid", session.id)])

    async def _manifest(self, request: Request) -> Answer:
        registry, name = self._api.named(request, "push")
        content, reference = await request.body(), request.path_params["reference"]
        repository = self._repository(registry, name)
        self._api.unlocked(registry, repository, reference, "push")
        manifest = self._read(request, repository, content)
        if ":" in reference and reference != manifest.digest:
            raise self._api.refusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        repository.keep(manifest, None if ":" in reference else reference)
        registry.repositories[name] = repository
        return self._created(f"/v2/{name}/manifests/{manifest.digest}", manifest.digest)

    def _session(self, request: Request) -> tuple[Registry, _Session]:
        registry, name = self._api.named(request, "push")
        session = self._sessions.get(request.path_params["session"])
        if session is None or (session.registry, session.repository) != (registry.login_server, name):
            raise self._api.refusal(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        return registry, session

    def _complete(self, request: Request, registry: Registry, session: _Session) -> Answer:
        content = bytes(session.content)
        if request.query_params.get("digest") != digest_of(content):
            raise self._api.refusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        return self._keep(registry, session.repository, content)

    def _keep(self, registry: Registry, name: str, content: bytes) -> Answer:
        digest = digest_of(content)
        repository = registry.repositories[name] = self._repository(registry, name)
        repository.blobs[digest] = content
        return self._created(f"/v2/{name}/blobs/{digest}", digest)

    def _repository(self, registry: Registry, name: str) -> Repository:
        return registry.repositories.get(name) or Repository(name, self._clock())

    def _read(self, request: Request, repository: Repository, content: bytes) -> Manifest:
        """Return a manifest all of whose parts are there, or refuse."""
        try:
            read = json.loads(content)
            parts = [each["digest"] for each in (read["config"], *read["layers"])] if "config" in read else []
            children = [each["digest"] for each in read.get("manifests", [])]
            media_type = read.get("mediaType") or request.headers["content-type"]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._api.refusal(400, "MANIFEST_INVALID", "manifest invalid") from None
        missing = [part for part in parts if part not in repository.blobs]
        missing += [child for child in children if child not in repository.manifests]
        if missing:
            text = "blob unknown to registry"
            raise self._api.refusal(400, "MANIFEST_BLOB_UNKNOWN", text, detail={"Digest": missing[0]})
        about = {}
        if parts and (config := repository.blobs[parts[0]]).startswith(b"{"):
            about = {key: value for key, value in json.loads(config).items() if key in {"architecture", "os"}}
        return Manifest(media_type, content, **about)

    def _accepted(self, status: int, session: _Session) -> Answer:
        more = [
            ("Docker-Upload-Uuid", session.id),
            ("Location", session.place),
            ("Range", f"0-{max(len(session.content) - 1, 0)}"),
        ]
        return Answer(status, [*self._api.headers(_TEXT), *more])

    def _created(self, place: str, digest: str) -> Answer:
        return Answer(201, [*self._api.headers(_TEXT), ("Docker-Content-Digest", digest), ("Location", place)])
