"""What can be seen of the programs on this machine: by a client check, and in what they print."""

from __future__ import annotations

from collections.abc import Callable

from pytest_acrauth.catalogue.shape import Break, Symptom, Words, unseen
from pytest_acrauth.catalogue.symptoms.answers import said_here
from pytest_acrauth.catalogue.symptoms.words import OURS, anywhere, at_registry, at_sign_in, beside, not_elsewhere
from pytest_acrauth.model.client_record import ClientRecord, Ran, Socket
from pytest_acrauth.model.observation import AccessToken, Trouble
from pytest_acrauth.model.stage import Stage

# Helpers of one registry's own, which is another than Azure's.
_OTHERS_HELPER = r"docker-credential-(?:ecr|gcr|gcloud|ghcr|oci)\b"
_HELPER = rf"(?P<helper>(?!{_OTHERS_HELPER})docker-credential-[\w.-]{{1,60}})"
_CONTAINERS = {"docker", "podman"}
# What a library of Python's says of any socket.
_DOCKERS = r"(?:[Dd]ocker|server API version).{0,400}?"
# Scanners look for an image here and there, at a daemon among others, before they ask the registry.
_ELSEWHERE_TOO = r"(?!.{0,600}?(?:[Pp]odman (?:socket|client)|containerd socket|\* GET https://))"
# Of a daemon that answers: it refuses the user, or the two disagree about TLS.
_ANSWERED = r"(?!.{0,400}?(?:[Pp]ermission denied|Access is denied|x509: |tls: |\bHTTP ))"
# A daemon has no such path: somebody set a registry's words behind docker's.
_REGISTRYS = r"[A-Z][a-z]{2,6} \"?https?://[^\s\"/]{1,253}/v2/"
_FORBIDDEN = anywhere(
    rf"permission denied while trying to connect to the [Dd]ocker{_ELSEWHERE_TOO}",
    rf"docker\.sock: connect: permission denied{_ELSEWHERE_TOO}|podman\.sock: connect: permission denied",
    rf"{_DOCKERS}'Connection aborted\.', PermissionError\(13",
    r"open //\./pipe/(?:docker|podman)[\w-]{0,60}: Access is denied",
)
_NO_DAEMON = anywhere(
    rf"[Cc]annot connect to the Docker daemon(?: at (?P<endpoint>[\w:/.-]{{1,200}}[\w/-]))?{_ELSEWHERE_TOO}",
    r"failed to connect to the docker API at (?P<endpoint>[\w:/.-]{1,200}[\w/-])",
    rf"error during connect: (?!{_REGISTRYS}){_ANSWERED}",
    rf"[Ii]s the docker daemon running{_ELSEWHERE_TOO}",
    rf"docker daemon is not running{_ANSWERED}",
    r"Docker Desktop is not running|docker engine is not running",
    r"open //\./pipe/(?:docker_engine|dockerDesktop\w{0,30}).{0,20}?: The system cannot find",
    r"docker\.sock: connect: (?:no such file or directory|connection refused)",
    rf"{_DOCKERS}'Connection aborted\.', (?:FileNotFoundError|ConnectionRefusedError)",
    r"Cannot connect to Podman|unable to connect to Podman",
    r"verify if Docker daemon is running, or try restarting",
)
# Where it is only what a token is wanted for, it was not asked.
_PLANE = r"(?<!resource=https://)(?<!%2[Ff])management\.(?:azure\.com|chinacloudapi\.cn|usgovcloudapi\.net)\b"
# No connection at all: a certificate that is not trusted is shown by whoever was reached.
_NO_WAY = (
    r"(?:Failed to (?:resolve|establish a new connection)|no such host|[Nn]ame or service not known|getaddrinfo"
    r"|[Cc]onnection (?:refused|timed out|aborted|reset by peer)|i/o timeout|deadline exceeded|\bConnectTimeout"
    r"|[Nn]etwork is unreachable|(?:Cannot|Unable to) connect to proxy|Tunnel connection failed)"
)
_PLANE_LOST = rf"{_PLANE}.{{0,300}}?{_NO_WAY}"
# As a login server is misspelt: no host of Azure's ends so. Few ends in one pattern, so that their letters are its own.
_MISSPELT = tuple(
    rf"\b[A-Za-z0-9-]{{1,63}}\.(?:{ends})(?![\w-]|\.\w)"
    for ends in (
        r"(?:azureacr|azurcr|azuercr|azurerc)\.io",
        r"(?:azureccr|azurecrr|azurercr|azureregistry|azurecontainerregistry)\.io",
        r"azurecr\.(?:com|net|org)",
    )
)
# Nor is a host of Azure's called so, which is no name but of a host where it is asked.
_HYPHENED = r"(?:://|\blookup )(?:[A-Za-z0-9-]{1,63}\.)?[A-Za-z0-9-]{1,62}-azurecr\.(?:io|cn|us)(?![\w-]|\.\w)"
_FAILED = (
    r"(?:no such host|not known|NXDOMAIN|non-existent domain|[Nn]ot resolve|[Nn]ame resolution|denied|[Uu]nauthorized"
    r"|\b40[134]\b|(?i:timed? ?out)|refused|x509|[Cc]ertificate|not found|does not exist)"
)
_NAME_ONLY = r"(?P<login_server>[\w-]{1,63}\.azurecr\.(?:io|cn|us))(?![\w.-])"
# What az writes where Entra or the exchange refused it, up to where it gives up or asks the user.
_ENTRA_REFUSED = (
    r"Unable to get AAD authorization tokens with message"
    r"(?:(?!Unable to get admin user|both username and password|ERROR: |Username: ).){0,2000}?"
)


def _not_started(program: str) -> tuple[str, ...]:
    """Return what shells and languages say of a program that they do not find: zsh, env, Java, .NET, Ruby."""
    return (
        rf"command not found: {program}(?![\w./-])",
        rf"\benv: '?{program}'?: No such file",
        rf"Cannot run program \"{program}\"",
        rf"trying to start process '{program}'",
        rf"No such file or directory - {program}(?![\w./-])",
    )


_NO_AZ = anywhere(
    r"\baz: (?:command )?not found",
    r"exec: \"az\": executable file not found",
    r"[Aa]zure CLI (?:is )?not (?:found|installed)|[Aa]zure CLI could not be found",
    r"'az' is not recognized as|[Tt]he term 'az' is not recognized",
    r"No such file or directory: '(?:/[\w/.-]{0,100}/)?az'|spawn(?:Sync)? az ENOENT",
    *_not_started("az"),
    r"[Pp]lease install the Azure CLI|az command(?: is)? not found",
    r"[Uu]nable to locate executable file: az\b",
)
# A helper that asked Docker Hub, and tells what came of it.
_HUB = r".{0,60}?https?://hub\.docker\.com/"
# The words of docker's own helpers for a server that they have no login for (docker-credential-helpers, errors.go).
_NOTHING_STORED = anywhere(r"credentials not found in native keychain")
_NO_LOGIN = at_sign_in(
    r"[Pp]lease run '?\"?az login'?\"? (?:to (?:set ?up|access)|from)",
    r"ERROR: Please run '?az login|[Rr]un '?Connect-AzAccount'? to (?:set ?up|log ?in)",
    r"not logged in(?:to| to| in)? (?:the )?(?:Azure|az\b)|Azure CLI (?:is )?not logged in",
    r"does not exist in MSAL token cache\. Run `az login`",
)


def _says(ran: Ran | None, words: tuple[Words, ...]) -> bool:
    said = " ".join(ran.stderr.split()) if ran else ""
    return any(one.pattern.search(said) for one in words)


def _containers(record: ClientRecord) -> bool:
    return record.client in _CONTAINERS and bool(record.command) and not record.cloud_shell


def _plane_lost(record: ClientRecord) -> bool:
    return any(_says(ran, anywhere(_PLANE_LOST)) for _, ran in record.unshown)


def _missing(record: ClientRecord) -> bool:
    if record.client not in _CONTAINERS or record.refused:
        return False
    ps = record.run("ps")
    return not record.command or (ps is not None and not ps.started)


def _forbidden(record: ClientRecord) -> bool:
    if not _containers(record):
        return False
    return _says(record.run("ps"), _FORBIDDEN) or (
        record.daemon is not None and record.daemon.socket is Socket.FORBIDDEN and not _worked(record)
    )


def _worked(record: ClientRecord) -> bool:
    ps = record.run("ps")
    return ps is not None and ps.ok


def _down(record: ClientRecord) -> bool:
    ps = record.run("ps")
    if not _containers(record) or ps is None or ps.ok or not ps.started or _forbidden(record):
        return False
    lost = record.daemon is not None and record.daemon.socket in {Socket.MISSING, Socket.SILENT}
    return lost or ps.exit_code is None or _says(ps, _NO_DAEMON)


def _noise(record: ClientRecord) -> bool:
    ps = record.run("ps")
    # Nobody but az minds.
    return _containers(record) and record.used_by_az and ps is not None and ps.ok and bool(ps.stderr.strip())


def _no_version(record: ClientRecord) -> bool:
    version = record.run("version")
    return _containers(record) and _worked(record) and not (version is not None and version.ok)


def _logged_out(record: ClientRecord) -> bool:
    account = record.run("account")
    return record.client == "az" and account is not None and not account.ok and _says(account, _NO_LOGIN)


def _helpers_broken(record: ClientRecord) -> bool:
    return record.config is not None and any(not helper.ok for helper in record.config.helpers)


def _helper_failed(broken: Break) -> bool:
    token = broken.observation
    return (
        isinstance(token, AccessToken)
        and token.trouble is Trouble.UNAVAILABLE
        and token.text.startswith("docker-credential-")
        and not said_here(_NOTHING_STORED)(broken)
    )


def _knows(record: ClientRecord) -> bool:
    """Whether a docker config was read to its end, so that what it does not hold is missing."""
    return record.config is not None and not record.config.trouble and not _helpers_broken(record)


def _symptom(
    name: str,
    *,
    says: str,
    texts: tuple[Words, ...],
    stages: tuple[Stage, ...] = (),
    when: Callable[[Break], bool] = unseen,
    client: Callable[[ClientRecord], bool] | None = None,
    either: tuple[Symptom, ...] = (),
) -> Symptom:
    return Symptom(id=name, stages=stages, when=when, says=says, texts=texts, client=client, either=either)


# Docker, podman and their daemon. What one check shows together is told in this order.
CLOUD_SHELL = _symptom(
    "cloud-shell",
    client=lambda record: record.client in _CONTAINERS and record.cloud_shell and bool(record.command),
    says="The variable ACC_CLOUD is set, as in Azure Cloud Shell. Whether a daemon answers here: {answers}.",
    texts=anywhere(r"running the docker daemon, which is not supported in Azure Cloud Shell"),
)
DOCKER_MISSING = _symptom(
    "docker-not-found",
    client=_missing,
    says="No {program} was found on the PATH.",
    texts=anywhere(
        r"(?<!library/)\b(?:docker|podman): (?:command )?not found",
        r"exec: \"(?:docker|podman)\": executable file not found",
        r"'(?:docker|podman)' is not recognized as",
        r"[Tt]he term '(?:docker|podman)' is not recognized",
        r"No such file or directory: '(?:docker|podman)'",
        r"spawn(?:Sync)? (?:docker|podman) ENOENT",
        *_not_started("(?:docker|podman)"),
        r"[Uu]nable to locate executable file: (?:docker|podman)\b",
        r"[Tt]he command 'docker' could not be found",
        r"bin/docker: [Nn]o such file or directory",
    ),
)
DAEMON_DOWN = _symptom(
    "docker-daemon-unreached",
    client=_down,
    says="{program} ran, and its daemon did not answer.",
    texts=_NO_DAEMON,
)
SOCKET_PERMISSION = _symptom(
    "docker-socket-forbidden",
    client=_forbidden,
    says="{program} ran, and this user is not allowed to talk to its daemon.",
    texts=_FORBIDDEN,
)
STDERR_NOISE = _symptom(
    "docker-stderr-noise",
    client=_noise,
    says="{program} answered, and printed on its standard error: {answer}",
    texts=anywhere(
        r"Emulate Docker CLI using podman",
        # docker prints it without a failure, and az and PowerShell take it for one.
        r"(?:ERROR: (?:docker: )?|Connect-AzContainerRegistry ?: )WARNING! Your password will be stored unencrypted",
    ),
)
DOCKER_IN_FOLDER = _symptom(
    "docker-in-current-folder",
    client=lambda record: bool(record.refused),
    says="The PATH, or DOCKER_COMMAND, leads to a {program} in the current folder.",
    texts=anywhere(r"Refusing to use '.{1,60}?' resolved at"),
)
FOLDER_UNKNOWN = _symptom(
    "current-folder-unknown",
    says="az could not tell whether docker is in the current folder, and did not run it.",
    texts=anywhere(r"Unable to verify binary path safety"),
)
VERSION_UNREADABLE = _symptom(
    "docker-version-unreadable",
    client=_no_version,
    says="{program} answers, and does not tell its version.",
    texts=anywhere(r"\bDOCKER_VERSION_ERROR\b", r"error occurred while retrieving Docker version"),
)
COMMAND_ERROR = _symptom(
    "docker-command-error",
    says="A program found docker unusable, and says so in the same words for several reasons.",
    texts=anywhere(
        r"\b(?:DOCKER_COMMAND_ERROR|DOCKER_DAEMON_ERROR)\b",
        r"Couldn't connect to Docker daemon|verify if Docker client is installed",
    ),
    either=(DOCKER_MISSING, DAEMON_DOWN, SOCKET_PERMISSION, STDERR_NOISE, DOCKER_IN_FOLDER),
)
#: What az adds to either, for whoever has no more of it.
DOCKER_SPARED = _symptom(
    "docker-spared",
    says="az could not use docker here, and tells how to sign in without it.",
    texts=anywhere(r"--expose-token'? to get an access token, which does not require Docker"),
    either=(CLOUD_SHELL, COMMAND_ERROR),
)
SAMPLE_PULL = _symptom(
    "sample-pull-failed",
    says="az acr check-health could not pull its sample image from mcr.microsoft.com.",
    texts=anywhere(r"\bDOCKER_PULL_ERROR\b", r"error occurred while pulling a sample image"),
)

# Stored logins.
CONFIG_UNREADABLE = _symptom(
    "docker-config-unreadable",
    client=lambda record: record.config is not None and bool(record.config.trouble),
    says="The docker config could not be read: {answer}",
    texts=anywhere(r"[Ee]rror loading config file:? .{0,200}?(?P<config>[^ \"]{0,200}\.docker/config\.json)"),
)
CREDENTIAL_STORE = _symptom(
    "credential-store-broken",
    stages=(Stage.ACCESS_TOKEN,),
    when=_helper_failed,
    client=_helpers_broken,
    says="A credential helper, a program that keeps logins for docker, could not be used.",
    texts=anywhere(
        rf"error (?:getting|storing|listing|erasing) credentials - err: .{{0,120}}?{_HELPER}",
        r"error (?:getting|storing|listing|erasing) credentials - err"
        rf"(?!.{{0,160}}?(?:not found in native keychain|acquire refresh token|{_OTHERS_HELPER})|{_HUB})",
        rf"{_HELPER}\"?'?:? (?:executable file not found|not installed|not found|command not)",
        # Where the file itself cannot be written, no helper is to blame.
        rf"[Ee]rror saving credentials(?!: (?:open|mkdir|rename|write|create|chmod|unlinkat) |.{{0,80}}?{_HUB})",
        rf"{_HELPER} resolves to executable in current directory",
        r"credentials?\b.{0,200}?(?:Cannot autolaunch D-Bus|org\.freedesktop\.secrets was not provided)",
        r"pass not initialized",
        # .NET, which ends where docker would go on without a login
        rf"Failed to execute '{_HELPER} \w{{1,10}}'(?!:? .{{0,80}}?not found in native keychain)",
    )
    # notation keeps logins in docker's helpers only
    + not_elsewhere(r"credentials? (?:store )?config was not set up"),
)
KEY_MISMATCH = _symptom(
    "stored-login-other-key",
    client=lambda record: record.client == "docker-config" and bool(record.misspelt),
    says="The docker config has a login for {login_server} under another key: {answer}",
    texts=(),
)
NO_STORED_LOGIN = _symptom(
    "no-stored-login",
    stages=(Stage.ACCESS_TOKEN,),
    when=said_here(_NOTHING_STORED),
    client=lambda record: record.client == "docker-config" and _knows(record) and bool(record.lacking),
    says="The docker config has no login for {login_server}.",
    texts=at_registry(
        r"[Ff]ailed retrieving credentials for .{0,400}?(?:not found in native keychain|No matching auth specified)"
    ),
)
STORED_LOGIN_ENDED = _symptom(
    "stored-login-ended",
    client=lambda record: record.client == "docker-config" and bool(record.ended),
    says="The docker config has a login for {login_server} that ended at {not_after}.",
    texts=(),
)

# The Azure CLI, and what is asked of it.
STDIN_REFUSED = _symptom(
    "password-stdin-refused",
    says="The client did not read the password from its standard input.",
    texts=anywhere(r"Failed to pass credentials to '.{1,120}?' via stdin"),
)
PASSWORD_ALONE = _symptom(
    "password-without-user",
    says="az was given a password and no user name.",
    texts=anywhere(r"Please also specify username if password is specified"),
)
NOT_INTERACTIVE = _symptom(
    "nobody-to-ask",
    says="The client wanted to ask for a user name or password.",
    texts=anywhere(
        r"specify both username and password in non-interactive mode",
        r"[Cc]annot perform an interactive login from a non[ -]TTY device",
        r"Must provide --username with --password-stdin",
        r"Error: (?:Non-null Username|Password) Required",
        r"\b(?:docker|podman|buildah|skopeo|nerdctl|oras|registry|acr) login\b.{0,300}?"
        r"(?:(?:[Uu]sername|[Pp]assword) is (?:empty|required)|[Ee]rror: (?:[Uu]sername and )?[Pp]assword [Rr]equired)",
    )
    + at_registry(
        # Go's words for an input that is no terminal
        r"username and password: reading password: (?:inappropriate ioctl|operation not supported by device)",
        # The action of GitHub's, whose step shows the registry.
        r"\bdocker/login-action\b.{0,300}?[Ee]rror: (?:[Uu]sername(?: and password)?|[Pp]assword) required",
    ),
)
AZ_MISSING = _symptom(
    "az-not-found",
    stages=(Stage.ENTRA,),
    when=said_here(_NO_AZ),
    client=lambda record: record.client == "az" and not record.command and not record.refused,
    says="No az (the Azure CLI) was found.",
    texts=_NO_AZ,
)
AZ_NOT_LOGGED_IN = _symptom(
    "az-not-logged-in",
    stages=(Stage.ENTRA,),
    when=said_here(_NO_LOGIN),
    client=_logged_out,
    says="az has no account here.",
    texts=_NO_LOGIN,
)
UPPERCASE = _symptom(
    "capitals-in-login-server",
    says="az warns of capitals in the registry's name.",
    texts=anywhere(r"Uppercase characters are detected in the registry name"),
)
REGIONAL_LOGIN = _symptom(
    "regional-endpoint-refused",
    says="az found no regional endpoint for {region}, and did not log in.",
    texts=anywhere(r"Regional endpoint for '(?P<region>.{1,60}?)' not found"),
)

ADMIN_LOGGED_IN = _symptom(
    "login-as-admin-user",
    says="az could not sign in through Entra, and logged docker in all the same: as the registry's admin user.",
    texts=anywhere(rf"{_ENTRA_REFUSED}Login Succeeded"),
)
ADMIN_HANDED_OUT = _symptom(
    "admin-password-handed-out",
    says="az could not sign in through Entra, and handed out what it calls a token all the same.",
    texts=anywhere(
        rf"{_ENTRA_REFUSED}(?:in both the accessToken and refreshToken fields|login using the provided \w{{1,10}} token"
        r"|\"(?:accessToken|refreshToken)\" ?: ?\")"
    ),
)
PLANE_UNREACHED = _symptom(
    "management-plane-unreached",
    client=_plane_lost,
    says="There was no connection to the management plane, which keeps the registries' settings.",
    texts=anywhere(*beside(OURS, _PLANE_LOST), rf"{_PLANE}.{{0,300}}?{OURS}.{{0,300}}?{_NO_WAY}"),
)

# Images that are not sent to a registry of Azure's.
MISSPELT_HOST = _symptom(
    "misspelt-login-server",
    says="The client asked a host that is spelt nearly as a login server, and is none.",
    texts=anywhere(
        *(rf"{host}.{{0,200}}?{_FAILED}" for host in (*_MISSPELT, _HYPHENED)),
        *(rf"{_FAILED}.{{0,200}}?{host}" for host in (*_MISSPELT, _HYPHENED)),
    ),
)
DOCKER_HUB = _symptom(
    "pushed-to-docker-hub",
    says="The client asked docker.io where an Azure registry was meant, and was refused there.",
    texts=anywhere(
        # an image whose whole name is a login server
        rf"\bdocker\.io/(?:v2/)?(?:library/)?{_NAME_ONLY}.{{0,1500}}?(?:{_FAILED}|insufficient_scope)",
        rf"(?:pull access denied for |\bName:library/){_NAME_ONLY}(?=[,:]? )",
        r"\baz acr login\b(?:(?!docker login|repository \[[\w-]{1,63}\.azurecr\.).){0,1500}?"
        r"push refers to (?:a )?repository \[docker\.io/.{0,1500}?"
        r"(?:denied: requested access to the resource is denied|insufficient_scope|unauthorized: )",
    ),
)

#: What a client check shows when no other symptom fits: no cause, all facts.
CLIENT_UNRECOGNISED = _symptom(
    "client-unrecognised",
    says="{program} failed in a way that no documented cause explains.",
    texts=(),
)
