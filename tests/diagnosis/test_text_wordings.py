"""What programs print of one failure in several wordings, and what stands near it and is another's."""

from __future__ import annotations

import pytest

from pytest_acrauth.diagnosis.text import recognise


def ids(text: str) -> list[str]:
    """Return the symptoms that a text shows, best first."""
    return [diagnosis.symptom.id for diagnosis in recognise(text)]


@pytest.mark.parametrize(
    ("text", "symptom"),
    [
        ("Failed to pull image: myacr.azurecr.io/web:1. ACRTokenRetrievalFailure", "service-without-token"),
        (
            "State: Stopping, Action: PullingImage, LastError: ACRTokenRetrievalFailure, Status Code: Unauthorized",
            "identity-pull-refused",
        ),
        (
            (
                '{"message":"Unauthorized error encountered while attempting to connect to the container'
                ' registry. Please try running resync keys on your workspace and retry."}'
            ),
            "service-pull-refused",
        ),
        ("Authentication failed for container registry myacr.azurecr.io", "service-pull-refused"),
        ("Authentication failed for container registry myacr. Code: UserError", "service-pull-refused"),
        (
            (
                "kubelet plugin.go: error execing credential provider plugin acr-credential-provider for image"
                " myacr.azurecr.io/app: exit status 1"
            ),
            "credential-provider-failed",
        ),
        (
            "failed to get credential: error exchanging token: unexpected status code 401 from exchange request",
            "exchange-refused",
        ),
        (
            (
                "Deployment failed. Operation registries-0a1b2c3d failed. Resource"
                " /subscriptions/s/Microsoft.ContainerRegistry/registries/myacr Access to myacr.azurecr.io denied."
            ),
            "operation-refused",
        ),
        (
            "unexpected status 400 with error: EnforceDockerAuthentication: Cannot create cache rule",
            "cache-source-refused",
        ),
        (
            '{"code": "InvalidImageRegistryCredentialType", "message": "Identity is not supported."}',
            "container-group-login-unusable",
        ),
        ("Authentication failed when pulling container image 'myacr.azurecr.io/team/app:1'.", "service-pull-refused"),
        (
            (
                "[AcrOperationEvent] Attempting to activate connected registry 'edge':"
                " AuthenticationException: The remote certificate is invalid according to the validation procedure."
            ),
            "no-secure-connection",
        ),
        (
            (
                "pull myacr.azurecr.io/app:1: failed open: could not fetch content descriptor sha256:0a1b"
                " (application/vnd.docker.image.rootfs.diff.tar.gzip) from remote: not found"
            ),
            "blob-unknown",
        ),
        ("docker login myacr.azurecr.io: unauthorized: Invalid username or password", "login-refused"),
        ("myacr.AZURECR.IO/app: 401 Unauthorized", "generic-401"),
        (
            (
                "> GET https://myacr.azurecr.io/v2/ < HTTP/1.1 401 Unauthorized > GET /oauth2/token < HTTP/1.1 200 OK"
                " > GET /v2/app/tags/list < HTTP/1.1 401 Unauthorized"
            ),
            "generic-401",
        ),
        (
            (
                "The push refers to repository [myacr.azurecr.io/app]\nerror parsing HTTP 403 response body: unexpected"
                ' of JSON input: ""'
            ),
            "forbidden",
        ),
        ("myacr.azurecr.io/app: error parsing HTTP 401 response body: invalid character '<'", "generic-401"),
        ("myacr.azurecr.io/app: error parsing HTTP 502 response body: invalid character '<'", "server-error"),
        ("myacr.azurecr.io/app: error parsing HTTP 429 response body: no error details", "access-token-throttled"),
        (
            (
                "containerregistry.BaseClient#GetTagList: Failure responding to request: StatusCode=401 -- Original"
                ' Error: autorest/azure: Service returned an error. Details=[{"errors":[{"code":'
                '"UNAUTHORIZED","detail":[{"Action":"metadata_read","Name":"app","Type":"repository"}],"message":'
                '"authentication required"}]}]'
            ),
            "generic-401",
        ),
        (
            (
                '{"code":"UNAUTHORIZED","detail":[{"Action":"*","Name":"catalog","Type":"registry"}],"message":'
                '"authentication required"}'
            ),
            "catalog-refused",
        ),
        (
            (
                'GET https://myacr.azurecr.io/v2/app/tags/list {"code":"UNAUTHORIZED","detail":[{"Action":"pull",'
                '"Name":"app","Type":"repository"}],"message":"authentication required"}'
            ),
            "generic-401",
        ),
        (
            (
                "The client 'x' does not have authorization to perform action"
                " 'Microsoft.Authorization/roleAssignments/write' over scope '/subscriptions/x/providers"
                "/Microsoft.ContainerRegistry/...'"
            ),
            "arm-forbidden",
        ),
        (
            (
                "ManagedIdentityCredential authentication failed: All Managed Identity sources are unavailable. IMDSv2"
                " probe failed."
            ),
            "metadata-unreached",
        ),
        ("MSAL.NetCore MsalServiceException: ErrorCode: managed_identity_unreachable_network", "metadata-unreached"),
    ],
)
def test_a_wording_is_read(text: str, symptom: str) -> None:
    """Each program has words of its own for what the registry, Entra or a service answered."""
    assert ids(text)[0] == symptom


@pytest.mark.parametrize(
    "text",
    [
        "TokenRetrievalFailure: the session of the shop was closed",
        "Unauthorized error encountered while attempting to connect to the data store. Please sync keys.",
        "Authentication failed for container registry docker.io",
        "Authentication failed for container registry harbor.example.com. Code: UserError",
        "Authentication failed for container registry access in the shop",
        "error execing credential provider plugin ecr-credential-provider for image 1.dkr.ecr.eu.amazonaws.com/a",
        (
            "error execing credential provider plugin acr-credential-provider for image myacr.azurecr.io/app:"
            ' exec: "/var/lib/kubelet/credential-provider/acr-credential-provider": file does not exist'
        ),
        (
            "The push refers to repository [docker.io/team/app]\nerror parsing HTTP 403 response body: unexpected end"
            ' of JSON input: ""'
        ),
        "docker.jfrog.io/app: error parsing HTTP 502 response body: invalid character '<'",
        (
            "error pulling image configuration: error parsing HTTP 403 response body: invalid character '<' looking for"
            ' beginning of value: "<?xml version=\\"1.0\\"?>\\n<Error><Code>AccessDenied</Code>"'
        ),
        'storage.ContainersClient#Get: Failure: StatusCode=401 Message="authentication required"',
        '{"code":"UNAUTHORIZED","detail":[{"Action":"pull","Name":"app","Type":"repository"}],"message":"no"}',
        '{"Name":"catalog","Type":"shop"}',
        "does not have authorization to perform action 'Microsoft.Authorization/roleAssignments/write' over scope '/'",
        "All Managed sources are unavailable. Probe failed for vault.azure.net",
        # A 401 that asks for a login, in a trace of requests that went well.
        "> GET https://myacr.azurecr.io/v2/ < HTTP/1.1 401 Unauthorized > GET /oauth2/token < HTTP/1.1 200 OK",
        "https://api.example.com: unexpected status code 401 from exchange",
        "AuthenticationException: The remote certificate is invalid according to the validation procedure.",
        "Authentication failed when pulling container image 'ghcr.io/team/app:1'.",
        "docker login registry.example.com:5000: unauthorized: Invalid username or password",
    ],
)
def test_what_is_worded_alike_is_not(text: str) -> None:
    """Others say nearly the same of what is no registry of Azure's, or of what no cause here explains."""
    assert [each.symptom.id for each in recognise(text, overheard=True)] == []


@pytest.mark.parametrize(
    "said",
    [
        '500 Server Error: Internal Server Error ("Get https://myacr.azurecr.io/v2/app/manifests/1: {}")',
        "caused by: Get https://myacr.azurecr.io/v2/app/manifests/1: {}, StatusCode:500, at: at Edgelet.Execute()",
        'InternalServerErrorException: Status 500: {{"message":"Get \\"https://myacr.azurecr.io/v2/\\": {}"}}',
        'image myacr.azurecr.io/app:1 failed with status code 500 "Internal Server Error" and message "{}"',
    ],
    ids=["docker-engine", "iot-edge", "docker-java", "spring-boot"],
)
def test_the_status_of_a_go_between_is_not_the_registrys(said: str) -> None:
    """The docker daemon and IoT Edge answer 500 for whatever the registry said, whose words stand inside."""
    assert ids(said.format("unauthorized: Application not registered with AAD.")) == ["app-not-registered"]
    assert ids("500 Server Error: Internal Server Error for url: https://myacr.azurecr.io/v2/") == ["server-error"]
    assert ids('https://myacr.azurecr.io/v2/: Status 500: {"errors":[]}') == ["server-error"]


def test_unpacking_that_was_given_up_is_no_wait_for_the_registry() -> None:
    """The client names the layer that it was writing to the node's disk; of a request, it names the address."""
    pulled, layer = 'Failed to pull image "myacr.azurecr.io/app:1": failed to', "sha256:" + "0a" * 32
    assert ids(f"{pulled} commit snapshot extract-1-a {layer}: context canceled") == []
    assert ids(f'{pulled} do request: Get "https://myacr.azurecr.io/v2/": context canceled') == ["gave-up-waiting"]


NO_NAME = [
    "curl: (6) Could not resolve host: {}",
    "fatal: unable to access: Could not resolve host '{}'",
    "Error: getaddrinfo ENOTFOUND {}",
    "java.net.UnknownHostException: {}: Name or service not known",
    "could not translate host name '{}' to address: Name or service not known",
    "NameResolutionError: Failed to resolve '{}' ([Errno -2] Name or service not known)",
    "HttpRequestException: No such host is known. ({}:443)",
    "HttpRequestException: Name or service not known ({}:443)",
    "dial tcp: lookup {} on 10.0.0.10:53: no such host",
    "The remote name could not be resolved: '{}'",
    "** server can't find {}: NXDOMAIN",
]


@pytest.mark.parametrize("said", NO_NAME)
def test_a_name_that_is_not_found_is_the_one_that_was_looked_up(said: str) -> None:
    """The words of a resolver name a host, and are about no other, whichever stands before them in a log."""
    assert ids("ghcr.io/team/app:1 started\n" + said.format("myacr.azurecr.io"))[0] == "nxdomain"
    for other in ("orders", "db.internal", "github.com", "pkg.example"):
        assert ids("myacr.azurecr.io/team/app:1 started\n" + said.format(other)) == []


@pytest.mark.parametrize("name", ["***", "<registry>.azurecr.io", "***.azurecr.io"])
def test_a_name_that_was_taken_out_is_no_other_host(name: str) -> None:
    """What stands for a login server in a log that hides it is not taken for somebody else's."""
    said = f"docker login $ACR_NAME.azurecr.io\ndial tcp: lookup {name} on 10.0.0.10:53: no such host"
    assert ids(said) == ["nxdomain"]


@pytest.mark.parametrize(
    "said",
    [
        "GET http://orders:8080/items 401 Unauthorized",
        "unable to access 'https://github.com/team/app.git/': The requested URL returned error: 403",
        "GET https://api.github.com/repos/team/app 403 Forbidden",
    ],
)
def test_an_answer_is_of_the_host_that_was_asked(said: str) -> None:
    """A host without a domain, and GitHub's own, are asked as any other; a login server before them is not meant."""
    assert ids(f"image myacr.azurecr.io/team/app:1 is used\n{said}") == []


def test_a_page_that_is_pointed_to_was_not_asked() -> None:
    """The address of an issue beside a refusal does not make it GitHub's."""
    assert ids("myacr.azurecr.io/app, see https://github.com/Azure/acr/issues/1: 401 Unauthorized") == ["generic-401"]


@pytest.mark.parametrize(
    "said",
    [
        "authentication required with source registry for cache rule 'hub' For more information",
        (
            "pull access denied for myacr.azurecr.io/docker.io/team/app: denied: requested access to pull from source"
            " 'docker.io/library/team/app' for cache rule 'hub' has been denied."
        ),
        "TOOMANYREQUESTS: too many requests to source registry for cache rule hub",
    ],
)
def test_a_cache_that_its_source_refuses_says_so(said: str) -> None:
    """An artifact cache hands on what it met at its source, in the words of a refusal of its own."""
    assert ids(f"docker pull myacr.azurecr.io/docker.io/team/app: {said}") == ["cache-source-refused"]
    elsewhere = said.replace("cache rule", "proxy rule").replace("myacr.azurecr.io", "quay.io")
    assert recognise(elsewhere, overheard=True) == ()


def test_a_repository_that_is_named_after_its_source_is_the_registrys() -> None:
    """A host in a path, as cached repositories have one, is no host; nor is a login server in another one's path."""
    assert ids("MYREG.azurecr.io/ghcr.io/team/app:1 not found: manifest unknown") == ["manifest-unknown"]
    assert ids("HEAD https://myacr.azurecr.io/v2/quay.io/team/app/manifests/1: 401 Unauthorized") == ["generic-401"]
    assert ids("harbor.example.com/myacr.azurecr.io/team/app:1: 401 Unauthorized") == []


@pytest.mark.parametrize(
    "said",
    [
        "NpgsqlException: Failed to connect to 10.0.4.5:5432: Connection timed out",
        "ConnectionError: Error -2 connecting to redis-master:6379. Name or service not known.",
        "ServerSelectionTimeoutError: mongo:27017: [Errno -3] Temporary failure in name resolution",
        'OperationalError: connection to server at "db" (10.0.0.4), port 5432 failed: Connection timed out',
        "The TCP/IP connection to the host db, port 1433 has failed. Connection timed out",
        "HTTPConnectionPool(host='search', port=9200): Failed to establish a new connection: Connection refused",
        "ClientConnectorError: Cannot connect to host orders:80 ssl:default [Name or service not known]",
        "HttpRequestException: Resource temporarily unavailable (orders.default.svc:443)",
        "Temporary failure resolving 'deb.example.org'",
    ],
)
def test_a_program_that_was_pulled_fails_by_itself(said: str) -> None:
    """A container's log begins with its image, and what its program cannot reach is another host."""
    assert ids(f"docker run myacr.azurecr.io/team/app:1\n{said}") == []


@pytest.mark.parametrize(
    ("said", "symptom"),
    [
        ("Failed to connect to myacr.azurecr.io:443: Connection timed out", "gave-up-waiting"),
        ("HttpRequestException: Resource temporarily unavailable (myacr.azurecr.io:443)", "resolver-failed"),
        ("HTTPSConnectionPool(host='myacr.azurecr.io', port=443): Read timed out.", "registry-silent"),
        ("Connection timeout to host https://myacr.azurecr.io/v2/", "gave-up-waiting"),
        ("myacr.azurecr.io: A connection attempt failed (20.1.2.3:443) Connection timed out", "gave-up-waiting"),
    ],
)
def test_a_login_server_is_named_in_the_same_ways(said: str, symptom: str) -> None:
    """Where the words name the login server, they are about it."""
    assert ids(f"docker run ghcr.io/team/app:1\n{said}")[0] == symptom


def test_a_refusal_stands_before_a_go_betweens_status() -> None:
    """Docker's client for Node hands on the registry's words, and a status of its own."""
    said = (
        'Error: (HTTP code 500) server error - Head "https://myacr.azurecr.io/v2/app/manifests/1": unauthorized:'
        " aad access token with sp failed client id must be guid { reason: 'server error', statusCode: 500 }"
    )
    assert ids(said) == ["app-not-registered"]


MARKED = (
    "error pulling image configuration: error parsing HTTP 403 response body: invalid character 'ï' looking for"
    ' beginning of value: "\\ufeff<?xml version=\\"1.0\\" encoding=\\"utf-8\\"?>'
)


@pytest.mark.parametrize(
    ("said", "symptom"),
    [
        ("<Error><Code>AuthorizationFailure</Code>", "storage-forbids"),
        ("<Error><Code>AuthenticationFailed</Code>", "storage-refused"),
        ("<Err", "layer-refused"),
    ],
)
def test_docker_cannot_parse_what_storage_says_and_shows_it(said: str, symptom: str) -> None:
    """A 403 in XML is the storage's own, and no refusal of the login server that docker names before."""
    assert ids(MARKED + said) == [symptom]
    assert ids(f'Failed to pull image "myacr.azurecr.io/app:1": {MARKED}{said}') == [symptom]
    assert ids(MARKED.replace("ï", "<").replace("\\ufeff", "") + "<Error><Code>AccessDenied</Code>") == []


@pytest.mark.parametrize(
    ("said", "symptom"),
    [
        ('Get "https://myacr.azurecr.io/v2/": denied: access forbidden', "operation-refused"),
        ('Get "https://myacr.azurecr.io/v2/": dial tcp: lookup myacr.azurecr.io: no such host', "nxdomain"),
        ('Get "http://docker:2375/v1.40/info": dial tcp: lookup docker: no such host', "docker-daemon-unreached"),
        ("Get http://%2F%2F.%2Fpipe%2Fdocker_engine/v1.40/info: file not found", "docker-daemon-unreached"),
    ],
)
def test_what_docker_could_not_connect_to_is_the_daemon_or_not(said: str, symptom: str) -> None:
    """Docker's words for its own daemon are set before a registry's by those who tell of it."""
    assert ids(f"error during connect: {said}") == [symptom]


@pytest.mark.parametrize(
    "said",
    [
        "npm ERR! code ETIMEDOUT\nnpm ERR! network request to https://npm.example.com/app failed",
        "npm error code E401\nnpm error 401 Unauthorized",
        (
            "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by 'ConnectTimeoutError("
            "<pip._vendor.urllib3.connection.HTTPSConnection object>, 'Connection to pkg.test timed out.')': /simple/a/"
        ),
        "ServiceBusException: Put token failed. status-code: 401, status-description: Unauthorized access.",
        "keyvault.BaseClient#GetSecret: Failure responding to request: StatusCode=403 -- Original Error: Code=x",
        "Warning Unhealthy kubelet Liveness probe failed: dial tcp 10.244.0.12:443: i/o timeout",
        "AbstractChannel$AnnotatedConnectException: Connection refused: orders/10.0.5.9:8080",
        "Unable to connect to the server: dial tcp 20.1.2.3:443: i/o timeout",
        "Warning FailedMount MountVolume.SetUp failed for volume: rpc error: 403 Forbidden",
        "Warning FailedCreatePodSandBox: plugin type=azure-vnet failed: dial tcp 10.0.0.1:443: i/o timeout",
    ],
    ids=["npm", "npm-10", "pip", "amqp", "key-vault", "probe", "java", "kubectl", "volume", "network"],
)
def test_who_speaks_in_its_own_way_is_not_the_registry(said: str) -> None:
    """What a build runs, and what an image does, comes behind the registry's name in a log, and is about others."""
    assert ids(f"docker build -t myacr.azurecr.io/team/app:1 .\n{said}") == []
    refused = "unauthorized: authentication required"
    assert ids(f"{said}\ndocker push myacr.azurecr.io/team/app:1\n{refused}") == ["generic-401"]


@pytest.mark.parametrize(
    "ended",
    [
        f"1: digest: sha256:{'0a' * 32} size: 1570",
        "Status: Downloaded newer image for myacr.azurecr.io/team/app:1",
        "Normal Pulled kubelet Successfully pulled image 'myacr.azurecr.io/team/app:1' in 2.1s",
    ],
    ids=["push", "pull", "kubelet"],
)
def test_what_follows_a_good_end_is_about_something_else(ended: str) -> None:
    """A push or a pull that has ended well leaves the registry's name in a log, and its next failure names it again."""
    said, later = "docker push myacr.azurecr.io/team/app:1", "curl: (22) The requested URL returned error: 401"
    assert ids(f"{said}\n{ended}\n{later}") == []
    assert ids(f"{said}\n{later}") == ["generic-401"]
    assert ids(f"{said}\n{ended}\nhttps://myacr.azurecr.io/v2/ {later}") == ["generic-401"]


def test_what_speaks_as_they_do_of_the_registry_is_read() -> None:
    """The libraries that others use are used at a registry, too."""
    lost = (
        "HTTPSConnectionPool(host='myacr.azurecr.io', port=443): Max retries exceeded (Caused by ConnectTimeoutError("
    )
    assert ids(f"{lost}<urllib3.connection.HTTPSConnection object>, 'Connection to myacr.azurecr.io timed out.'))")
    assert ids("java.net.ConnectException: Connection refused: myacr.azurecr.io/20.1.2.3:443") == ["connection-refused"]
    assert ids('containerregistry.RegistriesClient#Get: Failure: "message":"authentication required"')
