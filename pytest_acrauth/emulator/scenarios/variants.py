"""Other healthy worlds: the same registries, reached by an identity that proves itself in another way.

Each is a change of a world, to be given to `Emulator.change`; the service principal's secret leaves the environment.
`IDENTITIES` has one for every authentication method.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pytest_acrauth.emulator.scenarios.changes import nothing
from pytest_acrauth.emulator.world import Change, World
from pytest_acrauth.emulator.world.cloud import AUTHORITY, DAY, MINUTE, SUBSCRIPTION, Cloud
from pytest_acrauth.emulator.world.directory import Application, ClientCertificate, FederatedCredential
from pytest_acrauth.emulator.world.healthy import CLIENT, TENANT, entitle
from pytest_acrauth.emulator.world.jobs import ENTRAS_EXCHANGE, Job
from pytest_acrauth.emulator.world.network import Certificate, Name
from pytest_acrauth.emulator.world.tokens import Signer
from pytest_acrauth.emulator.world.workplace import Host

CLUSTER = "https://eastus.oic.prod-aks.azure.com/3f0c8a52-6d1e-4b7a-9a55-0e8d2c41b6f7/0c5e9a47/"
SUBJECT = "system:serviceaccount:ci:acr-checks"
GITHUB = "https://token.actions.githubusercontent.com"
GITHUB_HOST = "run-actions-1-azure-eastus.actions.githubusercontent.com"
#: A branch of a repository as GitHub names it with the ids that no other repository ever has.
MAIN_BRANCH = "repo:contoso@5544123/app@821093847:ref:refs/heads/main"
GITLAB = "https://gitlab.com"
GITLAB_BRANCH = "project_path:contoso/app:ref_type:branch:ref:main"
PIPELINES_HOST = "dev.azure.com"
CONNECTION = "d95e2f07-3b48-4c61-9a1f-e06c7d5b8243"
_ORGANISATION = "40b7c9e3-6f12-4d85-b0a4-17e9d3c5f268"
MACHINE_IDENTITY = "7d3a5f1c-e826-4b09-95d4-2c8f6b0a1e73"
_MACHINE_PRINCIPAL = "a5c81e9d-3f47-4260-b8d3-6e1f0c9a7b54"
_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-build/providers"
_NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "registry-ci")])


def with_certificate(world: World, starts: float | None = None) -> None:
    """Register a certificate on the application, and put it with its key where AZURE_CLIENT_CERTIFICATE_PATH says.

    ``starts`` is when its year begins, by default a month ago.
    """
    first = world.cloud.now() - 30 * DAY if starts is None else starts
    key = rsa.generate_private_key(65537, 2048)
    starting, ending = (datetime.fromtimestamp(each, UTC) for each in (first, first + 365 * DAY))
    certificate = (
        x509.CertificateBuilder(_NAME, _NAME, key.public_key(), x509.random_serial_number(), starting, ending)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    world.cloud.applications[CLIENT].certificates.append(ClientCertificate(pem))
    _without_secret(world)
    world.machine.files["AZURE_CLIENT_CERTIFICATE_PATH"] = private + pem


def in_kubernetes(world: World) -> None:
    """Run in a cluster whose service account the application trusts; AZURE_FEDERATED_TOKEN_FILE has its token."""
    cloud = world.cloud
    cloud.assertion_issuers[CLUSTER] = Signer()
    credential = FederatedCredential(CLUSTER, SUBJECT)
    cloud.applications[CLIENT].federated.append(credential)
    _without_secret(world)
    world.machine.files["AZURE_FEDERATED_TOKEN_FILE"] = assertion(cloud, credential)


def assertion(cloud: Cloud, credential: FederatedCredential, life: float = 60 * MINUTE) -> str:
    """Return a token of an issuer that the cloud knows, as a federated credential wants it, for some seconds."""
    now = cloud.now()
    claims = {"iss": credential.issuer, "sub": credential.subject, "aud": credential.audience}
    dates = {"iat": int(now), "nbf": int(min(now, now + life)), "exp": int(now + life)}
    return cloud.assertion_issuers[credential.issuer].sign(claims | dates)


def in_gitlab_job(world: World) -> None:
    """Run in a job of GitLab, whose branch the application trusts; AZURE_FEDERATED_TOKEN is its id token."""
    cloud = world.cloud
    cloud.assertion_issuers[GITLAB] = Signer()
    credential = FederatedCredential(GITLAB, GITLAB_BRANCH)
    cloud.applications[CLIENT].federated.append(credential)
    _without_secret(world)
    world.machine.environ["AZURE_FEDERATED_TOKEN"] = assertion(cloud, credential)


def in_github_job(world: World) -> None:
    """Run in a job of GitHub Actions that may ask for id tokens, and whose branch the application trusts."""
    signer, token, ends = Signer(), *_request_token(world)
    path = "/6f2d9b51/00000000-0000-0000-0000-000000000000/_apis/distributedtask/hubs/Actions/idtoken/2c7e/8a41"
    _run(world, GITHUB_HOST, Job(path, token, ends, GITHUB, MAIN_BRANCH, signer))
    _without_secret(world)
    world.machine.environ |= {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"https://{GITHUB_HOST}{path}?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token,
    }


def in_azure_pipeline(world: World) -> None:
    """Run in a step of Azure Pipelines that has its access token and a service connection of the application."""
    token, ends = _request_token(world)
    path = "/contoso/5b0e/_apis/distributedtask/hubs/build/plans/91c4/jobs/e7d2/oidctoken"
    issuer = f"https://{AUTHORITY}/{TENANT}/v2.0"
    subject = f"/eid1/c/pub/t/UqgMP/a/Uksz/sc/{_ORGANISATION}/{CONNECTION}"
    signer = world.cloud.entra
    job = Job(path, token, ends, issuer, subject, signer, connection=CONNECTION, audience=ENTRAS_EXCHANGE, life=3600.0)
    _run(world, PIPELINES_HOST, job)
    _without_application(world)
    world.machine.environ |= {
        "TF_BUILD": "True",
        "SYSTEM_OIDCREQUESTURI": f"https://{PIPELINES_HOST}{path}",
        "SYSTEM_ACCESSTOKEN": token,
        "AZURESUBSCRIPTION_TENANT_ID": TENANT,
        "AZURESUBSCRIPTION_CLIENT_ID": CLIENT,
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": CONNECTION,
    }


def _request_token(world: World) -> tuple[str, float]:
    """Return a new request token of a job, and when it ends: with the longest time that the job may take."""
    now = world.cloud.now()
    ends = now + 6 * 60 * MINUTE
    return Signer().sign({"iss": "the CI system", "nbf": int(now), "exp": int(ends)}), ends


def _run(world: World, host: str, job: Job) -> None:
    """Let a job run, its system be reached at a host, and the application trust what it issues."""
    cloud, network = world.cloud, world.network
    cloud.jobs[host] = job
    cloud.assertion_issuers[job.issuer] = job.signer
    cloud.applications[CLIENT].federated.append(FederatedCredential(job.issuer, job.subject))
    network.names[host] = Name(("203.0.113.80",))
    network.certificates[host] = Certificate((host,), cloud.now() - 40 * DAY, cloud.now() + 325 * DAY)


def on_virtual_machine(world: World) -> None:
    """Run on a virtual machine with a user-assigned identity."""
    _in_azure(world, Host.VIRTUAL_MACHINE, f"{_GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/acr-checks")


def on_virtual_machine_of_its_own(world: World) -> None:
    """Run on a virtual machine with a system-assigned identity."""
    _in_azure(world, Host.VIRTUAL_MACHINE, f"{_GROUP}/Microsoft.Compute/virtualMachines/build-1")


def on_app_service(world: World) -> None:
    """Run on an app service with a system-assigned identity."""
    _in_azure(world, Host.APP_SERVICE, f"{_GROUP}/Microsoft.Web/sites/acr-checks")


def _in_azure(world: World, host: Host, resource_id: str) -> None:
    principals = {TENANT: _MACHINE_PRINCIPAL}
    identity = Application(MACHINE_IDENTITY, [], principals, name="acr-checks", resource_id=resource_id)
    world.cloud.applications[MACHINE_IDENTITY] = identity
    entitle(world.cloud, _MACHINE_PRINCIPAL)
    _without_application(world)
    world.machine.host, world.machine.identities = host, [MACHINE_IDENTITY]


def signed_in_with_az(world: World) -> None:
    """Leave nothing for an Entra identity but the login of the Azure CLI."""
    _without_application(world)


def with_docker_login(world: World) -> None:
    """Leave nothing but the login that docker keeps for each registry."""
    _without_application(world)
    world.machine.az = None


def open_to_everybody(world: World) -> None:
    """Let anonymous callers pull from every registry, and leave no credential to anybody."""
    with_docker_login(world)
    world.machine.docker_config.clear()
    for registry in world.cloud.registries.values():
        registry.anonymous_pull = True


def _with_pair(prefix: str) -> Change:
    """Put a pair that the environment has under another prefix where `ACR_USERNAME` and `ACR_PASSWORD` are read."""

    def change(world: World) -> None:
        environ = world.machine.environ
        environ |= {f"ACR_{suffix}": environ[f"{prefix}_{suffix}"] for suffix in ("USERNAME", "PASSWORD")}

    return change


def _without_application(world: World) -> None:
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"):
        world.machine.environ.pop(name, None)


def _without_secret(world: World) -> None:
    world.machine.environ.pop("AZURE_CLIENT_SECRET", None)


#: Those that Azure's own SDK finds in the environment, for tests that hold for each.
VARIANTS: tuple[Change, ...] = (
    with_certificate,
    in_kubernetes,
    on_virtual_machine,
    on_virtual_machine_of_its_own,
    on_app_service,
)
#: The names of authentication methods, the first of which the healthy world's environment is for.
USUAL = "service-principal"
BY_CERTIFICATE = "service-principal-certificate"
BY_FEDERATION = "workload-identity"
BY_GITHUB = "github-actions"
BY_PIPELINE = "azure-pipelines"
BY_HOST = "managed-identity"
BY_AZ = "azure-cli"
#: Who asks Entra; those of them who are the application, and those who say which tenant is theirs; who has its secret.
BY_APPLICATION = (USUAL, BY_CERTIFICATE, BY_FEDERATION, BY_GITHUB, BY_PIPELINE)
BY_ENTRA = (*BY_APPLICATION, BY_HOST, BY_AZ)
BY_TENANT = (USUAL, BY_CERTIFICATE, BY_FEDERATION, BY_GITHUB, BY_AZ)
BY_SECRET = (USUAL, "basic")
#: Who says which application it is, to Entra or to the registry.
BY_CLIENT_ID = (*BY_APPLICATION, "basic")
#: Whose rights come from roles, and who signs in as the scope-map token: ``basic`` can be either.
BY_ROLES = (*BY_ENTRA, "basic")
BY_PULLER = ("scope-map-token", "basic", "docker-config")
#: By the name of each authentication method, what puts its credential into the machine.
IDENTITIES: Mapping[str, Change] = {
    USUAL: nothing,
    BY_CERTIFICATE: with_certificate,
    BY_FEDERATION: in_kubernetes,
    BY_GITHUB: in_github_job,
    BY_PIPELINE: in_azure_pipeline,
    BY_HOST: on_virtual_machine,
    BY_AZ: signed_in_with_az,
    "basic": _with_pair("ACR_SP"),
    "admin": _with_pair("ACR_ADMIN"),
    "scope-map-token": _with_pair("ACR_PULLER"),
    "docker-config": with_docker_login,
    "anonymous": open_to_everybody,
}
