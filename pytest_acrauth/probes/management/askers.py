"""Who looks: the identities that may be asked for evidence, each logged in at most once for an audience."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_acrauth.auth import METHODS, BadAuth, Variables, choose, method_named, read_credential
from pytest_acrauth.auth.detection import look_for_credentials
from pytest_acrauth.model.evidence import AUTO, EvidenceChoice
from pytest_acrauth.model.observation import Entra
from pytest_acrauth.model.secret import Secret
from pytest_acrauth.model.target import Flow, Identity, Registry
from pytest_acrauth.probes.entra.methods import ask_entra
from pytest_acrauth.probes.entra.request import EntraRequest
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.network import Connector
from pytest_acrauth.probes.http.shared_work import Memo

NO_LOGIN = "no Azure login in this environment"


@dataclass(frozen=True, slots=True)
class Asker:
    """An identity that may look, how it is called in a text, and its token for one audience (None: and why)."""

    who: str = ""
    token: Secret | None = None
    why: str = ""


class Askers:
    """The askers of one run. ``limit`` is what one log-in may take, in seconds."""

    def __init__(self, connector: Connector, choice: EvidenceChoice, limit: float) -> None:
        self._connector = connector
        self._choice = choice
        self._limit = limit
        self._memo = Memo()

    def tested(self, identity: Identity) -> Identity | None:
        """Return the identity under test where it is the one that looks."""
        return identity if self._choice.method == AUTO and identity.flow is Flow.ENTRA else None

    def log_in(self, registry: Registry, audience: str, tested: Identity | None, deadline: Deadline) -> Asker:
        """Log in as whoever may ask at a registry's cloud, where nobody has yet; the reason is in what comes back."""
        key = (registry.cloud.name, tested, audience)
        once = self._memo.once(key, lambda: self._log_in(registry, audience, tested), "evidence")
        return once.result(deadline) or Asker(why="there was no time left to log in")

    def _log_in(self, registry: Registry, audience: str, tested: Identity | None) -> Asker:
        """Log in as the first identity that gets a token; where none does, the first one's refusal is the reason."""
        refused: Asker | None = None
        try:
            for identity, at_home in self._find_turns(tested):
                asker = self._ask_as(identity, registry, audience, at_home=at_home)
                if asker.token is not None:
                    return asker
                refused = refused or asker
        except BadAuth as error:
            return Asker(why=self._connector.secrets.clean(str(error)))
        return refused or Asker(why=NO_LOGIN)

    def _find_turns(self, tested: Identity | None) -> Iterator[tuple[Identity, bool]]:
        """Yield whom to log in as, and whether in the tenant that its login is stored for, whatever variables name.

        Variables that are another identity's, that of the one under test, can name a tenant that is not the login's.
        """
        for identity in self._find_identities(tested):
            yield identity, False
            names_tenant = bool(Variables(identity.prefix, self._connector.machine.environ).value("TENANT_ID"))
            evidence = method_named(identity.method).evidence
            if tested is None and names_tenant and evidence is not None and evidence.has_home:
                yield identity, True

    def _find_identities(self, tested: Identity | None) -> list[Identity]:
        environ, named = self._connector.machine.environ, self._choice.method
        if tested is not None:
            return [tested]
        if named != AUTO:
            spec = f"{named}:{self._choice.prefix}" if self._choice.prefix else named
            return [choose([spec], environ)[0].identity]
        turns = {method.name: method.evidence.turn for method in METHODS if method.evidence is not None}
        found = [each.identity for each in look_for_credentials(environ, ())[0] if each.identity.method in turns]
        return sorted(found, key=lambda identity: turns[identity.method])

    def _ask_as(self, identity: Identity, registry: Registry, audience: str, *, at_home: bool) -> Asker:
        connector = self._connector
        credential = read_credential(identity, registry, connector.machine.environ, connector.secrets)
        deadline = Deadline(self._limit, wait=self._limit)
        request = EntraRequest(identity, registry.cloud, credential, connector, deadline, audience, at_home)
        entra, token = ask_entra(request)
        who = connector.secrets.clean(_who(identity, entra), 100)
        if token is not None:
            return Asker(who, token)
        words = f"AADSTS{entra.codes[0]}" if entra.codes else f"{entra.trouble or ''} {entra.text or entra.error}"
        return Asker(who, why=f"no token for it: {connector.secrets.clean(words, 200)}")


def _who(identity: Identity, entra: Entra) -> str:
    """Name who looks, as in a text: the method, and the principal where it is known."""
    evidence = method_named(identity.method).evidence
    principal = entra.client_id or (entra.claims.client_id or entra.claims.object_id if entra.claims else "")
    return evidence.called.format(principal=principal) if evidence is not None else ""
