"""One identity's visit to one registry: it signs in, and sends the requests of the table, over the one HTTP stack."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode, urlsplit

from live.requests import NO_TOKEN, PULL, Asked, Shows

from pytest_acrauth.auth import read_credential
from pytest_acrauth.model.evidence import EvidenceChoice
from pytest_acrauth.model.machine import Machine
from pytest_acrauth.model.observation import Operation
from pytest_acrauth.model.secret import Secret, Secrets, as_bytes
from pytest_acrauth.model.target import NULL_GUID, Flow, Target
from pytest_acrauth.probes.entra.methods import ask_entra
from pytest_acrauth.probes.entra.request import EntraRequest
from pytest_acrauth.probes.http.client import Http, Response
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.issued import issued_token
from pytest_acrauth.probes.http.network import Connector
from pytest_acrauth.probes.management.arm import read_registry
from pytest_acrauth.probes.management.plane import CouldNotLook, Plane
from pytest_acrauth.probes.programs.helper import ask_helper
from pytest_acrauth.probes.registry import read_manifest

_LIMIT = 45.0  # seconds, for one visit
_REGISTRY_AUDIENCE = "https://containerregistry.azure.net"
#: What may be sent with POST: questions for tokens, and those by which the product looks for a registry's record.
_READING_POSTS = (
    "/oauth2/token",
    "/oauth2/exchange",
    "/oauth2/v2.0/token",
    "/Microsoft.ResourceGraph/resources",
    "/checkNameAvailability",
)


class NotAsked(Exception):
    """A request that was not sent; the text says why."""


class Sent(NamedTuple):
    """A request as it was sent, and what came back."""

    address: str
    headers: Mapping[str, str | Secret]
    form: Mapping[str, str | Secret]
    response: Response


class Image(NamedTuple):
    """What is behind a reference: the manifests, by media type and bytes, on the way to a blob, and that blob."""

    manifests: tuple[tuple[str, bytes], ...]
    blob: str

    @property
    def digest(self) -> str:
        """The digest of what the reference itself leads to."""
        return digest_of(self.manifests[0][1])


class _Http(Http):
    """Sends what reads, and nothing else; it keeps the answers as they came."""

    def __init__(self, connector: Connector) -> None:
        super().__init__(connector, Deadline(_LIMIT))
        self.answers: list[Response] = []

    def send(self, method: str, url: str, **more: Any) -> Response:
        reads = method in {"GET", "HEAD"} or (method == "POST" and urlsplit(url).path.endswith(_READING_POSTS))
        if not reads:
            raise AssertionError(f"{method} {url} does not only read")
        self.answers.append(super().send(method, url, **more))
        return self.answers[-1]


@dataclass
class _Names:
    """The names that a request's texts have to fill in, found when the first text wants one."""

    visit: Visit

    def __getitem__(self, name: str) -> str:
        return str(getattr(self.visit, name))


class Visit:
    """A visit to a target's registry as its identity, about its one reference if it has one; a context.

    Raises `BadAuth` where the credential cannot be read.
    """

    def __init__(self, machine: Machine, secrets: Secrets, target: Target) -> None:
        self.target = target
        self.secrets = secrets
        self._connector = Connector.of(machine, secrets)
        self._http = _Http(self._connector)
        self._names = _Names(self)
        self.credential = read_credential(target.identity, target.registry, machine.environ, secrets)
        self._entra_tokens: dict[str, Secret] = {}
        self._logins: list[Secret | None] = []
        self._access_tokens: dict[str, Secret] = {}
        self._image: Image | None = None
        self._resource_id = target.registry.resource_id
        self._link = ""

    def __enter__(self) -> Self:
        if self.credential.helper:
            self.credential = ask_helper(self.credential, self.target.registry, self._connector, self._http.deadline)
        return self

    def __exit__(self, *_: object) -> None:
        self._http.__exit__(None, None, None)

    def ask(self, asked: Asked) -> Sent:
        """Send one request. Raises `NotAsked` where the identity, or what it was shown before, does not allow it."""
        address = asked.address.format_map(self._names)
        form: dict[str, str | Secret] = {name: value.format_map(self._names) for name, value in asked.form.items()}
        headers: dict[str, str | Secret] = dict(asked.headers)
        scope = asked.scope.format_map(self._names)
        if asked.kind == "token":
            address, headers = self._token_request(scope, shown=asked.shows is Shows.LOGIN)
        elif asked.shows is Shows.ACCESS_TOKEN:
            headers["Authorization"] = _bearer(self._access_token(scope))
        elif asked.shows is Shows.ENTRA_TOKEN:
            form["access_token"] = self._entra_token(_REGISTRY_AUDIENCE)
        elif asked.shows is Shows.ARM_TOKEN:
            headers["Authorization"] = _bearer(self._entra_token(self.target.registry.cloud.arm_audience))
        elif asked.shows is Shows.NO_TOKEN:
            headers["Authorization"] = f"Bearer {NO_TOKEN}"
        response = self._http.send(
            asked.method, address, headers=headers, form=form or None, first_bytes=asked.first_bytes
        )
        for field in ("access_token", "refresh_token"):
            issued_token(response, field, self.secrets)
        if asked.id == "blob":
            self._link = response.location
        return Sent(address, headers, form, response)

    @property
    def server(self) -> str:
        return f"https://{self.service}"

    @property
    def service(self) -> str:
        return self.target.registry.login_server

    @property
    def name(self) -> str:
        return self.target.registry.name

    @property
    def arm(self) -> str:
        return self.target.registry.cloud.arm

    @property
    def repository(self) -> str:
        return self._reference.repository

    @property
    def version(self) -> str:
        return self._reference.version

    @property
    def _reference(self) -> Any:
        if not self.target.references:
            raise NotAsked("no repository was named")
        return self.target.references[0]

    @property
    def digest(self) -> str:
        return self.image.digest

    @property
    def blob(self) -> str:
        return self.image.blob

    @property
    def link(self) -> str:
        if not self._link.startswith("https://"):
            raise NotAsked("no redirect to follow")
        return self._link

    @property
    def authority(self) -> str:
        """The place at Entra where the identity's tenant gets its tokens."""
        if self.target.identity.flow is not Flow.ENTRA:
            raise NotAsked("the identity is none of Entra's")
        tenant = self.credential.facts.tenant_id
        if not tenant:
            raise NotAsked("nothing names the identity's tenant")
        return f"{self.target.registry.cloud.authority}/{tenant}"

    @property
    def group(self) -> str:
        """The id of the resource group that the registry is in, as far as the identity is shown it."""
        if not self._resource_id:
            plane = Plane(self._http, self.target.registry.cloud, self.secrets, self._entra_token)
            try:
                found = read_registry(plane, self.target.registry, EvidenceChoice())
            except CouldNotLook as why:
                raise NotAsked(f"the registry's record was not found: {why}") from why
            self._resource_id = found.resource_id
        if not self._resource_id:
            raise NotAsked("the identity is shown no record of the registry")
        return self._resource_id.partition("/providers/")[0]

    @property
    def image(self) -> Image:
        """What is behind the reference. Raises `NotAsked` where it could not be read."""
        if self._image is None:
            before = len(self._http.answers)
            token = self._access_token(PULL.format_map(self._names))
            read: Operation = read_manifest(self._http, self.target.registry, self._reference, token)
            if not read.ok:
                raise NotAsked("the manifest could not be read")
            came = self._http.answers[before:]
            self._image = Image(tuple((each.headers.get("content-type", ""), each.body) for each in came), read.blob)
        return self._image

    def _entra_token(self, audience: str) -> Secret:
        identity = self.target.identity
        if identity.flow is not Flow.ENTRA:
            raise NotAsked("the identity is none of Entra's")
        if audience not in self._entra_tokens:
            cloud = self.target.registry.cloud
            request = EntraRequest(identity, cloud, self.credential, self._connector, self._http.deadline, audience)
            _, token = ask_entra(request)
            if token is None:
                raise NotAsked(f"Entra gave no token for {audience}")
            self._entra_tokens[audience] = token
        return self._entra_tokens[audience]

    def _login(self) -> tuple[str, Secret | None]:
        """Return what docker would log in with: user name and password, the latter None for nobody's."""
        if self.target.identity.flow is not Flow.ENTRA:
            if self.credential.trouble is not None:
                raise NotAsked(f"no login: {self.credential.text}")
            return self.credential.user, self.credential.secret
        if not self._logins:
            form: dict[str, str | Secret] = {
                "grant_type": "access_token",
                "service": self.service,
                "access_token": self._entra_token(_REGISTRY_AUDIENCE),
            }
            response = self._http.send("POST", f"{self.server}/oauth2/exchange", form=form)
            self._logins.append(issued_token(response, "refresh_token", self.secrets, user=NULL_GUID))
        if self._logins[0] is None:
            raise NotAsked("the registry did not exchange the Entra token")
        return NULL_GUID, self._logins[0]

    def _token_request(self, scope: str, *, shown: bool) -> tuple[str, dict[str, str | Secret]]:
        user, secret = self._login() if shown else ("", None)
        query = {"service": self.service} | ({"scope": scope} if scope else {})
        headers: dict[str, str | Secret] = {}
        if secret is not None:
            pair = as_bytes(Secret(f"{user}:{secret.reveal()}"))
            headers["Authorization"] = Secret(f"Basic {base64.b64encode(pair).decode()}")
        return f"{self.server}/oauth2/token?{urlencode(query)}", headers

    def _access_token(self, scope: str) -> Secret:
        if scope not in self._access_tokens:
            address, headers = self._token_request(scope, shown=True)
            response = self._http.send("GET", address, headers=headers)
            token = issued_token(response, "access_token", self.secrets)
            if token is None:
                status = response.reply.status if response.reply else response.trouble
                raise NotAsked(f"no access token for {scope.partition(':')[0]}: {status}")
            self._access_tokens[scope] = token
        return self._access_tokens[scope]


def _bearer(token: Secret) -> Secret:
    return Secret(f"Bearer {token.reveal()}")


def digest_of(content: bytes) -> str:
    """Return the name under which registries keep a manifest."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
