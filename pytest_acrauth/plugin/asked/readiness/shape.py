"""What a readiness file may hold: one table of keys, from which its reader, its JSON schema and its page derive."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from pytest_acrauth.auth import CHOICES
from pytest_acrauth.model.target import ACTIONS
from pytest_acrauth.plugin.asked.options import OPTIONS, Option, positive_number, whole_number


class Kind(StrEnum):
    """What a key's value is, in words for an error."""

    TEXT = "a text"
    TEXTS = "a list of texts"
    NUMBER = "a number above 0"
    FLAG = "true or false"


class Form(StrEnum):
    """How a key holds tables, in words for an error: one, one for each name that the author chooses, or a list."""

    ONE = "a table"
    NAMED = "a table of tables"
    LIST = "a list of tables"


class Value(NamedTuple):
    """A key that holds a plain value."""

    kind: Kind
    summary: str
    choices: tuple[str, ...] = ()
    required: bool = False


class Table(NamedTuple):
    """A key that holds tables, each with these keys. One that is ``filled`` means something only if it holds any."""

    form: Form
    summary: str
    keys: Mapping[str, Value | Table]
    filled: bool = False


#: What identities and registries can be called, as the names in ``--acr-auth``.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
#: Keys that would hold a secret, whatever table they are in.
SECRET = re.compile(r"passw|secret|token|credential|private.?key|api.?key|assertion|connection.?string", re.IGNORECASE)


def _of_option(option: Option) -> Value:
    kind = Kind.FLAG if option.switch else Kind.TEXTS if option.many else Kind.TEXT
    if option.check in {positive_number, whole_number}:
        kind = Kind.NUMBER
    return Value(kind, option.summary, option.choices)


def key_of(option: Option) -> str:
    """Return the key of an option in the table ``run``."""
    return option.name.replace("-", "_")


_LIMITS = {
    "warn": Value(Kind.NUMBER, "tell of a credential that ends within so many days"),
    "fail": Value(Kind.NUMBER, "fail for a credential that ends within so many days"),
}
_IDENTITIES = Value(Kind.TEXTS, "who, by the names of the identities; without it every one of them")
_REPOSITORIES = Value(Kind.TEXTS, "repositories, each with :tag or @digest if wanted")

#: Keys by table; the order is that of the page and of files that are written.
FILE = Table(
    Form.ONE,
    "",
    {
        "run": Table(
            Form.ONE,
            "options of the run, as the command line has them; a flag wins over what stands here",
            {key_of(option): _of_option(option) for option in OPTIONS if option.in_file},
        ),
        "expiry": Table(
            Form.ONE, "limits for every identity's credentials; not being able to look fails", _LIMITS, filled=True
        ),
        "identity": Table(
            Form.NAMED,
            "who authenticates, by a name of your own",
            {
                "method": Value(Kind.TEXT, "how, as in --acr-auth", CHOICES, required=True),
                "prefix": Value(
                    Kind.TEXT,
                    "what the environment variables begin with that hold the credential: ACR_ and more, or one that "
                    "--acr-config-variables allows",
                ),
                "expiry": Table(Form.ONE, "limits for this identity's credentials", _LIMITS, filled=True),
            },
        ),
        "registry": Table(
            Form.NAMED,
            "what is checked, by its registry name or by a name of your own",
            {
                "name": Value(
                    Kind.TEXT,
                    "registry name, login server or resource id, where the table's own name is not the registry's",
                ),
                "access": Table(
                    Form.LIST,
                    "who must get in, and what they must and must not be allowed; without any access or refusal, "
                    "every identity must get in",
                    {
                        "identities": _IDENTITIES,
                        "repositories": _REPOSITORIES,
                        "must": Value(Kind.TEXTS, "actions that must be held on them; without it pull", ACTIONS),
                        "must_not": Value(Kind.TEXTS, "actions that must not be held on them", ACTIONS),
                        "prove_push": Value(Kind.FLAG, "open an upload and cancel it, where push must be held"),
                    },
                ),
                "refusal": Table(
                    Form.LIST,
                    "what must be refused, and why",
                    {
                        "identities": _IDENTITIES,
                        "expect": Value(
                            Kind.TEXTS,
                            "reasons, any of which is right: ids of failure modes, families, or common checks, as the "
                            "marker acr_expect takes them",
                            required=True,
                        ),
                        "repositories": _REPOSITORIES,
                    },
                ),
            },
            filled=True,
        ),
    },
)
