"""What holds for all tests."""

from __future__ import annotations

import sys

# Unless Python was started with filters of warnings, Airflow puts its own before those of pyproject.toml when it is
# imported, and they show what is to be an error: ``airflow`` is the beginning of our package's name too.
sys.warnoptions.append("default")
