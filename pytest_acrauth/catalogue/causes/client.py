"""Family ``client``: the programs on this machine: docker, podman and az."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.steps import AZ_LOGIN_AS_PODMAN
from pytest_acrauth.catalogue.symptoms import client

#: A token goes from az into a tool that needs no daemon, and is never printed.
_WITHOUT_DAEMON = (
    "A tool that needs no daemon, such as oras, can be logged in with az's refresh token, which lasts three hours:",
    Command(
        "az acr login -n {login_name} --expose-token --query refreshToken -o tsv"
        " | oras login {login_server} -u 00000000-0000-0000-0000-000000000000 --password-stdin"
    ),
)
CLIENT_DOCKER_MISSING = FailureMode(
    id="client-docker-missing",
    title="there is no {program} that can be run here",
    brief="docker or podman not found",
    seen=(client.DOCKER_MISSING,),
    signs=(client.DOCKER_MISSING,),
    certain="Whoever starts a program says so where the PATH has none of that name that can run.",
    means="It is not on the PATH, or DOCKER_COMMAND names something that is not there. That says nothing about"
    " the registry: only logins and pulls through this program need it.",
    look=(Command('echo "$PATH" "$DOCKER_COMMAND"'), Command("which docker podman")),
    fix=(
        (
            "Install Docker or podman (who administers this machine may), or add its folder to the PATH."
            " If DOCKER_COMMAND names something that is not there, unset it."
        ),
    ),
    instead=(
        "az can use podman in the place of docker:",
        AZ_LOGIN_AS_PODMAN,
        *_WITHOUT_DAEMON,
    ),
    page=pages.AUTHENTICATION_ERRORS,
    az_code="DOCKER_COMMAND_ERROR",
    samples=("An error occurred: DOCKER_COMMAND_ERROR\nPlease verify if Docker client is installed and running.",),
    unlike=('exec: "docker-entrypoint.sh": executable file not found in $PATH', "bash: kubectl: command not found"),
)
CLIENT_DOCKER_DAEMON_DOWN = FailureMode(
    id="client-docker-daemon-down",
    title="no daemon answers {program} at {endpoint}",
    brief="docker daemon down",
    seen=(client.DAEMON_DOWN,),
    signs=(client.DAEMON_DOWN,),
    certain="The client itself ran, and says that no daemon answered where it looked for one.",
    means="The program that does docker's work, its daemon, is not running, or docker looks for it in the wrong place:"
    " DOCKER_HOST and the current context say where.",
    look=(Command("docker context ls"), Command('echo "$DOCKER_HOST"')),
    fix=(
        "Start Docker Desktop. On Linux, who administers this machine starts the daemon:",
        Command("sudo systemctl start docker"),
    ),
    instead=_WITHOUT_DAEMON,
    page=pages.HEALTH + "#docker_daemon_error",
    az_code="DOCKER_COMMAND_ERROR",
    samples=("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",),
    unlike=("Cannot connect to the Docker Hub: 503", "Is the server running locally and accepting connections?"),
)
CLIENT_DOCKER_SOCKET_PERMISSION = FailureMode(
    id="client-docker-socket-permission",
    title="docker's socket is closed to this user",
    brief="docker socket closed to this user",
    seen=(client.SOCKET_PERMISSION,),
    signs=(client.SOCKET_PERMISSION,),
    certain="The operating system refuses to open the socket to this user, and no daemon is asked.",
    means="The daemon runs. Its socket belongs to root and the group docker, or to another user's rootless daemon.",
    look=(Command("id"), Command("ls -l {socket}"), Command("docker context ls")),
    fix=(
        "Use rootless Docker (its context is called rootless), or podman, which needs no daemon:",
        AZ_LOGIN_AS_PODMAN,
    ),
    instead=(
        (
            "Who administers this machine can add this user to the group docker, and makes it as powerful as root by"
            " that. It counts after the next sign-in:"
        ),
        Command("sudo usermod -aG docker $USER"),
    ),
    page=pages.AUTHENTICATION_ERRORS,
    az_code="DOCKER_COMMAND_ERROR",
    samples=("permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",),
    unlike=("psql: error: could not connect to server: Permission denied (/var/run/postgresql/.s.PGSQL.5432)",),
)
CLIENT_DOCKER_STDERR_NOISE = FailureMode(
    id="client-docker-stderr-noise",
    title="az takes a message of {program} for a failure",
    brief="docker's message taken for a failure",
    seen=(client.STDERR_NOISE,),
    signs=(client.STDERR_NOISE,),
    certain="The answer itself came, and az takes whatever stands on standard error beside it for a failure.",
    means="az runs the command ps and takes any line on its standard error for a client that does not work.",
    look=("Only the line that stands in the way is printed by:", Command("{program} ps > /dev/null")),
    fix=(
        "If podman answers to the name docker, let az call it by its own:",
        AZ_LOGIN_AS_PODMAN,
        "Any other line has to be silenced where it comes from, such as a warning about a setting.",
    ),
    instead=(
        "Podman's line can be switched off for all users of this machine, by who administers it:",
        Command("sudo touch /etc/containers/nodocker"),
    ),
    page=pages.AUTHENTICATION_ERRORS,
    az_code="DOCKER_COMMAND_ERROR",
    samples=(
        (
            "An error occurred: DOCKER_COMMAND_ERROR\n"
            "Emulate Docker CLI using podman. Create /etc/containers/nodocker to quiet msg."
        ),
    ),
    unlike=("WARNING: The requested image's platform (linux/amd64) does not match the detected host platform",),
)
CLIENT_DOCKER_BINARY_IN_CWD = FailureMode(
    id="client-docker-binary-in-cwd",
    title="{program} in the current folder was not run",
    brief="docker in the current folder",
    seen=(client.DOCKER_IN_FOLDER,),
    signs=(client.DOCKER_IN_FOLDER,),
    certain="What was refused is named by a path that begins or ends in the current folder.",
    means="A file of a checkout must not decide what is run. az refuses it for the same reason.",
    look=(Command("which -a docker podman"), Command('echo "$DOCKER_COMMAND"')),
    fix=("Run from another folder, or set DOCKER_COMMAND to the absolute path of the right program.",),
    page=pages.AUTHENTICATION_ERRORS,
    az_code="DOCKER_COMMAND_ERROR",
    samples=(
        "Refusing to use 'docker' resolved at '/src/docker' because it is located in the current working directory.",
    ),
    unlike=("fatal: refusing to use '/src' because it is owned by someone else",),
)
CLIENT_CURRENT_FOLDER_GONE = FailureMode(
    id="client-current-folder-gone",
    title="the current folder is gone or closed",
    brief="current folder gone",
    seen=(client.FOLDER_UNKNOWN,),
    signs=(client.FOLDER_UNKNOWN,),
    certain="az says so where the operating system does not tell it which folder it runs in.",
    means="az does not run a docker of the current folder, and could not find out which one that is: it was removed"
    " while the shell was in it, or is closed to this user.",
    look=(Command("ls -ld ."),),
    fix=("Change to a folder that is there, such as the home folder, and run az again:", Command('cd "$HOME"')),
    page=pages.AUTHENTICATION_ERRORS,
    not_emulated="A check runs each program in that program's own folder, whichever the current one is.",
    samples=("ERROR: Unable to verify binary path safety.",),
    unlike=("fatal: Unable to read current working directory: No such file or directory",),
)
CLIENT_CLOUD_SHELL_NO_DAEMON = FailureMode(
    id="client-cloud-shell-no-daemon",
    title="az acr login does not run in Cloud Shell",
    brief="Azure Cloud Shell",
    seen=(client.CLOUD_SHELL,),
    signs=(client.CLOUD_SHELL,),
    certain="az refuses by the variable ACC_CLOUD alone, which only Azure Cloud Shell sets.",
    means="az goes by the variable ACC_CLOUD alone, and does not look whether a daemon answers all the same.",
    fix=(
        "Log in on a machine with docker. If this is no Cloud Shell, unset ACC_CLOUD first.",
        "az acr repository and az acr build need no docker, and work here.",
    ),
    instead=_WITHOUT_DAEMON,
    page=pages.AUTHENTICATION_ERRORS,
    samples=(
        (
            "This command requires running the docker daemon, which is not supported in Azure Cloud Shell. You may"
            " want to use 'az acr login -n myacr --expose-token' to get an access token."
        ),
    ),
    unlike=("Azure Cloud Shell could not mount its file share: the storage account is not supported.",),
)
CLIENT_DOCKER_VERSION_UNREADABLE = FailureMode(
    id="client-docker-version-unreadable",
    title="{program} or its daemon tells no version",
    brief="no docker version told",
    seen=(client.VERSION_UNREADABLE,),
    signs=(client.VERSION_UNREADABLE,),
    certain="Listing containers worked, and asking for the version did not.",
    means="Client and daemon do not fit each other, a filter before the daemon lets little through, or what answers is"
    " not the program it is called.",
    look=(Command("{program} version"), Command("which -a docker podman")),
    fix=("Who administers this machine brings client and daemon to the same release.",),
    page=pages.HEALTH + "#docker_version_error",
    az_code="DOCKER_VERSION_ERROR",
    samples=("An error occurred: DOCKER_VERSION_ERROR\nAn error occurred while retrieving Docker version.",),
    unlike=("An error occurred while retrieving Helm version.",),
)
CLIENT_SAMPLE_PULL_FAILED = FailureMode(
    id="client-sample-pull-failed",
    title="check-health failed to pull its own sample",
    brief="sample image not pulled",
    seen=(client.SAMPLE_PULL,),
    signs=(client.SAMPLE_PULL,),
    certain="check-health has this code for its own sample image only, which comes from mcr.microsoft.com.",
    means="It pulls from mcr.microsoft.com. A network that blocks that host, or a full disk, fails here and may"
    " pull from a registry of its own without trouble.",
    look=("The daemon pulls, through the proxy and to the disk that are shown here:", Command("docker info")),
    fix=(
        "Pull an image of your own. If that works, answer no when check-health asks whether to pull:",
        Command("docker pull {login_server}/REPOSITORY:TAG"),
    ),
    instead=(
        (
            "If images from mcr.microsoft.com are needed as well, ask who runs the network to admit that host and"
            " *.data.mcr.microsoft.com on port 443."
        ),
    ),
    page=pages.HEALTH + "#docker_pull_error",
    az_code="DOCKER_PULL_ERROR",
    not_emulated="No check pulls an image with a client of this machine; az acr check-health does.",
    samples=("An error occurred: DOCKER_PULL_ERROR\nAn error occurred while pulling a sample image.",),
    unlike=("An error occurred while pulling image nginx: no space left on device",),
)
CLIENT_AZ_NOT_INSTALLED = FailureMode(
    id="client-az-not-installed",
    title="the Azure CLI is not on the PATH",
    brief="Azure CLI not installed",
    seen=(client.AZ_MISSING,),
    signs=(client.AZ_MISSING,),
    certain="Whoever starts az says so where the PATH has none.",
    means="Whoever uses its login, such as an azure-cli credential, finds none.",
    look=(Command("which az"), Command('echo "$PATH"')),
    fix=("Install the Azure CLI, or add its folder to the PATH.",),
    instead=(
        "Use an identity that does not need it: a service principal, a managed identity or a federated credential.",
    ),
    page="https://learn.microsoft.com/cli/azure/install-azure-cli",
    samples=("Azure CLI not found on path",),
    unlike=("bash: aws: command not found", "gcloud: command not found"),
)
CLIENT_AZ_NOT_LOGGED_IN = FailureMode(
    id="client-az-not-logged-in",
    title="the Azure CLI has no login here",
    brief="Azure CLI not logged in",
    seen=(client.AZ_NOT_LOGGED_IN,),
    signs=(client.AZ_NOT_LOGGED_IN,),
    certain="az looks for an account in its own folder, and says this where it finds none.",
    means="Nobody has signed in for this user on this machine: another user, sudo or another AZURE_CONFIG_DIR has"
    " a login of its own.",
    look=(Command('echo "$USER" "$HOME" "$AZURE_CONFIG_DIR"'), Command("az account list --all -o table")),
    fix=("As the user who runs the failing program, at a desk:", Command("az login")),
    instead=(
        "In a pipeline, run the program inside the step that signs az in. On a machine with a managed identity:",
        Command("az login --identity"),
    ),
    page="https://learn.microsoft.com/cli/azure/authenticate-azure-cli",
    samples=("Please run 'az login' to setup account.",),
    unlike=("Please run 'gcloud auth login' to obtain new credentials.", "You are not logged in to npm."),
)
