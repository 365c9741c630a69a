"""What can be asked to tell causes on the ways to hosts apart: names, clocks, and who refused.

``by_hand`` is a format string over the facts, like every text here.
"""

from __future__ import annotations

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Command, Question
from pytest_acrauth.model.evidence import Need, RegistryFacts
from pytest_acrauth.model.machine import Resolved
from pytest_acrauth.model.observation import Dns


def record_of(broken: Break) -> RegistryFacts | None:
    """Return what was found out about the registry's record, None where nobody could look."""
    look = broken.transcript.evidence.registry
    return look.value if look is not None else None


def known(broken: Break) -> bool | None:
    """Whether a registry with the login server that was asked exists, None where that was not told."""
    record, registry = record_of(broken), broken.transcript.target.registry
    host = registry.global_endpoint
    if record is None:
        return None
    if record.found:
        if record.login_server != host or not registry.region:
            return record.login_server == host if record.login_server else None
        return None if record.regional_hosts is None else registry.login_server in record.regional_hosts
    # That a name is free says that nobody has it alone, and nothing of hosts with a hash behind it. Where it is not,
    # a subscription that lacks the registry is only not the one.
    none = record.all_readable if hashed(host) else record.name_free
    return False if none else None


def hashed(host: str) -> bool:
    """Whether a login server's name has a hash behind the registry's, which itself has no hyphen."""
    return "-" in host.partition(".")[0]


def _public_names(broken: Break) -> bool | None:
    """Whether the resolver knows names that are public: those that were looked for, else Entra's, where that is all."""
    look, entra = broken.transcript.evidence.names, broken.transcript.entra
    if look is not None and look.value is not None:
        return look.value.public
    dns = entra.connection.dns if entra is not None and entra.connection is not None else None
    if dns is None or dns.resolution is None or dns.resolution.outcome is Resolved.RESOLVER_FAILED:
        return None
    own = broken.transcript.dns
    alone = isinstance(own, Dns) and own.ok  # then it is Entra's name that is missing, and not every one
    return True if dns.ok else None if alone else False


def _exists(broken: Break) -> bool | None:
    # Entra's own name exists, and so does a host to which a registry redirects.
    return known(broken) if facts.at_login_server(broken) else True


PUBLIC_NAMES: Question[bool] = Question(
    id="public-names",
    asks="Does this machine's resolver know other public names of Azure?",
    shows="public names resolve here",
    by_hand=Command("nslookup login.microsoftonline.com"),
    needs=Need.NAMES,
    compares=True,
    read=_public_names,
)
HOST_EXISTS: Question[bool] = Question(
    id="host-exists",
    asks="Does the host that was asked for exist?",
    shows="the host exists",
    by_hand=Command('az acr list --query "[].loginServer" -o tsv'),
    needs=Need.REGISTRY,
    compares=True,
    read=_exists,
)
