"""What is read of the directory: both objects of an application, its federated credentials, in the right tenant."""

from __future__ import annotations

import pytest

from pytest_acrauth.auth import choose
from pytest_acrauth.diagnosis.climb import diagnose
from pytest_acrauth.diagnosis.conclusion import Certainty
from pytest_acrauth.emulator import Change, Emulator, World
from pytest_acrauth.emulator.world.cloud import AUTHORITY, DAY, GRAPH, SUBSCRIPTION
from pytest_acrauth.emulator.world.directory import FederatedCredential, Password, User
from pytest_acrauth.emulator.world.healthy import CLIENT, OTHER_TENANT
from pytest_acrauth.emulator.world.network import Device, Page
from pytest_acrauth.model.evidence import EvidenceChoice, FederatedFacts
from pytest_acrauth.model.target import Registry, Target
from pytest_acrauth.model.transcript import Transcript
from pytest_acrauth.running.run import Run

BY_AZ = EvidenceChoice("azure-cli", subscription=SUBSCRIPTION)


def climbed(auth: str, change: Change, scenario: str = "healthy") -> tuple[Transcript, list[str]]:
    """Climb in a changed world, where whoever az is logged in as looks; return Graph's paths as well."""
    with Emulator(scenario) as emulator:
        emulator.change(change)
        registry = Registry.parse("myacr")
        identity = choose([auth], emulator.environ, [registry])[0].identity
        (seen,) = Run(emulator.machine, timeout=20.0, evidence=BY_AZ).check([Target(registry, identity)])
        return seen, [each.path for each in emulator.requests if each.host == GRAPH]


def mistyped(world: World) -> None:
    """Use a secret that is none, of an application whose own have all ended and whose service principal's has not."""
    now, application = world.cloud.now(), world.cloud.applications[CLIENT]
    for each in application.secrets:
        each.ends = now - DAY
    application.principal_secrets.append(Password("the-one-that-was-meant", now - DAY, now + DAY))
    world.machine.environ |= {"ACR_USERNAME": CLIENT, "ACR_PASSWORD": "the-one-that-was-typed"}


def without_entra(world: World) -> None:
    """Let Entra say nothing of use, neither."""
    mistyped(world)
    world.network.devices[AUTHORITY] = Device(Page(503, {"Content-Type": "text/html"}, b"busy"))


def of_another_tenant(world: World) -> None:
    """Sign az in as a user of another tenant, who may read that one's directory; take the application out of ours."""
    stranger = User("stranger@fabrikam.example", "6c0b9a1e-52f7-4d38-8e4a-b1d7f3905c26", OTHER_TENANT)
    world.cloud.users.append(stranger)
    world.cloud.directory_readers.add(stranger.object_id)
    world.cloud.subscriptions["another"] = type(world.cloud.subscriptions[SUBSCRIPTION])("another", "x", OTHER_TENANT)
    assert world.machine.az is not None
    world.machine.az.user, world.machine.az.subscription = stranger.name, "another"
    del world.machine.environ["AZURE_TENANT_ID"]  # with which az would ask for a token of ours
    world.cloud.applications[CLIENT].principals.clear()
    world.machine.environ |= {"ACR_USERNAME": CLIENT, "ACR_PASSWORD": "any"}
    world.network.devices[AUTHORITY] = Device(Page(503, {"Content-Type": "text/html"}, b"busy"))


def test_the_secrets_of_both_objects_are_read() -> None:
    """A service principal has secrets of its own, which the application's list does not show."""
    seen, asked = climbed("basic", without_entra)
    look = seen.evidence.application
    assert look is not None
    assert look.value is not None
    assert len(look.value.secrets) == 2
    assert [path.rpartition("/")[2].partition("(")[0] for path in asked] == ["servicePrincipals", "applications"]


def test_where_entra_cannot_be_asked_a_mistyped_secret_stays_possible() -> None:
    """That all secrets of the application ended says nothing of the service principal's."""
    (found,) = diagnose(climbed("basic", without_entra)[0])
    assert found.certainty is Certainty.ONE_OF
    assert [mode.id for mode in found.candidates] == ["entra-sp-secret-expired", "entra-sp-secret-wrong"]


def test_entra_itself_decides_about_the_secret() -> None:
    """Entra compares the very secret."""
    (found,) = diagnose(climbed("basic", mistyped)[0])
    assert (found.certainty, [mode.id for mode in found.candidates]) == (Certainty.PROVEN, ["entra-sp-secret-wrong"])


def test_nobody_says_of_another_tenant_that_an_application_is_absent() -> None:
    """Whoever looks sees the directory of one's own tenant only."""
    seen, asked = climbed("basic", of_another_tenant)
    look = seen.evidence.application
    assert look is not None
    assert look.value is None
    assert "another tenant" in look.why
    assert asked == []
    (found,) = diagnose(seen)
    assert found.certainty is not Certainty.PROVEN


@pytest.mark.parametrize("subject", ["system:serviceaccount:ci:other"])
def test_federated_credentials_are_read_where_they_can_decide(subject: str) -> None:
    """What an application trusts is read in one request, and kept as it is written."""

    def renamed(world: World) -> None:
        application = world.cloud.applications[CLIENT]
        application.federated[:] = [FederatedCredential(application.federated[0].issuer, subject)]

    seen, asked = climbed("workload-identity", renamed, "entra-fic-subject-mismatch")
    assert seen.evidence.federated is not None
    assert seen.entra is not None
    assert seen.entra.assertion is not None
    issuer, audience = seen.entra.assertion.issuer, seen.entra.assertion.audience
    assert seen.evidence.federated.value == (FederatedFacts(issuer, subject, (audience,)),)
    assert len(asked) == 1
