"""Jobs of CI systems that ask their own system for an id token: what such a job has to have, and how it is read.

GitHub Actions: https://docs.github.com/actions/reference/security/oidc. Azure Pipelines: azure-identity's
``azure/identity/_credentials/azure_pipelines.py``, and the tasks AzureCLI@2 and AzurePowerShell@5, which set the
``AZURESUBSCRIPTION_…`` variables of their service connection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from pytest_acrauth.auth.service_principal import application_credential
from pytest_acrauth.auth.shape import BadAuth, Credential, Job, Variables
from pytest_acrauth.model.claims import claims, expiry_of
from pytest_acrauth.model.credential import SecretShape
from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.model.target import Registry

PIPELINES_PREFIX = "AZURESUBSCRIPTION"
CONNECTION = "SERVICE_CONNECTION_ID"
#: Each system's own variables: the address that gives out id tokens, and the request token that it wants to be shown.
ACTIONS_GIVEN = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
PIPELINES_GIVEN = ("SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN")
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_KEPT = "the request token is not sent there"


def read_request_token(variables: Variables, _registry: Registry, secrets: Secrets, *, name: str) -> Credential:
    """Read until when the request token of a variable is good, and register it: it asks for the id token later."""
    token = secrets.add(variables.environ.get(name, ""))
    return application_credential(
        variables, SecretShape.REQUEST_TOKEN, secrets, secret=token, expires=expiry_of(claims(token) or {})
    )


def check_address(variables: Variables, *, name: str) -> None:
    """Raise `BadAuth` for a variable that holds no https address: a request token is sent nowhere else.

    Of what it holds only scheme and host are told: whoever mixed up the variables put a token there.
    """
    address = variables.environ.get(name, "")
    try:
        parts = urlsplit(address)
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
    except ValueError:
        raise BadAuth(f"{name} holds no address; {_KEPT}") from None
    if not _HOST.fullmatch(host) or scheme not in {"http", "https"} or not address.isprintable() or " " in address:
        raise BadAuth(f"{name} holds no https address; {_KEPT}")
    if scheme != "https":
        raise BadAuth(f"{name} leads to http://{host}, which is no https address; {_KEPT}")
    if parts.username is not None or parts.password is not None:
        raise BadAuth(f"{name} names a user at {host}; {_KEPT}")
    if port not in {None, 443}:
        raise BadAuth(f"{name} leads to port {port} of {host}, and not to 443; {_KEPT}")


def _actions_lack(environ: Mapping[str, str], names: Sequence[str]) -> str:
    if not set(ACTIONS_GIVEN).intersection(names):
        return "set and export them in the job"
    if not environ.get("GITHUB_ACTIONS"):
        return "GitHub Actions sets them in a job of its own, and this is none (GITHUB_ACTIONS is not set)"
    return "the job lacks the permission to ask for an id token; give it permissions: id-token: write"


def _pipelines_lack(environ: Mapping[str, str], names: Sequence[str]) -> str:
    if not environ.get("TF_BUILD") and not environ.get(PIPELINES_GIVEN[0]):
        return "Azure Pipelines sets them in a job of its own, and this is none (TF_BUILD is not set)"
    words = []
    if PIPELINES_GIVEN[1] in names:
        words.append("add env: SYSTEM_ACCESSTOKEN: $(System.AccessToken) to the step")
    if set(names) - set(PIPELINES_GIVEN):
        words.append(
            "AzureCLI@2 and AzurePowerShell@5 set those of their service connection, any other step has to name them"
            " under env"
        )
    return "; ".join(words) or "Azure DevOps Services sets it in every job"


ACTIONS = Job("GITHUB_ACTIONS", _actions_lack)
PIPELINES = Job("TF_BUILD", _pipelines_lack)
