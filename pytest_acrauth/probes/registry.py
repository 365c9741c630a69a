"""What is asked of the login server: the challenge, the exchange, access tokens, a manifest, a layer's first bytes."""

from __future__ import annotations

import base64
import platform
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from pytest_acrauth.auth import Credential
from pytest_acrauth.model.claims import granted_actions, refresh_claims
from pytest_acrauth.model.observation import AccessToken, Challenge, Data, Exchange, Operation, Reply, Trouble, Upload
from pytest_acrauth.model.secret import Secret, Secrets, as_bytes
from pytest_acrauth.model.target import NULL_GUID, Reference, Registry
from pytest_acrauth.probes.http.client import TOKEN_BYTES, Http, Response, encoded
from pytest_acrauth.probes.http.issued import issued_token
from pytest_acrauth.probes.http.replies import parse_json, urlsplit_host

# A word with a value is a parameter of the scheme before it; a word alone begins the next challenge.
_CHALLENGE_WORD = re.compile(r'([A-Za-z][\w.-]*)(?:\s*=\s*(?:("[^"]*")|([^\s,"]+)))?')
_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,128}")
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
)
_FIRST_BYTES = 1024  # of a layer


def parse_challenge(header: str) -> tuple[str, dict[str, str]]:
    """Return the scheme (lower case) and parameters of a ``WWW-Authenticate`` header; a Bearer challenge wins."""
    challenges: list[tuple[str, dict[str, str]]] = []
    for word, quoted, bare in _CHALLENGE_WORD.findall(header):
        if not quoted and not bare:
            challenges.append((word.lower(), {}))
        elif challenges:
            challenges[-1][1][word.lower()] = quoted.strip('"') or bare
    bearer = next((challenge for challenge in challenges if challenge[0] == "bearer"), None)
    return bearer or (challenges[0] if challenges else ("", {}))


def ask_challenge(http: Http, registry: Registry) -> Challenge:
    """Ask ``GET /v2/`` without credentials."""
    response = http.send("GET", f"https://{registry.login_server}/v2/")
    header = response.reply.authenticate if response.reply else ""
    usual = f'realm="https://{registry.login_server}/oauth2/token",service="{registry.login_server}"'
    if usual in response.headers.get("www-authenticate", ""):
        header = f"Bearer {usual}"  # without a secret in it, even where a password is a part of the registry's name
    scheme, parameters = parse_challenge(header)
    return Challenge(
        reply=response.reply,
        trouble=response.trouble,
        text=response.text,
        connection=response.connection,
        elapsed=response.elapsed,
        host=registry.login_server,
        scheme=scheme[:50],
        realm=parameters.get("realm", ""),
        service=parameters.get("service", ""),
    )


class Login:
    """One identity at one registry whose challenge was answered: trades credentials for access tokens.

    Everything it sends goes to the realm's origin, which the challenge has shown to be the login server's own.
    """

    def __init__(
        self,
        http: Http,
        challenge: Challenge,
        credential: Credential,
        secrets: Secrets,
        refresh_token: Secret | None = None,
    ) -> None:
        self._http = http
        self._realm = challenge.realm
        self._service = challenge.service
        self._credential = credential
        self._secrets = secrets
        self.refresh_token = refresh_token

    def exchange(self, entra_token: Secret) -> Exchange:
        """Trade an Entra token for a refresh token, kept for the access tokens that follow."""
        response = self._http.send(
            "POST",
            urljoin(self._realm, "/oauth2/exchange"),
            form={
                "grant_type": "access_token",
                "service": self._service,
                "tenant": self._credential.facts.tenant_id,
                "access_token": entra_token,
            },
            most=TOKEN_BYTES,
        )
        self.refresh_token = issued_token(response, "refresh_token", self._secrets, user=NULL_GUID)
        return Exchange(
            reply=response.reply,
            trouble=response.trouble,
            text=response.text,
            connection=response.connection,
            elapsed=response.elapsed,
            issued=self.refresh_token is not None,
            claims=refresh_claims(self.refresh_token, self._secrets) if self.refresh_token is not None else None,
        )

    def ask_access_token(
        self, reference: Reference | None = None, must: tuple[str, ...] = (), must_not: tuple[str, ...] = ()
    ) -> tuple[AccessToken, Secret | None]:
        """Ask for an access token; without a reference as docker login does, without a scope.

        One request asks for must and must-not together. Only if that is refused outright, one more asks for must
        alone, so that a refusal of what is unwanted is not taken for a refusal of what is needed, and one for must-not
        alone, so that a refusal of a moment or by somebody on the way is not taken for one of what is unwanted: unless
        the registry itself refuses that again, what this last one was answered is the record.
        """
        repository = reference.repository if reference is not None else ""
        scope = _scope(repository, (*must, *must_not)) if reference is not None else ""
        response, token = self._ask_for(scope)
        must_alone = bool(must and must_not) and _refused(response)
        granted: tuple[str, ...] | None = None
        if must_alone:
            scope = _scope(repository, must)
            response, token = self._ask_for(scope)
        if token is not None and scope:
            granted = granted_actions(token, repository, self._secrets)
        if must_alone and token is not None:
            unwanted, other = self._ask_for(_scope(repository, must_not))
            if other is not None:
                more = granted_actions(other, repository, self._secrets)
                granted = None if granted is None or more is None else tuple(sorted({*granted, *more}))
            elif not (_refused(unwanted) and unwanted.reply is not None and unwanted.reply.code):
                scope, response, token, granted = _scope(repository, must_not), unwanted, None, None
        return (
            AccessToken(
                reply=response.reply,
                trouble=response.trouble,
                text=response.text,
                connection=response.connection,
                elapsed=response.elapsed,
                scope=scope,
                must=must,
                must_not=must_not,
                must_alone=must_alone,
                issued=token is not None,
                granted=granted,
            ),
            token,
        )

    def _ask_for(self, scope: str) -> tuple[Response, Secret | None]:
        response = self._ask(scope)
        return response, issued_token(response, "access_token", self._secrets)

    def _ask(self, scope: str) -> Response:
        """Ask the realm: with the refresh token's grant, or with Basic credentials as docker does, or with nothing."""
        query: dict[str, str | Secret] = {"service": self._service}
        if self.refresh_token is not None and scope:
            form: dict[str, str | Secret] = {
                **query,
                "grant_type": "refresh_token",
                "scope": scope,
                "refresh_token": self.refresh_token,
            }
            return self._http.send("POST", self._realm, form=form, most=TOKEN_BYTES)
        if scope:
            query["scope"] = scope
        user, secret = (
            (NULL_GUID, self.refresh_token) if self.refresh_token else (self._credential.user, self._credential.secret)
        )
        headers: dict[str, str | Secret] = {}
        if secret is not None:
            query["account"] = user
            headers = _basic(user, secret)
        joint = "&" if "?" in self._realm else "?"
        return self._http.send("GET", self._realm + joint + encoded(query), headers=headers, most=TOKEN_BYTES)


def _refused(response: Response) -> bool:
    return response.reply is not None and response.reply.status in {401, 403}


def _basic(user: str, secret: Secret) -> dict[str, str | Secret]:
    pair = Secret(f"{user}:{secret.reveal()}")
    return {"Authorization": Secret(f"Basic {base64.b64encode(as_bytes(pair)).decode()}")}


def _bearer(token: Secret) -> dict[str, str | Secret]:
    return {"Authorization": Secret(f"Bearer {token.reveal()}")}


def _scope(repository: str, actions: tuple[str, ...]) -> str:
    return f"repository:{repository}:{','.join(dict.fromkeys(actions))}"


def read_manifest(http: Http, registry: Registry, reference: Reference, token: Secret) -> Operation:
    """Read the manifest behind a reference; of an index, then this platform's (else the first) manifest."""
    response = _get_manifest(http, registry, reference.repository, reference.version, token)
    document, elapsed = _document(response), response.elapsed
    if entries := _entries(document, "manifests"):
        digest = _digest(next(filter(_is_this_platform, entries), entries[0]), "digest", http.secrets)
        if not digest:
            return _unusable(response, "the index names no digest", elapsed)
        response = _get_manifest(http, registry, reference.repository, digest, token)
        document, elapsed = _document(response), elapsed + response.elapsed
    operation = Operation(
        reply=response.reply,
        trouble=response.trouble,
        text=response.text,
        connection=response.connection,
        elapsed=elapsed,
    )
    if response.trouble is not None or response.reply is None or response.reply.status != 200:
        return operation
    blob = _first_blob(document, http.secrets)
    if not blob:
        return _unusable(response, "the manifest names no layer and no configuration", elapsed)
    return replace(operation, media_type=response.reply.content_type, blob=blob)


def try_upload(http: Http, registry: Registry, reference: Reference, token: Secret) -> Upload:
    """Open an upload to a repository and cancel it: nothing is stored, and no repository comes into being.

    https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
    """
    begin = f"https://{registry.login_server}/v2/{reference.repository}/blobs/uploads/"
    response = http.send("POST", begin, headers=_bearer(token), content=b"")
    accepted = response.trouble is None and response.reply is not None and response.reply.status == 202
    session = _own_address(begin, response.location, registry) if accepted else ""
    left_open = _cancel(http, session, token) if session else ""
    return Upload(
        reply=response.reply,
        trouble=response.trouble,
        text=response.text,
        connection=response.connection,
        elapsed=response.elapsed,
        opened=bool(session),
        left_open=left_open,
    )


def _own_address(begin: str, location: str, registry: Registry) -> str:
    """Return the session's address where that is the login server's own over https, else ''."""
    try:
        session = urljoin(begin, location) if location else ""
        parts = urlsplit(session)
    except ValueError:
        return ""
    own = parts.scheme == "https" and parts.netloc.lower() in {registry.login_server, registry.global_endpoint}
    return session if own else ""


def _cancel(http: Http, session: str, token: Secret) -> str:
    """Cancel an upload; return why that failed, or ''."""
    response = http.send("DELETE", session, headers=_bearer(token))
    if response.reply is not None and response.reply.status in {200, 202, 204, 404}:
        return ""
    if response.reply is not None:
        return f"{response.reply.status} {response.reply.words}".strip()
    return f"{response.trouble or 'no answer'} {response.text}".strip()


def _unusable(response: Response, text: str, elapsed: float) -> Operation:
    return Operation(reply=response.reply, trouble=Trouble.MALFORMED, text=text, elapsed=elapsed)


def _get_manifest(http: Http, registry: Registry, repository: str, version: str, token: Secret) -> Response:
    url = f"https://{registry.login_server}/v2/{repository}/manifests/{version}"
    return http.send("GET", url, headers={**_bearer(token), "Accept": ", ".join((*_INDEXES, *_MANIFESTS))})


def _document(response: Response) -> dict[str, Any]:
    found = parse_json(response.body) if response.reply is not None and response.reply.status == 200 else None
    return found if isinstance(found, dict) else {}


def _entries(document: Mapping[str, Any], field: str) -> list[dict[str, Any]]:
    found = document.get(field)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _digest(entry: Mapping[str, Any], field: str, secrets: Secrets) -> str:
    """Return the digest in a field, '' for whatever is none: it will be asked for and recorded."""
    found = entry.get(field)
    return found if isinstance(found, str) and _DIGEST.fullmatch(secrets.clean(found)) else ""


def _is_this_platform(entry: Mapping[str, Any]) -> bool:
    named = entry.get("platform")
    machine = platform.machine().lower()
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    # Container images are Linux ones on a Mac, too.
    system = "windows" if platform.system() == "Windows" else "linux"
    return isinstance(named, dict) and (named.get("os"), named.get("architecture")) == (system, architecture)


def _first_blob(manifest: Mapping[str, Any], secrets: Secrets) -> str:
    """Return the digest of the first layer, else of the configuration; '' where there is neither.

    A layer with ``urls`` is fetched from there, and no registry needs to have it.
    """
    layers = [_digest(entry, "digest", secrets) for entry in _entries(manifest, "layers") if not entry.get("urls")]
    older = [_digest(entry, "blobSum", secrets) for entry in _entries(manifest, "fsLayers")]
    config = manifest.get("config")
    configuration = [_digest(config, "digest", secrets)] if isinstance(config, dict) else []
    return next((digest for digest in (*layers, *older, *configuration) if digest), "")


def read_layer(http: Http, registry: Registry, reference: Reference, blob: str, token: Secret) -> Data:
    """Read a layer's first bytes: from the login server itself, or from the host it redirects to."""
    url = f"https://{registry.login_server}/v2/{reference.repository}/blobs/{blob}"
    response = http.send("GET", url, headers=_bearer(token), first_bytes=_FIRST_BYTES)
    if response.reply is None or not 300 <= response.reply.status < 400 or not response.location:
        return _data(response)
    location, refused = _destination(url, response.location, registry, http.secrets)
    host = urlsplit_host(location)
    if refused:
        return replace(
            _data(response), trouble=Trouble.WITHHELD, redirect=http.secrets.clean(host, 255), refused=refused
        )
    # Without Authorization: storage refuses it, and it is none of its business.
    followed = http.send("GET", location, headers={"Range": f"bytes=0-{_FIRST_BYTES - 1}"}, first_bytes=_FIRST_BYTES)
    connection = http.connections.get(host)
    return replace(
        _data(followed),
        elapsed=response.elapsed + followed.elapsed + (connection.elapsed if connection is not None else 0.0),
        redirect=host,
        signed_until=_signed_until(location),
        connection=connection,
    )


def _signed_until(location: str) -> float | None:
    """Return when a signed address of Azure Storage ends, None where it does not tell.

    https://learn.microsoft.com/azure/storage/common/storage-sas-overview has its parameters: ``se`` is the end.
    """
    try:
        end = datetime.fromisoformat(parse_qs(urlsplit(location).query)["se"][0])
    except (KeyError, ValueError):
        return None
    return (end if end.tzinfo else end.replace(tzinfo=UTC)).timestamp()


def _data(response: Response) -> Data:
    return Data(
        reply=response.reply,
        trouble=response.trouble,
        text=response.text,
        connection=response.connection,
        elapsed=response.elapsed,
        received=_received(response),
    )


def _received(response: Response) -> int:
    reply = response.reply
    good = reply is not None and reply.status in {200, 206} and response.trouble is None and not _is_page(reply)
    return len(response.body) if good else 0


def _is_page(reply: Reply) -> bool:
    """Whether an answer is a page that neither a registry nor Azure Storage sent: both give each answer an id."""
    return "html" in reply.content_type and not (reply.from_registry or reply.correlation_id)


def _destination(url: str, redirect: str, registry: Registry, secrets: Secrets) -> tuple[str, str]:
    """Return where a redirect leads, and why it is not followed ('' if it may be).

    It is followed over https only, to the login server itself or to one of Azure's data hosts.
    """
    try:
        location = urljoin(url, redirect)
        return location, _why_refused(location, registry, secrets)
    except ValueError:
        return "", "its address cannot be read"


def _why_refused(location: str, registry: Registry, secrets: Secrets) -> str:
    parts = urlsplit(location)
    port = parts.port
    host = (parts.hostname or "").lower()
    if parts.scheme != "https":
        return f"it is {secrets.clean(parts.scheme, 20) or 'no'} instead of https"
    if port not in {None, 443} or parts.username is not None:
        return "its address names a port or a user"
    own = (registry.cloud.data_suffix, registry.cloud.storage_suffix)
    if host not in {registry.login_server, registry.global_endpoint} and not host.endswith(own):
        return f"it is neither the login server nor a host under *{' or *'.join(own)}"
    if secrets.clean(host, 255) != host:
        return "its host's name holds what may not be sent or shown"
    return ""
