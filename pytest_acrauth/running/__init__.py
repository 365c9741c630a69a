"""Runs without pytest: targets climbed side by side, and climbed again where a change may not be in effect yet."""
