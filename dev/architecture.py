"""The import order of the package, drawn into ``docs/development.md`` by ``python -m dev.architecture``.

``tests/test_architecture.py`` holds the package to it.
"""

from __future__ import annotations

from pathlib import Path

from dev.generated import with_generated

PAGE = Path(__file__).resolve().parent.parent / "docs" / "development.md"
COMMAND = "python -m dev.architecture"

#: Import order, from the bottom. A name is a module or a folder; ``*`` stands for each module of a folder by itself.
#: Those on one line stand side by side: they do not know each other.
LAYERS = (
    (
        "core.clock",
        "core.backoff",
        "core.error_kinds",
        "core.request_fields",
        "core.redaction",
        "core.literals",
    ),
    ("core.suggestions", "core.diagnosis"),
    ("core.request_values",),
    ("errors",),
    ("models", "core.library"),
    ("core.money",),
    ("core.catalog",),
    ("core.storage",),
    ("core.vendors.strict_json", "core.vendors.diagnosis"),
    ("core.vendors.contract",),
    ("core.vendors.reading", "core.vendors.status_words"),
    ("core.vendors.replies",),
    ("core.vendors.tasks",),
    ("core.vendors.ark", "core.vendors.ark_assets", "core.vendors.newapi"),
    ("core.vendors.*.errors",),
    ("core.vendors.*.generations",),
    (
        "core.vendors.*.account",
        "core.vendors.*.assets",
        "core.vendors.*.callbacks",
        "core.vendors.*.files",
        "core.vendors.*.listing",
    ),
    ("core.vendors.*",),
    ("core.vendors",),
    ("core.client.addresses", "core.client.decoding"),
    (
        "core.client.account",
        "core.client.request_body",
        "core.client.connection_parts",
        "core.client.proxies",
        "core.client.retry",
        "core.client.media_connections",
    ),
    ("core.client.errors",),
    ("core.client.body",),
    ("core.client.flows", "core.client.download", "core.client.aiohttp_client", "core.client.httpx_client"),
    ("core.client.asset_flows", "core.client.transport"),
    ("core.client.groups",),
    ("core.client.http",),
    ("core.client",),
    ("core.ledger.entries",),
    ("core.ledger.schema", "core.ledger.engine"),
    ("core.ledger.budgets", "core.ledger.spend", "core.ledger.tables", "core.ledger.videos"),
    ("core.ledger.ledger",),
    ("core.ledger",),
    ("core.submission", "core.polling", "core.landing"),
    ("core.media", "core.callbacks"),
    ("core.lifecycle", "core.gallery"),
    ("core.batch.row_text", "core.batch.pool_results"),
    (
        "core.batch.rows",
        "core.batch.state",
        "core.batch.paths",
        "core.batch.event",
        "core.batch.wakeup",
        "core.batch.admission",
        "core.batch.progress",
        "core.batch.poller",
        "core.batch.connections",
    ),
    (
        "core.batch.plan",
        "core.batch.destinations",
        "core.batch.journal",
        "core.batch.decide",
        "core.batch.listing",
        "core.batch.spending",
    ),
    ("core.batch.worker", "core.batch.summary", "core.batch.lineage"),
    ("core.batch.resume", "core.batch.scheduler", "core.batch.reuse"),
    ("core.batch.run",),
    ("core.batch",),
    ("core",),
    ("runtime.xcom",),
    (
        "runtime.config",
        "runtime.object_storage",
        "runtime.masking",
        "runtime.exceptions",
        "runtime.metrics",
        "runtime.background_log",
        "runtime.asset_events",
    ),
    (
        "runtime.accounts",
        "runtime.connections",
        "runtime.asset_records",
        "runtime.media",
        "runtime.callbacks",
        "runtime.lineage",
    ),
    ("runtime.ledger",),
    ("runtime.task_state", "runtime.pollers"),
    ("runtime.batch_session",),
    ("hooks",),
    ("runtime.polling", "runtime.callback_accounts", "runtime.finished_videos"),
    ("runtime.waiting_tasks",),
    ("runtime",),
    ("policies", "triggers"),
    ("operators",),
    ("decorators", "sensors", "task_groups"),
    ("notifications",),
    ("plugins.gallery", "plugins.callbacks"),
    ("plugins",),
    ("get_provider_info", "__main__"),
)
#: Stands alone: two readings of one contract, and a mistake in one must not hide in the other.
EMULATOR = "emulator"
#: Knows both: it puts the one in the other's way, for tests of users' DAGs. Neither knows it.
TESTING = "testing"


def drawing() -> str:
    """The layers as text, the top one first, as a Markdown code block."""
    lines = [", ".join(map(_label, layer)) for layer in reversed(LAYERS)]
    alone = [f"{EMULATOR}  (stands alone)", f"{TESTING}  (known by neither)"]
    return "\n".join(["```text", *lines, "", *alone, "```"])


def _label(name: str) -> str:
    """The name; that of a folder whose modules have layers of their own stands for its ``__init__`` alone."""
    has_layers_inside = any(other.startswith(f"{name}.") for layer in LAYERS for other in layer)
    return f"{name}.__init__" if has_layers_inside else name


def with_drawing(page: str) -> str:
    """The page, with the present layers between its markers."""
    return with_generated(page, COMMAND, drawing())


if __name__ == "__main__":
    PAGE.write_text(with_drawing(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
