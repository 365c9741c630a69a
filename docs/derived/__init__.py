"""What docs/generate.py makes of the tables in the code: a module for each kind of page."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
NOTICE = "<!-- Written by docs/generate.py from the tables in the code; do not edit. -->\n"
