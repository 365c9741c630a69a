"""A Kubernetes pull secret in a file: what a cluster shows a registry, without the cluster.

The forms are those of the secret types kubernetes.io/dockerconfigjson and kubernetes.io/dockercfg, or the whole secret
as ``kubectl get secret -o json`` prints it
(https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pytest_acrauth.auth.docker_config import ConfigFile, Login
from pytest_acrauth.auth.shape import BadAuth, Variables
from pytest_acrauth.model.client_record import host_of_key
from pytest_acrauth.model.foreign_json import load_foreign_json

FILE = "FILE"
_NEWER, _OLDER = ".dockerconfigjson", ".dockercfg"


def read_pull_secret(variables: Variables) -> Mapping[str, Any]:
    """Return the entries of a pull secret by the servers that they are for.

    Raises `BadAuth` that names variable and path, without a word of what is in the file.
    """
    content = variables.read_file(FILE)
    try:
        found = load_foreign_json(content)
    except ValueError:
        found = None  # not chained: the parser's exception holds the document
    if not isinstance(found, dict):
        raise _unusable(variables, "it is no JSON object; kubectl prints one with -o json")
    if found.get("kind") == "Secret":
        found = _inside(found)
        if found is None:
            raise _unusable(variables, f"it is a Secret without a {_NEWER} that holds JSON")
    entries = found.get("auths", found)
    if not isinstance(entries, dict):
        raise _unusable(variables, "its auths are no JSON object")
    return entries


def login_of(variables: Variables, host: str) -> Login | None:
    """Return what a pull secret holds for a host, None where it holds nothing. Raises `BadAuth` as reading does."""
    path = Path(variables.value(FILE))
    entry = next(_entries(read_pull_secret(variables), host), None)
    try:
        # Neither kubelet nor this runs the credential helpers that a pull secret may name.
        return ConfigFile(path, {"auths": {host: entry}}).login(host) if entry is not None else None
    except BadAuth as error:
        raise BadAuth(f"{variables.name(FILE)}: {error}") from None


def _inside(manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the docker config that a Secret's manifest carries, None where it carries none."""
    data, plain = (manifest.get(name) for name in ("data", "stringData"))
    for name in (_NEWER, _OLDER):
        try:
            if isinstance(data, dict) and isinstance(data.get(name), str):
                found = load_foreign_json(base64.b64decode(data[name], validate=True))
            elif isinstance(plain, dict) and isinstance(plain.get(name), str):
                found = load_foreign_json(plain[name].encode())
            else:
                continue
        except ValueError:
            return None
        return found if isinstance(found, dict) else None
    return None


def _entries(entries: Mapping[str, Any], host: str) -> Iterator[Mapping[str, Any]]:
    """Yield a host's entries, as kubelet matches them: the one of its very name first, those with a ``*`` last.

    https://kubernetes.io/docs/concepts/containers/images/#config-json
    """
    keys = (host, *(key for key in entries if host_of_key(key) == host), *(key for key in entries if _fits(key, host)))
    yield from (entry for key in keys if isinstance(entry := entries.get(key), dict))


def _fits(key: str, host: str) -> bool:
    pattern, labels = host_of_key(key).split("."), host.split(".")
    return len(pattern) == len(labels) and all(map(fnmatchcase, labels, pattern))


def _unusable(variables: Variables, why: str) -> BadAuth:
    return BadAuth(f"{variables.name(FILE)}: cannot use {variables.value(FILE)!r}: {why}")
