"""What can be asked to tell causes on the ways to hosts apart: names, clocks, and who refused.

``by_hand`` is a format string over the facts, like every text here.
"""

from __future__ import annotations

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Command, Question
from pytest_acrauth.model.evidence import Need, RegistryFacts
from pytest_acrauth.model.machine import Resolved
from pytest_acrauth.model.observation import Dns


def _record(broken: Break) -> RegistryFacts | None:
    look = broken.transcript.evidence.registry
    return look.value if look is not None else None


def _missing_hash(broken: Break) -> bool | None:
    record, host = _record(broken), broken.transcript.target.registry.login_server
    if hashed(host):
        return False
    if record is None:
        return None
    if record.found:
        return hashed(record.login_server) if record.login_server else None
    return False if record.all_readable else None


def _known(broken: Break) -> bool | None:
    record, host = _record(broken), broken.transcript.target.registry.login_server
    if record is None:
        return None
    if record.found:
        return record.login_server == host if record.login_server else None
    # That a name is free says that nobody has it alone, and nothing of hosts with a hash behind it.
    return False if record.all_readable or (record.name_free and not hashed(host)) else None


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


def _elsewhere(broken: Break) -> tuple[str, ...] | None:
    look = broken.transcript.evidence.names
    return look.value.elsewhere if look is not None and look.value is not None else None


def _exists(broken: Break) -> bool | None:
    # Entra's own name exists, and so does a host to which a registry redirects.
    return _known(broken) if facts.peer(broken) == broken.transcript.target.registry.login_server else True


HOST: Question[str] = Question(
    id="login-server-host",
    asks="Which login server was asked?",
    by_hand="Read the host name in the configuration.",
    read=lambda broken: broken.transcript.target.registry.login_server,
)
MISSING_HASH: Question[bool] = Question(
    id="login-server-hash",
    asks="Does the registry's login server have a hash in its name that the one asked lacks?",
    by_hand=Command("az acr show -n {registry} --query loginServer -o tsv"),
    needs=Need.REGISTRY,
    read=_missing_hash,
)
KNOWN: Question[bool] = Question(
    id="login-server-exists",
    asks="Is there a registry with the login server that was asked?",
    by_hand=Command('az acr list --query "[].loginServer" -o tsv'),
    needs=Need.REGISTRY,
    read=_known,
)
PUBLIC_NAMES: Question[bool] = Question(
    id="public-names",
    asks="Does this machine's resolver know other public names of Azure?",
    by_hand=Command("nslookup login.microsoftonline.com"),
    needs=Need.NAMES,
    read=_public_names,
)
OTHER_CLOUDS: Question[tuple[str, ...]] = Question(
    id="registry-cloud",
    asks="Under which other cloud's suffix does the registry's name resolve?",
    by_hand=Command("az cloud list -o table"),
    needs=Need.NAMES,
    read=_elsewhere,
)
HOST_EXISTS: Question[bool] = Question(
    id="host-exists",
    asks="Does the host that the proxy was asked for exist?",
    by_hand=Command('az acr list --query "[].loginServer" -o tsv'),
    needs=Need.REGISTRY,
    read=_exists,
)
CERTIFICATE_HOLDS: Question[bool] = Question(
    id="certificate-by-other-clocks",
    asks="Is the certificate within its dates by the clock of the services that answered?",
    by_hand=Command("date -u"),
    read=facts.certificate_holds,
)
REFUSED_DIRECTLY: Question[bool] = Question(
    id="refused-directly",
    asks="Did the registry's own firewall answer, with no proxy on the way?",
    by_hand="Read whether the answer names an address, and look at HTTPS_PROXY and NO_PROXY.",
    read=lambda broken: facts.firewall_spoke(broken) and not broken.transcript.proxy,
)
