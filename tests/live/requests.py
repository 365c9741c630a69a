"""What the live run asks, of a registry and of the emulator alike: requests that read, and change nothing anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from pytest_acrauth.model.target import NULL_GUID

#: What no registry has: asked for to see how one says so.
NO_REPOSITORY = "pytest-acrauth/no-such-repository"
NO_TAG = "no-such-tag"
NO_DIGEST = f"sha256:{'0' * 64}"
NO_REGISTRY = "nosuchregistry0"
NO_TOKEN = "no-token"

PULL = "repository:{repository}:pull"
METADATA = "repository:{repository}:metadata_read"
CATALOG = "registry:catalog:*"
_ELSEWHERE = f"repository:{NO_REPOSITORY}:pull"
_ARM = "{arm}{group}/providers/Microsoft.ContainerRegistry/registries/%s?api-version=2025-11-01"
_NOBODY = {"grant_type": "client_credentials", "client_id": NULL_GUID, "client_secret": "none", "scope": "x/.default"}
_EXCHANGE = {"grant_type": "access_token", "service": "{service}", "access_token": NO_TOKEN}


class Shows(Enum):
    """What a request shows of the identity."""

    NOTHING = auto()
    NO_TOKEN = auto()  # something in the place of a token that is none
    LOGIN = auto()  # what docker logs in with, to the token server
    ENTRA_TOKEN = auto()  # one for registries, to be exchanged
    ACCESS_TOKEN = auto()  # the registry's, for ``scope``
    ARM_TOKEN = auto()


@dataclass(frozen=True)
class Asked:
    """One request: its id, what the corpus calls its kind, and its address, scope and form, with names to fill in.

    ``scope`` is what an access token is asked for, or what that which is shown has been asked for. The body of an
    answer with ``content`` is what the registry's owner stored, which is nobody's business; ``first_bytes`` of it are
    enough.
    """

    id: str
    kind: str
    address: str
    shows: Shows = Shows.NOTHING
    scope: str = ""
    method: str = "GET"
    form: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bool = False
    first_bytes: int | None = None


def _read(ident: str, kind: str, path: str, scope: str = PULL, **more: Any) -> Asked:
    """Return a request to the registry that shows an access token."""
    return Asked(ident, kind, f"{{server}}{path}", Shows.ACCESS_TOKEN, scope, **more)


def _token(ident: str, scope: str, shows: Shows = Shows.LOGIN) -> Asked:
    """Return a request for an access token."""
    return Asked(ident, "token", "{server}/oauth2/token", shows, scope)


_OF_TAG = "/v2/{repository}/manifests/{version}"
_TYPES = (
    "oci.image.index.v1",
    "docker.distribution.manifest.list.v2",
    "oci.image.manifest.v1",
    "docker.distribution.manifest.v2",
)
_ACCEPT = {"Accept": ", ".join(f"application/vnd.{each}+json" for each in _TYPES)}

REQUESTS = (
    Asked("challenge", "challenge", "{server}/v2/"),
    Asked("challenge-no-token", "challenge", "{server}/v2/", Shows.NO_TOKEN),
    Asked("challenge-repository", "challenge", "{server}/v2/{repository}/tags/list"),
    Asked("entra-unknown-client", "entra-error", "{authority}/oauth2/v2.0/token", method="POST", form=_NOBODY),
    Asked("exchange-no-token", "exchange", "{server}/oauth2/exchange", method="POST", form=_EXCHANGE),
    Asked("exchange", "exchange", "{server}/oauth2/exchange", Shows.ENTRA_TOKEN, method="POST", form=_EXCHANGE),
    _token("login", ""),
    _token("access-token", PULL),
    _token("access-token-catalog", CATALOG),
    _token("access-token-metadata", METADATA),
    _token("access-token-wrong-scope", "nothing:catalog:*"),
    _token("access-token-nobody", CATALOG, Shows.NOTHING),
    _read("catalog", "catalog", "/v2/_catalog?n=1", CATALOG),
    _read("catalog-own", "catalog", "/acr/v1/_catalog?n=1", CATALOG),
    _read("repository", "repository", "/acr/v1/{repository}", METADATA),
    _read("repository-unknown", "repository", f"/v2/{NO_REPOSITORY}/tags/list", _ELSEWHERE),
    _read("repository-capitals", "repository", "/v2/Nonexistent/tags/list", _ELSEWHERE),
    _read("repository-scope-of-another", "repository", "/v2/{repository}/tags/list", _ELSEWHERE),
    _read("tags", "tag", "/v2/{repository}/tags/list?n=1"),
    _read("tags-own", "tag", "/acr/v1/{repository}/_tags?n=1", METADATA),
    _read("tag-unknown", "tag", f"/acr/v1/{{repository}}/_tags/{NO_TAG}", METADATA),
    _read("manifest-head", "manifest", _OF_TAG, method="HEAD", headers=_ACCEPT),
    _read("manifest", "manifest", _OF_TAG, headers=_ACCEPT, content=True),
    _read("manifest-own", "manifest", "/acr/v1/{repository}/_manifests/{digest}", METADATA),
    _read("manifest-unknown", "manifest", f"/v2/{{repository}}/manifests/{NO_TAG}"),
    _read("manifest-unknown-digest", "manifest", f"/v2/{{repository}}/manifests/{NO_DIGEST}"),
    _read("referrers", "repository", "/v2/{repository}/referrers/{digest}", content=True),
    _read("blob", "blob", "/v2/{repository}/blobs/{blob}", content=True, first_bytes=16),
    Asked("blob-data", "blob", "{link}", headers={"Range": "bytes=0-15"}, content=True, first_bytes=16),
    _read("blob-unknown", "blob", f"/v2/{{repository}}/blobs/{NO_DIGEST}"),
    Asked("arm-registry", "arm-registry", _ARM % "{name}", Shows.ARM_TOKEN),
    Asked("arm-registry-unknown", "arm-error", _ARM % NO_REGISTRY, Shows.ARM_TOKEN),
    Asked("arm-registry-nobody", "arm-error", _ARM % "{name}"),
)
