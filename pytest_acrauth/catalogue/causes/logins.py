"""Family ``logins``: how the programs on this machine log in to a registry, and the logins that they store."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.questions.management import ANONYMOUS_PULL
from pytest_acrauth.catalogue.shape import Break, Command, FailureMode, Occurs, Question
from pytest_acrauth.catalogue.steps import AZ_LOGIN_AS_PODMAN
from pytest_acrauth.catalogue.symptoms import client, requests, text

_LOGIN = pages.ACR + "container-registry-authentication"
#: The keys of a docker config, which show no password.
_KEYS = Command("jq '{{logins: (.auths // {{}} | keys), credsStore, credHelpers}}' {config}")
_AZ_LOGIN = Command("az acr login -n {login_name}")


def _in_no_climb(_: Break) -> bool | None:
    """Answer nothing: a climb shows its own credential, and no stored login."""
    return None


LOGIN_ENDED: Question[bool] = Question(
    id="login-ended",
    asks="Is the login that a client has stored past its end?",
    shows="stored login past its end",
    by_hand="Decode the stored password's middle part on this machine, and compare exp with date +%s.",
    read=_in_no_climb,
)
CLIENT_CREDENTIAL_STORE_BROKEN = FailureMode(
    id="client-credential-store-broken",
    title="{helper} cannot be used",
    brief="broken credential helper",
    seen=(client.CREDENTIAL_STORE,),
    signs=(client.CREDENTIAL_STORE,),
    certain="The helper's own failure is reported; a helper that works says so in other words when it holds no login.",
    means="The docker config hands every login over to a helper program. It is not on the PATH, its store is"
    " locked or has no session, or it cannot hold a secret as long as a refresh token.",
    look=(_KEYS, "It lists the servers that it has a login for, and shows no password:", Command("{helper} list")),
    fix=("Install the helper, or unlock its store; a desktop's store needs a session of that desktop.",),
    instead=(
        (
            "Take credsStore and credHelpers out of {config}. Logins stand in that file then, encoded and not"
            " encrypted: whoever can read it has them. Then log in again:"
        ),
        _AZ_LOGIN,
    ),
    page="https://docs.docker.com/reference/cli/docker/login/#credential-stores",
    samples=('error getting credentials - err: exec: "docker-credential-desktop": executable file not found in $PATH',),
    unlike=(
        "git: 'credential-manager' is not a git command",
        "error getting credentials: no EC2 instance role found for 123456789012.dkr.ecr.eu-west-1.amazonaws.com",
    ),
)
CLIENT_DOCKER_CONFIG_UNREADABLE = FailureMode(
    id="client-docker-config-unreadable",
    title="{config} is not readable JSON",
    brief="unreadable docker config",
    seen=(client.CONFIG_UNREADABLE,),
    signs=(client.CONFIG_UNREADABLE,),
    certain="The file was opened by its path, and what it holds could not be read as a docker config.",
    means="Without it, clients know no stored login and no helper, and ask anonymously.",
    look=(
        Command("ls -l {config}"),
        "If it is no JSON, this prints where, and nothing of what the file holds:",
        Command("jq empty {config}"),
    ),
    fix=(
        "Repair the file, or move it away and log in to every server again that it had a login for:",
        Command("mv {config} {config}.broken"),
        _AZ_LOGIN,
    ),
    page="https://docs.docker.com/reference/cli/docker/#configuration-files",
    samples=("WARNING: Error loading config file: /home/ci/.docker/config.json: invalid character 'a' in literal",),
    unlike=('error loading config file "/etc/kubernetes/admin.conf": open /etc/kubernetes/admin.conf: denied',),
)
CLIENT_PASSWORD_STDIN_UNSUPPORTED = FailureMode(
    id="client-password-stdin-unsupported",
    title="the client reads no piped password",
    brief="client without --password-stdin",
    seen=(client.STDIN_REFUSED,),
    signs=(client.STDIN_REFUSED,),
    certain="az says so where the client did not read what az wrote to its standard input.",
    means="It is a wrapper, or older than the option that az uses to keep the password off the command line.",
    look=("az runs what this names in the place of docker:", Command('echo "$DOCKER_COMMAND"')),
    fix=(
        "Use docker or podman itself:",
        AZ_LOGIN_AS_PODMAN,
    ),
    page=pages.AUTHENTICATION_ERRORS,
    not_emulated="No check logs a client in, so that none hands it a password.",
    samples=(
        "Failed to pass credentials to 'mydocker' via stdin. Please ensure 'mydocker' supports --password-stdin.",
    ),
    unlike=("Failed to pass the manifest to kubectl via stdin",),
)
CLIENT_PASSWORD_WITHOUT_USERNAME = FailureMode(
    id="client-password-without-username",
    title="a password was given without its user",
    brief="password without user name",
    seen=(client.PASSWORD_ALONE,),
    signs=(client.PASSWORD_ALONE,),
    certain="az says so where --password came without --username, before it asks anybody.",
    means="Which user it is decides how the registry judges the password.",
    fix=(
        "Give both, or neither: without them, az acr login uses the login that az has.",
        _AZ_LOGIN,
    ),
    page=pages.AUTHENTICATION_ERRORS,
    not_emulated="Only az acr login says so, and no check runs it.",
    samples=("Please also specify username if password is specified.",),
    unlike=("Please also specify the port if the host is specified.",),
)
CLIENT_NOT_INTERACTIVE = FailureMode(
    id="client-not-interactive",
    title="the client asked for a login, with no terminal",
    brief="no terminal to ask at",
    seen=(client.NOT_INTERACTIVE,),
    signs=(client.NOT_INTERACTIVE,),
    certain="The client says that it wanted to ask, and that no terminal was there.",
    means="No credential was given, or, in az acr login, each one it tried before was refused: the lines above"
    " this one say why.",
    fix=(
        "After az acr login, repair what the warnings before this name; it needs no password then.",
        "Otherwise give the client both, the password from a file that holds nothing else:",
        Command("docker login {login_server} -u USER_NAME --password-stdin < PASSWORD_FILE"),
    ),
    page=_LOGIN + "#authentication-options",
    not_emulated="No check logs a client in, so that none lets it ask for a password.",
    samples=(
        (
            "Unable to authenticate using AAD or admin login credentials. Please specify both username and password"
            " in non-interactive mode."
        ),
        "Error: Cannot perform an interactive login from a non TTY device",
    ),
    unlike=("fatal: could not read Username for 'https://github.com': terminal prompts disabled",),
)
CLIENT_UPPERCASE_LOGIN_SERVER = FailureMode(
    id="client-uppercase-login-server",
    title="the login server was typed with capitals",
    brief="capitals in the login server",
    seen=(client.UPPERCASE,),
    signs=(client.UPPERCASE,),
    certain="az warns of capitals where it sees them in the name that it was given.",
    means="Docker keeps a login under the name as it was written, and looks for it letter by letter.",
    look=(_KEYS,),
    fix=(
        "Write the login server in small letters everywhere, also before image names; az stores it so:",
        _AZ_LOGIN,
    ),
    page=pages.ACR + "container-registry-faq",
    not_emulated="Checks write a registry's name in small letters, however it was typed.",
    samples=("Uppercase characters are detected in the registry name. When using its server url in docker commands,",),
    unlike=("invalid reference format: repository name must be lowercase",),
)
ANONYMOUS_INSTEAD_OF_CREDENTIALS = FailureMode(
    id="anonymous-instead-of-credentials",
    title="no login for {login_server} here",
    brief="no stored login",
    seen=(text.NO_CREDENTIAL_SENT, text.GENERIC_401, client.NO_STORED_LOGIN, requests.CATALOG_REFUSED),
    signs=(client.NO_STORED_LOGIN,),
    certain="The docker config and its helpers were read to the end, and hold nothing under the login server's name.",
    means="Nobody logged in for this user, a pull secret is missing or of the wrong kind, or a helper returned"
    " nothing. A client that has a refused login tries without one, too: look for an earlier error.",
    look=(_KEYS,),
    fix=(
        "Log in as the user who runs the client; sudo has logins of its own:",
        _AZ_LOGIN,
        "A build agent or containerd needs a login of its own, under the key {login_server}.",
    ),
    page=_LOGIN + "#authenticate-with-microsoft-entra-id",
    unlike=(
        "no basic auth credentials for 123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token: 401",
    ),
)
DOCKER_CONFIG_KEY_MISMATCH = FailureMode(
    id="docker-config-key-mismatch",
    title="the login is stored under another key",
    brief="login under another key",
    seen=(client.KEY_MISMATCH, text.NO_CREDENTIAL_SENT, text.GENERIC_401),
    signs=(client.KEY_MISMATCH,),
    certain="The docker config was read: a key names the login server's host, and is not that name itself.",
    means="Clients look for {login_server}, the plain host in small letters. A key in capitals, with a port or with a"
    " path behind the host is not found by all of them.",
    look=(_KEYS,),
    fix=(
        "Remove what is stored under another key, and log in again, which stores {login_server}:",
        Command("docker logout {other_keys}", each="other_keys"),
        _AZ_LOGIN,
    ),
    page="https://docs.docker.com/reference/cli/docker/login/",
    unlike=("pull access denied for nginx, repository does not exist or may require 'docker login'",),
)
CLIENT_STALE_STORED_CREDENTIALS = FailureMode(
    id="client-stale-stored-credentials",
    title="a stale login is sent instead of none",
    brief="stale login where none is needed",
    seen=(client.STORED_LOGIN_ENDED, text.GENERIC_401),
    when=(LOGIN_ENDED.is_(True), ANONYMOUS_PULL.is_(True)),
    occurs=Occurs.SELDOM,
    means="The registry lets anybody pull. A client that has stored a login sends that, though, and is refused by it"
    " where one without any is let in.",
    look=(_KEYS,),
    fix=("To pull without a login, remove the stored one:", Command("docker logout {login_server}")),
    instead=("To do more than pull, log in again:", _AZ_LOGIN),
    page=pages.ACR + "anonymous-pull-access#configure-anonymous-pull-access",
    unlike=("pull access denied for nginx, repository does not exist or may require 'docker login'",),
)
CLIENT_LOGIN_MASKED_BY_ADMIN_FALLBACK = FailureMode(
    id="client-login-masked-by-admin-fallback",
    title="az logged in as the admin user",
    brief="admin login instead of Entra's",
    seen=(client.ADMIN_LOGGED_IN,),
    signs=(client.ADMIN_LOGGED_IN,),
    certain="az goes on to the admin user's password only where its way through Entra failed, and then logs in.",
    means="Docker now has the admin user's password, which may do everything. Whoever relies on the roles of the"
    " identity that az is signed in with has a login that is broken, and does not see it.",
    look=("The warning before it says what refused az; the login that docker now has is named by:", _KEYS),
    fix=(
        "Remove the admin user's login, repair what the warning names, and log in again:",
        Command("docker logout {login_server}"),
        _AZ_LOGIN,
    ),
    instead=("With the admin user switched off, az fails where it should. Find out first who uses it.",),
    page=_LOGIN + "#admin-account",
    not_emulated="No check logs a client in, and a login that came about is no failure.",
    samples=(
        (
            "az acr login -n myacr\nWARNING: Unable to get AAD authorization tokens with message: (left out)\n"
            "Login Succeeded"
        ),
    ),
    unlike=(
        (
            "WARNING: Unable to get AAD authorization tokens with message: denied.\nWARNING: Unable to get admin user"
            " credentials with message: Admin user is disabled.\nUsername: puller\nPassword:\nLogin Succeeded"
        ),
        "docker login -u puller myacr.azurecr.io\nLogin Succeeded",
    ),
)
CLIENT_EXPOSE_TOKEN_RETURNED_ADMIN_PASSWORD = FailureMode(
    id="client-expose-token-returned-admin-password",
    title="az shows an admin password",
    brief="admin password called a token",
    seen=(client.ADMIN_HANDED_OUT,),
    signs=(client.ADMIN_HANDED_OUT,),
    certain="az fills the fields with the admin user's password only where its way through Entra failed before.",
    means="Both fields, accessToken and refreshToken, hold a password of the admin user, which does not end, and az"
    " succeeds. Used as a token, it is refused; and whoever reads this output can push and delete.",
    look=("The warning before it says what refused az; what the identity is signed in as:", Command("az account show")),
    fix=(
        "Repair what the warning names, and let az log docker in, which prints no token:",
        _AZ_LOGIN,
        "If others can read the output, whoever manages the registry makes a new password, once nobody uses this one.",
    ),
    instead=("With the admin user switched off, az fails where it should. Find out first who uses it.",),
    page=_LOGIN + "#admin-account",
    not_emulated="No check lets az print a token.",
    samples=(
        (
            "az acr login -n myacr --expose-token\nWARNING: Unable to get AAD authorization tokens with message: (left"
            " out)\nWARNING: Note: The token in both the accessToken and refreshToken fields is an ACR Refresh Token\n"
            '{"accessToken": "***", "loginServer": "myacr.azurecr.io"}'
        ),
    ),
    unlike=(
        "WARNING: You can perform manual login using the provided refresh token below",
        '{"accessToken": "***", "refreshToken": "***", "expires_in": 3600}',
    ),
)
CLIENT_WRONG_REGISTRY_HOST = FailureMode(
    id="client-wrong-registry-host",
    title="the image is not named by its login server",
    brief="image at another host",
    seen=(client.MISSPELT_HOST, client.DOCKER_HUB),
    signs=(client.MISSPELT_HOST,),
    certain="No registry of Azure's has a name that ends so.",
    means="A client goes by what stands before the image's first slash. That was no login server, which ends in"
    " azurecr.io in the public cloud; where nothing with a dot stands there, docker asks docker.io.",
    look=(Command("docker image ls"), Command('az acr list --query "[].loginServer" -o tsv')),
    fix=(
        "Give the image its whole name, and use that:",
        Command("docker tag IMAGE {login_server}/REPOSITORY:TAG"),
        Command("docker push {login_server}/REPOSITORY:TAG"),
    ),
    page=pages.ACR + "container-registry-troubleshoot-login-authn-authz#specify-correct-registry-name",
    not_emulated="A host that is no login server is refused as a value of --acr-registry.",
    samples=(
        "Error response from daemon: dial tcp: lookup myacr.azureacr.io: no such host",
        (
            "az acr login -n myacr\nLogin Succeeded\ndocker push team/app:1\nThe push refers to repository"
            " [docker.io/team/app]\ndenied: requested access to the resource is denied"
        ),
    ),
    unlike=(
        "The push refers to repository [docker.io/team/app]\ndenied: requested access to the resource is denied",
        (
            "az acr login -n myacr\nLogin Succeeded\ndocker login -u hub\nLogin Succeeded\nThe push refers to"
            " repository [docker.io/team/app]\ndenied: requested access to the resource is denied"
        ),
        "Successfully tagged myacr.azureacr.io/team/app:1",
    ),
)
