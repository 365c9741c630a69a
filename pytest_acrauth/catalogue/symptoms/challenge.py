"""What can be seen from the challenge stage on: refusals on the way, and answers that are no registry's challenge."""

from __future__ import annotations

from http import HTTPStatus

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Symptom
from pytest_acrauth.catalogue.symptoms.answers import ASKING, generic_401, has_its_mark, throttled
from pytest_acrauth.catalogue.symptoms.words import anywhere, at_registry
from pytest_acrauth.model.observation import AccessToken, Challenge, Reply, Trouble
from pytest_acrauth.model.stage import Stage

_DONE = range(200, 400)  # successes and redirects
_ANSWERED = {None, Trouble.MALFORMED, Trouble.WITHHELD}  # an answer came, whatever was made of it


def _asked(broken: Break) -> tuple[Challenge, Reply] | None:
    observation = broken.observation
    if not isinstance(observation, Challenge) or observation.reply is None:
        return None
    return observation, observation.reply


def _from_elsewhere(broken: Break) -> Reply | None:
    """Return an answer that has no mark of the host that was asked: the login server, Entra, or a data host."""
    reply = facts.reply(broken)
    return None if reply is None or has_its_mark(broken, reply) else reply


def _foreign_403(broken: Break, *, worded: bool) -> bool:
    reply = _from_elsewhere(broken)
    if reply is None or reply.status != 403 or facts.firewall_spoke(broken):
        return False
    return bool(reply.words.strip()) is worded


def _missing(broken: Break) -> bool:
    if (asked := _asked(broken)) is None:
        return isinstance(broken.observation, Challenge) and broken.observation.trouble is Trouble.MALFORMED
    challenge, reply = asked
    if challenge.scheme or reply.status in {403, 404, 429} or _open(broken):
        return False
    return reply.status < 500 or not has_its_mark(broken, reply)  # a registry in trouble says so itself


def _not_found(broken: Break) -> bool:
    asked = _asked(broken)
    return asked is not None and asked[1].status == HTTPStatus.NOT_FOUND and not asked[0].scheme


def _open(broken: Break) -> bool:
    asked = _asked(broken)
    if asked is None or asked[1].status != 200 or not asked[1].from_registry:
        return False
    # A page that says 200 is no registry's answer, and neither is a list of errors.
    return "json" in asked[1].content_type and not asked[1].code


def _not_bearer(broken: Break) -> bool:
    if (asked := _asked(broken)) is None or asked[1].status != 401 or not asked[0].scheme:
        return False
    challenge = asked[0]
    return challenge.scheme != "bearer" or not (challenge.realm and challenge.service)


def _foreign_realm(broken: Break) -> bool:
    if (asked := _asked(broken)) is None or asked[1].status != 401 or _not_bearer(broken):
        return False
    return bool(asked[0].scheme) and not asked[0].realm_is_own


def _answered_in_its_place(broken: Break) -> bool:
    """Hold for refusals and failures, other than a 403, that have no mark of the host that was asked."""
    reply = _from_elsewhere(broken)
    if reply is None or reply.status in _DONE or reply.status == HTTPStatus.FORBIDDEN:
        return False
    if broken.stage is Stage.CHALLENGE:
        return reply.status == HTTPStatus.TOO_MANY_REQUESTS
    # A bare refusal of credentials may be the registry's own: it is known to give a bare 403 there.
    return broken.stage not in {Stage.EXCHANGE, Stage.ACCESS_TOKEN} or not generic_401(reply)


def _another_kind(broken: Break) -> bool:
    """Hold for a success or a redirect that is not what was asked for, and has no mark of the host that was asked."""
    observation, reply = broken.observation, _from_elsewhere(broken)
    if reply is None or reply.status not in _DONE or facts.trouble(broken) not in _ANSWERED:
        return False
    if isinstance(observation, Challenge):  # which has a symptom of its own for it
        return False
    if isinstance(observation, AccessToken) and observation.issued:  # it is what it grants that is wrong
        return False
    return "manifest" not in reply.content_type


# At later stages, and at other hosts, too.
FOREIGN_403 = Symptom(
    # A device between answers instead of the registry, with words of its own.
    id="foreign-403",
    stages=ASKING,
    when=lambda broken: _foreign_403(broken, worded=True),
    says="The {stage} request was answered by a 403 that did not come from {host}: what marks its answers is missing.",
    texts=(),
)
EMPTY_403 = Symptom(
    # At the exchange it is a symptom of its own, because the registry has answered so itself.
    id="empty-403",
    stages=tuple(stage for stage in ASKING if stage is not Stage.EXCHANGE),
    when=lambda broken: _foreign_403(broken, worded=False),
    says="The {stage} request was answered by a 403 without a word and without a mark of {host}.",
    texts=(),
)
DENIED_WITH_IP = Symptom(
    id="denied-with-ip",
    stages=(Stage.CHALLENGE, Stage.EXCHANGE, Stage.ACCESS_TOKEN, Stage.OPERATION, Stage.DATA, Stage.UPLOAD),
    # Where a later wait failed, that is what is seen.
    when=lambda broken: facts.firewall_spoke(broken) and facts.trouble(broken) is None,
    says="The registry's firewall refused {client_ip} at the {stage} request.",
    texts=anywhere(
        r"[Cc]lient with IP ?'?(?P<client_ip>[0-9A-Fa-f:.]{3,45})'? is not allowed access",
        r"[Cc]lient with IP .{0,60}?is not allowed access",
        r"aka\.ms/acr/firewall",
    )
    # Cut off by whoever copied it.
    + at_registry(r"\bdenied: client with(?: IP)?(?=[ '\".…]{0,4}\Z)"),
)
THROTTLED = Symptom(
    id="requests-throttled",
    stages=(Stage.CHALLENGE, Stage.OPERATION, Stage.DATA, Stage.UPLOAD),
    when=throttled,
    says="{login_server} has too many requests to serve ({answer}); it asks to wait {retry_after} seconds.",
    texts=at_registry(
        r"\b429 Too Many Requests",
        r"status.{0,20}?\b429\b",
    ),
)

# 403 without the registry's headers is a symptom of its own, because devices are known to refuse so.
NOT_FROM_REGISTRY = Symptom(
    id="answer-not-from-registry",
    stages=ASKING,
    when=_answered_in_its_place,
    says="The {stage} request was answered without a header or an error body that {host} sends.",
    texts=(),
)
ANOTHER_KIND = Symptom(
    id="answer-of-another-kind",
    stages=ASKING,
    when=_another_kind,
    says="What answered the {stage} request is not what was asked for, and has no mark of {host}.",
    texts=(),
)

# At this stage only.
NO_CHALLENGE = Symptom(
    id="no-challenge",
    stages=(Stage.CHALLENGE,),
    when=_missing,
    says="{login_server} did not ask for authentication at /v2/.",
    texts=anywhere(
        r"registry did not issue a valid AAD challenge",
    ),
)
NOT_FOUND = Symptom(
    id="challenge-not-found",
    stages=(Stage.CHALLENGE,),
    when=_not_found,
    says="What answers at {login_server} knows no /v2/, where every registry asks for authentication.",
    texts=(),
)
OPEN = Symptom(
    id="open-without-challenge",
    stages=(Stage.CHALLENGE,),
    when=_open,
    says="{login_server} let /v2/ be read without any credential.",
    texts=(),
)
OTHER_SCHEME = Symptom(
    id="other-scheme",
    stages=(Stage.CHALLENGE,),
    when=_not_bearer,
    says="{login_server} does not say, as a registry does, where access tokens are had: the scheme is {scheme}.",
    texts=anywhere(
        r"\bCONNECTIVITY_(?:AAD_LOGIN|WWW_AUTHENTICATE)_ERROR\b",
        r"Registry ['\"](?P<login_server>[^'\"]{1,253})['\"] does not support AAD login",
        r"Registry ['\"](?P<login_server>[^'\"]{1,253})['\"] did not ask properly for",
        # The kubelet's credential provider.
        r"Www-Authenticate: expected realm: Bearer, actual: ",
    ),
)
REALM_ELSEWHERE = Symptom(
    id="realm-elsewhere",
    stages=(Stage.CHALLENGE,),
    when=_foreign_realm,
    says="{login_server} wants credentials sent to {realm}, not to itself over https; nothing was sent.",
    texts=(),
)
