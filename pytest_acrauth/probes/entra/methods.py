"""The identity leg: an Entra token for an audience, with Entra's own number when it refuses.

A service principal's secret is one plain client-credentials request of ours; it goes to the cloud's authority only.
A managed identity's token comes from its host's metadata endpoint, a user's from az. Every other method is
azure-identity's, which is loaded only then.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote, urlsplit

from pytest_acrauth.auth import BadAuth, Credential
from pytest_acrauth.auth.programs import find_program
from pytest_acrauth.model.claims import ACR_AUDIENCE, aadsts_codes, entra_claims
from pytest_acrauth.model.observation import Entra, Trouble
from pytest_acrauth.model.secret import Secret, Secrets, clean
from pytest_acrauth.model.target import Cloud, Identity
from pytest_acrauth.probes.http.client import Http, Response
from pytest_acrauth.probes.http.deadline import Deadline
from pytest_acrauth.probes.http.network import Connector
from pytest_acrauth.probes.http.replies import parse_json
from pytest_acrauth.probes.programs.running import run_program

_AZ_LIMIT = 15.0  # it starts slowly where its files are cold
_QUIET = {
    "AZURE_CORE_COLLECT_TELEMETRY": "0",
    "AZURE_CORE_NO_COLOR": "true",
    "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
    "AZURE_CORE_SURVEY_MESSAGE": "false",
}


def ask_as(
    identity: Identity,
    cloud: Cloud,
    own: Credential,
    connector: Connector,
    deadline: Deadline,
    audience: str = ACR_AUDIENCE,
) -> tuple[Entra, Secret | None]:
    """Request an Entra token by an identity's own method; the second value is the token, or None where none came.

    Whatever keeps it away is recorded, never raised.
    """
    match identity.method:
        case "service-principal":
            with Http(connector, deadline) as http:
                return ask_entra(http, cloud, own, connector.secrets, audience)
        case "azure-cli":
            return _ask_az(identity, cloud, own, connector, deadline, audience)
        case "managed-identity":
            from pytest_acrauth.probes.entra.metadata import ask_metadata, endpoint_of

            if (endpoint := endpoint_of(connector.machine.environ)) is not None:
                return ask_metadata(endpoint, cloud, own, connector, deadline, audience)
    return _ask_azure_identity(identity, cloud, own, connector, deadline, audience)


def ask_entra(
    http: Http, cloud: Cloud, credential: Credential, secrets: Secrets, audience: str = ACR_AUDIENCE
) -> tuple[Entra, Secret | None]:
    """Request an Entra token with a client secret; the second value is the token, or None where none was issued."""
    tenant = credential.facts.tenant_id
    answer = http.send(
        "POST",
        f"{cloud.authority}/{quote(tenant, safe='')}/oauth2/v2.0/token",
        form={
            "grant_type": "client_credentials",
            "client_id": credential.user,
            "client_secret": credential.secret.reveal() if credential.secret else "",
            "scope": f"{audience}/.default",
        },
    )
    token = issued_token(answer, "access_token", secrets)
    return (
        Entra(
            **answer.facts(),
            **_who(cloud, credential),
            **_refusal(answer, token),
            connection=http.connections.get(urlsplit(cloud.authority).hostname or ""),
            issued=token is not None,
            claims=entra_claims(token.reveal()) if token is not None else None,
        ),
        token,
    )


def issued_token(answer: Response, field: str, secrets: Secrets) -> Secret | None:
    """Return the token that a 200 carries in a field of its JSON body, registered as a secret; None for all else."""
    if answer.reply is None or answer.reply.status != 200 or answer.trouble is not None:
        return None
    found = parse_json(answer.body)
    value = found.get(field) if isinstance(found, dict) else None
    return secrets.add(value) if isinstance(value, str) and value else None


def _ask_azure_identity(
    identity: Identity, cloud: Cloud, own: Credential, connector: Connector, deadline: Deadline, audience: str
) -> tuple[Entra, Secret | None]:
    from pytest_acrauth.probes.entra.azure_identity import (
        Issued,
        Transport,
        ask,
        credential_for,
        login_only,
        metadata_places,
    )

    began = time.monotonic()
    environ = connector.machine.environ
    at_host = identity.method == "managed-identity"
    plain: frozenset[tuple[str, int]] = metadata_places(environ) if at_host else frozenset()
    with Http(connector, deadline, plain=plain) as http:
        transport = Transport(http, connector.secrets, login_only(cloud, plain))
        try:
            issued = ask(lambda: credential_for(identity, environ, transport, cloud), f"{audience}/.default", transport)
        except BadAuth as error:  # another machine than this process, whose variables azure-identity cannot see
            issued = Issued(None, text=str(error))
    answer = issued.answer
    facts: dict[str, Any] = {}
    if answer is not None and not at_host:
        facts = {**answer.facts(), **_refusal(answer, issued.token), "codes": issued.codes}
    if issued.token is None and (answer is None or at_host):
        # Entra was not asked: a file, the credential itself or the host's metadata service is what failed.
        late = answer is not None and answer.trouble is Trouble.OUT_OF_TIME
        facts = {"trouble": Trouble.OUT_OF_TIME if late else Trouble.UNAVAILABLE, "text": issued.text}
    elif issued.token is None and not facts["trouble"]:
        facts["text"] = issued.text
    connections = tuple(http.connections.values())
    seen = Entra(
        **{**facts, "elapsed": time.monotonic() - began},
        **_who(cloud, own),
        connection=connections[-1] if connections else None,
        issued=issued.token is not None,
        claims=entra_claims(issued.token.reveal()) if issued.token is not None else None,
    )
    return seen, issued.token


def _ask_az(
    identity: Identity, cloud: Cloud, own: Credential, connector: Connector, deadline: Deadline, audience: str
) -> tuple[Entra, Secret | None]:
    """Ask az for a token; it decides itself whether it shows one from its cache."""
    began = time.monotonic()
    environ = connector.machine.environ
    token: Secret | None = None
    trouble: Trouble | None = Trouble.UNAVAILABLE
    program = find_program("az", environ)
    if not program:
        text = "Azure CLI not found on path"  # azure-identity's words for the same
    else:
        command = [program, "account", "get-access-token", "--output", "json", "--scope", f"{audience}/.default"]
        # Only where a variable says so: az refuses the tenant of some logins, even if it is their own.
        tenant = environ.get(f"{identity.prefix}_TENANT_ID")
        command += ["--tenant", tenant] if tenant else []
        ended = run_program(command, {**environ, **_QUIET}, min(deadline.left(), _AZ_LIMIT))
        found = parse_json(ended.out) if ended.exit_code == 0 else None
        value = found.get("accessToken") if isinstance(found, dict) else None
        said = ended.err.decode("utf-8", "replace").strip()
        if isinstance(value, str) and value:
            token, trouble, text = connector.secrets.add(value), None, ""
        elif ended.timed_out:
            trouble = Trouble.OUT_OF_TIME if deadline.left() <= 0.0 else Trouble.UNAVAILABLE
            text = f"az did not end in time {said}".strip()
        else:
            text = ended.trouble or said or f"az printed no token, exit code {ended.exit_code}"
    text = clean(connector.secrets.scrub(text))
    seen = Entra(
        **_who(cloud, own),
        trouble=trouble,
        text=text,
        codes=aadsts_codes({"error_description": text}),
        issued=token is not None,
        claims=entra_claims(token.reveal()) if token is not None else None,
        elapsed=time.monotonic() - began,
    )
    return seen, token


def _who(cloud: Cloud, own: Credential) -> dict[str, Any]:
    return {
        "authority": cloud.authority,
        "tenant_id": clean(own.facts.tenant_id, 100),
        "client_id": clean(own.facts.client_id, 100),
    }


def _refusal(answer: Response, token: Secret | None) -> dict[str, Any]:
    """Return what Entra says of its refusal; nothing where a token came."""
    found = parse_json(answer.body) if token is None else None
    error = found if isinstance(found, dict) else {}
    return {
        "error": clean(str(error.get("error") or ""), 100),
        "codes": aadsts_codes(error),
        "trace_id": clean(str(error.get("trace_id") or ""), 100),
    }
