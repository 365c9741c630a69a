"""Authentication methods: the table, the choice among them, and the credentials; nothing here contacts anything."""

from __future__ import annotations

from pytest_acrauth.auth.basic import login_with
from pytest_acrauth.auth.choosing import Chosen, choose, pair
from pytest_acrauth.auth.credentials import Credentials, read_credential
from pytest_acrauth.auth.methods import CHOICES, DEFAULT, METHODS, method_named, variables
from pytest_acrauth.auth.shape import BadAuth, Credential, Method, Variables

__all__ = [
    "CHOICES",
    "DEFAULT",
    "METHODS",
    "BadAuth",
    "Chosen",
    "Credential",
    "Credentials",
    "Method",
    "Variables",
    "choose",
    "login_with",
    "method_named",
    "pair",
    "read_credential",
    "variables",
]
