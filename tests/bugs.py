"""Bugs that a test plants in the package: they have a secret in their hands, and say it."""

from __future__ import annotations

from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

import pytest

from pytest_acrauth.model.observation import Challenge
from pytest_acrauth.model.target import Registry, Target
from pytest_acrauth.model.transcript import Transcript

#: What a bug holds and says: no run knows this value as a secret of its own, but everybody's Authorization is one.
TOKEN = "cGxhbnRlZC1pbi1hLWJ1ZzpwbGFudGVkLWluLWEtYnVn"
ALL = ""  # whatever is called about


def plant(patch: pytest.MonkeyPatch, place: str, about: str = "myacr.azurecr.io", error: type = RuntimeError) -> None:
    """Make what stands at ``module:name`` raise, where it is called about a registry (default: myacr)."""
    owner, name = place.rsplit("." if "." in place.partition(":")[2] else ":", 1)
    holder = resolve_name(owner)
    patch.setattr(holder, name, _failing(getattr(holder, name), about, error))


def _failing(sound: Callable[..., Any], about: str, error: type) -> Callable[..., Any]:
    def failing(*args: Any, **kwargs: Any) -> Any:
        if about in repr([*map(_opened, args), *map(_opened, kwargs.values())]):
            token = f"Authorization: Basic {TOKEN}"
            raise error(f"planted, with {token}")
        return sound(*args, **kwargs)

    return failing


def _opened(value: Any) -> Any:
    """Return what tells whom a call is about: names as they are, an object by what it keeps of them."""
    if isinstance(value, str | Registry | Target | Transcript | Challenge):
        return value
    return list(map(_opened, vars(value).values())) if type(value).__name__ == "Login" else None
