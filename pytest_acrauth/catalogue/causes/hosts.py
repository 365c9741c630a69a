"""Family ``hosts``: nodes of a Kubernetes cluster, which pull with an identity or a secret of the cluster."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode, Instruction, Occurs
from pytest_acrauth.catalogue.symptoms import services, text

_PROVIDER = "https://github.com/kubernetes-sigs/cloud-provider-azure/blob/master/pkg/credentialprovider/"
_KUBELET = "$(az aks show -g RESOURCE_GROUP -n CLUSTER --query identityProfile.kubeletidentity.objectId -o tsv)"
_ASSIGN = (
    f"az role assignment create --assignee-object-id {_KUBELET} --assignee-principal-type ServicePrincipal"
    ' --role "%s" --scope {registry_id}'
)

_BY_HAND: tuple[Instruction, ...] = (
    Command(
        f"az role assignment list --assignee-object-id {_KUBELET} --include-inherited --include-groups"
        " --scope {registry_id} -o table"
    ),
    Command("az acr show -n {registry} --query roleAssignmentMode -o tsv"),
)
_ON_A_NODE = (services.NODE_REFUSED, services.NODE_REFUSED_IN_REGION)
_NO_CLUSTER = "A program on the nodes of a cluster pulls, and the emulator has no cluster."
_ANSWER_HIDDEN = "The answer to the request without a credential is printed, not what the node's own identity was told."
_ASKED_WITHOUT = (
    'Failed to pull image "%s/team/app:1": failed to resolve reference "%s/team/app:1": failed to authorize: failed to'
    " fetch anonymous token: unexpected status from GET request to"
    " https://%s/oauth2/token?scope=repository%%3Ateam%%2Fapp%%3Apull&service=%s: 401 Unauthorized"
)


def _pull(login_server: str) -> str:
    """Return what the kubelet prints of a pull for which the node had no credential."""
    return _ASKED_WITHOUT % ((login_server,) * 4)


AKS_KUBELET_IDENTITY_NO_ROLE = FailureMode(
    id="aks-kubelet-identity-no-role",
    title="the cluster's nodes have no role to pull",
    brief="AKS nodes without a role",
    seen=(text.NO_CREDENTIAL_SENT, *_ON_A_NODE, services.CHECK_REFUSED),
    unprovable=_ANSWER_HIDDEN,
    means="In AKS the nodes pull, as the identity of their kubelet (the program that starts pods), or as the service"
    " principal of a cluster that has one. {registry} refuses that identity, which has no role there that allows pull;"
    " the runtime then asks without a credential, and the refusal of that is all that is printed. In the registry's"
    " ABAC mode (AbacRepositoryPermissions) AcrPull, which az aks update --attach-acr gives, counts for nothing.",
    look=_BY_HAND,
    fix=(
        "If that is AbacRepositoryPermissions, who may assign roles lets nodes pull every image by:",
        Command(_ASSIGN % "Container Registry Repository Reader"),
        "If it is anything else, and only then, they do so by:",
        Command(_ASSIGN % "AcrPull"),
        "Wait ten minutes, up to an hour if the nodes keep older rights; new pods do not change that.",
    ),
    instead=(
        "A cluster that has no such identity pulls as its service principal, whose id this names:",
        Command("az aks show -g RESOURCE_GROUP -n CLUSTER --query servicePrincipalProfile.clientId -o tsv"),
    ),
    page=pages.AKS + "cannot-pull-image-from-acr-to-aks-cluster",
    samples=(_pull("myacr.azurecr.io"),),
    not_emulated=_NO_CLUSTER,
    unlike=(
        (
            'Failed to pull image "ghcr.io/team/app:1": failed to authorize: failed to fetch anonymous token:'
            " unexpected status from GET request to https://ghcr.io/token: 401 Unauthorized"
        ),
    ),
)
AKS_KUBELET_IDENTITY_DETACHED = FailureMode(
    id="aks-kubelet-identity-detached",
    title="the nodes lost the kubelet's identity",
    brief="kubelet's identity off the nodes",
    seen=_ON_A_NODE,
    unprovable=_ANSWER_HIDDEN,
    occurs=Occurs.SELDOM,
    means="The kubelet's identity is assigned to the scale sets of the nodes. Somebody or something took it off there,"
    " which no operation of AKS does: its role is in order, and the nodes cannot sign in as it any more.",
    look=(
        "Compare the identity with those that the scale set has (NODE_GROUP: the group of the nodes):",
        Command("az aks show -g RESOURCE_GROUP -n CLUSTER --query identityProfile.kubeletidentity.resourceId -o tsv"),
        Command('az vmss identity show -g NODE_GROUP -n SCALE_SET --query "keys(userAssignedIdentities)" -o tsv'),
    ),
    fix=(
        "If it is missing, whoever runs the cluster lets AKS put its nodes in order again:",
        Command("az aks update -g RESOURCE_GROUP -n CLUSTER"),
        "Nobody assigns it to the scale set by hand: AKS does not support changes there.",
    ),
    page=pages.AKS + "cannot-pull-image-from-acr-to-aks-cluster"
    "#solution-4-make-sure-the-kubelet-identity-is-referenced-in-the-aks-vmss",
    samples=(_pull("myacr.azurecr.io"),),
    not_emulated=_NO_CLUSTER,
)
K8S_PULL_SECRET_WRONG = FailureMode(
    id="k8s-pull-secret-wrong",
    title="the pull secret is missing, elsewhere or old",
    brief="wrong pull secret",
    seen=(text.NO_CREDENTIAL_SENT, text.PULL_SECRET_MISSING, *_ON_A_NODE),
    unprovable="The kubelet says the same of one that it could not read, and pulls can go well without.",
    means="A pull secret counts in its own namespace only, must be of type kubernetes.io/dockerconfigjson with"
    " {login_server} as its server, and the pod or its service account must name it. Its password"
    " counts until it ends or is renewed.",
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
            "A secret keeps its type, so make a new one (NEW_SECRET) in the pod's namespace; PASSWORD_FILE holds only"
            " the password of a service principal or scope-map token:"
        ),
        Command(
            'config=$(jq -R \'select(. != "")'
            ' | {{auths: {{"{login_server}": {{username: "USER_NAME", password: .}}}}}}\' PASSWORD_FILE)'
            ' && test -n "$config" && printf %s "$config"'
            " | kubectl create secret generic NEW_SECRET -n NAMESPACE --type kubernetes.io/dockerconfigjson"
            " --from-file .dockerconfigjson=/dev/stdin"
        ),
        "Name it in imagePullSecrets of the pod or of its service account.",
    ),
    page=pages.ACR + "container-registry-auth-kubernetes#use-the-image-pull-secret",
    samples=("Unable to retrieve some image pull secrets (acr-secret); attempting to pull the image may not succeed.",),
    not_emulated=_NO_CLUSTER,
    unlike=('MountVolume.SetUp failed for volume "keys": secret "acr-secret" not found',),
)
AKS_ATTACH_ABAC_INEFFECTIVE = FailureMode(
    id="aks-attach-abac-ineffective",
    title="AcrPull of --attach-acr counts for nothing",
    brief="attached, in ABAC mode",
    seen=(*_ON_A_NODE, services.CHECK_REFUSED),
    unprovable=_ANSWER_HIDDEN,
    means="az aks create and az aks update --attach-acr give the nodes AcrPull, whatever the registry's role mode, and"
    " report success. A registry in ABAC mode (AbacRepositoryPermissions) takes no notice of AcrPull: there the nodes"
    " need a Repository role, which nothing assigns by itself.",
    look=_BY_HAND,
    fix=(
        "If it is AbacRepositoryPermissions and AcrPull is all there is, whoever may assign roles gives:",
        Command(_ASSIGN % "Container Registry Repository Reader"),
        "Attaching again changes nothing.",
    ),
    instead=("A condition on the role limits it to some repositories.",),
    page=pages.ACR + "container-registry-rbac-abac-repository-permissions#effect-on-existing-role-assignments",
    samples=(_pull("myacr.azurecr.io"),),
    not_emulated=_NO_CLUSTER,
)
AKS_CROSS_TENANT_MI = FailureMode(
    id="aks-cross-tenant-mi",
    title="the nodes' identity is of another tenant",
    brief="cluster of another tenant",
    seen=(*_ON_A_NODE, services.CHECK_REFUSED),
    unprovable=_ANSWER_HIDDEN,
    means="The nodes pull as a managed identity of the cluster's tenant (an organisation's own directory in Entra). A"
    " registry of another tenant cannot give that identity a role, and refuses it.",
    look=(
        "Compare the tenants of the two subscriptions:",
        Command("az account show -s CLUSTER_SUBSCRIPTION --query tenantId -o tsv"),
        Command("az account show -s REGISTRY_SUBSCRIPTION --query tenantId -o tsv"),
    ),
    fix=(
        "If they differ, pull as an application that both tenants know; the page has every step.",
        "Or copy the image into a registry of the cluster's own tenant.",
    ),
    instead=("A pull secret with a scope-map token of that registry works across tenants, too.",),
    page=pages.ACR + "authenticate-aks-cross-tenant",
    samples=(_pull("myacr.azurecr.io"),),
    not_emulated=_NO_CLUSTER,
)
KUBELET_CREDENTIAL_CACHE = FailureMode(
    id="kubelet-credential-cache",
    title="the nodes still use what they had before",
    brief="nodes' kept credential",
    seen=_ON_A_NODE,
    unprovable="When a node fetched what it keeps stands in no text.",
    means="A node keeps what it once got for a registry, and asks again only when that is over: on AKS after an hour,"
    " as stands in the code of its credential provider, elsewhere as the nodes are set up. After a role was given, or"
    " the mode of the registry changed, pulls go on failing meanwhile, on some nodes longer than on others.",
    look=("See when the last repair was made, and whether pulls succeed on a new node.",),
    fix=(
        "If something was repaired within the last hour, wait, and undo nothing.",
        "If it cannot wait, whoever runs the cluster restarts the kubelet on the nodes, or replaces them.",
    ),
    page=_PROVIDER + "azure_credentials.go",
    transient=True,
    samples=(_pull("myacr.azurecr.io"),),
    not_emulated=_NO_CLUSTER,
)
AKS_REGIONAL_ENDPOINT_NODE_IMAGE = FailureMode(
    id="aks-regional-endpoint-node-image",
    title="nodes too old for regional endpoints",
    brief="node image before regional endpoints",
    seen=(services.NODE_REFUSED_IN_REGION,),
    unprovable="A text does not show the version of the node's image.",
    occurs=Occurs.OFTEN,
    means="{login_server} is an endpoint of one region. Nodes with an image older than 202607.29 do not know such names"
    " as a registry's: they fetch no credential for them, and pull without one.",
    look=(
        "See the version of the node images:",
        Command(
            'az aks nodepool list -g RESOURCE_GROUP --cluster-name CLUSTER --query "[].[name,nodeImageVersion]" -o tsv'
        ),
    ),
    fix=(
        "If one is older, whoever runs the cluster upgrades it; its nodes are replaced one by one:",
        Command("az aks nodepool upgrade -g RESOURCE_GROUP --cluster-name CLUSTER -n NODE_POOL --node-image-only"),
    ),
    instead=("Until then, name the global login server in the pods, or give them an image pull secret.",),
    page=pages.ACR
    + "container-registry-geo-replication#use-regional-endpoints-with-aks-managed-identity-authentication",
    samples=(_pull("myacr.eastus.geo.azurecr.io"),),
    not_emulated=_NO_CLUSTER,
    unlike=(_pull("registry.eastus.geo.example.com"),),
)
AKS_CHECK_ACR_ARM_AUDIENCE = FailureMode(
    id="aks-check-acr-arm-audience",
    title="az aks check-acr's kind of token is refused",
    brief="az aks check-acr alone",
    seen=(services.CHECK_REFUSED,),
    unprovable="The refusal does not say what was wrong with the Entra token.",
    means="az aks check-acr shows the registry an Entra token for Azure's management plane. A registry that takes only"
    " those for registries refuses it, although the nodes, whose own are of that kind, pull without trouble.",
    look=(
        Command("az acr config authentication-as-arm show -r {registry} --query status -o tsv"),
        "See whether pods really fail to pull, and since when:",
        Command("kubectl get events -A --field-selector reason=Failed"),
    ),
    fix=(
        "If that is disabled and pods pull, nothing is wrong: leave this command's verdict aside.",
        "If pods fail, too, the kubelet's identity lacks a role, or the nodes' image is an old one: look there.",
    ),
    page=pages.ACR + "container-registry-disable-authentication-as-arm#microsoft-entra-authentication-scope-types",
    samples=(
        (
            "Validating image pull permission: FAILED ACR myacr.azurecr.io rejected token exchange: ACR token exchange"
            " endpoint returned error status: 401. body: "
        ),
    ),
    not_emulated="It runs on a node of a cluster, and the emulator has no cluster.",
    unlike=(
        (
            "ACR myacr.azurecr.io rejected token exchange: failed to send token exchange request: Post"
            " https://registry.example.com/oauth2/exchange: EOF"
        ),
    ),
)
