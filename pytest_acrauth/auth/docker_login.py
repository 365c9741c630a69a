"""The login that docker keeps on this machine, or a pull secret in a file, as an identity's credential.

Which of the two it is a prefix tells: with one, a variable names the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_acrauth.auth.basic import login_with
from pytest_acrauth.auth.docker_config import Login, config_path, read_config, read_login
from pytest_acrauth.auth.programs import shown
from pytest_acrauth.auth.pull_secret import FILE, login_of, read_pull_secret
from pytest_acrauth.auth.shape import BadAuth, Credential, Place, Variables
from pytest_acrauth.model.credential import CredentialFacts, Kind
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Identity, Registry


def read_stored(variables: Variables, registry: Registry, secrets: Secrets) -> Credential:
    """Read the registry's login from the docker config or the pull secret, or which helper has it."""
    stored = _read_login(variables, registry)
    if stored is None:
        raise _nothing_stored([registry], variables)
    if stored.secret is None:
        source = f"{stored.helper}, named in {stored.path}"
        return Credential(CredentialFacts(kind=Kind.STORED, source=source), helper=stored.helper)
    source = f"{variables.name(FILE)} ({stored.path})" if variables.prefix else stored.path
    return login_with(stored.user, stored.secret, registry, secrets, source=source)


def check_stored(variables: Variables) -> None:
    """Raise `BadAuth` for a file that is no pull secret; the docker config is looked at for a registry only."""
    if variables.prefix:
        read_pull_secret(variables)


def find_registries(
    identity: Identity, registries: Sequence[Registry], environ: Mapping[str, str]
) -> Sequence[Registry]:
    """Return the registries that there is a login for. Raises `BadAuth` where there is one for none of them."""
    variables = Variables(identity.prefix, environ)
    found = [registry for registry in registries if _read_login(variables, registry) is not None]
    if not found:
        raise _nothing_stored(registries, variables)
    return found


def _read_login(variables: Variables, registry: Registry) -> Login | None:
    if variables.prefix:
        return login_of(variables, registry.login_server)
    return read_login(variables.environ, registry.login_server)


def _nothing_stored(registries: Sequence[Registry], variables: Variables) -> BadAuth:
    names = ", ".join(registry.login_server for registry in registries)
    if variables.prefix:
        return BadAuth(f"{variables.name(FILE)}: {variables.value(FILE)!r} holds no entry for {names}")
    where = shown(config_path(variables.environ)) or "DOCKER_CONFIG and HOME, which are not set,"
    return BadAuth(f"docker-config: {where} holds no login for {names}; run docker login, or choose another method")


def _find(environ: Mapping[str, str], registries: Sequence[Registry]) -> str:
    """Return the config's path where it notes a login for every registry."""
    config = read_config(environ)
    logins = [config.login(each.login_server) for each in registries] if config is not None else []
    noted = [login.path for login in logins if login is not None and login.noted]
    return noted[0] if noted and len(noted) == len(registries) else ""


CONFIG = Place(
    find=_find,
    words=lambda environ: (
        f"the registry's login in {shown(config_path(environ)) or 'a home folder, which is not known'}"
    ),
    note=lambda environ: shown(config_path(environ)) or "no home folder is known",
)
