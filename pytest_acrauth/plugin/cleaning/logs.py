"""Taking out of log lines what nobody may read, where pytest shows them at once or writes them into a file."""

from __future__ import annotations

import logging

import pytest

from pytest_acrauth.plugin.cleaning.text import TextCleaner


class _CleanLines(logging.Formatter):
    """Formats as another formatter does, and cleans what comes of it."""

    def __init__(self, formatter: logging.Formatter, cleaner: TextCleaner) -> None:
        super().__init__()
        self._formatter = formatter
        self._cleaner = cleaner

    def format(self, record: logging.LogRecord) -> str:
        return self._cleaner.clean(self._formatter.format(record))


def clean_logs(config: pytest.Config, cleaner: TextCleaner) -> None:
    """Clean the lines of ``log_cli`` and ``--log-file``, which are in no report; whoever logs them."""
    plugin = config.pluginmanager.get_plugin("logging-plugin")
    for name in ("log_cli_handler", "log_file_handler"):
        handler = getattr(plugin, name, None)
        if isinstance(handler, logging.Handler) and handler.formatter is not None:
            handler.setFormatter(_CleanLines(handler.formatter, cleaner))
