"""Questions that only the family ``basic`` asks: about a user name and its password."""

from __future__ import annotations

from pytest_acrauth.catalogue.facts import registry_record, service_time
from pytest_acrauth.catalogue.questions.climb import NameShape, name_shape
from pytest_acrauth.catalogue.questions.records import TokenState
from pytest_acrauth.catalogue.shape import Break, Command, Question
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.evidence import Need


def _registry_token(broken: Break) -> bool | None:
    """Answer for a password beside the name that says so; an opaque one with an end or an audience can be one."""
    facts = broken.transcript.credential
    if facts.kind is not Kind.REFRESH_TOKEN:
        return None
    if facts.secret is SecretShape.OPAQUE:
        return facts.secret_expires is not None or bool(facts.secret_audience)
    return facts.secret in {SecretShape.ACR_REFRESH_TOKEN, SecretShape.ACR_ACCESS_TOKEN}


def _secret_expired(broken: Break) -> bool | None:
    expires, now = broken.transcript.credential.secret_expires, service_time(broken.transcript)
    if not (token := _registry_token(broken)):
        return token
    return None if expires is None or now is None else expires < now


def _secret_elsewhere(broken: Break) -> bool | None:
    audience = broken.transcript.credential.secret_audience
    if not (token := _registry_token(broken)):
        return token
    registry = broken.transcript.target.registry
    return audience.lower() not in {registry.login_server, registry.global_endpoint} if audience else None


def _admin_enabled(broken: Break) -> bool | None:
    return record.admin_user_enabled if (record := registry_record(broken)) else None


def _admin_meant(broken: Break) -> bool | None:
    """Answer for whoever declared it at once: that it is off as well is then another matter."""
    credential = broken.transcript.credential
    return True if credential.declared and credential.kind is Kind.ADMIN else _admin_enabled(broken)


def _token_state(broken: Break) -> TokenState | None:
    look = broken.transcript.evidence.scope_map_token
    if look is None or look.value is None:
        return None
    return TokenState(look.value, service_time(broken.transcript), broken.transcript.credential.user_name)


DECLARED: Question[Kind | str] = Question(
    id="declared-kind",
    asks="Which kind of credential was it declared to be?",
    shows="credential declared as",
    by_hand="Say it with --acr-auth admin or --acr-auth scope-map-token.",
    read=lambda broken: broken.transcript.credential.kind if broken.transcript.credential.declared else "none",
)
USER_NAME: Question[NameShape] = Question(
    id="user-name-shape",
    asks="What does the user name look like?",
    shows="form of the user name",
    by_hand="Compare the user name with the registry's name.",
    read=name_shape,
)
SECRET: Question[SecretShape] = Question(
    id="secret-shape",
    asks="What does the secret look like?",
    shows="form of the secret",
    by_hand="A secret of three parts joined by dots is a token; decode its middle part on this machine.",
    read=lambda broken: broken.transcript.credential.secret,
)
REGISTRY_TOKEN: Question[bool] = Question(
    id="registry-token",
    asks="Is the password a token of the registry's own?",
    shows="password is a registry's token",
    by_hand=SECRET.by_hand,
    read=_registry_token,
)
SECRET_EXPIRED: Question[bool] = Question(
    id="secret-expired",
    asks="Was the refresh token past its end, by the registry's clock?",
    shows="refresh token expired",
    by_hand="Decode the password's middle part on this machine, and compare exp with the Date of any answer.",
    read=_secret_expired,
)
SECRET_ELSEWHERE: Question[bool] = Question(
    id="secret-elsewhere",
    asks="Was the refresh token issued by another login server?",
    shows="refresh token from elsewhere",
    by_hand="Decode the password's middle part on this machine, and compare aud with {login_server}.",
    read=_secret_elsewhere,
)
ADMIN_MEANT: Question[bool] = Question(
    id="admin-meant",
    asks="Was the admin user declared to be meant, or can it be, as it is enabled?",
    shows="admin user can be meant",
    by_hand=Command("az acr show -n {registry} --query adminUserEnabled -o tsv"),
    needs=Need.REGISTRY,
    read=_admin_meant,
)
ADMIN_ENABLED: Question[bool] = Question(
    id="admin-enabled",
    asks="Is the admin user enabled?",
    shows="admin user enabled",
    by_hand=Command("az acr show -n {registry} --query adminUserEnabled -o tsv"),
    needs=Need.REGISTRY,
    read=_admin_enabled,
)
SCOPE_MAP_TOKEN: Question[TokenState] = Question(
    id="scope-map-token",
    asks="Does the scope-map token exist, is it enabled, and when do its passwords end?",
    shows="scope-map token",
    by_hand=Command(
        "az acr token show -n {user_name} -r {registry}"
        ' --query "{{status:status,scopeMap:scopeMapId,passwords:credentials.passwords[].[name,creationTime,expiry]}}"'
    ),
    needs=Need.SCOPE_MAP_TOKEN,
    read=_token_state,
)
