"""An identity's credential, read from the environment and from the files its variables name.

Nothing here contacts anything or runs anything.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import replace

from pytest_acrauth.auth.detection import look_for_credentials
from pytest_acrauth.auth.methods import identity_of, method_named, missing, needed, variables
from pytest_acrauth.auth.shape import BadAuth, Credential, Variables
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import GUID, Flow, Identity, Registry

_IDS = (
    (
        "TENANT_ID",
        re.compile(rf"{GUID.pattern}|[A-Za-z0-9](?:[A-Za-z0-9.-]{{0,250}}[A-Za-z0-9])?"),
        "tenant: give its id or domain",
    ),
    ("CLIENT_ID", GUID, "application's id: give the GUID that Entra shows as client id"),
)


def require(identity: Identity, environ: Mapping[str, str]) -> None:
    """Raise `BadAuth` where an identity's variables are not set, or name what cannot be used."""
    _require_variables(identity, environ)
    method_named(identity.method).check(Variables(identity.prefix, environ))


def _require_variables(identity: Identity, environ: Mapping[str, str]) -> None:
    """Raise `BadAuth` where a variable is missing, or where an id that Entra gives holds what it never gives."""
    method = method_named(identity.method)
    if identity.flow is not method.flow:
        raise BadAuth(
            f"{method.name} is of the {method.flow} flow, not {identity.flow}: take Identity.of({method.name!r})"
        )
    if method.variables and not identity.prefix:
        raise BadAuth(
            f"{identity.name} has no prefix for its variables: take Identity.of({method.name!r}), or give one"
        )
    for name, pattern, words in _IDS if identity.flow is Flow.ENTRA else ():
        if name in {*method.variables, *method.optional}:
            variable = f"{identity.prefix}_{name}"
            if (value := environ.get(variable, "").strip()) and not pattern.fullmatch(value):
                # Two variables that were mixed up put a secret here, which nobody has registered as one.
                raise BadAuth(f"{variable} is set to {len(value)} characters that are no {words}")
    if lacking := missing(identity, environ):
        why = method.job.lacks(environ, lacking) if method.job is not None else "set and export them"
        raise BadAuth(f"{identity.method} needs the environment variables {', '.join(lacking)}; {why}")


def read_credential(identity: Identity, registry: Registry, environ: Mapping[str, str], secrets: Secrets) -> Credential:
    """Read the credential an identity has at a registry, once; see `Credentials.read`."""
    return Credentials(environ, secrets).read(identity, registry)


class Credentials:
    """The credentials of several climbs: each identity's is read once, unless it has another one at each registry.

    What was read is kept; whoever wants to see what has changed since makes another of these.
    """

    def __init__(self, environ: Mapping[str, str], secrets: Secrets) -> None:
        self._environ = environ
        self._secrets = secrets
        self._kept: dict[Identity, Credential] = {}
        self._lock = threading.Lock()

    def read(self, identity: Identity, registry: Registry) -> Credential:
        """Read the credential an identity has at a registry, and register its secret.

        Raises `BadAuth` if it is gone or cannot be used any more.
        """
        apart = identity.flow is Flow.BASIC
        credential = self._read(identity, registry) if apart else self._read_once(identity, registry)
        others = [found.identity.method for found in look_for_credentials(self._environ, [registry])[0]]
        also = tuple(method for method in others if not _same(identity, method))
        return replace(
            credential, facts=replace(credential.facts, variables=variables(identity, self._environ), also=also)
        )

    def _read_once(self, identity: Identity, registry: Registry) -> Credential:
        with self._lock:
            if identity not in self._kept:
                self._kept[identity] = self._read(identity, registry)
            return self._kept[identity]

    def _read(self, identity: Identity, registry: Registry) -> Credential:
        _require_variables(identity, self._environ)
        variables = Variables(identity.prefix, self._environ)
        return method_named(identity.method).read(variables, registry, self._secrets)


def _same(identity: Identity, found: str) -> bool:
    """Whether a method that was found reads the very variables of this identity."""
    mine, other = method_named(identity.method), method_named(found)
    if identity.prefix != other.prefix:
        return False
    return mine is other or (bool(mine.variables) and needed(identity) == needed(identity_of(other)))
