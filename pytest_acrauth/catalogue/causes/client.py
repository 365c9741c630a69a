"""Family ``client``: the programs on this machine: docker, podman, az, and the logins that they store."""

from __future__ import annotations

from functools import partial

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import asking_nothing
from pytest_acrauth.catalogue.symptoms import client, text

_LOGIN = pages.ACR + "container-registry-authentication"
_NO_DAEMON = _LOGIN + "#use-az-acr-login-without-docker-daemon"
_EXPOSE = "az acr login -n {registry} --expose-token"
_mode = partial(asking_nothing, family="client", link=pages.TROUBLESHOOT + "acr-authentication-errors")

CLIENT_DOCKER_MISSING = _mode(
    "client-docker-missing",
    client.DOCKER_MISSING,
    title="there is no {program} that can be run here",
    meaning="It is not on the PATH, or DOCKER_COMMAND names something that is not there. That says nothing about the"
    " registry: only logins and pulls through this program need it.",
    remedies=(
        "Install Docker or podman, or add its folder to the PATH.",
        "env DOCKER_COMMAND=podman az acr login --name {registry}",
        _EXPOSE,
    ),
    az_code="DOCKER_COMMAND_ERROR",
    samples=("An error occurred: DOCKER_COMMAND_ERROR\nPlease verify if Docker client is installed and running.",),
)
CLIENT_DOCKER_DAEMON_DOWN = _mode(
    "client-docker-daemon-down",
    client.DAEMON_DOWN,
    title="the docker client is here, and no daemon answers at {endpoint}",
    meaning="The daemon is not running, or the client looks for it in the wrong place: DOCKER_HOST and the current"
    " context decide.",
    remedies=(
        "sudo systemctl start docker",
        "docker context ls",
        _EXPOSE,
    ),
    link=pages.HEALTH + "#docker_daemon_error",
    az_code="DOCKER_COMMAND_ERROR",
    samples=("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",),
)
CLIENT_DOCKER_SOCKET_PERMISSION = _mode(
    "client-docker-socket-permission",
    client.SOCKET_PERMISSION,
    title="this user may not open the docker daemon's socket at {endpoint}",
    meaning="The daemon runs. Its socket belongs to root and the group docker, or to another user's rootless daemon.",
    remedies=(
        "sudo usermod -aG docker $USER",
        "Sign in again, so that the group counts; or choose a rootless daemon with DOCKER_HOST.",
    ),
    az_code="DOCKER_COMMAND_ERROR",
    samples=("permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",),
)
CLIENT_DOCKER_STDERR_NOISE = _mode(
    "client-docker-stderr-noise",
    client.STDERR_NOISE,
    title="{program} works and prints something beside its answer, which az takes for a failure",
    meaning="az reads any line on the standard error of the command ps as a client that is not there.",
    remedies=(
        "sudo touch /etc/containers/nodocker",
        "env DOCKER_COMMAND=podman az acr login --name {registry}",
        "Silence any other line that is printed, such as a warning about the configuration.",
    ),
    az_code="DOCKER_COMMAND_ERROR",
    samples=(
        (
            "An error occurred: DOCKER_COMMAND_ERROR\n"
            "Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg."
        ),
    ),
)
CLIENT_DOCKER_BINARY_IN_CWD = _mode(
    "client-docker-binary-in-cwd",
    client.DOCKER_IN_FOLDER,
    title="the {program} found first lies in the current folder, and was not run",
    meaning="A file of a checkout must not decide what is run. az refuses it for the same reason.",
    remedies=("Set DOCKER_COMMAND to an absolute path, or run from another folder.",),
    az_code="DOCKER_COMMAND_ERROR",
    samples=(
        "Refusing to use 'docker' resolved at '/src/docker' because it is located in the current working directory.",
    ),
)
CLIENT_CLOUD_SHELL_NO_DAEMON = _mode(
    "client-cloud-shell-no-daemon",
    client.CLOUD_SHELL,
    title="az acr login refuses to run in Azure Cloud Shell, which has no docker daemon",
    meaning="az goes by the variable ACC_CLOUD and looks no further. Whether a daemon answers here: {answers}.",
    remedies=(_EXPOSE, "Run it elsewhere. Where this is no Cloud Shell, unset ACC_CLOUD."),
    samples=(
        (
            "This command requires running the docker daemon, which is not supported in Azure Cloud Shell. You may want"
            " to use 'az acr login -n myacr --expose-token' to get an access token."
        ),
    ),
)
CLIENT_CREDENTIAL_STORE_BROKEN = _mode(
    "client-credential-store-broken",
    client.CREDENTIAL_STORE,
    title="the credential helper {helper} is missing or does not work",
    meaning="The docker config hands every login over to a helper program. It is not on the PATH, its store is locked"
    " or has no session, or it cannot hold a secret as long as a registry's token.",
    remedies=(
        "{helper} list",
        "Repair the helper, or take credsStore and credHelpers out of the docker config.",
        _EXPOSE,
    ),
    link="https://docs.docker.com/reference/cli/docker/login/#credential-stores",
    samples=('error getting credentials - err: exec: "docker-credential-desktop": executable file not found in $PATH',),
)
CLIENT_DOCKER_CONFIG_UNREADABLE = _mode(
    "client-docker-config-unreadable",
    client.CONFIG_UNREADABLE,
    title="the docker config {config} cannot be read or is no JSON",
    meaning="Without it, clients know no stored login and no helper, and ask anonymously.",
    remedies=("python3 -m json.tool {config}", "Repair the file, or remove it and log in again."),
    link="https://docs.docker.com/reference/cli/docker/#configuration-files",
    samples=("WARNING: Error loading config file: /home/ci/.docker/config.json: invalid character 'a' in literal",),
)
CLIENT_DOCKER_VERSION_UNREADABLE = _mode(
    "client-docker-version-unreadable",
    client.VERSION_UNREADABLE,
    title="{program} does not tell its version, or not its daemon's",
    meaning="Client and daemon do not fit each other, or what answers is not the program it is called.",
    remedies=("docker version --format json", "Bring client and daemon to the same release."),
    link=pages.HEALTH + "#docker_version_error",
    az_code="DOCKER_VERSION_ERROR",
    samples=("An error occurred: DOCKER_VERSION_ERROR\nAn error occurred while retrieving Docker version.",),
)
CLIENT_SAMPLE_PULL_FAILED = _mode(
    "client-sample-pull-failed",
    client.SAMPLE_PULL,
    title="check-health could not pull its sample image, which is not from your registry",
    meaning="It pulls from mcr.microsoft.com. A network that blocks that host, or a full disk, fails here and may pull"
    " from a registry of its own without trouble.",
    remedies=("docker pull mcr.microsoft.com/mcr/hello-world",),
    link=pages.HEALTH + "#docker_pull_error",
    az_code="DOCKER_PULL_ERROR",
    samples=("An error occurred: DOCKER_PULL_ERROR\nAn error occurred while pulling a sample image.",),
)
CLIENT_PASSWORD_STDIN_UNSUPPORTED = _mode(
    "client-password-stdin-unsupported",
    client.STDIN_REFUSED,
    title="the client does not take a password on its standard input",
    meaning="It is a wrapper, or older than the option that az uses to keep the password off the command line.",
    remedies=("docker login --help", "Use docker or podman itself."),
    samples=(
        "Failed to pass credentials to 'mydocker' via stdin. Please ensure 'mydocker' supports --password-stdin.",
    ),
)
CLIENT_PASSWORD_WITHOUT_USERNAME = _mode(
    "client-password-without-username",
    client.PASSWORD_ALONE,
    title="a password was given without the user name that it belongs to",
    meaning="Which user it is decides how the registry judges the password.",
    remedies=("Give both, or neither.",),
    samples=("Please also specify username if password is specified.",),
)
CLIENT_NOT_INTERACTIVE = _mode(
    "client-not-interactive",
    client.NOT_INTERACTIVE,
    title="the client asked for a user name or password, and nobody was there to answer",
    meaning="No credential was given, or, in az acr login, each one it tried before was refused: the lines above"
    " this one say why.",
    remedies=(
        "docker login {login_server} -u <user name> --password-stdin",
        "After az acr login, repair what the warnings before this message name.",
    ),
    link=_LOGIN,
    samples=(
        (
            "Unable to authenticate using AAD or admin login credentials. Please specify both username and password in"
            " non-interactive mode."
        ),
        "Error: Cannot perform an interactive login from a non TTY device",
    ),
)
CLIENT_AZ_NOT_INSTALLED = _mode(
    "client-az-not-installed",
    client.AZ_MISSING,
    title="the Azure CLI is not on the PATH",
    meaning="Whoever uses its login, such as an azure-cli credential, finds none.",
    remedies=("Install the Azure CLI, or use an identity that does not need it.",),
    link="https://learn.microsoft.com/cli/azure/install-azure-cli",
    samples=("Azure CLI not found on path",),
)
CLIENT_AZ_NOT_LOGGED_IN = _mode(
    "client-az-not-logged-in",
    client.AZ_NOT_LOGGED_IN,
    title="the Azure CLI has no login here",
    meaning="Nobody has signed in for this user on this machine: another user, sudo or another AZURE_CONFIG_DIR has a"
    " login of its own.",
    remedies=("az login",),
    link="https://learn.microsoft.com/cli/azure/authenticate-azure-cli",
    samples=("Please run 'az login' to setup account.",),
)
CLIENT_UPPERCASE_LOGIN_SERVER = _mode(
    "client-uppercase-login-server",
    client.UPPERCASE,
    title="the login server was written with capitals",
    meaning="Docker keeps a login under the name as it was written, and looks for it letter by letter.",
    remedies=("docker login {login_server}", "Write the login server in small letters everywhere."),
    link=pages.ACR + "container-registry-faq",
    samples=("Uppercase characters are detected in the registry name. When using its server url in docker commands,",),
)
CLIENT_REGIONAL_ENDPOINT_NOT_LOGGED_IN = _mode(
    "client-regional-endpoint-not-logged-in",
    client.REGIONAL_LOGIN,
    title="the registry's regional endpoint has no login of its own",
    meaning="Clients keep a login for each host, and a regional endpoint is another host than the login server.",
    remedies=("az acr login -n {registry} --endpoint <region>",),
    link=pages.ACR + "container-registry-geo-replication",
    samples=("Regional endpoint for 'eastus' not found. Aborting login.",),
)
ANONYMOUS_INSTEAD_OF_CREDENTIALS = _mode(
    "anonymous-instead-of-credentials",
    text.NO_CREDENTIAL_SENT,
    text.GENERIC_401,
    client.NO_STORED_LOGIN,
    title="the client has no login for {login_server}, and asks without one",
    meaning="Nobody logged in for this user, a pull secret is missing or of the wrong kind, or a helper returned"
    " nothing. A client that has a refused login tries without one, too: look for an earlier error.",
    remedies=("az acr login -n {registry}", "Give the runtime a login whose key is {login_server}."),
    link=_LOGIN,
    samples=(),
)
DOCKER_CONFIG_KEY_MISMATCH = _mode(
    "docker-config-key-mismatch",
    client.KEY_MISMATCH,
    text.NO_CREDENTIAL_SENT,
    text.GENERIC_401,
    title="the stored login has another key than {login_server}",
    meaning="Clients look for the plain host in small letters. A key with https:// and a path, with capitals, or of"
    " another host is not found by all of them.",
    remedies=("az acr login -n {registry}", "Remove the other key from the docker config."),
    link="https://docs.docker.com/reference/cli/docker/login/",
    samples=(),
)
