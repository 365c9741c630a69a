"""A climb without a network: what it asks, and the machine it runs on; respx stands in for every peer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import jwt

from pytest_acrauth.model.machine import Resolution
from pytest_acrauth.model.target import Flow, Identity, Reference, Registry, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.probes.machine import RealMachine
from pytest_acrauth.running.run import Run

LOGIN_SERVER = "myacr.azurecr.io"
BASE = f"https://{LOGIN_SERVER}"
REALM = f'realm="{BASE}/oauth2/token",service="{LOGIN_SERVER}"'
DIGEST = "sha256:" + "a" * 64
SERVICE_PRINCIPAL = Identity("service-principal", "service-principal", Flow.ENTRA, "AZURE")
BASIC = Identity("basic", "basic", Flow.BASIC, "ACR")
ANONYMOUS = Identity("anonymous", "anonymous", Flow.ANONYMOUS)


CREDENTIALS = {
    "AZURE_TENANT_ID": "contoso.example",
    "AZURE_CLIENT_ID": "0b6f4f0e-5a57-4d0c-9d0a-7c1b8e2f3a4d",
    "AZURE_CLIENT_SECRET": "planted-client-secret",
    "ACR_USERNAME": "ci-puller",
    "ACR_PASSWORD": "planted-password",
}


class NoNetwork(RealMachine):
    """A machine with an environment of its own and without a network: whatever is not stood in for fails loudly."""

    def __init__(self, environ: Mapping[str, str] = CREDENTIALS) -> None:
        super().__init__()
        self._environ = environ

    @property
    def environ(self) -> Mapping[str, str]:
        return self._environ

    def resolve(self, name: str) -> Resolution:
        raise AssertionError(f"{name} was looked up")


def target(identity: Identity = SERVICE_PRINCIPAL, *references: str, **fields: tuple[str, ...]) -> Target:
    """Return a target at myacr; ``fields`` replace its own."""
    parsed = tuple(Reference.parse(text) for text in references)
    return replace(Target(Registry.parse("myacr"), identity, parsed), **fields)


def climb(what: Target) -> Transcript:
    """Climb one target where nothing but what stands in can answer."""
    return Run(NoNetwork()).check([what])[0]


def access_token(*actions: str, repository: str = "team/app") -> dict[str, str]:
    """Return the body of an answer with an access token that grants these actions."""
    access = [{"type": "repository", "name": repository, "actions": list(actions)}]
    return {"access_token": jwt.encode({"access": access}, "k" * 32)}
