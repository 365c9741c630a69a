"""What a live run was asked for: the target, and the machine, of whose environment it has no more than was named."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from pytest_acrauth.auth import BadAuth, choose, method_named
from pytest_acrauth.model.machine import Machine
from pytest_acrauth.model.target import CLOUDS, BadName, Reference, Registry, Target, cloud_of
from pytest_acrauth.probes.http.proxies import BadProxy, check_proxy
from pytest_acrauth.probes.machine import RealMachine

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Wanted(NamedTuple):
    """A target, the machine to reach it from, and where to record (None: nowhere)."""

    target: Target
    machine: Machine
    record: Path | None


class _NamedMachine(RealMachine):
    """This machine with an environment of its own."""

    def __init__(self, environ: Mapping[str, str], ca_bundle: Path | None) -> None:
        super().__init__(ca_bundle)
        self._named = environ

    @property
    def environ(self) -> Mapping[str, str]:
        return self._named


def read(config: pytest.Config) -> Wanted:
    """Read the options. Raises `pytest.UsageError` naming the one that cannot be used."""
    named = {name: config.getoption(f"live_{name}") for name in ("repository", "auth", "record", "ca_bundle", "proxy")}
    registry = _registry(config.getoption("live"))
    references = (_reference(named["repository"], registry),) if named["repository"] else ()
    spec = named["auth"] or "anonymous"
    try:
        environ = environment(spec)
        (chosen,) = choose([spec], environ, [registry])
    except BadAuth as error:
        raise pytest.UsageError(f"--live-auth: {error}") from error
    if named["proxy"]:
        environ["HTTPS_PROXY"] = named["proxy"]
        try:
            check_proxy(environ)
        except BadProxy as error:
            raise pytest.UsageError(f"--live-proxy: {error}") from error
    bundle, record = (_path(config, named[name]) for name in ("ca_bundle", "record"))
    if record is not None and record.exists() and (not record.is_dir() or any(record.iterdir())):
        raise pytest.UsageError(f"--live-record: {named['record']!r} is there already, and nothing is overwritten")
    try:
        machine = _NamedMachine(environ, bundle)
    except (OSError, ssl.SSLError) as error:
        raise pytest.UsageError(
            f"--live-ca-bundle: cannot read {named['ca_bundle']!r}: {error.strerror or error}"
        ) from error
    return Wanted(Target(registry, chosen.identity, references), machine, record)


def _registry(text: str) -> Registry:
    try:
        registry = Registry.parse(text, CLOUDS[0])
    except BadName as error:
        raise pytest.UsageError(f"--live: {error}") from error
    if not registry.login_server.endswith(CLOUDS[0].registry_suffix):
        raise pytest.UsageError(
            f"--live: the emulator plays {CLOUDS[0].name} alone; {registry.login_server} is none of its login servers"
        )
    return registry


def _reference(text: str, registry: Registry) -> Reference:
    host = text.partition("/")[0].lower()
    if host != registry.login_server and cloud_of(host) is not None:
        raise pytest.UsageError(f"--live-repository: {text!r} is on another registry than {registry.login_server}")
    try:
        return Reference.parse(text.partition("/")[2] if host == registry.login_server else text)
    except BadName as error:
        raise pytest.UsageError(f"--live-repository: {error}") from error


def environment(spec: str) -> dict[str, str]:
    """Return the part of the environment that a method reads, by its name and prefix.

    A method whose credential is in a place of its own, such as az's, finds that by whatever the environment has; of
    the proxies in it, nothing is taken. Raises `BadAuth` for a method that is none, or that looks around.
    """
    name, _, prefix = spec.partition(":")
    method = method_named(name)
    if method.place is not None:
        return {name: value for name, value in os.environ.items() if name.lower() not in _PROXIES}
    read = {f"{prefix or method.prefix}_{suffix}" for suffix in (*method.variables, *method.optional)}
    return {name: value for name, value in os.environ.items() if name in read}


def _path(config: pytest.Config, text: str | None) -> Path | None:
    return config.invocation_params.dir / Path(text).expanduser() if text else None
