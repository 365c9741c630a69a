"""Family ``hosts``: Kubernetes and other services that pull images with an identity of their own."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import FailureMode
from pytest_acrauth.catalogue.symptoms import text

AKS_KUBELET_IDENTITY_NO_ROLE = FailureMode(
    id="aks-kubelet-identity-no-role",
    family="hosts",
    shows=(text.NO_CREDENTIAL_SENT, text.GENERIC_401),
    questions=(),
    proof=None,
    title="the identity of the cluster's nodes may have no role on {registry}",
    meaning="The registry refuses the exchange, the node's credential provider then returns nothing, and the runtime"
    " asks without a credential: the refusal of that is all that is printed.",
    remedies=(
        "az aks update -n <cluster> -g <resource group> --attach-acr {registry}",
        "az aks check-acr -n <cluster> -g <resource group> --acr {login_server}",
    ),
    link=pages.AKS + "cannot-pull-image-from-acr-to-aks-cluster",
    az_code=None,
    transient=False,
    since="0.1",
    samples=(
        (
            'Failed to pull image "myacr.azurecr.io/team/app:1": failed to resolve reference'
            ' "myacr.azurecr.io/team/app:1": failed to authorize: failed to fetch anonymous token: unexpected status'
            " from GET request to https://myacr.azurecr.io/oauth2/token?scope=repository%3Ateam%2Fapp%3Apull&service="
            "myacr.azurecr.io: 401 Unauthorized"
        ),
    ),
)
K8S_PULL_SECRET_WRONG = FailureMode(
    id="k8s-pull-secret-wrong",
    family="hosts",
    shows=(text.NO_CREDENTIAL_SENT, text.GENERIC_401, text.PULL_SECRET_MISSING),
    questions=(),
    proof=None,
    title="the pod's pull secret is missing, of the wrong kind, or for another server",
    meaning="A pull secret counts in its own namespace only, must be of type kubernetes.io/dockerconfigjson with"
    " {login_server} as its server, and the pod or its service account must name it.",
    remedies=(
        (
            "kubectl create secret docker-registry <secret> -n <namespace> --docker-server={login_server}"
            " --docker-username=<user name> --docker-password=<password>"
        ),
        "Name the secret in imagePullSecrets of the pod or of its service account.",
    ),
    link=pages.ACR + "container-registry-auth-kubernetes",
    az_code=None,
    transient=False,
    since="0.1",
    samples=("Unable to retrieve some image pull secrets (acr-secret); attempting to pull the image may not succeed.",),
)
