"""Worlds that differ in what Entra says of a credential: secrets, applications, managed identities, assertions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytest_acrauth.emulator.scenarios.changes import basic, expired_secret, nothing, together
from pytest_acrauth.emulator.scenarios.obstacles import services_ahead
from pytest_acrauth.emulator.scenarios.scenario import READY, Scenario
from pytest_acrauth.emulator.scenarios.variants import (
    BY_AZ,
    BY_CERTIFICATE,
    BY_CLIENT_ID,
    BY_FEDERATION,
    BY_HOST,
    BY_ROLES,
    BY_SECRET,
    CLUSTER,
    MACHINE_IDENTITY,
    SUBJECT,
    USUAL,
    assertion,
    in_kubernetes,
    on_app_service,
    on_virtual_machine,
    with_certificate,
)
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import DAY, MINUTE
from pytest_acrauth.emulator.world.directory import Application, FederatedCredential, Password
from pytest_acrauth.emulator.world.healthy import CLIENT, OTHER_TENANT, TENANT, entitle

_HOUR = 60 * MINUTE
_NAMESAKE = "d2b0f4c5-8e36-4a71-9c2d-6b7f0e1a3c49"
_NAMESAKE_PRINCIPAL = "9f5e3a7b-a1c8-4d24-b6e9-8a2c4d7f1ea5"


def _application(change: Callable[[Application, float], None]) -> Change:
    def apply(world: World) -> None:
        change(world.cloud.applications[CLIENT], world.cloud.now())

    return apply


# Which secret is meant.


def _secret_by_basic(world: World) -> None:
    """Use the service principal's secret as a password."""
    basic(world, CLIENT, world.machine.environ["AZURE_CLIENT_SECRET"])


def _other_secret(world: World) -> None:
    """Use a secret that the application never had."""
    world.machine.environ["AZURE_CLIENT_SECRET"] = "mistyped-in-the-pipeline"  # noqa: S105 - nobody's


def _good_one_beside(application: Application, now: float) -> None:
    """Give the application one more secret, which lasts."""
    application.secrets.append(Password("made-when-the-other-ended", now - DAY, now + 300 * DAY))


def _good_one_on_principal(world: World) -> None:
    """Reset the secret on the service principal, where az ad sp credential reset puts it, and use that."""
    now = world.cloud.now()
    secret = Password("made-on-the-service-principal", now - DAY, now + 300 * DAY)
    world.cloud.applications[CLIENT].principal_secrets.append(secret)
    world.machine.environ["AZURE_CLIENT_SECRET"] = secret.value


def _certificate_only(world: World) -> None:
    """Let the application have a certificate and no secret."""
    kept = dict(world.machine.environ)
    with_certificate(world)
    world.cloud.applications[CLIENT].secrets.clear()
    world.machine.environ |= kept


# Applications.


def _disabled(application: Application, now: float) -> None:
    """Disable the application, long ago."""
    application.enabled, application.changed = False, now - DAY


def _enabled_again(application: Application, now: float) -> None:
    """Enable the application again, a moment ago."""
    application.changed = now - 1


def _of_another_tenant(world: World) -> None:
    """Let the application live in another tenant only, and use its secret as a password."""
    principals = world.cloud.applications[CLIENT].principals
    principals[OTHER_TENANT] = principals.pop(TENANT)
    _secret_by_basic(world)


def _without_principal(world: World) -> None:
    """Let the application be registered, as az ad app create does it, and nothing else."""
    application = world.cloud.applications[CLIENT]
    application.principals.pop(TENANT)
    application.registered = TENANT


def _another_of_the_name(world: World) -> None:
    """Register one more application under the same name, with a secret and the federated credentials of the first."""
    now, first = world.cloud.now(), world.cloud.applications[CLIENT]
    secret = Password("of-the-other-application", now - DAY, now + 300 * DAY)
    world.cloud.applications[_NAMESAKE] = Application(
        _NAMESAKE, [secret], {TENANT: _NAMESAKE_PRINCIPAL}, name=first.name, federated=list(first.federated)
    )
    first.federated.clear()


def _secret_of_the_namesake(world: World) -> None:
    """Use the secret of the other application of the same name."""
    world.machine.environ["AZURE_CLIENT_SECRET"] = world.cloud.applications[_NAMESAKE].secrets[0].value


def _role_of_the_namesake(world: World) -> None:
    """Give the roles that open images to the other application of the same name."""
    world.cloud.assignments[:] = [
        replace(each, principal_id=_NAMESAKE_PRINCIPAL) if each.role == "AcrPull" else each
        for each in world.cloud.assignments
    ]


def _certificate_of_the_namesake(world: World) -> None:
    """Sign with a certificate that the other application of the same name has."""
    with_certificate(world)
    world.cloud.applications[_NAMESAKE].certificates.append(world.cloud.applications[CLIENT].certificates.pop())


# Managed identities.


def _of_another_machine(world: World) -> None:
    """Ask for an identity that another machine has."""
    world.machine.environ["AZURE_CLIENT_ID"] = "b4e0c7d2-91a6-4f3b-8c5d-e27f0a6b9134"


def _identity_without_role(world: World) -> None:
    """Give the machine one more identity, which may look and not pull, and ask for that one."""
    _two_identities(world)
    second = world.cloud.applications[world.machine.identities[-1]]
    second.principals = {TENANT: _NAMESAKE_PRINCIPAL}
    entitle(world.cloud, _NAMESAKE_PRINCIPAL)
    world.cloud.assignments[:] = [
        each for each in world.cloud.assignments if (each.principal_id, each.role) != (_NAMESAKE_PRINCIPAL, "AcrPull")
    ]
    world.machine.environ["AZURE_CLIENT_ID"] = second.client_id


def _two_identities(world: World) -> None:
    """Give the machine one more identity, and ask for none by its id."""
    first = world.cloud.applications[MACHINE_IDENTITY]
    second = replace(
        first, client_id="e81d3c5a-0b72-4d96-a4f1-6c9e2b7d5083", resource_id=f"{first.resource_id}-of-another-team"
    )
    world.cloud.applications[second.client_id] = second
    world.machine.identities.append(second.client_id)


# Federated credentials and assertions.


def _trusting(*credentials: FederatedCredential, made_lately: str = "") -> Change:
    """Let the application trust these instead of the cluster's service account; one subject's record is new."""

    def change(world: World) -> None:
        now = world.cloud.now()
        world.cloud.applications[CLIENT].federated[:] = [
            replace(each, created=now - (1 if each.subject == made_lately else DAY)) for each in credentials
        ]

    return change


def _old_assertion(world: World) -> None:
    """Keep showing a token that ended an hour ago."""
    token = assertion(world.cloud, FederatedCredential(CLUSTER, SUBJECT), life=-_HOUR)
    world.machine.files["AZURE_FEDERATED_TOKEN_FILE"] = token


def _cut_off_assertion(world: World) -> None:
    """Show half of a token."""
    whole = world.machine.files["AZURE_FEDERATED_TOKEN_FILE"]
    world.machine.files["AZURE_FEDERATED_TOKEN_FILE"] = whole.rpartition(".")[0]


def _ended_certificate(world: World) -> None:
    """Sign with a certificate whose year is over."""
    with_certificate(world, starts=world.cloud.now() - 400 * DAY)


_BASIC = {"auth": "basic"}
_MANAGED = {"auth": BY_HOST}
_CERTIFICATE = {"auth": BY_CERTIFICATE}
#: An identity that Entra refuses cannot look for itself.
_OPERATOR_LOOKS = {"evidence": BY_AZ}
_FEDERATED = {"auth": BY_FEDERATION} | _OPERATOR_LOOKS
_CLUSTERS = FederatedCredential(CLUSTER, SUBJECT)

LOOK_ALIKES: tuple[Scenario, ...] = (
    Scenario("msi-endpoint-unreachable", nothing, _MANAGED, like="msi-identity-not-found"),
    Scenario(
        "msi-identity-not-found",
        together(on_virtual_machine, _of_another_machine),
        _MANAGED,
        like="msi-endpoint-unreachable",
    ),
    Scenario(
        "identity-of-another-app-service",
        together(on_app_service, _of_another_machine),
        _MANAGED,
        diagnosed="msi-identity-not-found",
        like="msi-endpoint-unreachable",
    ),
    Scenario("msi-ambiguous", together(on_virtual_machine, _two_identities), _MANAGED, like="msi-identity-not-found"),
    Scenario(
        "application-of-another-tenant",
        _of_another_tenant,
        _BASIC,
        diagnosed="entra-app-not-found",
        like="basic-username-unknown",
    ),
    Scenario(
        "entra-sp-missing",
        _without_principal,
        _OPERATOR_LOOKS,
        seen_by=BY_CLIENT_ID,
        like="entra-app-not-found",
    ),
    Scenario(
        "password-of-application-without-principal",
        together(_secret_by_basic, _without_principal),
        _BASIC | _OPERATOR_LOOKS,
        diagnosed="entra-sp-missing",
        like="application-of-another-tenant",
    ),
    Scenario(
        "secret-of-a-namesake",
        together(_another_of_the_name, _secret_of_the_namesake),
        seen_by=(USUAL,),
        diagnosed="entra-sp-secret-wrong",
        like="exchange-no-role",
    ),
    Scenario(
        "role-of-a-namesake",
        together(_another_of_the_name, _role_of_the_namesake),
        seen_by=BY_ROLES,
        diagnosed="exchange-no-role",
        like="role-through-a-group",
    ),
    Scenario(
        "entra-sp-certificate-invalid",
        together(_another_of_the_name, _certificate_of_the_namesake),
        _CERTIFICATE,
        like="entra-sp-certificate-expired",
    ),
    Scenario(
        "entra-fic-missing",
        together(in_kubernetes, _another_of_the_name),
        _FEDERATED,
        like="federated-credential-is-the-first",
    ),
    Scenario(
        "identity-without-role-beside-one",
        together(on_virtual_machine, _identity_without_role),
        _MANAGED,
        diagnosed="exchange-no-role",
        like="msi-ambiguous",
    ),
    Scenario(
        "secret-ended-beside-a-good-one",
        together(expired_secret, _application(_good_one_beside)),
        seen_by=BY_SECRET,
        diagnosed="entra-sp-secret-expired",
        like="entra-sp-secret-wrong",
    ),
    Scenario(
        "secret-mistyped-beside-an-ended-one",
        together(expired_secret, _application(_good_one_beside), _other_secret),
        seen_by=BY_SECRET,
        diagnosed="entra-sp-secret-wrong",
        like="entra-sp-secret-expired",
    ),
    Scenario(
        "password-mistyped-all-of-application-ended",
        together(expired_secret, _good_one_on_principal, _other_secret, _secret_by_basic),
        _BASIC,
        diagnosed="entra-sp-secret-wrong",
        like="entra-sp-secret-expired",
    ),
    Scenario(
        "password-of-service-principal",
        together(expired_secret, _good_one_on_principal, _secret_by_basic),
        _BASIC,
        diagnosed=READY,
        like="entra-sp-secret-expired",
    ),
    Scenario(
        "sp-certificate-with-docker-login",
        together(_certificate_only, _secret_by_basic),
        _BASIC,
        like="entra-sp-secret-wrong",
    ),
    Scenario(
        "password-mistyped-certificate-on-application",
        together(_certificate_only, _good_one_on_principal, _other_secret, _secret_by_basic),
        _BASIC,
        diagnosed="entra-sp-secret-wrong",
        like="sp-certificate-with-docker-login",
    ),
    Scenario(
        "entra-app-disabled",
        _application(_disabled),
        _OPERATOR_LOOKS,
        seen_by=BY_CLIENT_ID,
        like="entra-app-not-found",
    ),
    Scenario(
        "application-enabled-again",
        _application(_enabled_again),
        _OPERATOR_LOOKS,
        seen_by=BY_CLIENT_ID,
        diagnosed="entra-unrecognised",
        like="entra-app-disabled",
    ),
    Scenario(
        "password-of-disabled-application",
        together(_application(_disabled), _secret_by_basic),
        _BASIC,
        diagnosed="entra-app-disabled",
        like="entra-sp-secret-wrong",
    ),
    Scenario(
        "entra-fic-subject-mismatch",
        together(in_kubernetes, _trusting(FederatedCredential(CLUSTER, SUBJECT.upper()))),
        _FEDERATED,
        like="entra-fic-propagating",
    ),
    Scenario(
        "entra-fic-propagating",
        together(
            in_kubernetes,
            _trusting(FederatedCredential(CLUSTER, "system:serviceaccount:ci:other"), _CLUSTERS, made_lately=SUBJECT),
        ),
        _FEDERATED,
        like="entra-fic-subject-mismatch",
    ),
    Scenario(
        "entra-fic-issuer-mismatch",
        together(in_kubernetes, _trusting(FederatedCredential(CLUSTER.rstrip("/"), SUBJECT))),
        _FEDERATED,
        like="federated-credential-is-the-first",
    ),
    Scenario(
        "federated-credential-is-the-first",
        together(in_kubernetes, _trusting(_CLUSTERS, made_lately=SUBJECT)),
        _FEDERATED,
        diagnosed="entra-fic-propagating",
        like="entra-fic-issuer-mismatch",
    ),
    Scenario(
        "entra-fic-assertion-expired",
        together(in_kubernetes, _old_assertion),
        {"auth": BY_FEDERATION},
        like="clock-skew",
    ),
    Scenario(
        "clock-skew",
        together(with_certificate, services_ahead(_HOUR)),
        _CERTIFICATE,
        like="entra-fic-assertion-expired",
    ),
    Scenario(
        "assertion-from-the-future",
        together(in_kubernetes, services_ahead(-_HOUR)),
        {"auth": BY_FEDERATION},
        diagnosed="clock-skew",
        like="entra-fic-assertion-expired",
    ),
    Scenario("entra-sp-certificate-expired", _ended_certificate, _CERTIFICATE, like="clock-skew"),
    Scenario(
        "entra-assertion-malformed",
        together(in_kubernetes, _cut_off_assertion),
        {"auth": BY_FEDERATION},
        like="entra-sp-certificate-expired",
    ),
)
