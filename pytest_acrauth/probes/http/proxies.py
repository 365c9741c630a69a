"""The proxy that a machine's environment names for https hosts: which, whether it is an address, how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

from pytest_acrauth.model.machine import Machine
from pytest_acrauth.model.secret import Secrets

_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


class BadProxy(ValueError):
    """A variable whose value is no address of a proxy; the text names it, without the value: a password may be in."""


def proxy_for(host: str, machine: Machine) -> str:
    """Return the proxy that the machine's environment names for an https host, or ''."""
    environ = machine.environ
    name = _variable(environ)
    exempt = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    return "" if not name or proxy_bypass_environment(host, {"no": exempt}) else environ[name]


def check_proxy(environ: Mapping[str, str]) -> None:
    """Raise `BadProxy` for a variable that names a proxy and holds no address."""
    if name := _variable(environ):
        try:
            address_of(environ[name])
        except BadProxy as error:
            raise BadProxy(f"{name} {error}; set it to http://HOST:PORT, or unset it") from None


def address_of(proxy: str) -> SplitResult:
    """Return a proxy's address, whose port can be read. Raises `BadProxy`."""
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        if not parts.hostname or parts.port == 0:
            raise BadProxy("names no host and port of a proxy")
    except ValueError as error:
        # Not chained: the parser's words hold a part of the value.
        raise error if isinstance(error, BadProxy) else BadProxy("is no address of a proxy") from None
    return parts


def without_user(proxy: str, secrets: Secrets) -> str:
    """Return a proxy's address as it may be shown: without user name and password, wherever those were written."""
    try:
        parts = address_of(proxy)
    except BadProxy:
        return "an address that cannot be read" if proxy else ""
    scheme = "" if parts.scheme == "http" else f"{parts.scheme}://"
    return secrets.clean(scheme + parts.netloc.rpartition("@")[2], 255)


def _variable(environ: Mapping[str, str]) -> str:
    """Return the variable that is heeded, '' where none is set."""
    return next((name for name in _VARIABLES if environ.get(name)), "")
