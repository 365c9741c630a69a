"""Family ``notes``: messages that look like failures and say nothing about the registry."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import FailureMode, Symptom, asking_nothing
from pytest_acrauth.catalogue.symptoms import text


def _note(name: str, shows: Symptom, *, title: str, meaning: str, az_code: str, remedy: str) -> FailureMode:
    return asking_nothing(
        f"note-{name}",
        shows,
        family="notes",
        title=title,
        meaning=meaning,
        remedies=(remedy,),
        link=f"{pages.HEALTH}#{az_code.lower()}",
        az_code=az_code,
        samples=(f"2026-01-01 00:00:00.000000 An error occurred: {az_code}",),
    )


_IRRELEVANT = "It says nothing about the registry or the login, and a pull needs neither program."

NOTE_HELM_MISSING = _note(
    "helm-missing",
    text.HELM_MISSING,
    title="helm is not installed, which no login or pull needs",
    meaning=_IRRELEVANT,
    az_code="HELM_COMMAND_ERROR",
    remedy="Nothing, unless charts are pushed from here: then install Helm.",
)
NOTE_HELM_VERSION = _note(
    "helm-version",
    text.HELM_VERSION,
    title="helm's version is old or unknown, which no login or pull needs",
    meaning=_IRRELEVANT,
    az_code="HELM_VERSION_ERROR",
    remedy="Nothing, unless charts are pushed from here: then bring Helm up to date.",
)
NOTE_NOTARY_MISSING = _note(
    "notary-missing",
    text.NOTARY_MISSING,
    title="notary is not installed, which no login or pull needs",
    meaning=f"{_IRRELEVANT} Newer releases of az no longer look for it.",
    az_code="NOTARY_COMMAND_ERROR",
    remedy="Nothing.",
)
NOTE_NOTARY_VERSION = _note(
    "notary-version",
    text.NOTARY_VERSION,
    title="notary's version is not the one that was recommended, which no login or pull needs",
    meaning=f"{_IRRELEVANT} Newer releases of az no longer look for it.",
    az_code="NOTARY_VERSION_ERROR",
    remedy="Nothing.",
)
NOTE_UNEXPECTED = _note(
    "unexpected",
    text.UNEXPECTED,
    title="az acr check-health met an error that it has no code for",
    meaning="The code is defined and hardly used; whatever it says beside it is all that is known.",
    az_code="UNEXPECTED_ERROR",
    remedy="Check the registry itself with --acr-registry.",
)
NOTE_CHECK_HEALTH_REPOSITORY = FailureMode(
    id="note-check-health-repository",
    family="notes",
    shows=(text.RIGHTS_MISSING_FOR_ALL,),
    questions=(),
    proof=None,
    title="check-health asks for five rights on the repository, and the identity has fewer",
    meaning="It wants pull, push, delete and both metadata rights at once, so an identity that may only pull always"
    " fails there. That is right where only pulling is needed.",
    remedies=("Compare what is lacking with what the job needs; --acr-must judges by that.",),
    link=f"{pages.HEALTH}#connectivity_access_token_error",
    az_code="CONNECTIVITY_ACCESS_TOKEN_ERROR",
    transient=False,
    since="0.1",
    samples=(
        (
            "You have pull permissions to the repository. You are lacking push, metadata_write, metadata_read and"
            " delete repository permissions."
        ),
    ),
)
