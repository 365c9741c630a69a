"""Family ``workload``: identities without a secret of their own: federated credentials and managed identities."""

from __future__ import annotations

from functools import partial

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.causes.entra import aadsts_symptom
from pytest_acrauth.catalogue.causes.signin import AADSTS_50013
from pytest_acrauth.catalogue.shape import FailureMode, Symptom, Words, asking_nothing
from pytest_acrauth.catalogue.symptoms.words import anywhere, said_here
from pytest_acrauth.model.stage import Stage

_FEDERATION = "https://azure.github.io/azure-workload-identity/docs/troubleshooting.html"
_AZSDK = "https://aka.ms/azsdk/python/identity/"
_LIST = "az ad app federated-credential list --id {client_id}"


def _local(name: str, texts: tuple[Words, ...], says: str) -> Symptom:
    """Return a symptom that the Azure SDK or the host words itself, before or instead of an answer of Entra's."""
    return Symptom(id=name, stages=(Stage.ENTRA,), when=said_here(texts), says=says, texts=texts)


AADSTS_70021 = aadsts_symptom(
    70021,
    # The text of the numbered siblings goes on after "assertion": with subject, issuer or audience.
    phrases=(r"presented assertion\. Assertion Issuer",),
)
AADSTS_700213 = aadsts_symptom(700213, 7002131, 7002121, phrases=(r"record found for presented assertion subject",))
AADSTS_700211 = aadsts_symptom(
    700211, 700222, phrases=(r"record found for presented assertion issuer", r"AAD-issued tokens may not be used for")
)
AADSTS_700212 = aadsts_symptom(700212, phrases=(r"record found for presented assertion audience",))
AADSTS_700024 = aadsts_symptom(700024, phrases=(r"[Cc]lient assertion is not within its valid time range",))
AADSTS_90061 = aadsts_symptom(90061, phrases=(r"Request to External OIDC endpoint failed",))
NOT_INJECTED = _local(
    "workload-identity-not-configured",
    anywhere(
        r"[Ww]orkload options are not fully configured",
        r"WorkloadIdentityCredential(?: authentication unavailable)?:? .{0,80}?(?:not (?:fully )?configured|not set)",
        r"no (?:client ID|tenant ID|token file) specified\. Check pod configuration",
        r"AZURE_FEDERATED_TOKEN_FILE.{0,60}?(?:not set|missing|required|not specified|not found|empty)",
        r"/var/run/secrets/azure/tokens/azure-identity-token.{0,40}?[Nn]o such file",
    ),
    "The workload identity's variables are not set here.",
)
NO_METADATA = _local(
    "metadata-unreached",
    anywhere(
        r"ManagedIdentityCredential authentication unavailable(?!.{0,80}?(?:assigned to this|Identity not found))",
        r"[Nn]o managed identity endpoint found",
        r"no response from the IMDS endpoint",
        r"The request failed due to a gateway error",
        r"Failed to connect to MSI|MSI: Failed to (?:retrieve|acquire)|managed identity timed out|[Nn]o MSI found",
        r"failed to obtain a token from the (?:managed identity|IMDS)",
        r"169\.254\.169\.254.{0,250}?(?:timeout|timed out|refused|unreachable|deadline exceeded|no route|Max retries)",
        r"(?:timeout|timed out|refused|unreachable).{0,60}?169\.254\.169\.254",
        r"MSI is not available|MSI endpoint is not|IMDS.{0,40}?(?:not available|unavailable|unreachable|timed out)",
    ),
    "No managed identity endpoint answered here.",
)
NO_SUCH_IDENTITY = _local(
    "identity-not-assigned",
    anywhere(
        r"\"error_description\" ?: ?\"Identity not found\"|[ :\"]Identity not found\b",
        r"[Nn]o (?:default )?identity (?:has been|is) assigned to this resource",
        r"requested identity (?:hasn't|has not|isn't|is not)(?: been)? assigned to this resource",
        r"no azure identity found for request",
        r"(?:unable|[Ff]ailed) to (?:find|get) (?:the )?(?:user[- ]assigned )?(?:managed )?identity",
        r"user[- ]assigned (?:managed )?identity .{0,120}?(?:not found|does not exist)",
    ),
    "The metadata service answers, and has no such identity for this machine.",
)
SEVERAL_IDENTITIES = _local(
    "several-identities",
    anywhere(r"Multiple user[- ]assigned identities exist"),
    "This machine has several identities, and none was named.",
)
ENVIRONMENT_INCOMPLETE = _local(
    "environment-incomplete",
    anywhere(
        r"EnvironmentCredential authentication unavailable",
        r"[Ee]nvironment variables are not fully configured",
        r"EnvironmentCredential: (?:missing|incomplete) environment variable",
    ),
    "The environment does not hold a complete credential.",
)
NO_CREDENTIAL = _local(
    "no-credential",
    anywhere(
        r"DefaultAzureCredential failed to retrieve a token from the included credentials",
        r"DefaultAzureCredential: failed to acquire a token",
        r"ChainedTokenCredential failed to retrieve a token",
        r"ChainedTokenCredential authentication failed",
        r"CredentialUnavailableError|CredentialUnavailableException",
    ),
    "None of the credentials that were tried gave a token.",
)


_mode = partial(asking_nothing, family="workload")


def _federated(ending: str, *shows: Symptom, title: str, meaning: str, remedies: tuple[str, ...]) -> FailureMode:
    return _mode(f"entra-fic-{ending}", *shows, title=title, meaning=meaning, remedies=remedies, link=_FEDERATION)


ENTRA_FIC_SUBJECT_MISMATCH = _federated(
    "subject-mismatch",
    AADSTS_700213,
    AADSTS_70021,
    title="no federated credential of application {client_id} has the subject that was presented",
    meaning="The subject is compared letter by letter: another branch, environment or tag, a renamed repository or"
    " another service account is another subject.",
    remedies=(_LIST, "Create or change a federated credential so that its subject is the one in the message."),
)
ENTRA_FIC_ISSUER_MISMATCH = _federated(
    "issuer-mismatch",
    AADSTS_700211,
    AADSTS_70021,
    title="no federated credential of application {client_id} has the issuer that was presented",
    meaning="The issuer's address is compared letter by letter, a slash at its end included, and may not be Entra's"
    " own.",
    remedies=(
        _LIST,
        "az aks show -g <resource group> -n <cluster> --query oidcIssuerProfile.issuerUrl -o tsv",
        "Make the credential's issuer and the address that really issues the same.",
    ),
)
ENTRA_FIC_AUDIENCE_MISMATCH = _federated(
    "audience-mismatch",
    AADSTS_700212,
    AADSTS_70021,
    title="no federated credential of application {client_id} has the audience that was presented",
    meaning="The audience is api://AzureADTokenExchange unless both sides say otherwise.",
    remedies=(_LIST, "Ask the issuer for the audience that the credential names, or change the credential."),
)
ENTRA_FIC_ASSERTION_EXPIRED = _federated(
    "assertion-expired",
    AADSTS_700024,
    title="the federated assertion is past its time",
    meaning="A pipeline's assertion lives some minutes. A client that keeps it and asks for another token later, such"
    " as az acr login some time after the login, presents one that has ended.",
    remedies=(
        "az acr login -n {registry}",
        "Run that directly after signing in, or sign in again before it.",
    ),
)
ENTRA_FIC_ISSUER_UNREACHABLE = _federated(
    "issuer-unreachable",
    AADSTS_90061,
    title="Entra cannot fetch the keys of the federated credential's issuer",
    meaning="Entra reads the issuer's openid-configuration over the internet. A private cluster, a firewall or a wrong"
    " address keeps it from doing so.",
    remedies=(
        "curl -sS <issuer>/.well-known/openid-configuration",
        "Make that address answer from the internet, or use an issuer that does.",
    ),
)
ENTRA_FIC_PROPAGATING = _mode(
    "entra-fic-propagating",
    AADSTS_70021,
    AADSTS_700213,
    title="a federated credential made minutes ago may not be in effect yet",
    meaning="A new federated credential takes some minutes until every part of Entra knows it.",
    remedies=("Wait a few minutes after making the credential, then check again.",),
    link=_FEDERATION,
    transient=True,
)
CLOCK_SKEW = _mode(
    "clock-skew",
    AADSTS_700024,
    AADSTS_50013,
    title="the clock of the machine that signed differs from Entra's",
    meaning="An assertion or token carries the times between which it counts, by the clock of whoever made it.",
    remedies=("date -u", "Compare with the time in Entra's message, and synchronise the clock."),
    link=pages.ENTRA_CODES,
)
ENTRA_WORKLOAD_IDENTITY_NOT_INJECTED = _mode(
    "entra-workload-identity-not-injected",
    NOT_INJECTED,
    title="the pod was given no workload identity",
    meaning="The webhook that adds the variables and the token's file did not change this pod: the label is missing on"
    " the pod itself, the service account is not annotated, or the webhook does not run.",
    remedies=(
        "kubectl get pod <pod> -n <namespace> -o jsonpath={{.metadata.labels}}",
        "Label the pod azure.workload.identity/use=true, annotate its service account with the client id, restart it.",
    ),
    link=_AZSDK + "workloadidentitycredential/troubleshoot",
)
MSI_ENDPOINT_UNREACHABLE = _mode(
    "msi-endpoint-unreachable",
    NO_METADATA,
    title="no managed identity endpoint answers here",
    meaning="This does not run in Azure, its host has no managed identity, or a proxy or a network policy stands before"
    " the metadata address.",
    remedies=(
        'curl -sS -H Metadata:true "http://169.254.169.254/metadata/instance?api-version=2021-02-01"',
        "Exempt 169.254.169.254 from the proxy with NO_PROXY, and let the network policy pass it.",
    ),
    link=_AZSDK + "managedidentitycredential/troubleshoot",
)
MSI_IDENTITY_NOT_FOUND = _mode(
    "msi-identity-not-found",
    NO_SUCH_IDENTITY,
    title="the managed identity that was asked for is not assigned to this host",
    meaning="The host has none, or the client id or resource id belongs to an identity that was never assigned here.",
    remedies=(
        "az vm identity show -g <resource group> -n <machine>",
        "Assign the identity to this host, or correct the client id that is asked for.",
    ),
    link=_AZSDK + "managedidentitycredential/troubleshoot",
)
MSI_AMBIGUOUS = _mode(
    "msi-ambiguous",
    SEVERAL_IDENTITIES,
    title="this host has several managed identities, and none was named",
    meaning="With more than one user-assigned identity the metadata service does not choose.",
    remedies=("Set AZURE_CLIENT_ID to the client id of the identity that is meant.",),
    link=_AZSDK + "managedidentitycredential/troubleshoot",
)
ENTRA_ENV_INCOMPLETE = _mode(
    "entra-env-incomplete",
    ENVIRONMENT_INCOMPLETE,
    title="some of the variables that make up the credential are not set",
    meaning="A service principal needs its tenant, its client id, and a secret or a certificate's path together.",
    remedies=("Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH.",),
    link=_AZSDK + "environmentcredential/troubleshoot",
)
ENTRA_NO_CREDENTIAL = _mode(
    "entra-no-credential",
    NO_CREDENTIAL,
    title="none of the credentials that were tried gave a token",
    meaning="The message lists each one with its own reason; the one that was meant to work is the one to repair.",
    remedies=(
        "Read the line of the credential that is meant, and repair that.",
        "Name one method with --acr-auth, so that the others are not tried.",
    ),
    link=_AZSDK + "defaultazurecredential/troubleshoot",
)
