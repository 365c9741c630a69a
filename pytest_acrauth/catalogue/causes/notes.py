"""Family ``notes``: messages that look like failures and say nothing about the registry."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import text

_IRRELEVANT = "It says nothing about the registry, and no login or pull needs this program."
_NOT_LOOKED_FOR = f"{_IRRELEVANT} Newer releases of az no longer look for it."
_NO_FAILURE = "A note is no failure: az acr check-health says it, which no check runs, and none would fail by it."

NOTE_HELM_MISSING = FailureMode(
    id="note-helm-missing",
    title="helm is not installed; no login or pull needs it",
    brief="helm not installed",
    seen=(text.HELM_MISSING,),
    signs=(text.HELM_MISSING,),
    certain="HELM_COMMAND_ERROR is about the program helm on this machine; no registry was asked.",
    means=_IRRELEVANT,
    fix=("Nothing, unless charts are pushed from here. Then install Helm.",),
    page=pages.HEALTH + "#helm_command_error",
    az_code="HELM_COMMAND_ERROR",
    not_emulated=_NO_FAILURE,
    samples=("2026-01-01 00:00:00.000000 An error occurred: HELM_COMMAND_ERROR",),
    unlike=("bash: helm: command not found",),
)
NOTE_HELM_VERSION = FailureMode(
    id="note-helm-version",
    title="helm's version is old or unknown; no pull needs it",
    brief="helm's version",
    seen=(text.HELM_VERSION,),
    signs=(text.HELM_VERSION,),
    certain="HELM_VERSION_ERROR is about the version of helm on this machine; no registry was asked.",
    means=_IRRELEVANT,
    fix=("Nothing, unless charts are pushed from here. Then bring Helm up to date.",),
    page=pages.HEALTH + "#helm_version_error",
    az_code="HELM_VERSION_ERROR",
    not_emulated=_NO_FAILURE,
    samples=("2026-01-01 00:00:00.000000 An error occurred: HELM_VERSION_ERROR",),
    unlike=("Error: the Helm chart requires Kubernetes version 1.30",),
)
NOTE_NOTARY_MISSING = FailureMode(
    id="note-notary-missing",
    title="notary is not installed; no login or pull needs it",
    brief="notary not installed",
    seen=(text.NOTARY_MISSING,),
    signs=(text.NOTARY_MISSING,),
    certain="NOTARY_COMMAND_ERROR is about the program notary on this machine; no registry was asked.",
    means=_NOT_LOOKED_FOR,
    fix=("Nothing is to be done.",),
    page=pages.HEALTH + "#notary_command_error",
    az_code="NOTARY_COMMAND_ERROR",
    not_emulated=_NO_FAILURE,
    samples=("2026-01-01 00:00:00.000000 An error occurred: NOTARY_COMMAND_ERROR",),
    unlike=("notary: unable to reach trust server at this time: 503.",),
)
NOTE_NOTARY_VERSION = FailureMode(
    id="note-notary-version",
    title="notary's version is unusual; no pull needs it",
    brief="notary's version",
    seen=(text.NOTARY_VERSION,),
    signs=(text.NOTARY_VERSION,),
    certain="NOTARY_VERSION_ERROR is about the version of notary on this machine; no registry was asked.",
    means=_NOT_LOOKED_FOR,
    fix=("Nothing is to be done.",),
    page=pages.HEALTH + "#notary_version_error",
    az_code="NOTARY_VERSION_ERROR",
    not_emulated=_NO_FAILURE,
    samples=("2026-01-01 00:00:00.000000 An error occurred: NOTARY_VERSION_ERROR",),
    unlike=("An error occurred while retrieving Docker version.",),
)
NOTE_UNEXPECTED = FailureMode(
    id="note-unexpected",
    title="az acr check-health met an error without a code",
    brief="error without a code",
    seen=(text.UNEXPECTED,),
    signs=(text.UNEXPECTED,),
    certain="UNEXPECTED_ERROR is the code for whatever check-health has no other code for.",
    means="The code is defined and hardly used; whatever az says beside it is all that is known.",
    fix=("Check the registry itself, without az:", Command("pytest --acr-registry {login_server}")),
    page=pages.ACR + "container-registry-check-health",
    az_code="UNEXPECTED_ERROR",
    not_emulated=_NO_FAILURE,
    samples=("2026-01-01 00:00:00.000000 An error occurred: UNEXPECTED_ERROR",),
    unlike=("An unexpected error occurred while talking to the database",),
)
NOTE_CHECK_HEALTH_REPOSITORY = FailureMode(
    id="note-check-health-repository",
    title="check-health wants five rights at once",
    brief="check-health wants five rights",
    seen=(text.RIGHTS_MISSING_FOR_ALL,),
    signs=(text.RIGHTS_MISSING_FOR_ALL,),
    certain="check-health counts the five rights that it asks for, and names those that are missing.",
    means="It wants pull, push, delete and both metadata rights at once, so an identity that is allowed to pull only"
    " always fails there. That is right where only pulling is needed.",
    look=("Compare what is lacking with what the job needs; --acr-must, a readiness file or a test judges by that.",),
    fix=("Nothing, unless the job needs what is lacking: then its role or scope map lacks it.",),
    page=pages.HEALTH + "#connectivity_access_token_error",
    az_code="CONNECTIVITY_ACCESS_TOKEN_ERROR",
    not_emulated=_NO_FAILURE,
    samples=(
        (
            "You have pull permissions to the repository. You are lacking push, metadata_write, metadata_read and"
            " delete repository permissions."
        ),
    ),
    unlike=("remote: You do not have push permissions to the repository.",),
)
