"""Authentication methods: the table, the choice among them, and the credentials; nothing here contacts anything."""

from __future__ import annotations

from pytest_acrauth.auth.choosing import Chosen, choose, pair
from pytest_acrauth.auth.credentials import Credential, credential, login_with
from pytest_acrauth.auth.methods import CHOICES, DEFAULT, METHODS, BadAuth, Method, method_named, variables

__all__ = [
    "CHOICES",
    "DEFAULT",
    "METHODS",
    "BadAuth",
    "Chosen",
    "Credential",
    "Method",
    "choose",
    "credential",
    "login_with",
    "method_named",
    "pair",
    "variables",
]
