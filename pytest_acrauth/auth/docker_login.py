"""The login that docker keeps on this machine, as an identity's credential: which registries have one, and whose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_acrauth.auth.basic import login_with
from pytest_acrauth.auth.docker_config import Login, config_path, read_config, read_login
from pytest_acrauth.auth.programs import shown
from pytest_acrauth.auth.shape import BadAuth, Credential, Place, Variables
from pytest_acrauth.model.credential import CredentialFacts, Kind
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Identity, Registry


def read_stored(variables: Variables, registry: Registry, secrets: Secrets) -> Credential:
    """Read the registry's login from the docker config, or which helper has it."""
    stored = read_login(variables.environ, registry.login_server)
    if stored is None:
        raise _nothing_stored([registry], variables.environ)
    if stored.secret is None:
        source = f"{stored.helper}, named in {stored.path}"
        return Credential(CredentialFacts(kind=Kind.STORED, source=source), helper=stored.helper)
    return login_with(stored.user, stored.secret, registry, secrets, source=stored.path)


def find_registries(
    _identity: Identity, registries: Sequence[Registry], environ: Mapping[str, str]
) -> Sequence[Registry]:
    """Return the registries that the docker config holds a login for. Raises `BadAuth` where it holds none of them."""
    found = [registry for registry, login in _read_logins(registries, environ) if login is not None]
    if not found:
        raise _nothing_stored(registries, environ)
    return found


def _read_logins(registries: Sequence[Registry], environ: Mapping[str, str]) -> list[tuple[Registry, Login | None]]:
    config = read_config(environ)
    return [(each, config.login(each.login_server) if config is not None else None) for each in registries]


def _nothing_stored(registries: Sequence[Registry], environ: Mapping[str, str]) -> BadAuth:
    names = ", ".join(registry.login_server for registry in registries)
    where = shown(config_path(environ)) or "DOCKER_CONFIG and HOME, which are not set,"
    return BadAuth(f"docker-config: {where} holds no login for {names}; run docker login, or choose another method")


def _find(environ: Mapping[str, str], registries: Sequence[Registry]) -> str:
    """Return the config's path where it notes a login for every registry."""
    noted = [login.path for _, login in _read_logins(registries, environ) if login is not None and login.noted]
    return noted[0] if noted and len(noted) == len(registries) else ""


CONFIG = Place(
    find=_find,
    words=lambda environ: (
        f"the registry's login in {shown(config_path(environ)) or 'a home folder, which is not known'}"
    ),
    note=lambda environ: shown(config_path(environ)) or "no home folder is known",
)
