"""What can be seen in print only: words that stand for several symptoms, the kubelet's, notes of check-health.

What az, Terraform and the SDKs print of the management plane is in `management`.
"""

from __future__ import annotations

from pytest_acrauth.catalogue.symptoms import (
    access_token,
    challenge,
    data,
    dns,
    entra,
    exchange,
    operation,
    proxy,
    requests,
    silence,
    tcp,
    tls,
)
from pytest_acrauth.catalogue.symptoms.words import (
    NOT_HTTPS,
    OURS,
    STATUS,
    anywhere,
    at_authority,
    at_layers,
    at_registry,
    beside,
    in_print,
    not_at_service,
    not_elsewhere,
)

# A registry that a script or an example names otherwise than by its login server.
_PLACEHOLDER = rf"{OURS}|\bACR_?(?:NAME|LOGIN|SERVER|REGISTRY|URL)|\bacr-login-server\b|\bacrLoginServer\b"

# A status as tools print it; the kubelet prints those of a container's probes so, too.
# Storage answers in XML, which docker cannot parse; Azure's begins it with a mark of its byte order.
_XML = r": .{0,80}?<\?xml"
_MARKED = r": (?:invalid character 'ï'|.{0,80}?(?:ufeff|\ufeff)<\?xml)"
# Helm and Kubernetes end so whatever they waited for, such as a volume.
_WAITED = (
    r"(?<!UPGRADE FAILED: )(?<!ROLLBACK FAILED: )(?<!INSTALLATION FAILED: )(?<!code = DeadlineExceeded desc = )"
    r"(?<!the refresh request. Error = ')"  # which asks Entra, not the registry
)

# A trace of requests begins with a 401, which asks for a login; it is no refusal where a later answer has come.
_TRACED = r"HTTP/1\.[01] |[Ss]tatus: ['\"]"
_LATER = rf".{{0,3000}}?(?:{_TRACED})20\d "
_NO_HANDSHAKE = (
    rf"(?!(?<=HTTP/1\.1 |.tatus: ['\"])401 Unauthorized{_LATER})"
    r"(?!401 Unauthorized (?:GET|POST) [^ ]{1,300}/oauth2/token[^ ]{0,600} 200\b)"
)

# One wording for several symptoms that a climb keeps apart.
NO_CREDENTIAL_SENT = in_print(
    "no-credential-sent",
    "The client asked {login_server} for an access token without any credential, and got none.",
    at_registry(
        r"failed to fetch anonymous token: (?:unexpected status.{0,400}?: )?401",
        r"failed to fetch anonymous token: .{0,400}?unauthorized: ",
        r"no basic auth credentials",
        r"\bbasic credential not found|no username present in auth config",
        r"\bno credentials? (?:found|configured|available) for\b",
    )
    + not_elsewhere(*beside(_PLACEHOLDER, r"no basic auth credentials")),
    either=(access_token.ANONYMOUS_REFUSED,),
)
GENERIC_401 = in_print(
    "generic-401",
    "The registry answered 401 (not signed in, or not allowed), and did not say why.",
    # az acr ends the registry's words so.
    anywhere(
        r"aka\.ms/acr/authorization",
        r"\b[Aa]uthentication required\b[^|]{0,120}?\bCorrelation ID: ",
        r'\bcontainerregistry\.\w{1,40}Client#\w{1,60}: .{0,600}?"message" ?: ?"authentication required',
    )
    + at_registry(
        r"(?i:unauthorized): (?:.{0,60}?: )?authentication required",
        # Go writes the members of an object by their names, so that the refused rights may stand between.
        r'"?(?i:UNAUTHORIZED)"?(?: ?, ?"detail" ?: ?\[.{0,300}?|.{0,30}?)authentication required',
        rf'"errors" ?: ?\[ ?\{{ ?"code" ?: ?"UNAUTHORIZED"(?!{_LATER})',
        r"error parsing HTTP 401 response body",
        rf"{_NO_HANDSHAKE}\b401 Unauthorized\b|\b401 \(Unauthorized\)|\(401\) Unauthorized\b",
        rf"{STATUS}401\b",
        r"\b401 Client Error\b|requested URL returned error: 401\b|status code=Unauthorized\b",
        r": [Uu]nauthorized(?![:\w])|\bUnauthorized for [\w.*<>{}$-]{1,253}/",
        r"make sure your credentials for '[^']{1,300}' are set up correctly",
        r"No push access to specified image repository",
        r"Please confirm your credentials are correct and that you have access to this repository",
        r"\bunauthorized\b: access (?:token|to)",
        r"pull access denied",
        r"reading manifest .{1,400}?: authentication required",
        r"[Ff]ailed to pull (?:\w{1,20} )?image\b.{1,300}?[: ][Aa]uthentication required",
        r"(?<!=['\"])\binsufficient_scope\b",  # a challenge has it behind a name
        r"requires authentication \(and any provided details were invalid|\bDatasource unauthorized\b",
        r"\bPrivateSourceAuthenticationFailure\b|\bNot authorized: url |\bOCI API error: authentication required",
        r"unsupported status code:? 401\b|not authorized to perform this operation: server returned 401\b",
    )
    + not_elsewhere(*beside(_PLACEHOLDER, r"(?i:unauthorized): authentication required")),
    either=(
        NO_CREDENTIAL_SENT,
        access_token.ANONYMOUS_REFUSED,
        access_token.BASIC_REFUSED,
        requests.UPLOAD_REFUSED,
        requests.TOKEN_AS_BEARER,
        operation.OPERATION_REFUSED,
    ),
)
LOGIN_REFUSED = in_print(
    "login-refused",
    "{login_server} refused the login. podman and skopeo show its words with the first pull only.",
    at_registry(r"[Ii](?:nvalid|ncorrect) user ?name(?:/| or | and/or )password"),
    either=(access_token.BASIC_REFUSED, access_token.INVALID_CLIENT, access_token.APP_NOT_REGISTERED),
)
FORBIDDEN = in_print(
    "forbidden",
    "The answer to a request to {login_server} was a 403.",
    anywhere(
        r"\bCONNECTIVITY_FORBIDDEN_ERROR\b|connectivity_forbidden_error",
        r"you don't have access to registry ['\"](?P<login_server>[^'\"]{1,253})['\"]",
    )
    + at_registry(
        r"failed to fetch (?:anonymous|oauth) token: unexpected status.{0,400}?: 403",
        r"failed with status: 403 Forbidden",
        r"\b403 Forbidden\b|\b403 \(Forbidden\)|\(403\) Forbidden\b|\bHTTP Error 403\b",
        rf"(?<!fetching blob: ){STATUS}403\b",
        r"failed: Forbidden(?![:\w])",
        rf"error parsing HTTP 403 response body(?!{_XML}|{_MARKED})",
        r"\b403 Client Error\b|requested URL returned error: 403\b|status code=Forbidden\b",
    )
    # As the documentation quotes docker, which names the host.
    + not_elsewhere(r"login attempt failed with status: 403 Forbidden"),
    either=(challenge.DENIED_WITH_IP, challenge.FOREIGN_403, proxy.PROXY_REFUSED),
)
EXCHANGE_403 = in_print(
    "exchange-403",
    "{login_server} answered a request for a refresh token or an access token with a 403, and the client threw away its"
    " words.",
    anywhere(
        r"Access to registry ['\"](?P<login_server>[^'\"]{1,253})['\"] was denied\. Response code: 403",
        r"ACR token exchange endpoint returned error status: 403",
        r"Www-Authenticate: auth url .{0,200}? responded with status code 403",
        r"unexpected status code 403 from (?:the )?(?:ACR )?(?:token )?exchange request",
        rf"{exchange.EXCHANGING}\b403\b",
    )
    + at_registry(r"/oauth2/exchange.{0,160}?\b403\b"),
    either=(challenge.DENIED_WITH_IP, exchange.BARE_403, exchange.EXCHANGE_REFUSED),
)
#: Two refusals by those who hold no role there at all, as `az acr login` prints them one below the other.
REFUSED_AND_NOT_FOUND = in_print(
    "refused-and-not-found",
    "{login_server} refused the caller's Entra token, and the management plane finds no such registry for the same"
    " caller. Whoever has no role on a registry gets both answers.",
    anywhere(
        r"Access to registry ['\"](?P<login_server>[^'\"]{1,253})['\"] was denied\. Response code: 401.{0,400}?"
        r"resource with name ['\"](?P<registry>[^'\"]{1,80})['\"] and type 'Microsoft\.ContainerRegistry/registries'"
        r" could not be found",
    ),
)
NO_NAME = in_print(
    "name-not-resolved",
    "The client could not look {login_server} up, and does not say what the resolver answered.",
    anywhere(
        r"\bCONNECTIVITY_DNS_ERROR\b",
        r"Failed to reach DNS for registry ['\"](?P<login_server>[^'\"]{1,253})['\"]",
    )
    # Cut off before the resolver's answer.
    + at_registry(
        r"dial tcp: lookup [\w.*<>{}$-]{1,253}(?: on [\[\]\w.:]{1,60})?(?=[`'\"]|\Z)",
        r"unable to resolve host address|\bName resolution of [^ ]{1,253} failed|Could not resolve '[^' ]{1,253}'",
    ),
    either=(dns.NXDOMAIN, dns.DANGLING_ALIAS, dns.RESOLVER_FAILED),
)
_GAVE_UP = (
    r"request canceled while waiting for connection",
    r"Client\.Timeout exceeded while awaiting headers",
    rf"{_WAITED}context deadline exceeded",
    r"[Ff]ailed to pull .{1,300}?rpc error: code = DeadlineExceeded desc = context deadline exceeded",
    r"(?<!sha256:[0-9a-f]{64}: )context canceled",  # while the layer was unpacked
    r"(?:[Cc]onnect|[Cc]onnection|[Rr]equest|[Oo]peration|[Rr]ead) timed out|\bConnectTimeout",
    rf"\bETIMEDOUT\b{NOT_HTTPS}",
    r"(?<!\d: )\bi/o timeout\b|:443: i/o timeout\b",
    r"\b[Oo]peration has timed out|\bexecution expired\b",
    r"[Cc]onnection timeout to host(?: https?://[\w.*<>{}$-]{1,253})?",
    r"HttpClient\.Timeout of|\bUND_ERR_CONNECT_TIMEOUT\b",
    r"(?<!connectex: )A connection attempt failed because the connected party did not properly respond",
)
GAVE_UP_WAITING = in_print(
    "gave-up-waiting",
    "The client gave up waiting for {login_server}, and does not say what for.",
    at_registry(*_GAVE_UP),
    either=(
        tcp.TCP_TIMEOUT,
        tcp.PRIVATE_TCP_TIMEOUT,
        dns.RESOLVER_FAILED,
        tls.HANDSHAKE_BROKEN,
        silence.REGISTRY_SILENT,
        proxy.PROXY_SILENT,
    ),
)
AUTHORITY_LOST = in_print(
    "authority-lost",
    "The client got nothing from {authority}, and does not say how far it came.",
    at_authority(
        r"i/o timeout|(?<!Read )[Tt]imed? ?out|context deadline exceeded|\bETIMEDOUT\b",
        r"[Cc]onnection reset by peer|forcibly closed|\bECONNRESET\b|[Cc]onnection aborted|Remote end closed",
        r"Failed to establish a new connection|Unable to connect to the remote server|/token\"?: EOF\b",
        r"unable to resolve host address|\bName resolution of [^ ]{1,253} failed|Could not resolve '[^' ]{1,253}'",
        r"Unable to get authority configuration|authority endpoint discovery failed|unable to resolve an endpoint\b",
    )
    # As docker-credential-acr-env says it, which names no host.
    + not_at_service(rf"refreshing sp token - adal: .{{0,120}}?Error = .{{0,200}}?{entra.LOST}"),
    either=(
        entra.AUTHORITY_UNREACHED,
        entra.AUTHORITY_UNKNOWN,
        dns.RESOLVER_FAILED,
        tcp.NO_ROUTE,
        tcp.CONNECTION_REFUSED,
        tls.HANDSHAKE_BROKEN,
        silence.ENTRA_SILENT,
        silence.CUT_OFF,
    ),
)
CONNECTION_FAILED = in_print(
    "connection-failed",
    "The client got no connection to {login_server}, and does not say why.",
    at_registry(
        r"\bConnect call failed",
        r"(?:Couldn't|Could not) connect to server|Unable to connect to the remote server",
        r"TCP connect to \(.{1,60}? ?: ?443\) failed|\bTcpTestSucceeded ?: False",
    ),
    either=(tcp.TCP_TIMEOUT, tcp.PRIVATE_TCP_TIMEOUT, tcp.NO_ROUTE, tcp.CONNECTION_REFUSED),
)
_BROKEN = (
    r"[Cc]onnection reset by peer|\bECONNRESET\b|forcibly closed|(?:Socket|SSL)Exception: Connection reset",
    r"socket hang up|Empty reply from server|[Ss]erver disconnected|response ended prematurely",
    r"unexpected EOF|(?:/v2/.{0,300}?|request): EOF\b",
    r"(?:already exists|Pushed|\d[kMG]B|Retrying in \d{1,3} seconds?) EOF\b",  # docker, below the layers
    r"[Cc]onnection aborted|[Rr]emote end closed connection|broken pipe",
    r"\bNoHttpResponseException\b|\bSocket closed\b",
)
BROKEN_OFF = in_print(
    "connection-broken-off",
    "A connection on the way to the registry or its layers broke off.",
    at_registry(*_BROKEN),
    either=(tls.HANDSHAKE_BROKEN, proxy.PROXY_BROKE_OFF, silence.CUT_OFF, data.STORAGE_UNREACHED),
)
_INSECURE = (
    r"SSL connection error",
    r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
    r"SSL connection could not be established",
    r"failed to verify certificate|remote certificate is invalid according to",
    r"Could not (?:establish trust relationship for the|create) SSL/TLS secure channel",
    r"Failed to verify the server at .{1,300}? because only secure connections are allowed",
)
NO_SECURE_CONNECTION = in_print(
    "no-secure-connection",
    "The client could not make a TLS connection to {login_server}, and does not say why.",
    anywhere(
        r"\bCONNECTIVITY_SSL_ERROR\b",
        r"Unable to establish a secure connection to the registry ['\"](?P<login_server>[^'\"]{1,253})['\"]",
    )
    + at_registry(*_INSECURE)
    + at_layers(*_INSECURE)
    + not_elsewhere(*beside(r"\b[Cc]onnected registry\b|\bAcrOperationEvent\b", r"remote certificate is invalid")),
    either=(
        tls.UNTRUSTED_ISSUER,
        tls.CERTIFICATE_DATES,
        tls.OTHER_NAME,
        tls.HANDSHAKE_BROKEN,
    ),
)
NO_SECURE_AUTHORITY = in_print(
    "no-secure-authority",
    "The client does not trust the certificate that is shown for {authority}, and does not say why.",
    at_authority(
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|SSLError",
        r"Could not (?:establish trust relationship for the|create) SSL/TLS secure channel",
    ),
    either=(tls.UNTRUSTED_ISSUER, tls.CERTIFICATE_DATES, tls.OTHER_NAME, tls.HANDSHAKE_BROKEN),
)
NO_CONNECTION = in_print(
    "no-connection",
    "az could not connect to {login_server}: it says so for names, connections, proxies and certificates alike.",
    anywhere(
        r"Could not connect to the registry login server ['\"](?P<login_server>[^'\"]{1,253})['\"]",
        r"Could not connect to the registry login server",
    ),
    either=(
        dns.NXDOMAIN,
        dns.DANGLING_ALIAS,
        dns.RESOLVER_FAILED,
        tcp.TCP_TIMEOUT,
        tcp.PRIVATE_TCP_TIMEOUT,
        tcp.NO_ROUTE,
        tcp.CONNECTION_REFUSED,
        proxy.PROXY_FAILED,
        tls.UNTRUSTED_ISSUER,
        tls.CERTIFICATE_DATES,
        tls.OTHER_NAME,
        tls.HANDSHAKE_BROKEN,
    ),
)
#: az acr login got an answer, where check-health says the same of no connection.
ANSWER_WITHOUT_CHALLENGE = in_print(
    "answer-without-challenge",
    "What answered az at {login_server} was no challenge, the answer that says how to sign in.",
    anywhere(
        r"AAD authorization tokens with message: (?:[\d .:-]{10,40})?(?:An error occurred: CONNECTIVITY_CHALLENGE_ERROR"
        r"|Registry ['\"](?P<login_server>[^'\"]{1,253})['\"] did not issue a challenge)",
    ),
    either=(
        challenge.NO_CHALLENGE,
        challenge.NOT_FOUND,
        challenge.FOREIGN_403,
        challenge.DENIED_WITH_IP,
    ),
)
NO_USABLE_CHALLENGE = in_print(
    "no-usable-challenge",
    "az got no challenge (the answer that says how to sign in) from {login_server}, or no connection at all.",
    anywhere(
        r"\bCONNECTIVITY_CHALLENGE_ERROR\b",
        r"Registry ['\"](?P<login_server>[^'\"]{1,253})['\"] did not issue a challenge",
    ),
    either=(
        challenge.NO_CHALLENGE,
        tcp.TCP_TIMEOUT,
        tcp.PRIVATE_TCP_TIMEOUT,
        tcp.NO_ROUTE,
        tcp.CONNECTION_REFUSED,
        proxy.PROXY_FAILED,
        tls.HANDSHAKE_BROKEN,
        silence.REGISTRY_SILENT,
        silence.CUT_OFF,
    ),
)
PULL_REFUSED = in_print(
    "pull-refused",
    "App Service was refused with 401 or 403 when it wanted to pull from {login_server}.",
    at_registry(r"Image pull failed with forbidden or unauthorized"),
    either=(GENERIC_401, FORBIDDEN, exchange.EXCHANGE_REFUSED),
)
TOO_MANY_REQUESTS = in_print(
    "access-token-throttled",
    "{login_server} had too many requests, and put this one off.",
    anywhere(r"Access to registry ['\"](?P<login_server>[^'\"]{1,253})['\"] was denied\. Response code: 429")
    # Microsoft's own registry says the same.
    + not_elsewhere(r"(?i:too ?many ?requests)\b.{0,80}?aka\.ms/acr/")
    + at_registry(
        r"(?i:toomanyrequests)(?!: You have reached your)|too many requests to registry|\b429 Client Error\b"
        r"|\(429\) Too Many Requests|\bHTTP Error 429\b"
        r"|error parsing HTTP 429 response body"
    ),
    either=(exchange.LOGIN_THROTTLED, challenge.THROTTLED),
)
# az calls every answer a denial; one of a go-between's is none.
_NO_SERVER_ERROR = r"(?! Access to registry .{1,300}? was denied\. Response code: 5\d\d)"
EXCHANGE_FAILED = in_print(
    "exchange-failed",
    "az got no refresh token (what docker logs in with) from {login_server}, and does not say what was answered.",
    anywhere(rf"\bCONNECTIVITY_REFRESH_TOKEN_ERROR\b{_NO_SERVER_ERROR}"),
    either=(EXCHANGE_403, challenge.DENIED_WITH_IP, exchange.BARE_403, exchange.EXCHANGE_REFUSED),
)
ACCESS_TOKEN_FAILED = in_print(
    "access-token-failed",
    "az got no access token from {login_server}, or one with fewer rights than it wanted.",
    anywhere(rf"\bCONNECTIVITY_ACCESS_TOKEN_ERROR\b{_NO_SERVER_ERROR}"),
    either=(
        TOO_MANY_REQUESTS,
        EXCHANGE_403,
        access_token.RIGHTS_MISSING,
        access_token.NOTHING_GRANTED,
        exchange.EXCHANGE_REFUSED,
    ),
)
LAYERS_UNREACHED = in_print(
    "layers-unreached",
    "The image's manifest was read, and its layers could not be.",
    not_elsewhere(
        r"error pulling image configuration: download failed(?! after attempts=\d{1,2}: (?:denied|unauth|unknown))",
        r"httpReadSeeker: failed open: failed to do request",
    )
    + at_layers(*_GAVE_UP, r"Unable to connect to the remote server|unable to resolve host address"),
    either=(data.STORAGE_UNREACHED, data.DATA_ENDPOINT_UNREACHED, silence.DATA_SILENT, tls.HANDSHAKE_BROKEN),
)
LAYER_REFUSED = in_print(
    "layer-refused",
    "The storage that has the layers answered with a 403, and the client does not show its words.",
    # Azure's storage alone begins its answers with a mark of their byte order, which Go writes so.
    not_elsewhere(
        r"fetching blob: StatusCode: 403, .{0,4}?ufeff<\?xml",
        rf"error pulling image configuration: error parsing HTTP 403 response body{_MARKED}",
    )
    # With the storage's words beside it, these tell.
    + at_layers(
        rf"{STATUS}403\b(?!.{{0,300}}?<Code>)",
        r"\b403 Forbidden\b(?!.{0,300}?<Code>)",
        r"\b403 Client Error\b",
        r"unexpected status (?:code )?https?://[^ ]{1,900}: 403\b",
    ),
    either=(data.STORAGE_REFUSED, data.STORAGE_FORBIDS),
)
INTERACTION_NEEDED = in_print(
    "interaction-needed",
    "Entra wants the user to sign in again, and the client does not say why.",
    anywhere(r"Interactive authentication is needed", r"\binteraction_required\b"),
    either=(entra.refusal(700082), entra.refusal(50076), entra.refusal(53003)),
)

# Kubernetes.
PULL_SECRET_MISSING = in_print(
    "pull-secret-missing",
    "The kubelet found no secret of that name in the pod's namespace. The pull can still work without it.",
    not_elsewhere(r"Unable to retrieve some image pull secrets(?: \((?P<pull_secret>[a-z0-9.-]{1,253}))?"),
)

# Messages of check-health that are no failures.
HELM_MISSING = in_print(
    "helm-not-found",
    "az acr check-health looked for helm and found none.",
    anywhere(r"\bHELM_COMMAND_ERROR\b", r"verify if Helm is installed"),
)
HELM_VERSION = in_print(
    "helm-version-unknown",
    "az acr check-health could not judge helm's version.",
    anywhere(
        r"\bHELM_VERSION_ERROR\b",
        r"error occurred while retrieving Helm version",
        r"Current Helm client version is not recommended",
    ),
)
NOTARY_MISSING = in_print(
    "notary-not-found",
    "An older az acr check-health looked for notary and found none.",
    anywhere(r"\bNOTARY_COMMAND_ERROR\b", r"verify if notary is installed"),
)
NOTARY_VERSION = in_print(
    "notary-version-unknown",
    "An older az acr check-health could not judge notary's version.",
    anywhere(r"\bNOTARY_VERSION_ERROR\b", r"error occurred while retrieving notary version"),
)
UNEXPECTED = in_print(
    "check-health-unexpected",
    "az acr check-health met an error that it has no code for.",
    anywhere(r"An error occurred: UNEXPECTED_ERROR\b"),
)
RIGHTS_MISSING_FOR_ALL = in_print(
    "check-health-repository",
    "az acr check-health missed some of the five rights that it asks for on a repository.",
    anywhere(
        r"You have .{1,120}? permissions? to the repository\. You are lacking",
        r"\bYou are lacking .{1,120}? repository permissions",
    ),
)
_LAYER_CUT = (
    r"read tcp .{1,120}?(?:timeout|timed out|reset by peer)",
    r": EOF\b",
    *_BROKEN,
)
LAYER_CUT_OFF = in_print(
    "layer-cut-off",
    "The connection to {redirect}, where the layers are, broke off.",
    at_layers(*_LAYER_CUT),
)
