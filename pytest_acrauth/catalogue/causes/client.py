"""Family ``client``: the programs on this machine: docker, podman, az, and the logins that they store."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import client, text

_LOGIN = pages.ACR + "container-registry-authentication"
_NO_DAEMON = _LOGIN + "#use-az-acr-login-without-docker-daemon"
_EXPOSE = "az acr login -n {registry} --expose-token"

CLIENT_DOCKER_MISSING = FailureMode(
    id="client-docker-missing",
    title="there is no {program} that can be run here",
    seen=(client.DOCKER_MISSING,),
    means="It is not on the PATH, or DOCKER_COMMAND names something that is not there. That says nothing about"
    " the registry: only logins and pulls through this program need it.",
    fix=(
        "Install Docker or podman, or add its folder to the PATH.",
        Command("env DOCKER_COMMAND=podman az acr login --name {registry}"),
        Command("az acr login -n {registry} --expose-token"),
    ),
    page=pages.TROUBLESHOOT + "acr-authentication-errors",
    az_code="DOCKER_COMMAND_ERROR",
    samples=("An error occurred: DOCKER_COMMAND_ERROR\nPlease verify if Docker client is installed and running.",),
)
CLIENT_DOCKER_DAEMON_DOWN = FailureMode(
    id="client-docker-daemon-down",
    title="the docker client is here, and no daemon answers at {endpoint}",
    seen=(client.DAEMON_DOWN,),
    means="The daemon is not running, or the client looks for it in the wrong place: DOCKER_HOST and the current"
    " context decide.",
    fix=(
        Command("sudo systemctl start docker"),
        Command("docker context ls"),
        Command("az acr login -n {registry} --expose-token"),
    ),
    page=pages.HEALTH + "#docker_daemon_error",
    az_code="DOCKER_COMMAND_ERROR",
    samples=("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",),
)
CLIENT_DOCKER_SOCKET_PERMISSION = FailureMode(
    id="client-docker-socket-permission",
    title="this user may not open the docker daemon's socket at {endpoint}",
    seen=(client.SOCKET_PERMISSION,),
    means="The daemon runs. Its socket belongs to root and the group docker, or to another user's rootless daemon.",
    fix=(
        Command("sudo usermod -aG docker $USER"),
        "Sign in again, so that the group counts; or choose a rootless daemon with DOCKER_HOST.",
    ),
    page=pages.TROUBLESHOOT + "acr-authentication-errors",
    az_code="DOCKER_COMMAND_ERROR",
    samples=("permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",),
)
CLIENT_DOCKER_STDERR_NOISE = FailureMode(
    id="client-docker-stderr-noise",
    title="{program} works and prints something beside its answer, which az takes for a failure",
    seen=(client.STDERR_NOISE,),
    means="az reads any line on the standard error of the command ps as a client that is not there.",
    fix=(
        Command("sudo touch /etc/containers/nodocker"),
        Command("env DOCKER_COMMAND=podman az acr login --name {registry}"),
        "Silence any other line that is printed, such as a warning about the configuration.",
    ),
    page=pages.TROUBLESHOOT + "acr-authentication-errors",
    az_code="DOCKER_COMMAND_ERROR",
    samples=(
        (
            "An error occurred: DOCKER_COMMAND_ERROR\n"
            "Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg."
        ),
    ),
)
CLIENT_DOCKER_BINARY_IN_CWD = FailureMode(
    id="client-docker-binary-in-cwd",
    title="the {program} found first lies in the current folder, and was not run",
    seen=(client.DOCKER_IN_FOLDER,),
    means="A file of a checkout must not decide what is run. az refuses it for the same reason.",
    fix=("Set DOCKER_COMMAND to an absolute path, or run from another folder.",),
    page=pages.TROUBLESHOOT + "acr-authentication-errors",
    az_code="DOCKER_COMMAND_ERROR",
    samples=(
        "Refusing to use 'docker' resolved at '/src/docker' because it is located in the current working directory.",
    ),
)
CLIENT_CLOUD_SHELL_NO_DAEMON = FailureMode(
    id="client-cloud-shell-no-daemon",
    title="az acr login refuses to run in Azure Cloud Shell, which has no docker daemon",
    seen=(client.CLOUD_SHELL,),
    means="az goes by the variable ACC_CLOUD and looks no further. Whether a daemon answers here: {answers}.",
    fix=(
        Command("az acr login -n {registry} --expose-token"),
        "Run it elsewhere. Where this is no Cloud Shell, unset ACC_CLOUD.",
    ),
    page=pages.TROUBLESHOOT + "acr-authentication-errors",
    samples=(
        (
            "This command requires running the docker daemon, which is not supported in Azure Cloud Shell. You may"
            " want to use 'az acr login -n myacr --expose-token' to get an access token."
        ),
    ),
)
CLIENT_CREDENTIAL_STORE_BROKEN = FailureMode(
    id="client-credential-store-broken",
    title="the credential helper {helper} is missing or does not work",
    seen=(client.CREDENTIAL_STORE,),
    means="The docker config hands every login over to a helper program. It is not on the PATH, its store is"
    " locked or has no session, or it cannot hold a secret as long as a registry's token.",
    fix=(
        "{helper} list",
        "Repair the helper, or take credsStore and credHelpers out of the docker config.",
        Command("az acr login -n {registry} --expose-token"),
    ),
    page="https://docs.docker.com/reference/cli/docker/login/#credential-stores",
    samples=('error getting credentials - err: exec: "docker-credential-desktop": executable file not found in $PATH',),
)
CLIENT_DOCKER_CONFIG_UNREADABLE = FailureMode(
    id="client-docker-config-unreadable",
    title="the docker config {config} cannot be read or is no JSON",
    seen=(client.CONFIG_UNREADABLE,),
    means="Without it, clients know no stored login and no helper, and ask anonymously.",
    fix=(
        Command("python3 -m json.tool {config}"),
        "Repair the file, or remove it and log in again.",
    ),
    page="https://docs.docker.com/reference/cli/docker/#configuration-files",
    samples=("WARNING: Error loading config file: /home/ci/.docker/config.json: invalid character 'a' in literal",),
)
CLIENT_DOCKER_VERSION_UNREADABLE = FailureMode(
    id="client-docker-version-unreadable",
    title="{program} does not tell its version, or not its daemon's",
    seen=(client.VERSION_UNREADABLE,),
    means="Client and daemon do not fit each other, or what answers is not the program it is called.",
    fix=(
        Command("docker version --format json"),
        "Bring client and daemon to the same release.",
    ),
    page=pages.HEALTH + "#docker_version_error",
    az_code="DOCKER_VERSION_ERROR",
    samples=("An error occurred: DOCKER_VERSION_ERROR\nAn error occurred while retrieving Docker version.",),
)
CLIENT_SAMPLE_PULL_FAILED = FailureMode(
    id="client-sample-pull-failed",
    title="check-health could not pull its sample image, which is not from your registry",
    seen=(client.SAMPLE_PULL,),
    means="It pulls from mcr.microsoft.com. A network that blocks that host, or a full disk, fails here and may"
    " pull from a registry of its own without trouble.",
    fix=(Command("docker pull mcr.microsoft.com/mcr/hello-world"),),
    page=pages.HEALTH + "#docker_pull_error",
    az_code="DOCKER_PULL_ERROR",
    samples=("An error occurred: DOCKER_PULL_ERROR\nAn error occurred while pulling a sample image.",),
)
CLIENT_PASSWORD_STDIN_UNSUPPORTED = FailureMode(
    id="client-password-stdin-unsupported",
    title="the client does not take a password on its standard input",
    seen=(client.STDIN_REFUSED,),
    means="It is a wrapper, or older than the option that az uses to keep the password off the command line.",
    fix=(
        Command("docker login --help"),
        "Use docker or podman itself.",
    ),
    page=pages.TROUBLESHOOT + "acr-authentication-errors",
    samples=(
        "Failed to pass credentials to 'mydocker' via stdin. Please ensure 'mydocker' supports --password-stdin.",
    ),
)
CLIENT_PASSWORD_WITHOUT_USERNAME = FailureMode(
    id="client-password-without-username",
    title="a password was given without the user name that it belongs to",
    seen=(client.PASSWORD_ALONE,),
    means="Which user it is decides how the registry judges the password.",
    fix=("Give both, or neither.",),
    page=pages.TROUBLESHOOT + "acr-authentication-errors",
    samples=("Please also specify username if password is specified.",),
)
CLIENT_NOT_INTERACTIVE = FailureMode(
    id="client-not-interactive",
    title="the client asked for a user name or password, and nobody was there to answer",
    seen=(client.NOT_INTERACTIVE,),
    means="No credential was given, or, in az acr login, each one it tried before was refused: the lines above"
    " this one say why.",
    fix=(
        Command("docker login {login_server} -u <user name> --password-stdin"),
        "After az acr login, repair what the warnings before this message name.",
    ),
    page=pages.ACR + "container-registry-authentication",
    samples=(
        (
            "Unable to authenticate using AAD or admin login credentials. Please specify both username and password"
            " in non-interactive mode."
        ),
        "Error: Cannot perform an interactive login from a non TTY device",
    ),
)
CLIENT_AZ_NOT_INSTALLED = FailureMode(
    id="client-az-not-installed",
    title="the Azure CLI is not on the PATH",
    seen=(client.AZ_MISSING,),
    means="Whoever uses its login, such as an azure-cli credential, finds none.",
    fix=("Install the Azure CLI, or use an identity that does not need it.",),
    page="https://learn.microsoft.com/cli/azure/install-azure-cli",
    samples=("Azure CLI not found on path",),
)
CLIENT_AZ_NOT_LOGGED_IN = FailureMode(
    id="client-az-not-logged-in",
    title="the Azure CLI has no login here",
    seen=(client.AZ_NOT_LOGGED_IN,),
    means="Nobody has signed in for this user on this machine: another user, sudo or another AZURE_CONFIG_DIR has"
    " a login of its own.",
    fix=(Command("az login"),),
    page="https://learn.microsoft.com/cli/azure/authenticate-azure-cli",
    samples=("Please run 'az login' to setup account.",),
)
CLIENT_UPPERCASE_LOGIN_SERVER = FailureMode(
    id="client-uppercase-login-server",
    title="the login server was written with capitals",
    seen=(client.UPPERCASE,),
    means="Docker keeps a login under the name as it was written, and looks for it letter by letter.",
    fix=(
        Command("docker login {login_server}"),
        "Write the login server in small letters everywhere.",
    ),
    page=pages.ACR + "container-registry-faq",
    samples=("Uppercase characters are detected in the registry name. When using its server url in docker commands,",),
)
CLIENT_REGIONAL_ENDPOINT_NOT_LOGGED_IN = FailureMode(
    id="client-regional-endpoint-not-logged-in",
    title="the registry's regional endpoint has no login of its own",
    seen=(client.REGIONAL_LOGIN,),
    means="Clients keep a login for each host, and a regional endpoint is another host than the login server.",
    fix=(Command("az acr login -n {registry} --endpoint <region>"),),
    page=pages.ACR + "container-registry-geo-replication",
    samples=("Regional endpoint for 'eastus' not found. Aborting login.",),
)
ANONYMOUS_INSTEAD_OF_CREDENTIALS = FailureMode(
    id="anonymous-instead-of-credentials",
    title="the client has no login for {login_server}, and asks without one",
    seen=(text.NO_CREDENTIAL_SENT, text.GENERIC_401, client.NO_STORED_LOGIN),
    means="Nobody logged in for this user, a pull secret is missing or of the wrong kind, or a helper returned"
    " nothing. A client that has a refused login tries without one, too: look for an earlier error.",
    fix=(
        Command("az acr login -n {registry}"),
        "Give the runtime a login whose key is {login_server}.",
    ),
    page=pages.ACR + "container-registry-authentication",
)
DOCKER_CONFIG_KEY_MISMATCH = FailureMode(
    id="docker-config-key-mismatch",
    title="the stored login has another key than {login_server}",
    seen=(client.KEY_MISMATCH, text.NO_CREDENTIAL_SENT, text.GENERIC_401),
    means="Clients look for the plain host in small letters. A key with https:// and a path, with capitals, or of"
    " another host is not found by all of them.",
    fix=(
        Command("az acr login -n {registry}"),
        "Remove the other key from the docker config.",
    ),
    page="https://docs.docker.com/reference/cli/docker/login/",
)
