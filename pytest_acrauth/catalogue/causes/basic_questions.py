"""Questions that only the family ``basic`` asks: about a user name and its password."""

from __future__ import annotations

from pytest_acrauth.catalogue.facts import registry_record
from pytest_acrauth.catalogue.questions.directory import WRONG_SECRET, app_credentials, entra_answer
from pytest_acrauth.catalogue.questions.records import TokenState
from pytest_acrauth.catalogue.shape import Break, Command, Question
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.evidence import Need


def _secret_expired(broken: Break) -> bool | None:
    expires = broken.transcript.credential.secret_expires
    return None if expires is None else expires < broken.transcript.started


def _secret_elsewhere(broken: Break) -> bool | None:
    audience = broken.transcript.credential.secret_audience
    return audience.lower() != broken.transcript.target.registry.login_server if audience else None


def _admin_enabled(broken: Break) -> bool | None:
    return record.admin_user_enabled if (record := registry_record(broken)) else None


def _token_state(broken: Break) -> TokenState | None:
    look = broken.transcript.evidence.scope_map_token
    return TokenState(look.value, broken.transcript.started) if look and look.value else None


def _certificate_only(broken: Break) -> bool | None:
    """Answer by what Graph shows; where nobody could look, Entra may know the secret, or refuse it for another cause.

    That Entra does not know the secret proves nothing: it may be mistyped.
    """
    if (found := app_credentials(broken)) is not None:
        return found.certificate_only
    said = entra_answer(broken)
    return None if said is None or said == WRONG_SECRET else False


DECLARED: Question[Kind | str] = Question(
    id="declared-kind",
    asks="Which kind of credential was it declared to be?",
    by_hand="Say it with --acr-auth admin or --acr-auth scope-map-token.",
    read=lambda broken: broken.transcript.credential.kind if broken.transcript.credential.declared else "none",
)
SECRET: Question[SecretShape] = Question(
    id="secret-shape",
    asks="What does the secret look like?",
    by_hand="A secret of three parts joined by dots is a token; decode its middle part on this machine.",
    read=lambda broken: broken.transcript.credential.secret,
)
SECRET_EXPIRED: Question[bool] = Question(
    id="secret-expired",
    asks="Was the refresh token past its end when the climb began?",
    by_hand="Decode the password's middle part on this machine, and compare exp with the clock.",
    read=_secret_expired,
)
SECRET_ELSEWHERE: Question[bool] = Question(
    id="secret-elsewhere",
    asks="Was the refresh token issued by another login server?",
    by_hand="Decode the password's middle part on this machine, and compare aud with {login_server}.",
    read=_secret_elsewhere,
)
CERTIFICATE_ONLY: Question[bool] = Question(
    id="certificate-only",
    asks="Has the application a certificate, and no client secret?",
    by_hand=Command(
        "az ad app show --id {client_id}"
        ' --query "{{secrets:passwordCredentials[].endDateTime,certificates:keyCredentials[].endDateTime}}"'
    ),
    needs=Need.APPLICATION,
    failing_that=Need.ENTRA_DIRECT,
    read=_certificate_only,
)
ADMIN_ENABLED: Question[bool] = Question(
    id="admin-enabled",
    asks="Is the admin user enabled?",
    by_hand=Command("az acr show -n {registry} --query adminUserEnabled -o tsv"),
    needs=Need.REGISTRY,
    read=_admin_enabled,
)
SCOPE_MAP_TOKEN: Question[TokenState] = Question(
    id="scope-map-token",
    asks="Does the scope-map token exist, is it enabled, and when do its passwords end?",
    by_hand=Command(
        "az acr token show -n {user_name} -r {registry}"
        ' --query "{{status:status,scopeMap:scopeMapId,passwords:credentials.passwords[].[name,creationTime,expiry]}}"'
    ),
    needs=Need.SCOPE_MAP_TOKEN,
    read=_token_state,
)
