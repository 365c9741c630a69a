"""What ``docker login`` left behind: the entries of a docker config file, and what a credential helper answers.

Read as docker reads it: a helper named for the registry or for all wins over what the file itself holds
(https://docs.docker.com/reference/cli/docker/login/#credential-stores).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_acrauth.auth.methods import BadAuth
from pytest_acrauth.auth.programs import home_of
from pytest_acrauth.model.secret import Secret
from pytest_acrauth.model.target import NULL_GUID

_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredLogin:
    """A registry's login in a docker config: user and secret, or the helper program that knows them.

    ``noted`` is False for a helper that serves every registry, where the file does not tell that it knows this one.
    """

    path: str
    user: str = ""
    secret: Secret | None = None
    helper: str = ""
    noted: bool = True


def config_path(environ: Mapping[str, str]) -> Path | None:
    """Return where the machine's docker config is, whether it exists or not; None where no home folder is known."""
    if environ.get("DOCKER_CONFIG"):
        return Path(environ["DOCKER_CONFIG"]) / "config.json"
    home = home_of(environ)
    return home / ".docker" / "config.json" if home is not None else None


def stored_login(environ: Mapping[str, str], host: str) -> StoredLogin | None:
    """Return what the docker config holds for a host, None where it holds nothing.

    Raises `BadAuth` for a file that cannot be read or understood, without a word of what is in it.
    """
    path = config_path(environ)
    config = _load(path) if path is not None else {}
    entry = _entry(_mapping(config, "auths"), host)
    own = _mapping(config, "credHelpers").get(host)
    if helper := own or config.get("credsStore"):
        if not isinstance(helper, str) or not _HELPER.fullmatch(helper):
            raise BadAuth(f"{path}: the credential helper for {host} has no name that can be run")
        return StoredLogin(str(path), helper=f"docker-credential-{helper}", noted=bool(own) or entry is not None)
    if entry is None:
        return None
    user, password = _decoded(entry, f"{path}: the entry for {host}")
    if token := _text(entry, "identitytoken"):
        user, password = NULL_GUID, token
    return StoredLogin(str(path), user, Secret(password)) if user and password else None


def helper_answer(text: bytes) -> tuple[str, Secret] | None:
    """Return the user and secret that a credential helper printed; None for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    user, secret = _text(found, "Username"), _text(found, "Secret")
    # The protocol's mark for an identity token, docker's word for a refresh token.
    return (NULL_GUID if user == "<token>" else user, Secret(secret)) if user and secret else None


def _load(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadAuth(f"the docker config {path} cannot be read: {error.strerror}") from error
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        # Not chained: the parser's exception holds the document.
        raise BadAuth(f"the docker config {path} is no JSON") from None
    if not isinstance(found, dict):
        raise BadAuth(f"the docker config {path} is no JSON object")
    return found


def _mapping(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = config.get(name)
    return found if isinstance(found, dict) else {}


def _text(entry: Mapping[str, Any], name: str) -> str:
    found = entry.get(name)
    return found if isinstance(found, str) else ""


def _entry(auths: Mapping[str, Any], host: str) -> dict[str, Any] | None:
    """Return a host's entry: under its name, or under an address of it, as older clients wrote them."""
    for key in (host, *(key for key in auths if _host_of(key) == host)):
        if isinstance(auths.get(key), dict):
            return dict(auths[key])
    return None


def _host_of(key: str) -> str:
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0]


def _decoded(entry: Mapping[str, Any], where: str) -> tuple[str, str]:
    encoded = _text(entry, "auth")
    if not encoded:
        return _text(entry, "username"), _text(entry, "password")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        colon = ""
    if not colon:
        raise BadAuth(f"{where} has an auth that is no user name and password")
    return user, password.rstrip("\x00")
