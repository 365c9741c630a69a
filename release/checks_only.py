"""Runs before anything else in the one file: it is for checking registries, not for the suite of the current folder."""

import os

os.environ.setdefault("PYTEST_ACR_CHECKS", "only")
