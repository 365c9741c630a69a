"""What ``docker login`` left behind: a docker config file, and what a credential helper answers.

Read as docker reads it: a helper named for the registry or for all wins over what the file itself holds
(https://docs.docker.com/reference/cli/docker/login/#credential-stores).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_acrauth.auth.files import read_regular
from pytest_acrauth.auth.programs import home_of, shown
from pytest_acrauth.auth.shape import BadAuth
from pytest_acrauth.model.client_record import host_of_key
from pytest_acrauth.model.foreign_json import load_foreign_json
from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.model.target import NULL_GUID

_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LARGEST = 4 * 1024 * 1024  # bytes of a config
_ANSWER = (b"{", b'"secret"', b'"username"')


class UnreadableConfig(BadAuth):
    """A docker config that cannot be read or understood; ``reason`` says why, without a word of what is in it."""

    def __init__(self, said: str, reason: str) -> None:
        super().__init__(said)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Login:
    """A registry's login in a docker config: user and secret, or the helper program that knows them.

    ``noted`` is False for a helper that serves every registry, where the file does not tell that it knows this one.
    """

    path: str
    user: str = ""
    secret: Secret | None = None
    helper: str = ""
    noted: bool = True


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A docker config as it was read; parts of another shape than docker's hold nothing."""

    path: Path
    _content: Mapping[str, Any] = field(repr=False)

    @property
    def context(self) -> str:
        """The context that docker uses where nothing else says so, '' for its default one."""
        return _text(self._content, "currentContext")

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys under which logins are kept, as they are written."""
        return tuple(_mapping(self._content, "auths"))

    @property
    def helpers(self) -> tuple[str, ...]:
        """The names of all credential helpers, whether a program can have them or not; that for all hosts is first."""
        named = (self._content.get("credsStore"), *_mapping(self._content, "credHelpers").values())
        return tuple(dict.fromkeys(name for name in named if isinstance(name, str) and name))

    def kept(self, key: str) -> tuple[str, Secret | None]:
        """Return the user and the secret that the file holds under a key, '' and None for what it does not hold.

        Raises `BadAuth` for an entry that cannot be understood, without a word of what is in it.
        """
        return _kept(
            _mapping(_mapping(self._content, "auths"), key),
            f"{shown(self.path)}: the entry for {Secrets().clean(key, 300)}",
        )

    def login(self, host: str) -> Login | None:
        """Return what the file holds for a host, None where it holds nothing.

        Raises `BadAuth` for an entry that cannot be understood, or a helper that cannot be run.
        """
        entry = self._entry(host)
        own = _mapping(self._content, "credHelpers").get(host)
        if helper := own or self._content.get("credsStore"):
            if not isinstance(helper, str) or not can_be_helper(helper):
                raise BadAuth(f"{shown(self.path)}: the credential helper for {host} has no name that can be run")
            return Login(shown(self.path), helper=helper_program(helper), noted=bool(own) or entry is not None)
        user, secret = _kept(entry or {}, f"{shown(self.path)}: the entry for {host}")
        return Login(shown(self.path), user, secret) if user and secret is not None else None

    def _entry(self, host: str) -> Mapping[str, Any] | None:
        """Return a host's entry: under its name, or under an address of it, as older clients wrote them."""
        auths = _mapping(self._content, "auths")
        found = (auths.get(key) for key in (host, *(key for key in auths if host_of_key(key) == host)))
        return next((entry for entry in found if isinstance(entry, dict)), None)


def config_path(environ: Mapping[str, str]) -> Path | None:
    """Return where the machine's docker config is, whether it exists or not; None where no home folder is known."""
    if environ.get("DOCKER_CONFIG"):
        return Path(environ["DOCKER_CONFIG"]) / "config.json"
    home = home_of(environ)
    return home / ".docker" / "config.json" if home is not None else None


def read_config(environ: Mapping[str, str]) -> ConfigFile | None:
    """Read the machine's docker config; None where there is none. Raises `UnreadableConfig`."""
    path = config_path(environ)
    if path is None:
        return None
    try:
        content = read_regular(path, _LARGEST)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be read"
        raise UnreadableConfig(f"the docker config {shown(path)} cannot be read: {reason}", reason) from error
    try:
        found = load_foreign_json(content)
    except ValueError:
        # Not chained: the parser's exception holds the document.
        raise UnreadableConfig(f"the docker config {shown(path)} is no JSON", "it is no JSON object") from None
    if not isinstance(found, dict):
        raise UnreadableConfig(f"the docker config {shown(path)} is no JSON object", "it is no JSON object")
    return ConfigFile(path, found)


def read_login(environ: Mapping[str, str], host: str) -> Login | None:
    """Read what the machine's docker config holds for a host; None where it holds nothing. Raises `BadAuth`."""
    config = read_config(environ)
    return config.login(host) if config is not None else None


def can_be_helper(name: str) -> bool:
    """Whether a credential helper of that name can be run: the name leads nowhere but to a folder of the PATH."""
    return _HELPER.fullmatch(name) is not None


def helper_program(name: str) -> str:
    """Return the program that a credential helper's name stands for."""
    return f"docker-credential-{name}"


def helper_answer(text: bytes) -> tuple[str, Secret] | None:
    """Return the user and secret that a credential helper printed; None for anything else."""
    try:
        found = load_foreign_json(text)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    user, secret = _text(found, "Username"), Secret(_text(found, "Secret"))
    # The protocol's mark for an identity token, docker's word for a refresh token.
    return (NULL_GUID if user == "<token>" else user, secret) if user and secret.reveal() else None


def helper_words(printed: bytes) -> str:
    """Return what a credential helper said that failed, '' where an answer may be in it: whole, cut, behind words.

    A helper can print a login whatever it was asked for, and fail then.
    """
    return "" if any(sign in printed.lower() for sign in _ANSWER) else printed.decode("utf-8", "replace").strip()


def _mapping(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = config.get(name)
    return found if isinstance(found, dict) else {}


def _text(entry: Mapping[str, Any], name: str) -> str:
    found = entry.get(name)
    return found if isinstance(found, str) else ""


def _kept(entry: Mapping[str, Any], where: str) -> tuple[str, Secret | None]:
    user, password = _decoded(entry, where)
    if _text(entry, "identitytoken"):
        user, password = NULL_GUID, Secret(_text(entry, "identitytoken"))
    return user, password if password.reveal() else None


def _decoded(entry: Mapping[str, Any], where: str) -> tuple[str, Secret]:
    encoded = Secret(_text(entry, "auth"))
    if not encoded.reveal():
        return _text(entry, "username"), Secret(_text(entry, "password"))
    try:
        pair = Secret(base64.b64decode(encoded.reveal(), validate=True).decode())
    except (binascii.Error, ValueError):
        pair = Secret("")
    if ":" not in pair.reveal():
        raise BadAuth(f"{where} has an auth that is no user name and password")
    return pair.reveal().partition(":")[0], Secret(pair.reveal().partition(":")[2].rstrip("\x00"))
