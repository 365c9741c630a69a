"""Taking out of a text what nobody may read: secrets, and with ``--acr-mask-ids`` ids and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pytest_acrauth.model.secret import Secrets
from pytest_acrauth.plugin.asked.settings import Settings

if TYPE_CHECKING:
    from pytest_acrauth.plugin.cleaning.masking import Masking


class TextCleaner:
    """The one door through which words leave a run: no secret passes, nor with ``--acr-mask-ids`` an id or an address.

    What is recorded stays as it is.
    """

    def __init__(self, secrets: Secrets, masking: Masking | None = None) -> None:
        self._secrets = secrets
        self.masking = masking

    @classmethod
    def of(cls, settings: Settings, secrets: Secrets | None = None, *, place: str = "") -> Self:
        """Return the door that the settings ask for; ``place`` goes before the stand-ins of a process of many."""
        if not settings["mask-ids"].values:
            return cls(secrets or Secrets())
        from pytest_acrauth.plugin.cleaning.masking import Masking

        return cls(secrets or Secrets(), Masking(place))

    def clean(self, text: str, name: str = "") -> str:
        """Return a text as it may be read; ``name`` is what it stands under, such as a key or a property's name."""
        text = self._secrets.scrub(text)
        return text if self.masking is None else self.masking.mask(text, name)
