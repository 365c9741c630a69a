"""Family ``workload``: identities without a secret of their own: federated credentials and managed identities."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import entra

_FEDERATION = "https://azure.github.io/azure-workload-identity/docs/troubleshooting.html"
_AZSDK = "https://aka.ms/azsdk/python/identity/"
_LIST = "az ad app federated-credential list --id {client_id}"


ENTRA_FIC_SUBJECT_MISMATCH = FailureMode(
    id="entra-fic-subject-mismatch",
    title="no federated credential of application {client_id} has the subject that was presented",
    seen=(entra.AADSTS_700213, entra.AADSTS_70021),
    means="The subject is compared letter by letter: another branch, environment or tag, a renamed repository or"
    " another service account is another subject.",
    fix=(
        Command("az ad app federated-credential list --id {client_id}"),
        "Create or change a federated credential so that its subject is the one in the message.",
    ),
    page="https://azure.github.io/azure-workload-identity/docs/troubleshooting.html",
)
ENTRA_FIC_ISSUER_MISMATCH = FailureMode(
    id="entra-fic-issuer-mismatch",
    title="no federated credential of application {client_id} has the issuer that was presented",
    seen=(entra.AADSTS_700211, entra.AADSTS_70021),
    means="The issuer's address is compared letter by letter, a slash at its end included, and may not be Entra's own.",
    fix=(
        Command("az ad app federated-credential list --id {client_id}"),
        Command("az aks show -g <resource group> -n <cluster> --query oidcIssuerProfile.issuerUrl -o tsv"),
        "Make the credential's issuer and the address that really issues the same.",
    ),
    page="https://azure.github.io/azure-workload-identity/docs/troubleshooting.html",
)
ENTRA_FIC_AUDIENCE_MISMATCH = FailureMode(
    id="entra-fic-audience-mismatch",
    title="no federated credential of application {client_id} has the audience that was presented",
    seen=(entra.AADSTS_700212, entra.AADSTS_70021),
    means="The audience is api://AzureADTokenExchange unless both sides say otherwise.",
    fix=(
        Command("az ad app federated-credential list --id {client_id}"),
        "Ask the issuer for the audience that the credential names, or change the credential.",
    ),
    page="https://azure.github.io/azure-workload-identity/docs/troubleshooting.html",
)
ENTRA_FIC_ASSERTION_EXPIRED = FailureMode(
    id="entra-fic-assertion-expired",
    title="the federated assertion is past its time",
    seen=(entra.AADSTS_700024,),
    means="A pipeline's assertion lives some minutes. A client that keeps it and asks for another token later,"
    " such as az acr login some time after the login, presents one that has ended.",
    fix=(
        Command("az acr login -n {registry}"),
        "Run that directly after signing in, or sign in again before it.",
    ),
    page="https://azure.github.io/azure-workload-identity/docs/troubleshooting.html",
)
ENTRA_FIC_ISSUER_UNREACHABLE = FailureMode(
    id="entra-fic-issuer-unreachable",
    title="Entra cannot fetch the keys of the federated credential's issuer",
    seen=(entra.AADSTS_90061,),
    means="Entra reads the issuer's openid-configuration over the internet. A private cluster, a firewall or a"
    " wrong address keeps it from doing so.",
    fix=(
        Command("curl -sS <issuer>/.well-known/openid-configuration"),
        "Make that address answer from the internet, or use an issuer that does.",
    ),
    page="https://azure.github.io/azure-workload-identity/docs/troubleshooting.html",
)
ENTRA_FIC_PROPAGATING = FailureMode(
    id="entra-fic-propagating",
    title="a federated credential made minutes ago may not be in effect yet",
    seen=(entra.AADSTS_70021, entra.AADSTS_700213),
    means="A new federated credential takes some minutes until every part of Entra knows it.",
    fix=("Wait a few minutes after making the credential, then check again.",),
    page="https://azure.github.io/azure-workload-identity/docs/troubleshooting.html",
    transient=True,
)
CLOCK_SKEW = FailureMode(
    id="clock-skew",
    title="the clock of the machine that signed differs from Entra's",
    seen=(entra.AADSTS_700024, entra.AADSTS_50013),
    means="An assertion or token carries the times between which it counts, by the clock of whoever made it.",
    fix=(
        Command("date -u"),
        "Compare with the time in Entra's message, and synchronise the clock.",
    ),
    page=pages.ENTRA_CODES,
)
ENTRA_WORKLOAD_IDENTITY_NOT_INJECTED = FailureMode(
    id="entra-workload-identity-not-injected",
    title="the pod was given no workload identity",
    seen=(entra.NOT_INJECTED,),
    means="The webhook that adds the variables and the token's file did not change this pod: the label is missing"
    " on the pod itself, the service account is not annotated, or the webhook does not run.",
    fix=(
        Command("kubectl get pod <pod> -n <namespace> -o jsonpath={{.metadata.labels}}"),
        "Label the pod azure.workload.identity/use=true, annotate its service account with the client id, restart it.",
    ),
    page="https://aka.ms/azsdk/python/identity/workloadidentitycredential/troubleshoot",
)
MSI_ENDPOINT_UNREACHABLE = FailureMode(
    id="msi-endpoint-unreachable",
    title="no managed identity endpoint answers here",
    seen=(entra.NO_METADATA,),
    means="This does not run in Azure, its host has no managed identity, or a proxy or a network policy stands"
    " before the metadata address.",
    fix=(
        Command('curl -sS -H Metadata:true "http://169.254.169.254/metadata/instance?api-version=2021-02-01"'),
        "Exempt 169.254.169.254 from the proxy with NO_PROXY, and let the network policy pass it.",
    ),
    page="https://aka.ms/azsdk/python/identity/managedidentitycredential/troubleshoot",
)
MSI_IDENTITY_NOT_FOUND = FailureMode(
    id="msi-identity-not-found",
    title="the managed identity that was asked for is not assigned to this host",
    seen=(entra.NO_SUCH_IDENTITY,),
    means="The host has none, or the client id or resource id belongs to an identity that was never assigned here.",
    fix=(
        Command("az vm identity show -g <resource group> -n <machine>"),
        "Assign the identity to this host, or correct the client id that is asked for.",
    ),
    page="https://aka.ms/azsdk/python/identity/managedidentitycredential/troubleshoot",
)
MSI_AMBIGUOUS = FailureMode(
    id="msi-ambiguous",
    title="this host has several managed identities, and none was named",
    seen=(entra.SEVERAL_IDENTITIES,),
    means="With more than one user-assigned identity the metadata service does not choose.",
    fix=("Set AZURE_CLIENT_ID to the client id of the identity that is meant.",),
    page="https://aka.ms/azsdk/python/identity/managedidentitycredential/troubleshoot",
)
ENTRA_ENV_INCOMPLETE = FailureMode(
    id="entra-env-incomplete",
    title="some of the variables that make up the credential are not set",
    seen=(entra.ENVIRONMENT_INCOMPLETE,),
    means="A service principal needs its tenant, its client id, and a secret or a certificate's path together.",
    fix=("Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH.",),
    page="https://aka.ms/azsdk/python/identity/environmentcredential/troubleshoot",
)
ENTRA_NO_CREDENTIAL = FailureMode(
    id="entra-no-credential",
    title="none of the credentials that were tried gave a token",
    seen=(entra.NO_CREDENTIAL,),
    means="The message lists each one with its own reason; the one that was meant to work is the one to repair.",
    fix=(
        "Read the line of the credential that is meant, and repair that.",
        "Name one method with --acr-auth, so that the others are not tried.",
    ),
    page="https://aka.ms/azsdk/python/identity/defaultazurecredential/troubleshoot",
)
