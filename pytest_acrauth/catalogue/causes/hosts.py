"""Family ``hosts``: Kubernetes and other services that pull images with an identity of their own."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import text

_KUBELET = "$(az aks show -g RESOURCE_GROUP -n CLUSTER --query identityProfile.kubeletidentity.objectId -o tsv)"
_ASSIGN = (
    f"az role assignment create --assignee-object-id {_KUBELET} --assignee-principal-type ServicePrincipal"
    ' --role "%s" --scope {registry_id}'
)

AKS_KUBELET_IDENTITY_NO_ROLE = FailureMode(
    id="aks-kubelet-identity-no-role",
    title="the cluster's nodes have no role to pull",
    brief="AKS nodes without a role",
    seen=(text.NO_CREDENTIAL_SENT, text.GENERIC_401),
    unprovable="The answer to the request without a credential is printed, not what the node's own identity was told.",
    means="In AKS the nodes pull, as the identity of their kubelet (the program that starts pods). The registry refuses"
    " that identity, the node is left without a credential, and the runtime asks without one: the refusal of that is"
    " all that is printed.",
    look=(
        Command(
            f"az role assignment list --assignee-object-id {_KUBELET} --include-inherited --include-groups"
            " --scope {registry_id} -o table"
        ),
        Command("az acr show -n {registry} --query roleAssignmentMode -o tsv"),
    ),
    fix=(
        (
            "Whoever may assign roles on the registry (Owner, User Access Administrator) gives that identity the role"
            " to pull, here from every repository. If the registry is in ABAC mode (AbacRepositoryPermissions):"
        ),
        Command(_ASSIGN % "Container Registry Repository Reader"),
        "If it is not, and not otherwise, because ABAC mode ignores this role, which az aks update --attach-acr gives:",
        Command(_ASSIGN % "AcrPull"),
        (
            "Then wait ten minutes. A kubelet can keep older rights for up to an hour, and a membership in an Entra"
            " group takes longer still; new pods do not change that."
        ),
    ),
    page=pages.AKS + "cannot-pull-image-from-acr-to-aks-cluster",
    samples=(
        (
            'Failed to pull image "myacr.azurecr.io/team/app:1": failed to resolve reference'
            ' "myacr.azurecr.io/team/app:1": failed to authorize: failed to fetch anonymous token: unexpected status'
            " from GET request to"
            " https://myacr.azurecr.io/oauth2/token?scope=repository%3Ateam%2Fapp%3Apull&service=myacr.azurecr.io:"
            " 401 Unauthorized"
        ),
    ),
    unlike=(
        (
            'Failed to pull image "ghcr.io/team/app:1": failed to authorize: failed to fetch anonymous token:'
            " unexpected status from GET request to https://ghcr.io/token: 401 Unauthorized"
        ),
    ),
)
K8S_PULL_SECRET_WRONG = FailureMode(
    id="k8s-pull-secret-wrong",
    title="the pull secret is missing or for another server",
    brief="wrong pull secret",
    seen=(text.NO_CREDENTIAL_SENT, text.GENERIC_401, text.PULL_SECRET_MISSING),
    signs=(text.PULL_SECRET_MISSING,),
    certain="The kubelet looked the secret up by its name in the pod's namespace, and the cluster had none.",
    means="A pull secret counts in its own namespace only, must be of type kubernetes.io/dockerconfigjson with"
    " {login_server} as its server, and the pod or its service account must name it.",
    look=(
        Command("kubectl get pod POD -n NAMESPACE -o jsonpath='{{.spec.imagePullSecrets}}'"),
        Command("kubectl describe secret {pull_secret} -n NAMESPACE"),
        "It prints the servers that the secret is for, and no password:",
        Command(
            "kubectl get secret {pull_secret} -n NAMESPACE -o jsonpath='{{.data.\\.dockerconfigjson}}'"
            " | base64 -d | jq '.auths | keys'"
        ),
    ),
    fix=(
        (
            "Make the secret in the pod's namespace, in the place of one of that name. A file holds the password of the"
            " service principal or token that pulls, and nothing else:"
        ),
        Command(
            'jq -R \'{{auths: {{"{login_server}": {{username: "USER_NAME", password: .}}}}}}\' PASSWORD_FILE'
            " | kubectl create secret generic {pull_secret} -n NAMESPACE --type kubernetes.io/dockerconfigjson"
            " --from-file .dockerconfigjson=/dev/stdin --dry-run=client -o yaml | kubectl apply -f -"
        ),
        "Name the secret in imagePullSecrets of the pod or of its service account.",
    ),
    page=pages.ACR + "container-registry-auth-kubernetes#use-the-image-pull-secret",
    samples=("Unable to retrieve some image pull secrets (acr-secret); attempting to pull the image may not succeed.",),
    unlike=('MountVolume.SetUp failed for volume "keys": secret "acr-secret" not found',),
)
