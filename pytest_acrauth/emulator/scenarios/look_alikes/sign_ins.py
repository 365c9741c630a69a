"""Worlds in which Entra refuses a person or an application for its rules, its state, or whose token it was shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_acrauth.emulator.azure.issuing import REGISTRY_AUDIENCE
from pytest_acrauth.emulator.scenarios.scenario import Scenario
from pytest_acrauth.emulator.scenarios.variants import (
    BY_APPLICATION,
    BY_AZ,
    BY_FEDERATION,
    CLUSTER,
    SUBJECT,
    assertion,
    in_kubernetes,
    signed_in_with_az,
)
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import AUTHORITY, DAY
from pytest_acrauth.emulator.world.directory import Application, FederatedCredential
from pytest_acrauth.emulator.world.healthy import CLIENT, OPERATOR, OTHER_TENANT, TENANT
from pytest_acrauth.emulator.world.tokens import Signer

_PIPELINE = "https://token.actions.githubusercontent.com"
_BRANCH = "repo:contoso/app:ref:refs/heads/main"
_OTHER_APPLICATION = "5b1d7e93-4c08-4f6a-a2e5-90d3c7b8f164"
_OTHER_PRINCIPAL = "c27f4a80-9e5d-4b13-86f1-3a0d9e6b72c5"


# People, by the login of the Azure CLI.


def _person(**state: Any) -> Change:
    """Let the person whose login it is be in some state."""

    def change(world: World) -> None:
        signed_in_with_az(world)
        users = world.cloud.users
        users[:] = [replace(each, **state) if each.name == OPERATOR.name else each for each in users]

    return change


def _second_factor(world: World) -> None:
    """Want a second factor of people who ask for tokens for registries."""
    signed_in_with_az(world)
    world.cloud.rules.second_factor.add(REGISTRY_AUDIENCE)


def _closed_from_here(world: World) -> None:
    """Admit nobody from here who asks for tokens for registries."""
    signed_in_with_az(world)
    world.cloud.rules.closed_from_here.add(REGISTRY_AUDIENCE)


# Applications.


def _absent(world: World) -> None:
    """Let the tenant lack the application of registries."""
    world.cloud.rules.absent.add(REGISTRY_AUDIENCE)


def _assigned_only(world: World) -> None:
    """Let the application of registries admit those alone who are assigned to it."""
    world.cloud.rules.assigned_only.add(REGISTRY_AUDIENCE)


def _looping(world: World) -> None:
    """Let the application have asked too often."""
    world.cloud.looping.add(CLIENT)


# Federated credentials.


def _shows(world: World, credential: FederatedCredential, signer: Signer) -> None:
    """Trust a credential alone, and show a token that fits it in every letter."""
    in_kubernetes(world)
    world.cloud.applications[CLIENT].federated[:] = [credential]
    world.cloud.assertion_issuers[credential.issuer] = signer
    world.machine.files["AZURE_FEDERATED_TOKEN_FILE"] = assertion(world.cloud, credential)


def _of_entra(tenant: str) -> Change:
    """Show the token that Entra issued to another application, in some tenant, which this one trusts."""

    def change(world: World) -> None:
        principals = {tenant: _OTHER_PRINCIPAL}
        world.cloud.applications[_OTHER_APPLICATION] = Application(_OTHER_APPLICATION, [], principals, name="other-ci")
        credential = FederatedCredential(f"https://{AUTHORITY}/{tenant}/v2.0", _OTHER_PRINCIPAL)
        _shows(world, credential, world.cloud.entra)

    return change


def _of_no_member(world: World) -> None:
    """Show the token of a repository that belongs to no organisation, where the tenant takes those of one alone."""
    _shows(world, FederatedCredential(_PIPELINE, _BRANCH), Signer())
    world.cloud.rules.enterprises[_PIPELINE] = "contoso"


def _other_audience(world: World) -> None:
    """Trust tokens that were made for another cloud's Entra."""
    in_kubernetes(world)
    credential = FederatedCredential(CLUSTER, SUBJECT, "api://AzureADTokenExchangeChina")
    world.cloud.applications[CLIENT].federated[:] = [credential]


def _keys_out_of_reach(world: World) -> None:
    """Keep the cluster's keys from Entra."""
    in_kubernetes(world)
    del world.cloud.assertion_issuers[CLUSTER]


_AZ = {"auth": BY_AZ}
_FEDERATED = {"auth": BY_FEDERATION, "evidence": BY_AZ}

LOOK_ALIKES: tuple[Scenario, ...] = (
    Scenario("entra-mfa-required", _second_factor, _AZ, like="entra-conditional-access-blocked"),
    Scenario("entra-conditional-access-blocked", _closed_from_here, _AZ, like="entra-mfa-required"),
    Scenario("entra-user-session-expired", _person(idle=91 * DAY), _AZ, like="entra-mfa-required"),
    Scenario("entra-user-credentials", _person(enabled=False), _AZ, like="entra-user-session-expired"),
    Scenario("entra-account-at-risk", _person(at_risk=True), _AZ, like="entra-conditional-access-blocked"),
    Scenario("entra-acr-resource-unavailable", _absent, seen_by=BY_APPLICATION, like="entra-app-not-found"),
    Scenario("entra-assignment-required", _assigned_only, seen_by=BY_APPLICATION, like="exchange-no-role"),
    Scenario("entra-throttled", _looping, seen_by=BY_APPLICATION, like="exchange-throttled"),
    Scenario("entra-fic-audience-mismatch", _other_audience, _FEDERATED, like="entra-fic-issuer-mismatch"),
    Scenario("entra-fic-issuer-unreachable", _keys_out_of_reach, _FEDERATED, like="entra-fic-issuer-mismatch"),
    Scenario("entra-fic-entra-token", _of_entra(TENANT), _FEDERATED, like="entra-fic-subject-mismatch"),
    Scenario(
        "token-of-another-tenant",
        _of_entra(OTHER_TENANT),
        _FEDERATED,
        diagnosed="entra-fic-entra-token",
        like="entra-fic-issuer-mismatch",
    ),
    Scenario("entra-fic-tenant-policy", _of_no_member, _FEDERATED, like="entra-fic-subject-mismatch"),
)
