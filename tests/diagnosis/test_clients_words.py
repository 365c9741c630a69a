# ruff: noqa: E501 - a text is one line, as it is printed
"""What clients print about a login server is told; the same words about another host give nothing."""

from __future__ import annotations

import pytest

from pytest_acrauth.diagnosis.text import recognise
from pytest_acrauth.report.explanation import headline

MYACR = "myacr.azurecr.io"
POOL = "HTTPSConnectionPool(host='{host}', port=443): Max retries exceeded with url: /v2/ (Caused by"

#: Symptom, and words around a host, by who prints them.
PRINTED = [
    # Go
    ("tcp-timeout", 'Get "https://{host}/v2/": dial tcp 20.1.2.3:443: connectex: A connection attempt failed because'),
    ("private-tcp-timeout", 'Get "https://{host}/v2/": dial tcp 10.1.2.3:443: connectex: A connection attempt failed'),
    ("proxy-refused", 'Get "https://{host}/v2/": Forbidden'),
    ("proxy-without-way", 'Head "https://{host}/v2/app/manifests/1": Service Unavailable'),
    ("proxy-without-way", 'Get "https://{host}/v2/": Bad Gateway'),
    ("proxy-wants-login", 'Get "https://{host}/v2/": Proxy Authentication Required'),
    ("proxy-broke-off", 'Get "https://{host}/v2/": proxyconnect tcp: tls: first record does not look like a TLS handshake'),
    ("no-credential-sent", 'Error: failed to push: HEAD "https://{host}/v2/app/manifests/1": basic credential not found'),
    ("generic-401", 'Error response from daemon: Get "https://{host}/v2/": unauthorized'),
    ("forbidden", 'authenticating creds for "{host}": pinging container registry {host}: StatusCode: 403, <html>'),
    ("server-error", 'pinging container registry {host}: StatusCode: 502, "<html>"'),
    ("proxy-unreached", 'Get "https://{host}/v2/": proxyconnect tcp: dial tcp: lookup proxy.corp.example on 10.0.0.1:53: no such host'),
    ("access-token-throttled", "429 Client Error: Too Many Requests for url: https://{host}/oauth2/token"),
    ("name-not-resolved", "dial tcp: lookup {host}"),
    ("connection-broken-off", "push refers to repository [{host}/app] 787062cd94fb: Layer already exists\nEOF"),
    ("forbidden", "pushing image to {host} failed: Forbidden"),
    ("upload-refused", "unexpected status from PATCH request to https://{host}/v2/app/blobs/uploads/ee33af14-3db6?_state=o5: 401 Unauthorized"),
    ("pushed-part-unknown", "PUT https://{host}/v2/app/manifests/1: MANIFEST_BLOB_UNKNOWN: blob unknown to registry; sha256:1f"),
    ("pushed-part-unknown", "pushing {host}/app:1: blob upload unknown to registry"),
    ("catalog-refused", "GET https://{host}/v2/_catalog?n=100: UNAUTHORIZED: [map[Action:* Name:catalog Type:registry]]"),
    ("token-as-bearer", "az acr login --expose-token -n x; curl -H 'Authorization: Bearer ***' https://{host}/v2/app/tags/list 401 Unauthorized"),
    ("disallowed-in-short", "docker pull {host}/app@sha256:1f unknown: The operation is disallowed."),
    ("generic-401", "initializing source docker://{host}/app:1: reading manifest 1 in {host}/app: authentication required"),
    ("generic-401", "Error response from registry: failed to resolve 1: {host}/app: unauthorized: authentication required: [map[Action:pull]]"),
    ("blob-unknown", "docker pull {host}/app:1\nerror pulling image configuration: download failed after attempts=1: unknown blob"),
    ("blob-unknown", "Trying to pull {host}/app:1...\nError: parsing image configuration: fetching blob: blob unknown to registry"),
    ("layer-refused", 'Trying to pull {host}/app:1...\nError: fetching blob: StatusCode: 403, "\\ufeff<?xml version=\\"1.0\\"'),
    # curl
    ("generic-401", "* Connected to {host} (20.1.2.3)\ncurl: (22) The requested URL returned error: 401"),
    ("forbidden", "https://{host}/v2/ curl: (22) The requested URL returned error: 403"),
    ("server-error", "https://{host}/v2/ curl: (22) The requested URL returned error: 503"),
    ("connection-failed", "curl: (28) Failed to connect to {host} port 443 after 129000 ms: Couldn't connect to server"),
    ("connection-broken-off", "curl: (35) OpenSSL SSL_connect: Connection reset by peer in connection to {host}:443"),
    ("connection-broken-off", "https://{host}/v2/ curl: (52) Empty reply from server"),
    ("proxy-refused", "https://{host}/v2/ curl: (56) Received HTTP code 403 from proxy after CONNECT"),
    ("proxy-broke-off", "https://{host}/v2/ curl: (56) Proxy CONNECT aborted"),
    ("certificate-name", "{host}: SSL: no alternative certificate subject name matches target host name"),
    ("untrusted-issuer", "https://{host}/v2/ schannel: SEC_E_UNTRUSTED_ROOT (0x80090325)"),
    ("resolver-failed", "** server can't find {host}: SERVFAIL"),
    ("tcp-timeout", "curl: (28) Failed to connect to {host} port 443 after 21010 ms: Timed out"),
    # tools that look
    ("connection-refused", "nc: connect to {host} port 443 (tcp) failed: Connection refused"),
    ("connection-failed", "{host} WARNING: TCP connect to (20.1.2.3 : 443) failed"),
    ("connection-failed", "ComputerName : {host} TcpTestSucceeded : False"),
    ("nxdomain", "Resolve-DnsName : {host} : DNS name does not exist"),
    ("untrusted-issuer", "ERROR: cannot verify {host}'s certificate: Unable to locally verify the issuer's authority."),
    ("certificate-dates", "ERROR: cannot verify {host}'s certificate: Issued certificate has expired."),
    ("certificate-name", "ERROR: certificate common name 'gw.corp' doesn't match requested host name '{host}'."),
    # tools around a bare status
    ("generic-401", "image to {host}/app:1: unable to push image to {host}/app:1: unsupported status code 401"),
    ("generic-401", "failed to sign {host}/app:1: you are not authorized to perform this operation: server returned 401."),
    ("generic-401", "could not be reached as it requires authentication (and any provided details were invalid): {host}"),
    ("no-credential-sent", "the pod cannot be made: no username present in auth config for server: {host}"),
    ("invalid-clientid", 'Get "https://{host}/v2/": Invalid client id or client secret'),
    ("manifest-unknown", 'code = NotFound desc = failed to resolve reference "{host}/team/<app>:<tag>": not found'),
    ("gave-up-waiting", 'Failed to pull image "{host}/a:1": rpc error: code = DeadlineExceeded desc = context deadline exceeded'),
    # Python
    ("nxdomain", f"{POOL} NameResolutionError: [Errno -5] No address associated with hostname"),
    ("gave-up-waiting", f"{POOL} ConnectTimeoutError('Connection to {{host}} timed out. (connect timeout=5)'))"),
    ("gave-up-waiting", f"{POOL} [WinError 10060] A connection attempt failed because the connected party did not properly respond"),
    ("gave-up-waiting", "httpx.ConnectTimeout: timed out, GET https://{host}/v2/"),
    ("gave-up-waiting", "ConnectionTimeoutError: Connection timeout to host https://{host}/v2/"),
    ("connection-failed", "ClientConnectorError: Cannot connect to host {host}:443 [Connect call failed ('20.1.2.3', 443)]"),
    ("connection-broken-off", "httpx.RemoteProtocolError: Server disconnected without sending a response. https://{host}/v2/"),
    ("proxy-wants-login", "ClientHttpProxyError: 407, message='', url='https://{host}/v2/'"),
    ("proxy-unreached", "ClientProxyConnectionError on the way to https://{host}/v2/"),
    ("generic-401", "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://{host}/v2/_catalog"),
    ("forbidden", "requests.exceptions.HTTPError: 403 Client Error: for url: https://{host}/v2/_catalog"),
    ("server-error", "requests.exceptions.HTTPError: 503 Server Error: for url: https://{host}/v2/_catalog"),
    ("handshake-broken", f"{POOL} SSLError(SSLEOFError(8, '[SSL: UNEXPECTED_EOF_WHILE_READING]')))"),
    ("handshake-broken", "ssl: The handshake operation timed out: https://{host}/v2/"),
    # Java
    ("nxdomain", "java.net.UnknownHostException: {host}"),
    ("gave-up-waiting", "java.net.SocketTimeoutException: connect timed out, https://{host}/v2/"),
    ("connection-refused", "java.net.ConnectException: Connection refused, https://{host}/v2/"),
    ("connection-broken-off", "java.net.SocketException: Connection reset, https://{host}/v2/"),
    ("connection-broken-off", "you have permissions for {host}/app: javax.net.ssl.SSLException: Connection reset"),
    ("handshake-broken", "SSLHandshakeException: Remote host terminated the handshake, https://{host}/v2/"),
    ("handshake-broken", "I/O error for image [{host}/app]:\n[ERROR] javax.net.ssl.SSLHandshakeException\n[ERROR] Remote host closed connection during handshake"),
    ("connection-broken-off", "I/O error for image [{host}/app]:\n[ERROR] org.apache.http.NoHttpResponseException"),
    ("connection-broken-off", "I/O error for image [{host}/app]:\n[ERROR] Socket closed"),
    ("untrusted-issuer", "unable to find valid certification path to requested target, https://{host}/v2/"),
    ("certificate-dates", "CertificateExpiredException: NotAfter: Thu Jan 01, https://{host}/v2/"),
    ("certificate-name", "No subject alternative DNS name matching {host} found."),
    ("proxy-wants-login", 'Unable to tunnel through proxy. Proxy returns "HTTP/1.1 407 authenticate" https://{host}/v2/'),
    ("proxy-refused", 'Unable to tunnel through proxy. Proxy returns "HTTP/1.1 403 no" https://{host}/v2/'),
    ("proxy-without-way", 'Unable to tunnel through proxy. Proxy returns "HTTP/1.1 503 no" https://{host}/v2/'),
    ("proxy-failed", "Unable to tunnel through proxy: https://{host}/v2/"),
    ("generic-401", "RegistryUnauthorizedException: Unauthorized for {host}/team/app"),
    ("generic-401", "perhaps you should make sure your credentials for '{host}/app' are set up correctly"),
    # .NET
    ("no-stored-login", 'CONTAINER1008: Failed retrieving credentials for "{host}": Failed to execute \'docker-credential-desktop get\': credentials not found in native keychain'),
    ("no-stored-login", 'CONTAINER1008: Failed retrieving credentials for "{host}": No matching auth specified for registry: {host}'),
    ("connection-refused", "HttpRequestException: Connection refused ({host}:443)"),
    ("resolver-failed", "HttpRequestException: Resource temporarily unavailable ({host}:443)"),
    ("nxdomain", "SocketException: The requested name is valid, but no data of the requested type was found. ({host}:443)"),
    ("gave-up-waiting", "The request was canceled due to the configured HttpClient.Timeout of 100 seconds. https://{host}"),
    ("proxy-wants-login", "https://{host}/v2/: The proxy tunnel request to proxy 'http://proxy.corp.example:3128/' failed with status code '407'."),
    ("proxy-refused", "https://{host}/v2/: The proxy tunnel request to proxy 'http://p:3128/' failed with status code '403'."),
    ("untrusted-issuer", "https://{host}/v2/: invalid because of errors in the certificate chain: UntrustedRoot"),
    ("certificate-dates", "https://{host}/v2/: invalid because of errors in the certificate chain: NotTimeValid"),
    ("certificate-name", "https://{host}/v2/: RemoteCertificateNameMismatch"),
    ("no-secure-connection", "https://{host}/v2/: The remote certificate is invalid according to the validation procedure"),
    ("handshake-broken", "https://{host}: Received an unexpected EOF or 0 bytes from the transport stream."),
    ("connection-broken-off", "https://{host}/v2/: The response ended prematurely."),
    # Node
    ("connection-broken-off", "FetchError: request to https://{host}/v2/ failed, reason: socket hang up"),
    ("gave-up-waiting", "ConnectTimeoutError UND_ERR_CONNECT_TIMEOUT https://{host}/v2/"),
    ("handshake-broken", "https://{host}: Client network socket disconnected before secure TLS connection was established"),
    ("proxy-refused", "https://{host}: tunneling socket could not be established, statusCode=403"),
    ("proxy-unreached", "https://{host}: tunneling socket could not be established, cause=connect ECONNREFUSED 10.0.0.1:3128"),
    # services of Azure
    ("pull-refused", "Failed to pull image: {host}/web:1. Image pull failed with forbidden or unauthorized. Check it."),
    ("service-pull-refused", "image {host}/job:1: the compute could not authenticate with the Docker registry to pull the image."),
    ("service-pull-refused", "DockerApiException for {host}/web:1: Docker API responded with status code=Unauthorized"),
    ("forbidden", "DockerApiException for {host}/web:1: Docker API responded with status code=Forbidden"),
]  # fmt: skip


@pytest.mark.parametrize(("symptom", "text"), PRINTED, ids=lambda value: value[:50])
def test_a_clients_words_about_a_login_server_are_told(symptom: str, text: str) -> None:
    """Each client's own words for a failure are the best that a text with them shows."""
    assert recognise(text.format(host=MYACR))[0].symptom.id == symptom


@pytest.mark.parametrize("host", ["api.example.com", "quay.io", "registry.example.com:5000"])
@pytest.mark.parametrize("text", [text for _, text in PRINTED], ids=lambda text: text[:50])
def test_the_same_words_about_another_host_give_nothing(text: str, host: str) -> None:
    """What a client says of somebody else's host is no failure at an Azure registry."""
    assert [headline(each) for each in recognise(text.format(host=host))] == []


@pytest.mark.parametrize(
    ("text", "symptom"),
    [
        ("az acr build: failed to push: unauthorized: authentication required", "task-refused"),
        ("docker pull $ACR_LOGIN_SERVER/app:1 ... unauthorized: authentication required", "generic-401"),
        ("push to <acr-login-server>/app: no basic auth credentials", "no-credential-sent"),
        ("push to the Azure Container Registry: unauthorized: authentication required", "generic-401"),
        ("push to our ACR: unauthorized: authentication required", "generic-401"),
        ("Failed to execute 'docker-credential-desktop get': The stub received bad data.", "credential-store-broken"),
        ("WARNING: Failed to exchange AAD token for ACR refresh token: Response status code does not indicate success: 401 (Unauthorized).", "exchange-refused"),
        ("Failed to exchange AAD access token for an ACR refresh token: Response status code does not indicate success: 403 (Forbidden).", "exchange-403"),
        ("Failed to exchange ACR refresh token: ACR server myacr.azurecr.io is unauthorized.", "exchange-refused"),
        ("failed to exchange AAD token for ACR refresh token: AADSTS7000215: Invalid client secret provided. 401 Unauthorized", "aadsts-7000215"),
        ("AADSTS500011: The resource principal named https://management.azure.com/ was not found in the tenant named x.", "aadsts-500011"),
        ("docker pull <registry-name>.azurecr.io/app: unauthorized: authentication required", "generic-401"),
        ("docker push ${ACR_NAME}.azurecr.io/app: denied: requested access to the resource is denied", "operation-refused"),
        ("Cannot access ACR 'myacr.azurecr.io' because admin credentials on the ACR are disabled", "admin-user-disabled-said"),
        ("Failed to retrieve credentials for container registry myacr. Please provide the registry username", "credentials-not-retrieved"),
        ("Azure resource '/s/Microsoft.ContainerRegistry/registries/myacr' does not have access to identity '1'", "key-unreadable"),
        ("Failed to access KeyId 'https://v/keys/k'. Verify that identity '1' has 'Get' permission. See https://aka.ms/acr/cmk", "key-refused"),
        ("token has been obtained for wrong audience or resource 'x'. It should match 'https://management.azure.com/'", "arm-token-refused-said"),
        ("could not create the container registry: x509: certificate signed by unknown authority", "untrusted-issuer"),
        ("No role assignment: Authorization_RequestDenied", "graph-forbidden"),
        ("Failed to get resource ID for resource type 'Microsoft.ContainerRegistry/registries' and resource name 'myacr'.", "arm-not-found"),
        ("Error response from daemon: login attempt failed with status: 403 Forbidden", "forbidden"),
        ("Error: requested access to the resource is denied. Correlation ID: 1.", "operation-refused"),
        ("Error: The requested data does not exist. Correlation ID: 1.", "manifest-unknown"),
        ("ERROR: Authentication required. Correlation ID: 1.", "generic-401"),
        ("No resource with type Microsoft.ContainerRegistry/registries can be found with name: myacr", "arm-not-found"),
        ("Error response from daemon: Get <azure-container-registry-login-server>: unauthorized: authentication required", "generic-401"),
        ("ERROR: Insufficient privileges to complete the operation.", "graph-forbidden"),
        ("$ACR_NAME: dial tcp 20.1.2.3:443: i/o timeout", "tcp-timeout"),
        ("Get https://${ACR_LOGIN_SERVER}/v2/: x509: certificate signed by unknown authority", "untrusted-issuer"),
        ("Get https://$(acrName).azurecr.io/v2/: net/http: TLS handshake timeout", "handshake-broken"),
        ("docker login <acr-login-server>: net/http: request canceled while waiting for connection", "gave-up-waiting"),
        ("pulling from azurecr.io: dial tcp 20.1.2.3:443: connect: connection refused", "connection-refused"),
        ("Error response from daemon: Get <registry>: proxyconnect tcp: EOF", "proxy-broke-off"),
        ("Azure App service only supports images from Azure Container Registries with admin enabled", "admin-user-disabled-said"),
        ('Container Registry (Subscription: "1" Resource Group Name: "rg" Registry Name: "myacr") was not found', "arm-not-found"),
        ('Registry: (Name "myacr" / Resource Group "rg") was not found.', "arm-not-found"),
        ("not have permission to perform action 'read' on the linked scope(s) '/s/Microsoft.ContainerRegistry/registries/myacr'", "arm-forbidden"),
        ("Could not create a role assignment for ACR.", "arm-forbidden"),
        ("Container Registry: network rules can only be used with the Premium SKU", "tier-unsupported"),
        ("Please Run 'Connect-AzAccount' to set up account.", "az-not-logged-in"),
        ("Make sure to give write permissions to id-token in the workflow.", "id-token-failed"),
        ("Error message: Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable", "id-token-not-permitted"),
        ("Error: Please make sure to give write permissions to id-token in the workflow.\nError: Login failed with Error: Error message: Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable. Double check if the 'auth-type' is correct.", "id-token-not-permitted"),
        ("Error: Please make sure to give write permissions to id-token in the workflow.\nError: Login failed with Error: Error message: Failed to get ID Token. \n \n        Error Code : 401\n \n        Error Message: Unauthorized. Double check", "id-token-refused"),
        ("Error message: Failed to get ID Token. \n \n        Error Code : undefined\n \n        Error Message: connect ETIMEDOUT 20.1.2.3:443", "id-token-unreached"),
        ("Error message: Failed to get ID Token. \n \n        Error Code : 503\n \n        Error Message: Service Unavailable", "id-token-without"),
        ("Error: Error message: Response json body do not have ID Token field", "id-token-without"),
        ("Using OIDC authentication...\nError:  Unable to get ACTIONS_ID_TOKEN_REQUEST_URL env variable. Please make sure to give write permissions to id-token in the workflow.\nError: : AADSTS50027: JWT token is invalid or malformed.", "id-token-not-permitted"),
        ("azure.core.exceptions.ClientAuthenticationError: Unexpected response from OIDC token endpoint.", "id-token-failed"),
        ("OIDC token not found in response.", "id-token-failed"),
        ("Missing value for the SYSTEM_OIDCREQUESTURI environment variable. AzurePipelinesCredential is intended for use in Azure Pipelines", "id-token-not-permitted"),
        ("no value for environment variable SYSTEM_OIDCREQUESTURI. This should be set by Azure Pipelines", "id-token-not-permitted"),
        ("AzurePipelinesCredential: is unavailable. Ensure that you're running this task in an Azure Pipeline, so that following missing system variable(s) can be defined- \"SYSTEM_OIDCREQUESTURI\"", "id-token-not-permitted"),
        ('AzurePipelinesCredential: Authentication Failed. oidcToken field not detected in the response. Response = <html><head><title>Object moved</title></head><body><h2>Object moved to <a href="https://spsprodcus3.vssps.visualstudio.com/_signin?realm=dev.azure.com&amp;reply_to=">here</a>.</h2></body></html>', "id-token-refused"),
        ("AzurePipelinesCredential: Authenticated Failed. Received null token from OIDC request. Response status- 401. Complete response", "id-token-refused"),
        ("Error: building client: unable to obtain access token: githubAssertion: received HTTP status 401 with response: {}", "id-token-refused"),
        ("ManagedIdentityCredential: context deadline exceeded", "metadata-unreached"),
        ("acr: Get http://169.254.169.254/metadata/identity/oauth2/token?resource=https%3A%2F%2Fmanagement.azure.com%2F: context deadline exceeded", "metadata-unreached"),
    ],
)  # fmt: skip
def test_words_without_a_login_server_that_still_say_whose_they_are(text: str, symptom: str) -> None:
    """A placeholder, a command of az's or a setting of a registry stands for the login server."""
    assert recognise(text)[0].symptom.id == symptom


@pytest.mark.parametrize(
    "text",
    [
        "npm publish: failed to push: unauthorized: authentication required",
        "docker pull $LOGIN_SERVER/app:1 ... unauthorized: authentication required",
        "push to <login-server>/app: no basic auth credentials",
        "push to the Amazon Elastic Container Registry: unauthorized: authentication required",
        "push to the DigitalOcean container registry: unauthorized: authentication required",
        "push to the Oracle Cloud Container Registry: no basic auth credentials",
        "push to our self-hosted container registry: unauthorized: authentication required",
        "push to Alibaba Cloud ACR: unauthorized: authentication required",
        "the ACR level of the token is too low: unauthorized: authentication required",
        "no unqualified-search registries are defined in /etc/containers/registries.conf: unauthorized: authentication required",
        "Failed to execute 'docker-credential-desktop get': credentials not found in native keychain",
        "Failed to execute 'docker-credential-ecr-login get': NoCredentialProviders",
        "Failed to exchange AAD token for STS token: Response status code does not indicate success: 401 (Unauthorized).",
        "Failed to exchange the refresh token: Response status code does not indicate success: 401 (Unauthorized).",
        "Exchanged AAD token for ACR refresh token in 401 ms",
        "AADSTS500011: The resource principal named https://management.contoso.com/ was not found in the tenant named x.",
        "because admin credentials on the server are disabled",
        "Failed to retrieve credentials for container myacr. Please provide the registry username",
        "Azure resource '/s/Microsoft.Storage/storageAccounts/myacr' does not have access to identity '1'",
        "Failed to access KeyId 'https://v/keys/k'. Verify that identity '1' has 'Get' permission.",
        "token has been obtained for wrong audience or resource 'x'. It should match 'https://vault.azure.net/'",
        "could not create the pod: x509: certificate signed by unknown authority",
        "No group: Authorization_RequestDenied",
        "Error: requested access to the resource is denied. Request ID: 1.",
        "Error: The requested data does not exist.",
        "ERROR: Authentication required. Request ID: 1.",
        "Failed to get resource ID for resource type 'Microsoft.Web/sites' and resource name 'myacr'.",
        "ssh: login attempt failed with status: 255",
        "Registry 'npm' does not support SSO login.",
        "No resource with type Microsoft.Web/sites can be found with name: myacr",
        "Insufficient privileges to complete the operation.",
        "$ACROSS: dial tcp 20.1.2.3:443: i/o timeout",
        "Get https://${LOGIN_SERVER}/v2/: x509: certificate signed by unknown authority",
        "docker login <macro-server>: net/http: request canceled while waiting for connection",
        "pulling from notazurecr.io: dial tcp 20.1.2.3:443: connect: connection refused",
        "Error response from daemon: Get <proxy>: proxyconnect tcp: EOF",
        "Azure App service only supports images from registries with admin enabled",
        'Key Vault (Subscription: "1" Resource Group Name: "rg" Key Vault Name: "myacr") was not found',
        'Image: (Name "myacr" / Resource Group "rg") was not found.',
        "not have permission to perform action 'read' on the linked scope(s) '/s/Microsoft.Network/virtualNetworks/v'",
        "Could not create a role assignment for the storage account.",
        "Service Bus: network rules can only be used with the Premium SKU",
        "Unable to retrieve ECR refresh token using the compute's identity",
        "Please Run 'Connect-MgGraph' to set up account.",
        "Make sure to give write permissions to packages in the workflow.",
        "AwsCredential: context deadline exceeded",
    ],
)
def test_nearly_the_same_words_of_others_give_nothing(text: str) -> None:
    """Without the sign that says whose words they are, they are nobody's."""
    assert [headline(each) for each in recognise(text)] == []
