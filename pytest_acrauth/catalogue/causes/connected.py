"""Family ``connected``: a connected registry, a copy on premises that signs in to its parent with a sync token."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import connected

_PAGE = pages.ACR + "troubleshoot-connected-registry-arc"
_NO_COPY = "A connected registry is a service of its own, and the emulator has none."
_LOOK = (
    Command(
        'az acr connected-registry show -n CONNECTED_REGISTRY -r {registry} --query "[activation,connectionState]"'
    ),
)

CONNECTED_REGISTRY_PASSWORD_WRONG = FailureMode(
    id="connected-registry-password-wrong",
    title="the sync token has another password",
    brief="connected registry's password",
    seen=(connected.SYNC_REFUSED,),
    unprovable="Microsoft's page has these words for a connected registry that signs in to its parent; that a client"
    " which logs in at a connected registry is never refused in the same words, no page says.",
    means="The connection string that a connected registry was deployed with holds the user and password of its sync"
    " token at the parent. That string was not handed over whole, or its password was generated again or has ended.",
    look=(
        "See first that the file with the protected settings, the string in it, was made and is whole.",
        "Its sync token (SYNC_TOKEN) has these passwords:",
        Command(
            "az acr token show -n SYNC_TOKEN -r {registry}"
            ' --query "credentials.passwords[].{{name:name,made:creationTime,ends:expiry}}" -o table'
        ),
    ),
    fix=(
        (
            "Whoever runs it makes a new string, and updates the deployment with that. This makes the second password"
            " anew; if another place uses that one, make the first:"
        ),
        Command(
            "(umask 077 && set -C && az acr connected-registry get-settings -n CONNECTED_REGISTRY -r {registry}"
            " --parent-protocol https --generate-password 2 --yes > NEW_SETTINGS_FILE)"
        ),
    ),
    instead=(
        "If a client printed it that logs in at the connected registry, give that the password of its client token.",
    ),
    page=_PAGE + "#extension-creation-stuck-in-running-state",
    not_emulated=_NO_COPY,
    samples=(
        (
            "kubectl logs -n connected-registry connected-registry-0 Response:"
            ' \'{"errors":[{"code":"UNAUTHORIZED","message":"Incorrect Password","detail":"Please visit'
            " https://aka.ms/acr#UNAUTHORIZED for more information.\"}]}'"
        ),
    ),
    unlike=("UNAUTHORIZED: Incorrect Password for user admin at https://nexus.example.com",),
)
CONNECTED_REGISTRY_ALREADY_ACTIVE = FailureMode(
    id="connected-registry-already-active",
    title="connected registry active elsewhere",
    brief="connected registry installed twice",
    seen=(connected.ALREADY_ACTIVATED,),
    signs=(connected.ALREADY_ACTIVATED,),
    certain="The code ALREADY_ACTIVATED is the parent's for a second installation, whose sign-in it has accepted.",
    means="A parent lets one installation of a connected registry in. This is a second one, or the first was made anew"
    " and the parent does not know.",
    look=_LOOK,
    fix=(
        (
            "Ask first who uses the other one: this ends it. If nobody does, whoever manages the parent deactivates"
            " it, and this one gets in, minutes later:"
        ),
        Command("az acr connected-registry deactivate -n CONNECTED_REGISTRY -r {registry}"),
    ),
    instead=("A second site needs a connected registry of its own.",),
    page=_PAGE + "#extension-created-but-connected-registry-isnt-in-online-state",
    not_emulated=_NO_COPY,
    samples=(
        (
            'Response: {"errors":[{"code":"ALREADY_ACTIVATED","message":"Failed to activate the connected registry as'
            ' it is already activated by another instance.","detail":"See https://aka.ms/acr#ALREADY_ACTIVATED"}]}'
        ),
    ),
    unlike=('{"error":{"code":"DEVICE_ALREADY_ACTIVATED","message":"Device is already activated"}}',),
)
