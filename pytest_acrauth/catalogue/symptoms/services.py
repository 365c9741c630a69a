"""What services print that pull, build or import for somebody: tasks, AKS nodes, App Service, Container Apps, ACI.

The registry's own words say less than their printer's: whoever pulls so has no stored login of docker's, and nobody's
machine is at the address that the firewall saw.
"""

from __future__ import annotations

from pytest_acrauth.catalogue.symptoms import access_token, challenge, client, exchange, operation, text
from pytest_acrauth.catalogue.symptoms.words import anywhere, at_registry, beside, in_print, not_elsewhere

_DENIED = r"[Cc]lient with IP .{0,60}?is not allowed access|aka\.ms/acr/firewall"
_ASKED = r"(?i:unauthorized): (?:.{0,60}?: )?authentication required|aka\.ms/acr/authorization"
_REFUSED = rf"{_ASKED}|\b401 Unauthorized|\b401 \(Unauthorized\)"

# Tasks: the log of a run, and the commands that start one; what docker says between is docker's own.
_RUN = (
    r"failed to run step ID|\bRun ID: [a-z][a-z0-9]{1,5} failed after \d|\bQueued an? (?:build|run) with ID"
    r"|\bExecuting step ID: |failed to login, ran out of retries: failed to set docker credentials"
    r"|\bacb_(?:step|default|vol)_|\bacr purge\b"
)
_STARTED = r"\baz acr (?:build|run|task run)\b(?:(?!\bdocker (?:push|pull|login|build)\b).){0,300}?"

TASK_DENIED = in_print(
    "task-denied",
    "The registry's firewall refused a task of its own, which runs on machines of Azure's.",
    anywhere(
        *beside(_RUN, _DENIED),
        rf"{_STARTED}(?:{_DENIED})",
        r"failed to get ACR refresh token, exchange API response code: 403",
    ),
)
TASK_REFUSED = in_print(
    "task-refused",
    "A task was not signed in to the registry that it wanted to read or write, or not allowed to.",
    not_elsewhere(*beside(_RUN, _ASKED), rf"{_STARTED}(?:{_ASKED})")
    + at_registry(*beside(_RUN, _REFUSED))
    + anywhere(r"when specifying push, at least one credential is required"),
)

# Managed identities, whatever pulls with them.
IDENTITY_REFUSED = in_print(
    "identity-pull-refused",
    "The registry refused the managed identity with which a service wanted to pull.",
    anywhere(
        r"(?i:unable to pull image using managed identity)"
        r"(?: .{1,200}? registry '?(?P<login_server>[\w.*<>-]{1,253}))?",
        r"ACR token exchange endpoint returned error status: 401",
        r"failed to get ACR refresh token, exchange API response code: 401",
        r"Unable to retrieve ACR refresh token using Compute Identity",
        r"\bACRTokenRetrievalFailure\b.{0,300}?\b(?i:unauthorized)\b",
        r"[Ee]ndpoint identity does not have pull permission on the registry",
        r"\bACRTokenExchange(?:Failed|Forbidden)\b|\bACRSecretError\b",
    ),
    either=(exchange.EXCHANGE_REFUSED,),
)
SERVICE_TOKENLESS = in_print(
    "service-without-token",
    "App Service got no token of {login_server} for the managed identity that was to pull, and does not say why.",
    anywhere(r"\bACRTokenRetrievalFailure\b"),
    either=(
        IDENTITY_REFUSED,
        text.EXCHANGE_403,
        challenge.DENIED_WITH_IP,
        exchange.BARE_403,
        exchange.EXCHANGE_REFUSED,
    ),
)
SERVICE_REFUSED = in_print(
    "service-pull-refused",
    "{login_server} refused a service that wanted to pull, with an identity or with a login that it keeps.",
    at_registry(
        r"\bImagePullUnauthorized",
        r"\bDockerApiException\b.{0,400}?(?:status code=Unauthorized\b|\bunauthorized: )",
        rf"template\.containers\.[\w*<>{{}}-]{{1,60}}\.image\b.{{0,400}}?(?:{_REFUSED})",
        rf"(?:{_REFUSED}).{{0,300}}?\btemplate\.containers\.",
        r"could not authenticate with the Docker registry to pull",
        r"[Aa]uthentication failed (?:for container registry|when pulling (?:the )?(?:container )?image)",
    )
    # Machine Learning, whose workspaces have no registry but Azure's.
    + anywhere(
        r"Unauthorized error encountered while attempting to connect to the container registry",
        r"Authentication failed for container registry ['\"]?[A-Za-z0-9]{5,50}(?=['\"]|\.? Code: |\.?\Z)",
    ),
    either=(exchange.EXCHANGE_REFUSED,),
)
ACI_REFUSED = in_print(
    "container-group-refused",
    "Azure Container Instances could not read the image at {login_server}, and does not say why.",
    at_registry(
        r"is not accessible\. Please check the image and registry credential",
        r"\bInaccessibleImage\b",
        r"\bRegistryErrorResponse\b|error response is received from the docker registry",
    )
    # An image whose author has taken its name out, or the registry's in it.
    + not_elsewhere(
        r"\b[Ii]mage '(?:[Xx*<>./:-]{1,80}|[\w-]{0,40}?(?:[Aa]cr|ACR|[Rr]egistry)(?:[_-]?[Nn]ame)?/[^']{1,100})'"
        r" in container group '[^']{1,80}' is not accessible"
    ),
    either=(exchange.EXCHANGE_REFUSED, operation.MANIFEST_UNKNOWN),
)
ACI_LOGIN_UNUSABLE = in_print(
    "container-group-login-unusable",
    "Azure Container Instances did not take the login that the container group names for its registry.",
    anywhere(r"\bInvalidImageRegistryCredentialType\b|Identity in 'imageRegistryCredentials' of container group\b")
    + at_registry(
        r"\bImageRegistryDoesNotSupportManagedIdentity\b"
        r"|Image registry '(?P<login_server>[^']{1,253})' does not support managed identity",
    ),
)
SERVICE_DENIED = in_print(
    "service-denied",
    "The registry's firewall refused a service of Azure's.",
    anywhere(*beside(r"\bAzureMLCompute\b|\bInaccessibleImage\b|\bin container group '", _DENIED)),
)
WEB_APP_DENIED = in_print(
    "web-app-denied",
    "The registry's firewall refused App Service, which pulls the image of a web app by itself.",
    anywhere(*beside(r"\bDockerApiException\b", _DENIED)),
)
IMPORT_DENIED = in_print(
    "import-denied",
    "A registry's firewall refused an import: that of the registry that was read, or that was written to.",
    anywhere(
        *beside(r"\baz acr import\b|\bOperation registries-[\w-]{1,60} failed|Invalid message Forbidden", _DENIED)
    ),
)

# Nodes of a cluster: a line of the kubelet's, up to the next one's.
_NODE = r"(?:Failed to pull image ['\"]|failed to pull and unpack image)"
_ONE_LINE = r"(?:(?!Failed to pull image ['\"]).){0,700}?"
_UNSIGNED = (
    r"(?:failed to fetch (?:anonymous|oauth) token: (?:unexpected status.{0,400}?: )?401"
    r"|failed to fetch anonymous token: .{0,400}?unauthorized: "
    r"|(?i:unauthorized): (?:.{0,60}?: )?authentication required)"
)
NODE_REFUSED = in_print(
    "node-pull-refused",
    "A node of a cluster got no access token from {login_server} for the pull.",
    at_registry(
        rf"{_NODE}{_ONE_LINE}{_UNSIGNED}", rf"{_UNSIGNED}.{{0,300}}?\b(?:kubelet|ErrImagePull|ImagePullBackOff)\b"
    ),
)
NODE_REFUSED_IN_REGION = in_print(
    "node-regional-pull-refused",
    "A node of a cluster got no access token from {login_server}, an endpoint of one region, for the pull.",
    at_registry(
        rf"{_NODE}.{{0,300}}?[\w-]{{1,60}}\.[a-z0-9]{{2,40}}\.geo\.azurecr\.{_ONE_LINE}{_UNSIGNED}",
    ),
)
CHECK_REFUSED = in_print(
    "check-acr-refused",
    "az aks check-acr signed in on a node as the kubelet's identity, and {login_server} refused that.",
    anywhere(
        r"ACR (?P<login_server>[^ ]{1,253}) rejected token exchange"
        r"(?!.{0,80}?(?:status: (?:403|429|5)|failed to send))",
    ),
)
HELPER_WITHOUT_VARIABLES = in_print(
    "acr-env-without-token",
    "The credential helper docker-credential-acr-env got no Entra token.",
    not_elsewhere(r"failed to acquire sp token"),
)
HELPER_REFUSED = in_print(
    "acr-env-refused",
    "{login_server} refused a client whose logins come from docker-credential-acr-env.",
    at_registry(*beside(r"\bacr-env\b", _REFUSED)),
    either=(exchange.EXCHANGE_REFUSED,),
)
#: An artifact cache's own words for what it met at the registry that it is to copy from.
CACHE_SOURCE_REFUSED = in_print(
    "cache-source-refused",
    "{login_server} wanted to fetch the image from another registry, by a cache rule, and was refused there.",
    anywhere(
        r"(?:authentication required with|too many requests to) source registry for cache rule\b",
        r"requested access to pull from source '.{1,300}?' for cache rule\b",
        r"\bEnforceDockerAuthentication\b|Cannot create cache rule .{0,80}? without credentials",
    ),
)

CACHE_LOGIN_UNHEALTHY = in_print(
    "cache-login-unhealthy",
    "A login with which an artifact cache signs in to another registry is marked as unhealthy: the registry could not"
    " read it, or was refused with it.",
    anywhere(r'"credentialHealth" ?: ?\{[^{}]{0,600}?"status" ?: ?"Unhealthy"'),
)

#: What a pull ends with, whatever came before.
REFUSALS = (SERVICE_REFUSED, ACI_REFUSED, NODE_REFUSED_IN_REGION, NODE_REFUSED, HELPER_REFUSED)
_UNSAID = (text.GENERIC_401, text.NO_CREDENTIAL_SENT)
#: What is not told beside each, because it says the same less exactly.
TOGETHER = {
    TASK_DENIED: (challenge.DENIED_WITH_IP, text.FORBIDDEN),
    IMPORT_DENIED: (challenge.DENIED_WITH_IP, text.FORBIDDEN),
    SERVICE_DENIED: (challenge.DENIED_WITH_IP, text.FORBIDDEN, ACI_REFUSED),
    WEB_APP_DENIED: (challenge.DENIED_WITH_IP, text.FORBIDDEN),
    TASK_REFUSED: (*_UNSAID, access_token.BASIC_REFUSED),
    IDENTITY_REFUSED: (*_UNSAID, SERVICE_REFUSED, TASK_REFUSED),
    SERVICE_REFUSED: _UNSAID,
    ACI_REFUSED: _UNSAID,
    NODE_REFUSED: _UNSAID,
    NODE_REFUSED_IN_REGION: (*_UNSAID, NODE_REFUSED),
    CHECK_REFUSED: (*_UNSAID, IDENTITY_REFUSED),
    HELPER_WITHOUT_VARIABLES: (client.CREDENTIAL_STORE, HELPER_REFUSED),
    HELPER_REFUSED: _UNSAID,
    CACHE_SOURCE_REFUSED: (*_UNSAID, operation.OPERATION_REFUSED, text.TOO_MANY_REQUESTS),
}
