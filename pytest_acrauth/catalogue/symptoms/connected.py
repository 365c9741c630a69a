"""What a connected registry prints of its sign-in at its parent, the registry in the cloud that it is a copy of."""

from __future__ import annotations

from pytest_acrauth.catalogue.symptoms.words import anywhere, in_print

SYNC_REFUSED = in_print(
    "sync-token-refused",
    "The parent of a connected registry refused the password of its sync token.",
    anywhere(
        r"Incorrect Password\b.{0,80}?aka\.ms/acr#UNAUTHORIZED",
        r"[Cc]onnected[ -][Rr]egistry\b.{0,200}?UNAUTHORIZED.{0,40}?Incorrect Password",
    ),
)
ALREADY_ACTIVATED = in_print(
    "already-activated",
    "The parent has activated this connected registry before, for another installation of it.",
    anywhere(r"[Ff]ailed to activate the connected registry as it is already activated", r"acr#ALREADY_ACTIVATED\b"),
)
