"""Family ``basic``: the registry refuses a user name and password.

A known user name with a wrong secret always gets the same general 401. What the user name looks like tells which
causes are possible at all; an unknown user name, and an application's secret that Entra refuses, have texts of their
own.
"""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.causes.basic_questions import (
    ADMIN_ENABLED,
    ADMIN_MEANT,
    DECLARED,
    REGISTRY_TOKEN,
    SCOPE_MAP_TOKEN,
    SECRET,
    SECRET_ELSEWHERE,
    SECRET_EXPIRED,
    USER_NAME,
)
from pytest_acrauth.catalogue.questions.climb import REFUSED_BY_REGISTRY, USER_KIND, NameShape
from pytest_acrauth.catalogue.questions.directory import CERTIFICATE_ONLY
from pytest_acrauth.catalogue.questions.management import LAST_CHANGE, NO_ROLE
from pytest_acrauth.catalogue.questions.records import TokenState
from pytest_acrauth.catalogue.shape import Command, FailureMode, Given, Occurs
from pytest_acrauth.catalogue.steps import (
    ASSIGN_ROLES,
    GENERATE_PASSWORD,
    GENERATE_SPARE_PASSWORD,
    VAULT_FIRST,
    into_vault,
)
from pytest_acrauth.catalogue.symptoms import access_token, client, management
from pytest_acrauth.model.credential import Kind, SecretShape

_UNDECLARED = "none"
_SWITCHES_TRAVEL = 2 * 60  # seconds until a switch is in effect; no page promises it
_ADMIN_PAGE = pages.ACR + "container-registry-authentication#admin-account"
_TOKEN_PAGE = pages.ACR + "container-registry-token-based-repository-permissions"
_NULL_GUID = "00000000-0000-0000-0000-000000000000"
#: A refresh token goes from az into docker, and is never printed.
_LOGIN_BY_TOKEN = Command(
    "az acr login -n {login_name} --expose-token --query refreshToken -o tsv"
    f" | docker login {{login_server}} -u {_NULL_GUID} --password-stdin"
)

ADMIN_USER_DISABLED = FailureMode(
    id="admin-user-disabled",
    title="the admin user of {registry} is disabled",
    brief="admin user switched off",
    seen=(access_token.BASIC_REFUSED, management.ADMIN_DISABLED),
    signs=(management.ADMIN_DISABLED,),
    certain="az prints this sentence where Resource Manager refused to list the admin user's keys because it is off.",
    when=(USER_KIND.is_(Kind.ADMIN), ADMIN_ENABLED.is_(False)),
    means="Every registry has an admin user, whose name is the registry's. It is off by default, and an Azure Policy"
    " can switch it off again. While it is off, its passwords are refused.",
    fix=(
        (
            "Use an identity of its own: a service principal, a managed identity or a user with a role on the registry"
            " (--acr-auth)."
        ),
        "If az acr login printed this, repair what its lines before say; az tries this user last.",
    ),
    instead=(
        (
            "The registry's owner can switch the admin user on; an Azure Policy can undo that. It is one password for"
            " everything, and whoever has it can pull and push:"
        ),
        Command("az acr update -n {registry} --admin-enabled true"),
    ),
    page=_ADMIN_PAGE,
    unlike=(
        "ERROR: the administrator of this PostgreSQL server is disabled; use Microsoft Entra authentication.",
        "unauthorized: authentication required (https://auth.docker.io/token)",
    ),
)
ADMIN_PASSWORD_NOT_CURRENT = FailureMode(
    id="admin-password-not-current",
    title="this is not {registry}'s admin password",
    brief="wrong admin password",
    seen=(access_token.BASIC_REFUSED,),
    when=(USER_KIND.is_(Kind.ADMIN), ADMIN_ENABLED.is_(True), REFUSED_BY_REGISTRY),
    open_when=(LAST_CHANGE.where("within the last two minutes", lambda last: last.ago < _SWITCHES_TRAVEL),),
    occurs=Occurs.OFTEN,
    means="The admin user has two passwords, and this is neither of them: one was renewed since this was stored, or it"
    " was never right. A password that was renewed within the last minute is not accepted yet.",
    look=("Ask whether a password was renewed; within a minute of that, wait, and check again.",),
    fix=(
        (
            "Whoever may list the registry's keys, such as its Owner, sends a current password straight to where this"
            " client reads it, here a key vault:"
        ),
        into_vault('az acr credential show -n {registry} --query "passwords[0].value" -o tsv'),
    ),
    instead=(
        "On this machine, straight into docker:",
        Command(
            'az acr credential show -n {registry} --query "passwords[0].value" -o tsv'
            " | docker login {login_server} -u {registry} --password-stdin"
        ),
        "Or use an identity of its own, whose password nobody else can renew: a service principal, for one.",
    ),
    page=_ADMIN_PAGE,
    transient=True,
)
ADMIN_USERNAME_WRONG = FailureMode(
    id="admin-username-wrong",
    title="{user_name} is not {registry}'s admin user",
    brief="wrong name of the admin user",
    seen=(access_token.APP_NOT_REGISTERED,),
    when=(
        DECLARED.is_(Kind.ADMIN, _UNDECLARED),
        USER_NAME.is_not(NameShape.REGISTRY, NameShape.GUID),
        ADMIN_MEANT.is_(True),
    ),
    # A plain name that nobody declared can be meant for a scope-map token as well.
    open_when=(DECLARED.is_(_UNDECLARED), USER_NAME.is_(NameShape.PLAIN)),
    means="The admin user is called as the registry is: not as its login server, nor by an e-mail address. It is let in"
    " only where it is switched on. What the registry thinks of capital letters is not documented.",
    fix=("Give the name that the portal shows under Access keys beside the admin user's password: {registry}.",),
    page=_ADMIN_PAGE,
)


_NO_SUCH_TOKEN = SCOPE_MAP_TOKEN.where("it does not exist, or is spelt otherwise", lambda state: state.nobodys)


def _other_password(state: TokenState) -> bool | None:
    """Judge by elimination: which of two passwords the client holds, or one that was replaced lately, nothing tells.

    A token that itself was made a moment ago has had no password before, and none of it is accepted yet.
    """
    if not state.passwords or state.all_ended or state.new:
        return False
    return None if state.all_ended is None or state.fresh else True


def _may_be_new(state: TokenState) -> bool | None:
    return state.fresh if state.moment is not None or not state.passwords else None


SCOPE_MAP_TOKEN_PASSWORD_WRONG = FailureMode(
    id="scope-map-token-password-wrong",
    title="{user_name}'s password is wrong",
    brief="wrong scope-map token password",
    seen=(access_token.BASIC_REFUSED,),
    when=(
        USER_KIND.is_(Kind.SCOPE_MAP_TOKEN),
        SCOPE_MAP_TOKEN.where("it is enabled, and none of its passwords has ended or is new", _other_password),
        REFUSED_BY_REGISTRY,
    ),
    means="A scope-map token is a user of the registry's own, with up to two passwords. The one that was used was"
    " generated again since it was stored, or changed in copying. Azure shows a password once only.",
    fix=(
        "If {user_name} still works elsewhere, give this client that password, without a line end.",
        *GENERATE_PASSWORD,
    ),
    page=_TOKEN_PAGE + "#regenerate-token-passwords",
    unlike=('denied: Incorrect Password for user "app" at registry.example.com', "redis: WRONGPASS invalid username"),
)
SCOPE_MAP_TOKEN_PASSWORD_EXPIRED = FailureMode(
    id="scope-map-token-password-expired",
    title="{user_name}'s passwords have ended",
    brief="scope-map token passwords ended",
    seen=(access_token.BASIC_REFUSED,),
    when=(
        USER_KIND.is_(Kind.SCOPE_MAP_TOKEN),
        SCOPE_MAP_TOKEN.where("it is enabled, and each of its passwords has ended", lambda state: state.all_ended),
    ),
    occurs=Occurs.OFTEN,
    means="A scope-map token is a user of the registry's own, with up to two passwords, and each of them can have an"
    " end date of its own. That date has passed.",
    fix=(*GENERATE_PASSWORD, "Note the new end date, and renew before it."),
    page=_TOKEN_PAGE + "#regenerate-token-passwords",
)
SCOPE_MAP_TOKEN_DISABLED = FailureMode(
    id="scope-map-token-disabled",
    title="{user_name} is a disabled scope-map token",
    brief="scope-map token switched off",
    seen=(access_token.BASIC_REFUSED,),
    when=(
        USER_KIND.is_(Kind.SCOPE_MAP_TOKEN),
        SCOPE_MAP_TOKEN.where("it exists and is disabled", lambda state: state.found and not state.usable),
    ),
    means="A scope-map token is a user of the registry's own. Somebody disabled this one: it keeps its passwords, and"
    " the registry lets nobody in with them.",
    look=(
        "See who disabled it, and ask why (a password may have leaked):",
        Command(
            "az monitor activity-log list --resource-id {registry_id}/tokens/{user_name} --offset 90d"
            ' --query "[].{{when:eventTimestamp,who:caller,what:operationName.value}}" -o table'
        ),
    ),
    fix=(
        (
            "If they agree, whoever manages the registry's scope-map tokens enables it again, for everybody who has one"
            " of its passwords:"
        ),
        Command("az acr token update -n {user_name} -r {registry} --status enabled --scope-map {scope_map}"),
    ),
    page=_TOKEN_PAGE + "#disable-or-delete-token",
)
SCOPE_MAP_TOKEN_NO_PASSWORD = FailureMode(
    id="scope-map-token-no-password",
    title="{user_name} has no password",
    brief="scope-map token without password",
    seen=(access_token.BASIC_REFUSED,),
    when=(
        USER_KIND.is_(Kind.SCOPE_MAP_TOKEN),
        SCOPE_MAP_TOKEN.where("it is enabled, and has no password", lambda state: state.usable and not state.passwords),
    ),
    occurs=Occurs.SELDOM,
    means="A scope-map token is a user of the registry's own. It can be made without passwords, and nobody can log in"
    " with it until one is generated.",
    fix=GENERATE_PASSWORD,
    page=_TOKEN_PAGE + "#regenerate-token-passwords",
)
SCOPE_MAP_TOKEN_PASSWORD_PROPAGATING = FailureMode(
    id="scope-map-token-password-propagating",
    title="the new password is not yet valid",
    brief="new scope-map token password",
    seen=(access_token.BASIC_REFUSED,),
    when=(
        USER_KIND.is_(Kind.SCOPE_MAP_TOKEN),
        SCOPE_MAP_TOKEN.where("a password was made within the last two minutes", _may_be_new),
    ),
    unprovable="Nothing tells whether the client holds the password that was made lately, or the one before it.",
    occurs=Occurs.SELDOM,
    means="A password that was generated again takes about a minute until the registry accepts it everywhere; until"
    " then neither it nor the one before is sure to work.",
    fix=("Wait a minute, then check again. If it is refused then, it is not the password that was made.",),
    page=_TOKEN_PAGE + "#add-token-password",
    transient=True,
)
SCOPE_MAP_TOKEN_NOT_FOUND = FailureMode(
    id="scope-map-token-not-found",
    title="{user_name} does not exist at {registry}",
    brief="no such scope-map token",
    seen=(access_token.APP_NOT_REGISTERED,),
    when=(
        USER_KIND.is_(Kind.SCOPE_MAP_TOKEN),
        USER_NAME.is_(NameShape.PLAIN, NameShape.GUID),
        DECLARED.where(
            "scope-map token",
            lambda kind: None if kind == _UNDECLARED else kind == Kind.SCOPE_MAP_TOKEN,
        ),
        _NO_SUCH_TOKEN,
    ),
    occurs=Occurs.OFTEN,
    means="A scope-map token is a user of one registry's own. This one was deleted, is spelt otherwise, or belongs to"
    " another registry.",
    look=(Command("az acr token list -r {registry} -o table"),),
    fix=(
        "If the name is wrong, correct it where this client reads it.",
        (
            "If it was deleted, whoever manages the registry's scope-map tokens makes it again, with a scope map that"
            " allows what it needs, and a password for 30 days, which goes straight into a key vault here:"
        ),
        Command(
            "az acr token create -n {user_name} -r {registry} --scope-map SCOPE_MAP --no-passwords true -o none",
        ),
        GENERATE_SPARE_PASSWORD,
        Given(VAULT_FIRST, "spare_password"),
    ),
    page=_TOKEN_PAGE + "#create-token-and-specify-scope-map",
)
BASIC_USERNAME_UNKNOWN = FailureMode(
    id="basic-username-unknown",
    title="{user_name} names nobody at {login_server}",
    brief="unknown user name",
    seen=(access_token.APP_NOT_REGISTERED,),
    # Where it was declared what the name is, or the name itself tells, another cause says it better.
    when=(
        DECLARED.where("none", lambda kind: kind == _UNDECLARED or None),
        USER_NAME.where(str(NameShape.PLAIN), lambda shape: shape is NameShape.PLAIN or None),
        _NO_SUCH_TOKEN,
    ),
    occurs=Occurs.OFTEN,
    means="A user name is the registry's own name (the admin user), the name of one of its scope-map tokens, or an"
    " application's client id. This one is none of them.",
    look=(Command("az acr token list -r {registry} -o table"),),
    fix=(
        (
            "Correct it where this client reads it: the registry's own name for the admin user, a scope-map token's"
            " exact name, or a client id; or ask the registry that it is meant for."
        ),
    ),
    page=pages.ACR + "container-registry-troubleshoot-login-authn-authz#confirm-credentials-to-access-registry",
    unlike=(
        'FATAL: role "puller" does not exist',
        "error: client id must be a valid GUID",
    ),
)
CLIENT_NULL_GUID_NOT_USED = FailureMode(
    id="client-null-guid-not-used",
    title="this password does not go with {user_name}",
    brief="user name beside a registry token",
    seen=(access_token.TOKEN_AS_PASSWORD, access_token.APP_NOT_REGISTERED),
    when=(SECRET.is_(SecretShape.ACR_REFRESH_TOKEN, SecretShape.ACR_ACCESS_TOKEN),),
    means="The password is a token of the registry's own. A refresh token, such as az acr login --expose-token hands"
    f" out, is accepted as a password beside one user name only: {_NULL_GUID}.",
    fix=(
        f"Give user name {_NULL_GUID} beside this password.",
        "Or log docker in anew with that name; the new refresh token lasts three hours:",
        _LOGIN_BY_TOKEN,
    ),
    page=pages.ACR + "container-registry-authentication#use-az-acr-login-without-docker-daemon",
)
CLIENT_ENTRA_TOKEN_AS_PASSWORD = FailureMode(
    id="client-entra-token-as-password",
    title="an Entra token cannot be the password",
    brief="Entra token as the password",
    seen=(access_token.TOKEN_AS_PASSWORD, access_token.INVALID_CLIENT),
    when=(SECRET.is_(SecretShape.ENTRA_TOKEN),),
    means="A registry takes an Entra token only in exchange for a token of its own, its refresh token; that one can be"
    " a password.",
    fix=(
        "Let az do the exchange and hand the refresh token to docker; it lasts three hours:",
        _LOGIN_BY_TOKEN,
    ),
    instead=("Give the Entra identity itself to this check, which does the exchange: --acr-auth.",),
    page=pages.PROTOCOL + "#calling-post-oauth2exchange-to-get-an-acr-refresh-token",
    unlike=("Error: Invalid client id or client secret (https://github.com/login/oauth/access_token)",),
)
SP_CERTIFICATE_WITH_DOCKER_LOGIN = FailureMode(
    id="sp-certificate-with-docker-login",
    title="{client_id} has no client secret",
    brief="application with a certificate only",
    seen=(access_token.INVALID_CLIENT,),
    when=(SECRET.is_(SecretShape.OPAQUE), CERTIFICATE_ONLY.is_(True)),
    occurs=Occurs.SELDOM,
    means="An application that has only a certificate signs in with it at Entra. A docker-style login takes client"
    " secrets only.",
    fix=(
        "Sign in at Entra with the certificate, in place of az's present login; then let az log docker in:",
        Command(
            "az login --service-principal -u {client_id} --tenant {tenant_id} --certificate CERTIFICATE_FILE -o none"
        ),
        Command("az acr login -n {login_name}"),
    ),
    instead=("This check takes the certificate itself: --acr-auth service-principal-certificate.",),
    page=pages.ACR + "container-registry-auth-service-principal#use-with-certificate",
)
CLIENT_NULL_GUID_OTHER_PASSWORD = FailureMode(
    id="client-null-guid-other-password",
    title="the password is not a refresh token",
    brief="password that is no refresh token",
    seen=(access_token.BASIC_REFUSED,),
    when=(USER_KIND.is_(Kind.REFRESH_TOKEN), REGISTRY_TOKEN.is_(False)),
    occurs=Occurs.SELDOM,
    means=f"The user name {_NULL_GUID} says that the password is a token of the registry's own, its refresh token. This"
    " password is something else: a client secret, an Entra token, or that of another service.",
    fix=(
        "Beside a client secret or another password, give the user name that it belongs to.",
        "Otherwise let az hand a refresh token to docker; it lasts three hours:",
        _LOGIN_BY_TOKEN,
    ),
    page=pages.ACR + "container-registry-authentication#use-az-acr-login-without-docker-daemon",
)
REFRESH_TOKEN_EXPIRED = FailureMode(
    id="refresh-token-expired",
    title="the refresh token used as password has expired",
    brief="expired refresh token",
    seen=(access_token.BASIC_REFUSED, client.STORED_LOGIN_ENDED),
    when=(USER_KIND.is_(Kind.REFRESH_TOKEN), SECRET_EXPIRED.is_(True)),
    occurs=Occurs.OFTEN,
    means="az acr login stores a refresh token as docker's password. It lives three hours, and docker cannot renew it.",
    fix=(
        "Log in again, on the machine and in the job that uses it: a copy in a variable or a pull secret ends, too:",
        Command("az acr login -n {login_name}"),
    ),
    instead=("For longer jobs use what does not end so soon: a service principal's secret, or a scope-map token.",),
    page=pages.ACR + "container-registry-authentication#authenticate-with-microsoft-entra-id",
    az_code="CONNECTIVITY_ACCESS_TOKEN_ERROR",
    unlike=("error: the refresh token has expired; log in again at https://gitlab.com/oauth/token",),
)
REFRESH_TOKEN_OTHER_REGISTRY = FailureMode(
    id="refresh-token-other-registry",
    title="the refresh token is another registry's",
    brief="refresh token of another registry",
    seen=(access_token.BASIC_REFUSED,),
    when=(USER_KIND.is_(Kind.REFRESH_TOKEN), SECRET_ELSEWHERE.is_(True)),
    means="A refresh token is a registry's own, and good for the one login server that is named in it.",
    fix=("Log in at this registry; logins at others stay:", Command("az acr login -n {login_name}")),
    page=pages.PROTOCOL + "#azure-container-registry-token-claim-sets",
    az_code="CONNECTIVITY_ACCESS_TOKEN_ERROR",
)
REFRESH_TOKEN_NO_ROLE = FailureMode(
    id="refresh-token-no-role",
    title="the refresh token's holder has no role",
    brief="its holder has no role",
    seen=(access_token.BASIC_REFUSED,),
    when=(
        USER_KIND.is_(Kind.REFRESH_TOKEN),
        SECRET_EXPIRED.is_(False),
        SECRET_ELSEWHERE.is_(False),
        NO_ROLE,
    ),
    unprovable="A role that is missing now does not tell what the refresh token was issued with, nor whether the"
    " registry asks again.",
    means="The refresh token is this registry's own and has not ended, and whom it was issued to has no role for images"
    " now. Whether a login that is still good is refused for that is not documented; a new one is."
    " Once there is a role, log in again (az acr login): a stored login may go on as it was issued.",
    fix=ASSIGN_ROLES,
    page=pages.ACR + "container-registry-rbac-built-in-roles-overview#perform-role-assignments-to-grant-permissions",
)
