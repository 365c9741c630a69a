"""The identity leg: each method of the Entra flow by its own way to an Entra token.

A service principal's secret is one request of ours, a managed identity's token comes from its host's metadata
endpoint, a user's from az, and the id token of a CI job from the job's system. The rest is azure-identity's, which is
loaded only then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pytest_acrauth.auth import METHODS, Method
from pytest_acrauth.model.observation import Entra
from pytest_acrauth.model.secret import Secret
from pytest_acrauth.model.target import Flow
from pytest_acrauth.probes.entra.azure_cli import ask_az
from pytest_acrauth.probes.entra.ci_tokens import ask_as_action, ask_as_pipeline
from pytest_acrauth.probes.entra.client_secret import ask_with_secret
from pytest_acrauth.probes.entra.metadata import ask_metadata, endpoint_of
from pytest_acrauth.probes.entra.request import EntraRequest

#: Requests a token. Whatever keeps it away is recorded, never raised; the second value is then None.
Ask = Callable[[EntraRequest], tuple[Entra, Secret | None]]


def _ask_with_certificate(request: EntraRequest) -> tuple[Entra, Secret | None]:
    from pytest_acrauth.probes.entra.azure_identity import ask_with_certificate

    return ask_with_certificate(request)


def _ask_with_assertion(request: EntraRequest) -> tuple[Entra, Secret | None]:
    from pytest_acrauth.probes.entra.azure_identity import ask_with_assertion

    return ask_with_assertion(request)


def _ask_host(request: EntraRequest) -> tuple[Entra, Secret | None]:
    if (endpoint := endpoint_of(request.connector.machine.environ)) is not None:
        return ask_metadata(endpoint, request)
    from pytest_acrauth.probes.entra.azure_identity import ask_host

    return ask_host(request)


def complete(ways: Mapping[str, Ask], methods: Iterable[Method]) -> Mapping[str, Ask]:
    """Return the ways to a token, one for each method of the Entra flow and none besides. Raises `LookupError`."""
    rows = {method.name for method in methods if method.flow is Flow.ENTRA}
    if lacking := sorted(rows - set(ways)):
        raise LookupError(f"no function of probes/entra/methods.py gets a token for {', '.join(lacking)}")
    if unknown := sorted(set(ways) - rows):
        raise LookupError(f"no row of auth/methods.py with the Entra flow is called {', '.join(unknown)}")
    return ways


_WAYS = complete(
    {
        "service-principal": ask_with_secret,
        "service-principal-certificate": _ask_with_certificate,
        "workload-identity": _ask_with_assertion,
        "github-actions": ask_as_action,
        "azure-pipelines": ask_as_pipeline,
        "managed-identity": _ask_host,
        "azure-cli": ask_az,
    },
    METHODS,
)


def ask_entra(request: EntraRequest) -> tuple[Entra, Secret | None]:
    """Request an Entra token by an identity's own method; the second value is the token, or None where none came.

    Whatever keeps it away is recorded, never raised.
    """
    return _WAYS[request.identity.method](request)
