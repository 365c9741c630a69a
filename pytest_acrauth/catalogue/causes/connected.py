"""Family ``connected``: a connected registry, a copy on premises that signs in to its parent with a sync token."""

from __future__ import annotations

from pytest_acrauth.catalogue import pages
from pytest_acrauth.catalogue.shape import Command, FailureMode
from pytest_acrauth.catalogue.symptoms import connected

_PAGE = pages.ACR + "troubleshoot-connected-registry-arc#extension-created-but-connected-registry-isnt-in-online-state"
_NO_COPY = "A connected registry is a service of its own, and the emulator has none."
_LOOK = (
    Command(
        'az acr connected-registry show -n CONNECTED_REGISTRY -r {registry} --query "[activation,connectionState]"'
    ),
)

CONNECTED_REGISTRY_PASSWORD_WRONG = FailureMode(
    id="connected-registry-password-wrong",
    title="its sync token's password is wrong",
    brief="connected registry's password",
    seen=(connected.SYNC_REFUSED,),
    signs=(connected.SYNC_REFUSED,),
    certain="Only what asks as a connected registry is answered in these words, by the parent itself.",
    means="The connection string that it was deployed with holds the user and password of its sync token at the parent."
    " That password was generated again, has ended, or was copied wrong.",
    look=(
        *_LOOK,
        "The sync token, and when its passwords end:",
        Command("az acr token list -r {registry} -o table"),
    ),
    fix=(
        (
            "Whoever runs the connected registry deploys it again with a new connection string. This generates the"
            " token's first password again, which the running one then lacks:"
        ),
        Command(
            "az acr connected-registry get-settings -n CONNECTED_REGISTRY -r {registry} --parent-protocol https"
            " --generate-password 1 --yes > SETTINGS_FILE"
        ),
    ),
    page=_PAGE,
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
    title="another installation is active",
    brief="connected registry installed twice",
    seen=(connected.ALREADY_ACTIVATED,),
    signs=(connected.ALREADY_ACTIVATED,),
    certain="The code ALREADY_ACTIVATED is the parent's for a second installation, whose sign-in it has accepted.",
    means="A parent lets one installation of a connected registry in. This is a second one, or the first was made anew"
    " and the parent does not know.",
    look=_LOOK,
    fix=(
        (
            "If no other installation is in use, whoever manages the parent deactivates it; this one then gets in,"
            " minutes later:"
        ),
        Command("az acr connected-registry deactivate -n CONNECTED_REGISTRY -r {registry}"),
    ),
    instead=("A second site needs a connected registry of its own.",),
    page=_PAGE,
    not_emulated=_NO_COPY,
    samples=(
        (
            'Response: {"errors":[{"code":"ALREADY_ACTIVATED","message":"Failed to activate the connected registry as'
            ' it is already activated by another instance.","detail":"See https://aka.ms/acr#ALREADY_ACTIVATED"}]}'
        ),
    ),
    unlike=('{"error":{"code":"DEVICE_ALREADY_ACTIVATED","message":"Device is already activated"}}',),
)
