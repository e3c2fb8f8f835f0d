"""Whether the libraries of the extra ``emulator`` are installed."""

from __future__ import annotations

from importlib.util import find_spec

#: Importable name -> distribution.
_LIBRARIES = {"av": "av", "PIL": "pillow", "starlette": "starlette", "uvicorn": "uvicorn"}


def require_extra() -> None:
    """Raise a ModuleNotFoundError that says what to install, unless the whole extra is there."""
    missing = [name for name in _LIBRARIES if find_spec(name) is None]
    if missing:
        raise ModuleNotFoundError(
            f"the emulator needs {', '.join(_LIBRARIES[name] for name in missing)}, which the extra 'emulator' brings: "
            "pip install 'airflow-provider-seedance[emulator]'",
            name=missing[0],
        )
