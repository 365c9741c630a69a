"""Family ``workload``: identities without a secret of their own: federated credentials and managed identities."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.questions.directory import Trusted, trusted
from pytest_acrauth.catalogue.questions.refusals import Times, times
from pytest_acrauth.catalogue.shape import Command, Condition, FailureMode, Instruction, Occurs, Question
from pytest_acrauth.catalogue.symptoms import entra, kubernetes, tls
from pytest_acrauth.model.evidence import Need

_LIST: tuple[Instruction, ...] = (
    "If it is a user-assigned managed identity, as usual on AKS, see what that one trusts:",
    Command("az identity federated-credential list --identity-name IDENTITY_NAME -g RESOURCE_GROUP"),
)
_ADD: tuple[Instruction, ...] = (
    (
        "If what was presented is to be trusted, and no identity binding of AKS is meant, an owner of the application"
        " adds it. Whoever runs with that subject can then act as the application:"
    ),
    Command(
        "az ad app federated-credential create --id {client_id} --parameters"
        """ '{{"name":"NAME","issuer":"{presented_issuer}","subject":"{presented_subject}","""
        """"audiences":["{presented_audience}"]}}'"""
    ),
)
_ADD_TO_IDENTITY: tuple[Instruction, ...] = (
    "To a managed identity, as usual on AKS without identity bindings, a Managed Identity Contributor adds it:",
    Command(
        "az identity federated-credential create --name NAME --identity-name IDENTITY_NAME -g RESOURCE_GROUP"
        " --issuer {presented_issuer} --subject {presented_subject} --audiences {presented_audience}"
    ),
)


TRUSTED: Question[Trusted] = Question(
    id="federated-credentials",
    asks="Whose tokens does the application take, and which was presented?",
    shows="federated credentials",
    by_hand=Command(
        'az ad app federated-credential list --id {client_id} --query "[].{{issuer:issuer,subject:subject}}" -o table'
    ),
    needs=Need.FEDERATED,
    read=trusted,
)
TIMES: Question[Times] = Question(
    id="entra-times",
    asks="Which times did Entra compare?",
    shows="times that Entra compared",
    by_hand="Entra's message names its own time and those of the assertion; compare the first with date -u.",
    read=times,
)


def _differs(part: str, words: str) -> Condition:
    return TRUSTED.where(words, lambda trusted: trusted.differs(part))


def _ended_by_itself(times: Times) -> bool | None:
    """Whether an assertion has ended and no clock explains it, None where one may."""
    return times.ended and (None if times.by_clock is None else not times.by_clock)


_SDK = "https://aka.ms/azsdk/python/identity/"
_BINDINGS = "https://learn.microsoft.com/azure/aks/identity-bindings"


ENTRA_FIC_MISSING = FailureMode(
    id="entra-fic-missing",
    title="{client_id} has no federated credential",
    brief="no federated credential",
    seen=entra.refusals("entra-fic-missing"),
    when=(TRUSTED.where("none", lambda trusted: not trusted.credentials),),
    occurs=Occurs.OFTEN,
    means="A federated credential says which outside token an application trusts instead of a secret, and this"
    " application trusts none. It was not made yet, or was made on another application or managed identity of a like"
    " name; the client id decides.",
    look=_LIST,
    fix=(
        "If another application has the credential, give this caller that one's client id.",
        *_ADD,
    ),
    instead=_ADD_TO_IDENTITY,
    page=pages.FEDERATION + "create-trust#important-considerations-and-restrictions",
    unlike=("No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com",),
)
ENTRA_FIC_SUBJECT_MISMATCH = FailureMode(
    id="entra-fic-subject-mismatch",
    title="no federated credential takes this subject",
    brief="subject not trusted",
    seen=entra.refusals("entra-fic-subject-mismatch"),
    when=(_differs("subject", "none of this issuer takes the subject"),),
    occurs=Occurs.OFTEN,
    means="A federated credential says which outside token an application trusts instead of a secret. The subject says"
    " who the token is for, and is compared letter by letter, small and capital letters too: another branch,"
    " environment or tag, a renamed repository or another service account is another subject. In GitHub Actions a job"
    " with an environment is named by that and not by its branch, and newer repositories also by ids that never change"
    " (owner@ID/repository@ID). A flexible credential (AADSTS7002131) has an expression in its place, which az may not"
    " show. On AKS with identity bindings the cluster keeps the credential itself, and none has to be added.",
    look=_LIST,
    fix=(
        (
            "Run from the branch, tag, environment or service account that the credential names; where the list has no"
            " subject, its owner corrects the expression of the flexible credential."
        ),
        *_ADD,
    ),
    instead=_ADD_TO_IDENTITY,
    page=pages.FEDERATION + "create-trust#important-considerations-and-restrictions",
    unlike=(
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        "The given credential is rejected by the attribute condition.",
    ),
)
ENTRA_FIC_ISSUER_MISMATCH = FailureMode(
    id="entra-fic-issuer-mismatch",
    title="no federated credential takes this issuer",
    brief="issuer not trusted",
    seen=entra.refusals("entra-fic-issuer-mismatch"),
    when=(_differs("issuer", "none takes this issuer"),),
    means="A federated credential says which outside token an application trusts instead of a secret. The issuer is the"
    " address of the service that made the token, compared letter by letter, a slash at its end included. An AKS"
    " cluster that was made anew has another, and a service connection of Azure DevOps that was converted names Entra"
    " in the place of vstoken.dev.azure.com.",
    look=_LIST,
    fix=(
        "Present a token of the issuer that the credential names.",
        *_ADD,
    ),
    instead=_ADD_TO_IDENTITY,
    page=pages.FEDERATION + "create-trust#important-considerations-and-restrictions",
    unlike=(
        "jwt issuer invalid. expected: https://auth.example.com",
        "No OpenIDConnect provider found in your account for https://token.actions.githubusercontent.com",
    ),
)
ENTRA_FIC_AUDIENCE_MISMATCH = FailureMode(
    id="entra-fic-audience-mismatch",
    title="no federated credential has this audience",
    brief="audience not trusted",
    seen=entra.refusals("entra-fic-audience-mismatch"),
    signs=entra.proofs("entra-fic-audience-mismatch"),
    certain="AADSTS700212 and 7002121 are about the audience that was presented; its issuer and subject are trusted.",
    when=(_differs("audience", "issuer and subject fit, and the audience does not"),),
    means="A federated credential says which outside token an application trusts instead of a secret. The audience"
    " says for whom the token was made, and both sides have to name the same: api://AzureADTokenExchange in the public"
    " cloud, api://AzureADTokenExchangeUSGov and api://AzureADTokenExchangeChina in those clouds.",
    look=_LIST,
    fix=(
        (
            "Ask the issuer for the audience that the credential names: the input audience of the GitHub action, the"
            " audience of the service account's token in Kubernetes."
        ),
        "If the credential names the wrong one, its owner changes it in the application or the managed identity.",
    ),
    page=pages.FEDERATION + "config-app-trust-managed-identity#important-considerations-and-restrictions",
    unlike=(
        "jwt audience invalid. expected: https://api.example.com",
        "InvalidIdentityToken: Incorrect token audience",
    ),
)
ENTRA_FIC_ASSERTION_EXPIRED = FailureMode(
    id="entra-fic-assertion-expired",
    title="the assertion had ended when it was shown",
    brief="ended assertion",
    seen=entra.refusals("entra-fic-assertion-expired"),
    when=(TIMES.where("the assertion has ended, and no clock explains it", _ended_by_itself),),
    occurs=Occurs.OFTEN,
    means="An assertion is the short-lived token that a pipeline or a cluster shows Entra instead of a secret; it"
    " counts for some minutes. A client that keeps it and asks for another Entra token later, such as az acr login some"
    " time after the login, presents one that has ended.",
    fix=(
        "Sign in again, and let what needs the registry follow at once, in the same step of the job.",
        "A long job signs in again before each use; a program reads the token's file anew each time.",
    ),
    page=pages.ENTRA_ERROR,
    unlike=(
        "ExpiredTokenException: The security token included in the request is expired",
        "TokenExpiredError: jwt expired",
    ),
)
ENTRA_FIC_ISSUER_UNREACHABLE = FailureMode(
    id="entra-fic-issuer-unreachable",
    title="Entra cannot fetch the issuer's keys",
    brief="issuer's keys out of reach",
    seen=entra.refusals("entra-fic-issuer-unreachable"),
    signs=entra.proofs("entra-fic-issuer-unreachable"),
    certain="AADSTS90061 says that Entra's own request to the issuer failed.",
    means="A federated credential says which outside token an application trusts, by the service that issues it. To"
    " check such a token's signature, Entra reads the issuer's keys over the internet. A private cluster, a firewall or"
    " a wrong address keeps it from doing so.",
    look=(
        "From the internet, not from inside, see whether this and the jwks_uri that it names answer:",
        Command("curl -sS ISSUER/.well-known/openid-configuration"),
    ),
    fix=(
        "Correct the issuer's address where it is wrong.",
        "Whoever runs the issuer lets the internet read these two, which hold public keys only.",
    ),
    instead=("Use an issuer that answers there: AKS offers one, whether or not the cluster is private.",),
    page="https://azure.github.io/azure-workload-identity/docs/troubleshooting.html"
    "#aadsts90061-request-to-external-oidc-endpoint-failed",
    unlike=(
        "oidc: issuer did not match the issuer returned by provider",
        "InvalidIdentityToken: Couldn't retrieve verification key from your identity provider",
    ),
)
ENTRA_FIC_ENTRA_TOKEN = FailureMode(
    id="entra-fic-entra-token",
    title="a token that Entra issued is no proof here",
    brief="Entra's own token as an assertion",
    seen=entra.refusals("entra-fic-entra-token"),
    signs=entra.proofs("entra-fic-entra-token"),
    certain="The number says that the token that was shown as a proof is one of Entra's own.",
    occurs=Occurs.SELDOM,
    means="A federated credential lets an application show a token of another service instead of a secret. What was"
    " shown is a token that Entra itself issued. Of those a managed identity's counts alone, made for such an exchange"
    " and in the application's own tenant: not a user's (700229), another application's (700226) or one of another"
    " tenant (700236).",
    look=(
        (
            "See, without printing it, whose token is shown: AZURE_FEDERATED_TOKEN_FILE names a file, and iss in the"
            " token's middle part says who made it."
        ),
    ),
    fix=(
        "Show the token of the pipeline, cluster or cloud that the federated credential names.",
        "Between identities of Entra's, use a managed identity of the application's own tenant.",
    ),
    page=pages.FEDERATION + "config-app-trust-managed-identity#important-considerations-and-restrictions",
    samples=("AADSTS700222: AAD-issued tokens may not be used for federated identity flows.",),
    unlike=("jwt issuer invalid. expected: https://auth.example.com",),
)
ENTRA_FIC_TENANT_POLICY = FailureMode(
    id="entra-fic-tenant-policy",
    title="the tenant refuses tokens of this issuer",
    brief="tenant's rule on issuers",
    seen=entra.refusals("entra-fic-tenant-policy"),
    signs=entra.proofs("entra-fic-tenant-policy"),
    certain="The number tells of a rule of the whole tenant, whatever its applications trust.",
    occurs=Occurs.SELDOM,
    means="A federated credential says which outside token an application trusts instead of a secret. Above it,"
    " administrators can rule for the whole tenant that no such token counts, or of an issuer only those of certain"
    " organisations (enterprise, 7002381), such as the one that a repository belongs to. No change of the credential"
    " helps then.",
    look=("Entra's message names the issuer, and with 7002381 what it wants and what it got.",),
    fix=(
        "Run the job where the organisation is one of those: in a repository that belongs to it.",
        "Or ask the tenant's administrators to admit the issuer.",
    ),
    instead=("A job on a machine in Azure signs in with that machine's managed identity, which needs no such token.",),
    page=pages.ENTRA_ERROR,
    unlike=("The given credential is rejected by the attribute condition.",),
)
ENTRA_FIC_PROPAGATING = FailureMode(
    id="entra-fic-propagating",
    title="a new federated credential is not yet in effect",
    brief="new federated credential",
    seen=entra.refusals("entra-fic-propagating"),
    when=(_differs("", "one takes what was presented, letter by letter"),),
    occurs=Occurs.SELDOM,
    means="A federated credential says which outside token an application trusts instead of a secret. A new one takes"
    " some minutes until every part of Entra knows it; until then a sign-in works at times and fails at others.",
    look=("Entra's audit log says when the credential was made or changed.",),
    fix=("Wait some minutes after that, then check again; let the job try more than once.",),
    page=pages.FEDERATION + "considerations#time-for-federated-credential-changes-to-propagate",
    transient=True,
    unlike=("AADSTS700212: No matching federated identity record found for presented assertion audience 'sts'.",),
)
CLOCK_SKEW = FailureMode(
    id="clock-skew",
    title="a clock is wrong: this machine's or the signer's",
    brief="wrong clock",
    seen=(*entra.refusals("clock-skew"), tls.CERTIFICATE_DATES, tls.DATES_BY_CLOCK),
    signs=(tls.DATES_BY_CLOCK,),
    certain="The services' clock is that of the answers that came in this climb.",
    when=(TIMES.where("the times differ by a wrong clock", lambda it: it.by_clock),),
    means="A certificate is judged by this machine's clock. An assertion (what is shown to Entra instead of a secret)"
    " carries the times between which it counts, by the clock of whoever signed it: this machine, or the pipeline or"
    " cluster that issued it.",
    look=(
        "Compare the clock of this machine, or of the one that signed, with the services' time:",
        Command("date -u"),
    ),
    fix=(
        "That machine's administrator turns on its clock's synchronisation; on Linux with systemd:",
        Command("sudo timedatectl set-ntp true"),
    ),
    page=pages.ENTRA_CODES,
    unlike=(
        "RequestTimeTooSkewed: The difference between the request time and the current time is too large.",
        "Clock skew detected. Your build may be incomplete.",
    ),
)
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
        "If the machine has no identity, its owner gives it one:",
        Command("az vm identity assign -g RESOURCE_GROUP -n MACHINE"),
    ),
    instead=("Outside Azure, sign in with a federated credential or a service principal.",),
    page=_SDK + "managedidentitycredential/troubleshoot",
    unlike=(
        "NoCredentialProviders: no valid providers in chain. Deprecated.",
        "Compute Engine Metadata server unavailable on attempt 1 of 3",
    ),
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
    means="AKS can pull images with an identity of the pod's service account instead of the node's. This service"
    " account has no annotation that names one, and the cluster has none for those that name none. The annotations for"
    " the pod's own sign-in (azure.workload.identity) are others, and do not count here.",
    look=(
        "See what the service account names:",
        Command("kubectl get serviceaccount SERVICE_ACCOUNT -n NAMESPACE -o jsonpath='{{.metadata.annotations}}'"),
    ),
    fix=(
        "Name a managed identity that is bound to the cluster and has a role on the registry:",
        Command(
            "kubectl annotate serviceaccount SERVICE_ACCOUNT -n NAMESPACE"
            " kubernetes.azure.com/acr-client-id=CLIENT_ID kubernetes.azure.com/acr-tenant-id=TENANT_ID"
        ),
    ),
    instead=("Whoever runs the cluster can name one identity for all service accounts that name none.",),
    page=_BINDINGS,
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
    means="AKS can pull images with an identity of the pod's service account. The kubelet then gives the credential"
    " provider on the node a token of that service account, and it gave none here: the provider's configuration does"
    " not ask for one, or the pod has no service account, as static pods have none.",
    look=(
        "See which service account the pod has:",
        Command("kubectl get pod POD -n NAMESPACE -o jsonpath='{{.spec.serviceAccountName}}'"),
    ),
    fix=(
        "If the pod has one, whoever runs the nodes upgrades their image, so that both parts fit.",
        "On nodes of your own, tokenAttributes in the provider's configuration asks for the token.",
    ),
    page=_BINDINGS,
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
    means="An identity binding lets many service accounts of a cluster use one managed identity. The credential"
    " provider of the node could not set it up: an address or a certificate of the cluster's own is missing on the"
    " node, or cannot be read. The registry was not asked.",
    look=(
        "What the message says behind the image's name is the reason.",
        Command("az aks show -g RESOURCE_GROUP -n CLUSTER --query securityProfile"),
    ),
    fix=(
        "Whoever runs the cluster upgrades its node image, and sets up the binding again where it is missing:",
        Command("az aks nodepool upgrade -g RESOURCE_GROUP --cluster-name CLUSTER -n NODE_POOL --node-image-only"),
    ),
    page=_BINDINGS,
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
        "If it does, sign in as oneself, or with an identity that was assigned to the instance:",
        Command("az login --use-device-code --scope https://containerregistry.azure.net/.default"),
    ),
    page=_SDK + "managedidentitycredential/troubleshoot",
    samples=("{'error': 'SSO failure, to mitigated it please try to click Jupyter/JupyterLab.'}",),
    not_emulated="The emulated machine is a virtual machine or an app service, and no compute instance.",
    unlike=("SSO failure: SAML assertion expired",),
)
