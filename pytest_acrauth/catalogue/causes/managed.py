"""Family ``managed``: identities that a machine, a cluster or the environment provides, or does not."""

from __future__ import annotations

from pytest_acrauth.catalogue.shape import Command, FailureMode, Occurs
from pytest_acrauth.catalogue.symptoms import entra, kubernetes

_SDK = "https://aka.ms/azsdk/python/identity/"
# The pages on identity bindings do not say that images can be pulled with them; the reference of the API does.
_PULLS = "https://learn.microsoft.com/javascript/api/@azure/arm-containerservice/serviceaccountimagepullprofile"
ENTRA_WORKLOAD_IDENTITY_NOT_INJECTED = FailureMode(
    id="entra-workload-identity-not-injected",
    title="no workload identity is set up",
    brief="workload identity not set up",
    seen=(entra.NOT_INJECTED,),
    signs=(entra.NOT_INJECTED,),
    certain="The Azure SDK says of its own process that the variables of a workload identity are not all there.",
    means="Inside Kubernetes, a webhook gives a pod the variables and the token of its identity when it is made. It did"
    " not change this pod: the label is missing on the pod itself, the service account is not annotated, or the webhook"
    " does not run. Elsewhere the line is one of a chain of credentials that were tried, and only says that"
    " it did not apply.",
    look=(
        "See the pod's labels, its service account's annotations, and whether the webhook runs:",
        Command(
            "kubectl get pod POD -n NAMESPACE -o jsonpath='{{.metadata.labels}}';"
            " kubectl get serviceaccount SERVICE_ACCOUNT -n NAMESPACE -o jsonpath='{{.metadata.annotations}}'"
        ),
        Command("kubectl get pods -n kube-system -l azure-workload-identity.io/system=true"),
    ),
    fix=(
        (
            'Label the pod template azure.workload.identity/use: "true", annotate the service account with'
            " azure.workload.identity/client-id, and make the pods anew (kubectl rollout restart)."
        ),
        "If no webhook runs, whoever runs the cluster turns it on; on AKS:",
        Command("az aks update -g RESOURCE_GROUP -n CLUSTER --enable-oidc-issuer --enable-workload-identity"),
    ),
    page="https://learn.microsoft.com/azure/aks/workload-identity-overview#service-account-labels-and-annotations",
    samples=("WorkloadIdentityCredential: The workload options are not fully configured.",),
    not_emulated="Checks read the variables themselves, and say which is missing before they ask.",
    unlike=(
        "AWS_WEB_IDENTITY_TOKEN_FILE: no such file or directory",
        "pod has unbound immediate PersistentVolumeClaims",
    ),
)
MSI_ENDPOINT_UNREACHABLE = FailureMode(
    id="msi-endpoint-unreachable",
    title="no managed identity endpoint answers here",
    brief="no managed identity endpoint",
    seen=(entra.NO_METADATA, entra.METADATA_FAILED),
    signs=(entra.NO_METADATA,),
    certain="The client says so where no answer came at all, not even a refusal.",
    occurs=Occurs.OFTEN,
    means="A managed identity gets its Entra tokens from an address that only exists inside Azure. This does not run in"
    " Azure, its host has no managed identity, or a proxy or a network policy stands before the address.",
    look=(
        "On a virtual machine or a cluster's node, the endpoint answers with the machine's record:",
        Command('curl -sS -H Metadata:true "http://169.254.169.254/metadata/instance?api-version=2021-02-01"'),
        "App Service, Functions, Container Apps and Arc have their own: IDENTITY_ENDPOINT names it.",
    ),
    fix=(
        "If a proxy is set here, exempt the address: add 169.254.169.254 to NO_PROXY.",
        "In Kubernetes, whoever writes the network policies lets the pod reach that address.",
        "If the machine has no identity, its owner gives it one, which needs a role, too:",
        Command("az vm identity assign -g RESOURCE_GROUP -n MACHINE"),
    ),
    instead=("Outside Azure, sign in with a federated credential or a service principal.",),
    page=_SDK + "managedidentitycredential/troubleshoot",
    unlike=(
        "NoCredentialProviders: no valid providers in chain. Deprecated.",
        "Compute Engine Metadata server unavailable on attempt 1 of 3",
    ),
)
MSI_ENDPOINT_THROTTLED = FailureMode(
    id="msi-endpoint-throttled",
    title="the metadata service has too many requests",
    brief="metadata service throttled",
    seen=(entra.METADATA_BUSY,),
    signs=(entra.METADATA_BUSY,),
    certain="The metadata service answers only the machine that it is on, and says this of that machine.",
    occurs=Occurs.SELDOM,
    means="The metadata service of a machine serves a few requests a second to all that runs there. Many programs that"
    " start at once, and each ask for a token of their own, use that up.",
    fix=(
        "Wait some seconds, then try again. Let a program keep its token until that ends, and start fewer at a time.",
    ),
    page=_SDK + "managedidentitycredential/troubleshoot",
    transient=True,
    samples=("failed to get token from IMDS: status code 429 Too Many Requests",),
    not_emulated="The emulated metadata service serves as often as it is asked.",
    unlike=("EC2 IMDS: 429 Too Many Requests",),
)
MSI_IDENTITY_NOT_FOUND = FailureMode(
    id="msi-identity-not-found",
    title="this host has no such managed identity",
    brief="managed identity not on this host",
    seen=(entra.NO_SUCH_IDENTITY, entra.METADATA_FAILED),
    signs=(entra.NO_SUCH_IDENTITY,),
    certain="The metadata service, which gives out their Entra tokens, knows all that this host has.",
    means="The host has no managed identity, or the client id or resource id that was asked for belongs to one that was"
    " never assigned to it: an identity can exist and be unknown to this one machine.",
    look=(
        "See which identities a virtual machine has (az webapp and az containerapp have the like):",
        Command("az vm identity show -g RESOURCE_GROUP -n MACHINE"),
    ),
    fix=(
        "Correct the id that is asked for (AZURE_CLIENT_ID): the client id of one in that list.",
        "Or the host's owner, who also needs Managed Identity Operator on the identity, assigns it:",
        Command("az vm identity assign -g RESOURCE_GROUP -n MACHINE --identities IDENTITY_RESOURCE_ID"),
    ),
    page=_SDK + "managedidentitycredential/troubleshoot",
    unlike=(
        "(ResourceNotFound) The Resource 'Microsoft.Compute/virtualMachines/build' was not found.",
        "The identity provider could not be found in the realm",
    ),
)
MSI_AMBIGUOUS = FailureMode(
    id="msi-ambiguous",
    title="this host has several managed identities, none named",
    brief="several managed identities",
    seen=(entra.SEVERAL_IDENTITIES, entra.METADATA_FAILED),
    signs=(entra.SEVERAL_IDENTITIES,),
    certain="The metadata service, which gives out the Entra tokens of managed identities, says so itself.",
    occurs=Occurs.SELDOM,
    means="With more than one user-assigned identity, Azure does not choose. The client has to name the one it means.",
    look=(
        "List the identities of the host with their client ids; for a virtual machine:",
        Command("az vm identity show -g RESOURCE_GROUP -n MACHINE --query userAssignedIdentities"),
    ),
    fix=("Set AZURE_CLIENT_ID to the client id of the identity that may use the registry.",),
    page=_SDK + "managedidentitycredential/troubleshoot",
    unlike=("Multiple identities match the signing certificate",),
)
ENTRA_ENV_INCOMPLETE = FailureMode(
    id="entra-env-incomplete",
    title="some of the credential's variables are not set",
    brief="incomplete variables",
    seen=(entra.ENVIRONMENT_INCOMPLETE,),
    signs=(entra.ENVIRONMENT_INCOMPLETE,),
    certain="The Azure SDK read the variables of its own process, and says that the set is not complete.",
    means="A service principal needs its tenant, its client id, and a secret or the path of a certificate together. A"
    " variable that is set without export, or under another name, does not reach the program.",
    look=(
        "See which variables a program that is started from here gets; this prints no values:",
        Command("env | grep -oE '^AZURE_[A-Z_]+'"),
    ),
    fix=("Set and export AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH.",),
    page=_SDK + "environmentcredential/troubleshoot",
    samples=("EnvironmentCredential authentication unavailable. Environment variables are not fully configured.",),
    not_emulated="Checks read the variables themselves, and say which is missing before they ask.",
    unlike=(
        "error: environment variable DATABASE_URL is not set",
        "NoCredentialsError: Unable to locate credentials",
    ),
)
ENTRA_NO_CREDENTIAL = FailureMode(
    id="entra-no-credential",
    title="no credential that was tried gave an Entra token",
    brief="no credential worked",
    seen=(entra.NO_CREDENTIAL,),
    signs=(entra.NO_CREDENTIAL,),
    certain="The Azure SDK says it of its whole chain, after each credential in it failed.",
    means="The client tried one kind of credential after another. Its message lists each with its own reason; most only"
    " say that they do not apply here, and the one that was meant to work is the one to repair.",
    look=("Read the line of the credential that was meant, and leave the others.",),
    fix=(
        "Repair what that line says.",
        (
            "Name the one method that is meant, so that the others are not tried: --acr-auth here, one credential"
            " class in a program of yours."
        ),
    ),
    page=_SDK + "defaultazurecredential/troubleshoot",
    samples=("DefaultAzureCredential failed to retrieve a token from the included credentials.",),
    not_emulated="A check uses one credential, and tries no other.",
    unlike=(
        "google.auth.exceptions.DefaultCredentialsError: Your default credentials were not found.",
        "NoCredentialsError: Unable to locate credentials",
    ),
)
AKS_SA_CLIENT_ID_MISSING = FailureMode(
    id="aks-sa-client-id-missing",
    title="the service account names no identity",
    brief="service account without an identity",
    seen=(kubernetes.SERVICE_ACCOUNT_UNNAMED,),
    signs=(kubernetes.SERVICE_ACCOUNT_UNNAMED,),
    certain="The node's credential provider, which fetches the token for a pull, read the annotations itself.",
    occurs=Occurs.SELDOM,
    means="AKS can pull images with an identity of the pod's service account instead of the node's (a preview, whose"
    " annotations stand in the code of the credential provider alone). This service account has no annotation that"
    " names one, and the cluster has none for those that name none. The annotations for the pod's own sign-in"
    " (azure.workload.identity) are others, and do not count here.",
    look=(
        "See what the service account names:",
        Command("kubectl get serviceaccount SERVICE_ACCOUNT -n NAMESPACE -o jsonpath='{{.metadata.annotations}}'"),
    ),
    fix=(
        "Name a managed identity by its client id, that is bound to the cluster and has a role on the registry:",
        Command(
            "kubectl annotate serviceaccount SERVICE_ACCOUNT -n NAMESPACE"
            " kubernetes.azure.com/acr-client-id=CLIENT_ID kubernetes.azure.com/acr-tenant-id=TENANT_ID"
        ),
    ),
    instead=("Whoever runs the cluster can name one identity for all service accounts that name none.",),
    page=_PULLS,
    samples=(
        (
            "client ID not found in service account annotations (checked kubernetes.azure.com/acr-client-id) and no"
            " default client ID configured"
        ),
        "client id annotation kubernetes.azure.com/acr-client-id is not found or the value is empty",
    ),
    not_emulated="A program on the nodes of a cluster says it, and the emulator has no cluster.",
    unlike=('serviceaccounts "builder" is forbidden: cannot get resource',),
)
AKS_SA_TOKEN_NOT_PROVIDED = FailureMode(
    id="aks-sa-token-not-provided",
    title="the kubelet handed over no token",
    brief="no token of the service account",
    seen=(kubernetes.SERVICE_ACCOUNT_SILENT,),
    signs=(kubernetes.SERVICE_ACCOUNT_SILENT,),
    certain="The node's credential provider looked at the kubelet's request, and found no token in it.",
    occurs=Occurs.SELDOM,
    means="AKS can pull images with an identity of the pod's service account (a preview). The kubelet then gives the"
    " credential provider on the node a token of that service account, and it gave none here: the provider's"
    " configuration does not ask for one, or the pod has no service account, as static pods have none.",
    look=(
        "See which service account the pod has:",
        Command("kubectl get pod POD -n NAMESPACE -o jsonpath='{{.spec.serviceAccountName}}'"),
    ),
    fix=(
        "If the pod has one, whoever runs the nodes upgrades their image, so that both parts fit.",
        "On nodes of your own, tokenAttributes in the provider's configuration asks for the token.",
    ),
    page=_PULLS,
    samples=("kubernetes Service account token is not provided for image myacr.azurecr.io/team/app:1",),
    not_emulated="A program on the nodes of a cluster says it, and the emulator has no cluster.",
    unlike=('error looking up service account ci/builder: serviceaccount "builder" not found',),
)
AKS_IDENTITY_BINDING_FAILED = FailureMode(
    id="aks-identity-binding-failed",
    title="the identity binding gave no token",
    brief="identity binding",
    seen=(kubernetes.BINDING_FAILED,),
    signs=(kubernetes.BINDING_FAILED,),
    certain="The node's credential provider says so of its own setting up, before it asks anybody.",
    occurs=Occurs.SELDOM,
    means="An identity binding (a preview) lets many service accounts of a cluster use one managed identity. The"
    " credential provider of the node could not set it up: an address or a certificate of the cluster's own is missing"
    " on the node, or cannot be read. The registry was not asked.",
    look=(
        "What the message says behind the image's name is the reason.",
        Command("az aks show -g RESOURCE_GROUP -n CLUSTER --query securityProfile"),
    ),
    fix=(
        "Whoever runs the cluster upgrades its node image, and sets up the binding again where it is missing:",
        Command("az aks nodepool upgrade -g RESOURCE_GROUP --cluster-name CLUSTER -n NODE_POOL --node-image-only"),
    ),
    page=_PULLS,
    samples=(
        (
            "failed to get identity bindings token credential for image myacr.azurecr.io/team/app:1: API server IP not"
            " provided in identity bindings config"
        ),
    ),
    not_emulated="A program on the nodes of a cluster says it, and the emulator has no cluster.",
    unlike=("failed to bind identity provider to the realm",),
)
ML_COMPUTE_NO_TOKEN = FailureMode(
    id="ml-compute-no-token",
    title="the ML compute instance gives no Entra token",
    brief="compute instance without a token",
    seen=(entra.ML_COMPUTE_SILENT,),
    signs=(entra.ML_COMPUTE_SILENT,),
    certain="No other endpoint for managed identities answers in these words.",
    occurs=Occurs.SELDOM,
    means="A compute instance of Azure Machine Learning hands out its user's sign-in as if it were a managed identity."
    " That has ended, or is not good for registries: newer versions of az ask for a token that is made for them.",
    look=("See whether the sign-in is good for anything else:", Command('az group list --query "[0].name" -o tsv')),
    fix=(
        "If not, the user opens JupyterLab on the instance in the studio, which signs in again.",
        "If it does, sign in as oneself, or with an identity that was assigned to the instance, by its client id:",
        Command("az login --use-device-code --scope https://containerregistry.azure.net/.default"),
        Command("az login --identity --client-id CLIENT_ID"),
    ),
    page=_SDK + "managedidentitycredential/troubleshoot",
    samples=("{'error': 'SSO failure, to mitigated it please try to click Jupyter/JupyterLab.'}",),
    not_emulated="The emulated machine is a virtual machine or an app service, and no compute instance.",
    unlike=("SSO failure: SAML assertion expired",),
)
