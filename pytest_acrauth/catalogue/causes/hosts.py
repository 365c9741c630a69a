"""Family ``hosts``: Kubernetes and other services that pull images with an identity of their own."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import text

AKS_KUBELET_IDENTITY_NO_ROLE = FailureMode(
    id="aks-kubelet-identity-no-role",
    title="the identity of the cluster's nodes may have no role on {registry}",
    seen=(text.NO_CREDENTIAL_SENT, text.GENERIC_401),
    means="The registry refuses the exchange, the node's credential provider then returns nothing, and the"
    " runtime asks without a credential: the refusal of that is all that is printed.",
    fix=(
        Command("az aks update -n <cluster> -g <resource group> --attach-acr {registry}"),
        Command("az aks check-acr -n <cluster> -g <resource group> --acr {login_server}"),
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
)
K8S_PULL_SECRET_WRONG = FailureMode(
    id="k8s-pull-secret-wrong",
    title="the pod's pull secret is missing, of the wrong kind, or for another server",
    seen=(text.NO_CREDENTIAL_SENT, text.GENERIC_401, text.PULL_SECRET_MISSING),
    means="A pull secret counts in its own namespace only, must be of type kubernetes.io/dockerconfigjson with"
    " {login_server} as its server, and the pod or its service account must name it.",
    fix=(
        Command(
            "kubectl create secret docker-registry <secret> -n <namespace> --docker-server={login_server}"
            " --docker-username=<user name> --docker-password=<password>"
        ),
        "Name the secret in imagePullSecrets of the pod or of its service account.",
    ),
    page=pages.ACR + "container-registry-auth-kubernetes",
    samples=("Unable to retrieve some image pull secrets (acr-secret); attempting to pull the image may not succeed.",),
)
