"""What is asked of Entra, and what is recorded of it, whichever way a method gets its token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pytest_acrauth.auth import Credential, Variables
from pytest_acrauth.model.claims import ACR_AUDIENCE, aadsts_codes, entra_claims
from pytest_acrauth.model.observation import Assertion, Connection, Entra, Reply, Trouble
from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.model.target import Cloud, Identity
from pytest_acrauth.probes.http.client import Response
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.network import Connector
from pytest_acrauth.probes.http.replies import parse_json


@dataclass(frozen=True, slots=True)
class EntraRequest:
    """An Entra token that is wanted: whose, of which cloud, for which audience; over which ways, and until when.

    ``at_home`` asks for one of the tenant that the login is stored for, whichever a variable names.
    """

    identity: Identity
    cloud: Cloud
    credential: Credential
    connector: Connector
    deadline: Deadline
    audience: str = ACR_AUDIENCE
    at_home: bool = False

    @property
    def scope(self) -> str:
        """The audience as a scope: all that it has for the asker."""
        return f"{self.audience}/.default"

    @property
    def variables(self) -> Variables:
        """The identity's variables on the machine that asks."""
        return Variables(self.identity.prefix, self.connector.machine.environ)


class Refusal(NamedTuple):
    """What Entra says of a refusal: its error, its numbers (AADSTS), the id under which it is traced."""

    error: str = ""
    codes: tuple[int, ...] = ()
    trace_id: str = ""


NO_REFUSAL = Refusal()


def refusal_in(response: Response, secrets: Secrets) -> Refusal:
    """Return what Entra's answer says of its refusal."""
    found = parse_json(response.body)
    error = found if isinstance(found, dict) else {}
    return Refusal(
        error=secrets.clean(str(error.get("error") or ""), 100),
        codes=aadsts_codes(error),
        trace_id=secrets.clean(str(error.get("trace_id") or ""), 100),
    )


def recorded(
    request: EntraRequest,
    token: Secret | None,
    *,
    elapsed: float,
    connection: Connection | None = None,
    reply: Reply | None = None,
    trouble: Trouble | None = None,
    text: str = "",
    refusal: Refusal = NO_REFUSAL,
    assertion: Assertion | None = None,
) -> tuple[Entra, Secret | None]:
    """Return what the identity leg records of a request, and the token, None where none came.

    ``elapsed`` is in seconds; ``reply`` is Entra's own, None where somebody else was asked.
    """
    secrets = request.connector.secrets
    seen = Entra(
        reply=reply,
        trouble=trouble,
        text=secrets.clean(text),
        elapsed=elapsed,
        authority=request.cloud.authority,
        tenant_id=secrets.clean(request.credential.facts.tenant_id, 100),
        client_id=secrets.clean(request.credential.facts.client_id, 100),
        connection=connection,
        error=refusal.error,
        codes=refusal.codes,
        trace_id=refusal.trace_id,
        issued=token is not None,
        claims=entra_claims(token, secrets) if token is not None else None,
        assertion=assertion,
    )
    return seen, token
