"""What can be seen at the access_token stage: refused credentials, and access tokens that grant something else."""

from __future__ import annotations

import re

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Symptom
from pytest_acrauth.catalogue.symptoms.answers import INVALID_CLIENT_WORDS, NOT_REGISTERED_WORDS, generic_401
from pytest_acrauth.catalogue.symptoms.words import anywhere, at_registry
from pytest_acrauth.model.credential import Kind, SecretShape
from pytest_acrauth.model.observation import AccessToken
from pytest_acrauth.model.stage import Stage
from pytest_acrauth.model.target import Flow

_TOKENS = {SecretShape.ACR_REFRESH_TOKEN, SecretShape.ACR_ACCESS_TOKEN, SecretShape.ENTRA_TOKEN}


def _flow(broken: Break) -> Flow:
    return broken.transcript.target.identity.flow


def _says(broken: Break, pattern: re.Pattern[str]) -> bool:
    return not _with_token(broken) and _said(broken, pattern)


def _said(broken: Break, pattern: re.Pattern[str]) -> bool:
    reply = facts.reply(broken)
    said = reply is not None and reply.status in {400, 401} and pattern.search(f"{reply.words} {reply.body}")
    return bool(said) and _flow(broken) is Flow.BASIC


def _with_token(broken: Break) -> bool:
    """Whether the password is a token, beside another name than the one that says so; Entra's goes with none."""
    used = broken.transcript.credential
    expected = used.kind is Kind.REFRESH_TOKEN and used.secret is not SecretShape.ENTRA_TOKEN
    return used.secret in _TOKENS and not expected


def _token_refused(broken: Break) -> bool:
    words = any(_said(broken, pattern) for pattern in (INVALID_CLIENT_WORDS, NOT_REGISTERED_WORDS))
    return _flow(broken) is Flow.BASIC and _with_token(broken) and (words or generic_401(facts.reply(broken)))


def _password_refused(broken: Break) -> bool:
    return _flow(broken) is Flow.BASIC and not _with_token(broken) and generic_401(facts.reply(broken))


def _token(broken: Break) -> AccessToken | None:
    return broken.observation if isinstance(broken.observation, AccessToken) else None


def _nothing_granted(broken: Break) -> bool:
    token = _token(broken)
    asked = token is not None and bool(token.scope) and broken.transcript.target.identity.flow is Flow.ENTRA
    return asked and generic_401(facts.reply(broken))


def _rights_missing(broken: Break) -> bool:
    token = _token(broken)
    return token is not None and token.granted is not None and bool(token.missing)


# A user name and password, or none, refused.
APP_NOT_REGISTERED = Symptom(
    id="app-not-registered",
    stages=(Stage.ACCESS_TOKEN,),
    when=lambda broken: _says(broken, NOT_REGISTERED_WORDS),
    says="{login_server} took {user_name} for an application's id, and found no application of that id.",
    texts=anywhere(
        r"(?i:application not registered with aad)",
        r"(?i:client id must be guid)",
    ),
)
INVALID_CLIENT = Symptom(
    id="invalid-clientid",
    stages=(Stage.ACCESS_TOKEN,),
    when=lambda broken: _says(broken, INVALID_CLIENT_WORDS) and not _says(broken, NOT_REGISTERED_WORDS),
    says="{login_server} asked Entra about {user_name}, and Entra refused the password.",
    # Other services say it of their clients; docker ends the registry's words with this code.
    texts=anywhere(r"\b(?i:unauthorized)\b.{0,60}?(?i:invalid client ?id or client secret)")
    + at_registry(r"(?i:invalid client ?id or client secret)"),
)
BASIC_REFUSED = Symptom(
    id="basic-refused",
    stages=(Stage.ACCESS_TOKEN,),
    when=_password_refused,
    says="{login_server} refused {user_name} and the password.",
    texts=at_registry(
        r"failed to fetch oauth token: unexpected status.{0,400}?: 401",
        r"login attempt to .{1,260}?/v2/ failed with status: 401",
        r"Get \"?https://[\w.*<>{}$-]{1,253}/v2/\"?: unauthorized: .{0,60}?authentication required",
        # oras and helm, which may name the token server behind
        r"(?:GET|Get) \"?https://[^/ ]{1,253}/v2/\"?: (?:GET \"?https://[^ ]{1,600}: )?response status code 401\b",
        r"UNAUTHORIZED.{0,40}?Incorrect Password",
    ),
    several=True,
)
TOKEN_AS_PASSWORD = Symptom(
    # Whatever is answered: it says nothing of the user name.
    id="token-as-password",
    stages=(Stage.ACCESS_TOKEN,),
    when=_token_refused,
    says="{login_server} refused {user_name} and a password that is a token.",
    texts=(),
)
ANONYMOUS_REFUSED = Symptom(
    id="anonymous-refused",
    stages=(Stage.ACCESS_TOKEN,),
    when=lambda broken: _flow(broken) is Flow.ANONYMOUS and generic_401(facts.reply(broken)),
    says="{login_server} gives no access token to a caller without credentials.",
    texts=(),
)

# Rights: none, too few, too many.
NOTHING_GRANTED = Symptom(
    id="nothing-granted",
    stages=(Stage.ACCESS_TOKEN,),
    when=_nothing_granted,
    says="{login_server} accepted the identity at sign-in, and gave it no access token for {repository}.",
    texts=anywhere(
        r"CONNECTIVITY_ACCESS_TOKEN_ERROR Access to registry ['\"](?P<login_server>[^'\"]{1,253})['\"] was denied\."
        r" Response code: 401",
    ),
    several=True,
)
RIGHTS_MISSING = Symptom(
    id="rights-missing",
    stages=(Stage.ACCESS_TOKEN,),
    when=_rights_missing,
    says="The access token for {repository} grants {granted} and lacks {missing}.",
    texts=anywhere(
        r"You are lacking .{1,120}? repository permissions",
    ),
    several=True,
)
RIGHTS_EXCESS = Symptom(
    id="rights-excess",
    stages=(Stage.ACCESS_TOKEN,),
    when=lambda broken: (token := _token(broken)) is not None and token.issued and bool(token.excess),
    says="The access token for {repository} grants {granted}; {excess} must not be among that. It has the right"
    " {right_from}.",
    texts=(),
)
