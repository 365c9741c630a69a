"""What can be seen from the operation stage on: a repository that is refused, locked or not there."""

from __future__ import annotations

import re

from pytest_acrauth.catalogue import facts
from pytest_acrauth.catalogue.shape import Break, Symptom
from pytest_acrauth.catalogue.symptoms.answers import generic_401, has_its_mark
from pytest_acrauth.catalogue.symptoms.words import anywhere, at_registry, not_elsewhere
from pytest_acrauth.model.observation import Operation
from pytest_acrauth.model.stage import Stage

_UNKNOWN_CODES = {"MANIFEST_UNKNOWN", "NAME_UNKNOWN", "TAG_UNKNOWN"}
_PLAIN_404 = re.compile(r"404 page not found", re.IGNORECASE)
# Of a manifest of a kind that was not asked for, with the code of one that is not there (distribution, its manifests).
_OF_ANOTHER_KIND = re.compile(r"found, but (?:the )?accept header", re.IGNORECASE)
_DISALLOWED = re.compile(r"operation is disallowed(?P<on> on this)?", re.IGNORECASE)
_KEY_IDENTITY = r"identity associated with the registry is inactive"


def _disallowed(broken: Break) -> re.Match[str] | None:
    """Return the registry's words for what it disallows; they name what they are about, or do not."""
    reply = facts.reply(broken)
    if reply is None or facts.at_storage(broken):  # which has words of its own
        return None
    if not 400 <= reply.status < 500 or reply.status == 429 or not has_its_mark(broken, reply):
        return None
    return _DISALLOWED.search(reply.words)


def _key_identity_inactive(broken: Break) -> bool:
    reply = facts.reply(broken)
    if reply is None or facts.at_storage(broken):
        return False
    return reply.status == 403 and has_its_mark(broken, reply) and bool(re.search(_KEY_IDENTITY, reply.words))


def _operation_refused(broken: Break) -> bool:
    reply = facts.reply(broken)
    if reply is None or facts.at_storage(broken):
        return False
    known = facts.firewall_spoke(broken) or _disallowed(broken) or _key_identity_inactive(broken)
    if known or not has_its_mark(broken, reply):
        return False
    return generic_401(reply) or (reply.status == 403 and reply.code == "DENIED")


def _unknown(broken: Break) -> bool:
    reply = facts.reply(broken)
    if not isinstance(broken.observation, Operation) or reply is None or reply.status != 404:
        return False
    if _OF_ANOTHER_KIND.search(reply.words):
        return False
    return reply.code in _UNKNOWN_CODES or (reply.from_registry and bool(_PLAIN_404.search(reply.body)))


OPERATION_REFUSED = Symptom(
    id="operation-refused",
    stages=(Stage.OPERATION, Stage.DATA, Stage.UPLOAD),
    when=_operation_refused,
    says="An access token for {repository} was issued, and the {stage} request with it was refused.",
    texts=not_elsewhere(r"insufficient_scope: authorization failed", r"insufficient_scope.{0,300}?\brepository:")
    + anywhere(
        r"requested access to the resource is denied\. Correlation ID: ",
        # An import, which the registry runs itself.
        r"\bOperation registries-[\w-]{1,60} failed\b.{0,300}?\bAccess to [^ ]{1,253} denied\b",
    )
    + at_registry(
        # Behind these words docker says it whether it had a login or none.
        r"(?<!may require 'docker login': denied: )requested access to the resource is denied",
        r"denied: access forbidden",
        # A connected registry's.
        r"[Ii]nsufficient scopes to perform the operation",
    ),
    several=True,
)
MANIFEST_UNKNOWN = Symptom(
    id="manifest-unknown",
    stages=(Stage.OPERATION,),
    when=_unknown,
    says="{login_server} does not find {version} in {repository}, or hides it from this identity.",
    texts=not_elsewhere(
        r"\bMANIFEST_UNKNOWN\b",
        r"manifest tagged by \"?(?P<version>[\w.-]{1,128})\"? is not found",
        r"manifest for [^ /]{0,253}[.:<>][^ /]{0,253}/[^ ]{1,400} not found",
        r"\b(?:NAME_UNKNOWN|TAG_UNKNOWN)\b|repository name not known to registry",
        r"the specified tag does not exist|The requested data does not exist\. Correlation ID: ",
    )
    + at_registry(
        r"manifest unknown",
        r"azurecr\.[\w.-]{2,30}(?::\d{1,5})?/[\w./<>-]{1,255}(?::[\w.<>-]{1,128}|@sha256:\w{1,64})\"?: not found",
        r"repository \"?[\w./-]{1,255}\"? is not found",
        r"Please confirm that this name and tag are present in the registry",
    ),
)
DISALLOWED = Symptom(
    id="disallowed",
    stages=(Stage.OPERATION, Stage.DATA, Stage.UPLOAD),
    when=lambda broken: (said := _disallowed(broken)) is not None and bool(said["on"]),
    says="{login_server} disallows the {stage} request on {repository}.",
    texts=anywhere(r"[Tt]he operation is disallowed on this registry"),
)
KEY_IDENTITY_INACTIVE = Symptom(
    id="key-identity-inactive",
    stages=(Stage.OPERATION, Stage.DATA, Stage.UPLOAD),
    when=_key_identity_inactive,
    says="{login_server} cannot use the identity that reads its encryption key, and refuses every image.",
    texts=anywhere(_KEY_IDENTITY),
)
DISALLOWED_IN_SHORT = Symptom(
    id="disallowed-in-short",
    stages=(Stage.OPERATION, Stage.DATA, Stage.UPLOAD),
    when=lambda broken: (said := _disallowed(broken)) is not None and not said["on"],
    says="{login_server} disallows the {stage} request on {repository}, and does not say what stands in its way.",
    # The code is of Azure's registries alone; oras writes it small.
    texts=anywhere(
        r"(?:REGISTRY_DISALLOWED_OPERATION|registry disallowed operation)\b(?!.{0,40}?operation is disallowed on this)"
    )
    + at_registry(r"[Tt]he operation is disallowed(?! on this)")
    + not_elsewhere(r"\bunknown: [Tt]he operation is disallowed\b(?! on this)"),
)
