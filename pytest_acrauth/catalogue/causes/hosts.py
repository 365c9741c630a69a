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
    means="In AKS the nodes pull, as the identity of their kubelet (the program that starts pods). {registry} refuses"
    " that identity, which has no role there that allows pull; the node is left without a credential, and the runtime"
    " asks without one: the refusal of that is all that is printed. In the registry's ABAC mode"
    " (AbacRepositoryPermissions) AcrPull counts for nothing, which az aks update --attach-acr gives.",
    look=(
        Command(
            f"az role assignment list --assignee-object-id {_KUBELET} --include-inherited --include-groups"
            " --scope {registry_id} -o table"
        ),
        Command("az acr show -n {registry} --query roleAssignmentMode -o tsv"),
    ),
    fix=(
        "If that is AbacRepositoryPermissions, who may assign roles lets nodes pull every image by:",
        Command(_ASSIGN % "Container Registry Repository Reader"),
        "If it is anything else, and only then, they do so by:",
        Command(_ASSIGN % "AcrPull"),
        "Wait ten minutes, up to an hour if the nodes keep older rights; new pods do not change that.",
    ),
    instead=("A role that is given to an Entra group counts for its members later still.",),
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
    certain="The kubelet looked the secret up by its name in the pod's namespace, where the cluster had none.",
    means="A pull secret counts in its own namespace only, must be of type kubernetes.io/dockerconfigjson with"
    " {login_server} as its server, and the pod or its service account must name it.",
    look=(
        Command("kubectl get pod POD -n NAMESPACE -o jsonpath='{{.spec.imagePullSecrets}}'"),
        Command("kubectl describe secret {pull_secret} -n NAMESPACE"),
        Command(
            "kubectl get secret {pull_secret} -n NAMESPACE -o jsonpath='{{.data.\\.dockerconfigjson}}'"
            " | base64 -d | jq '.auths | keys'"
        ),
    ),
    fix=(
        (
            "Make the secret in the pod's namespace, in the place of one of that name; PASSWORD_FILE holds only the"
            " password of a service principal or scope-map token:"
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
