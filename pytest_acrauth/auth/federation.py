"""Federated tokens: what a cluster or a CI system hands to whoever runs there, in a file or as it is."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from pytest_acrauth.auth.service_principal import application_credential
from pytest_acrauth.auth.shape import BadAuth, Credential, Variables
from pytest_acrauth.model.claims import claims, expiry_of, text_of
from pytest_acrauth.model.credential import SecretShape
from pytest_acrauth.model.secret import Secret, Secrets
from pytest_acrauth.model.target import Registry

FILE = "FEDERATED_TOKEN_FILE"
#: The token itself, as a GitLab job has it that says so (https://docs.gitlab.com/ci/secrets/id_token_authentication/).
TOKEN = "FEDERATED_TOKEN"  # noqa: S105 - the end of a variable's name
_ROTATED = (0.05, 0.1, 0.2)  # seconds between looks at a file that is empty


def read_assertion(variables: Variables, _registry: Registry, secrets: Secrets) -> Credential:
    """Read what a federated token says of itself; whoever shows it reads it again, as with a certificate."""
    found: dict[str, Any] = {}
    with suppress(BadAuth):
        found = claims(secrets.add(read_federated_token(variables))) or {}
    audience = text_of(found, secrets, "aud")
    return application_credential(
        variables, SecretShape.ASSERTION, secrets, audience=audience, expires=expiry_of(found)
    )


def check_assertion(variables: Variables) -> None:
    """Raise `BadAuth` for a file that holds no federated token."""
    read_federated_token(variables)


def read_federated_token(variables: Variables) -> Secret:
    """Return the federated token: of the file that a variable names, else the one that a variable holds.

    Raises `BadAuth` for a file without one. Whoever rotates it may empty the file before it is written: it gets a
    moment for that.
    """
    if not variables.value(FILE):
        return Secret(variables.value(TOKEN).strip())
    for wait in (*_ROTATED, None):
        if (token := Secret(variables.read_file(FILE).decode("utf-8", "replace").strip())).reveal():
            return token
        if wait is not None:
            time.sleep(wait)
    raise BadAuth(f"{variables.name(FILE)}: {variables.value(FILE)!r} is empty")
