"""The generated part of a page: what stands between two markers, and the command that renews it."""

from __future__ import annotations

import re

END = "<!-- end -->"


def begin(command: str) -> str:
    """The marker in front of the part that ``command`` writes."""
    return f"<!-- made by {command} -->"


def with_generated(page: str, command: str, part: str) -> str:
    """The page, with ``part`` between the markers of ``command``.

    :raises ValueError: if the page has no such markers.
    """
    start = begin(command)
    found = re.search(f"{re.escape(start)}.*?{re.escape(END)}", page, re.DOTALL)
    if not found:
        raise ValueError(f"the page has no part between {start} and {END}")
    return f"{page[: found.start()]}{start}\n\n{part}\n\n{END}{page[found.end() :]}"
