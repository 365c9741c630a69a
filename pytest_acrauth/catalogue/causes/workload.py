"""Family ``workload``: identities without a secret of their own: federated credentials and managed identities."""

from __future__ import annotations

from functools import partial

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import FailureMode, Symptom, asking_nothing
from pytest_acrauth.catalogue.symptoms import entra

_FEDERATION = "https://azure.github.io/azure-workload-identity/docs/troubleshooting.html"
_AZSDK = "https://aka.ms/azsdk/python/identity/"
_LIST = "az ad app federated-credential list --id {client_id}"
_mode = partial(asking_nothing, family="workload")


def _federated(ending: str, *shows: Symptom, title: str, meaning: str, remedies: tuple[str, ...]) -> FailureMode:
    return _mode(f"entra-fic-{ending}", *shows, title=title, meaning=meaning, remedies=remedies, link=_FEDERATION)


ENTRA_FIC_SUBJECT_MISMATCH = _federated(
    "subject-mismatch",
    entra.AADSTS_700213,
    entra.AADSTS_70021,
    title="no federated credential of application {client_id} has the subject that was presented",
    meaning="The subject is compared letter by letter: another branch, environment or tag, a renamed repository or"
    " another service account is another subject.",
    remedies=(_LIST, "Create or change a federated credential so that its subject is the one in the message."),
)
ENTRA_FIC_ISSUER_MISMATCH = _federated(
    "issuer-mismatch",
    entra.AADSTS_700211,
    entra.AADSTS_70021,
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
    entra.AADSTS_700212,
    entra.AADSTS_70021,
    title="no federated credential of application {client_id} has the audience that was presented",
    meaning="The audience is api://AzureADTokenExchange unless both sides say otherwise.",
    remedies=(_LIST, "Ask the issuer for the audience that the credential names, or change the credential."),
)
ENTRA_FIC_ASSERTION_EXPIRED = _federated(
    "assertion-expired",
    entra.AADSTS_700024,
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
    entra.AADSTS_90061,
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
    entra.AADSTS_70021,
    entra.AADSTS_700213,
    title="a federated credential made minutes ago may not be in effect yet",
    meaning="A new federated credential takes some minutes until every part of Entra knows it.",
    remedies=("Wait a few minutes after making the credential, then check again.",),
    link=_FEDERATION,
    transient=True,
)
CLOCK_SKEW = _mode(
    "clock-skew",
    entra.AADSTS_700024,
    entra.AADSTS_50013,
    title="the clock of the machine that signed differs from Entra's",
    meaning="An assertion or token carries the times between which it counts, by the clock of whoever made it.",
    remedies=("date -u", "Compare with the time in Entra's message, and synchronise the clock."),
    link=pages.ENTRA_CODES,
)
ENTRA_WORKLOAD_IDENTITY_NOT_INJECTED = _mode(
    "entra-workload-identity-not-injected",
    entra.NOT_INJECTED,
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
    entra.NO_METADATA,
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
    entra.NO_SUCH_IDENTITY,
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
    entra.SEVERAL_IDENTITIES,
    title="this host has several managed identities, and none was named",
    meaning="With more than one user-assigned identity the metadata service does not choose.",
    remedies=("Set AZURE_CLIENT_ID to the client id of the identity that is meant.",),
    link=_AZSDK + "managedidentitycredential/troubleshoot",
)
ENTRA_ENV_INCOMPLETE = _mode(
    "entra-env-incomplete",
    entra.ENVIRONMENT_INCOMPLETE,
    title="some of the variables that make up the credential are not set",
    meaning="A service principal needs its tenant, its client id, and a secret or a certificate's path together.",
    remedies=("Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH.",),
    link=_AZSDK + "environmentcredential/troubleshoot",
)
ENTRA_NO_CREDENTIAL = _mode(
    "entra-no-credential",
    entra.NO_CREDENTIAL,
    title="none of the credentials that were tried gave a token",
    meaning="The message lists each one with its own reason; the one that was meant to work is the one to repair.",
    remedies=(
        "Read the line of the credential that is meant, and repair that.",
        "Name one method with --acr-auth, so that the others are not tried.",
    ),
    link=_AZSDK + "defaultazurecredential/troubleshoot",
)
