"""What Airflow reads about this package: the connection type and its form, and where the classes are."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any


def _field(label: str, description: str, section: str, kind: str = "string", **schema: Any) -> dict[str, Any]:
    """A field of the connection form.

    :param section: the group of fields in which the form shows it.
    """
    # Airflow's form shows a field that may not be null in red before anything is typed, and a null among the choices
    # as a choice.
    return {
        "label": label,
        "description": description,
        "schema": {"type": [kind, "null"], "section": section, **schema},
    }


def get_provider_info() -> dict[str, Any]:
    """Entry point ``apache_airflow_provider``."""
    return {
        "package-name": "airflow-provider-seedance",
        "name": "Seedance",
        "description": "Generate, land and publish ByteDance Seedance videos through four vendors.",
        "integrations": [
            {
                "integration-name": "Seedance",
                "external-doc-url": "https://docs.byteplus.com/en/docs/ModelArk/1520757",
                "tags": ["ai", "service"],
            }
        ],
        "hooks": [
            {
                "integration-name": "Seedance",
                "python-modules": ["airflow_provider_seedance.hooks.seedance"],
            }
        ],
        "operators": [
            {
                "integration-name": "Seedance",
                "python-modules": [
                    "airflow_provider_seedance.operators.generate",
                    "airflow_provider_seedance.operators.batch",
                    "airflow_provider_seedance.operators.download",
                    "airflow_provider_seedance.operators.publish",
                    "airflow_provider_seedance.operators.assets",
                    "airflow_provider_seedance.operators.approval",
                ],
            }
        ],
        "sensors": [
            {
                "integration-name": "Seedance",
                "python-modules": ["airflow_provider_seedance.sensors.generation"],
            }
        ],
        "triggers": [
            {
                "integration-name": "Seedance",
                "python-modules": [
                    "airflow_provider_seedance.triggers.sensor",
                    "airflow_provider_seedance.triggers.generation",
                    "airflow_provider_seedance.triggers.batch",
                    "airflow_provider_seedance.triggers.asset",
                    "airflow_provider_seedance.triggers.finished",
                ],
            }
        ],
        "extra-links": [
            "airflow_provider_seedance.operators._links.GalleryLink",
            "airflow_provider_seedance.operators._links.VideoLink",
            "airflow_provider_seedance.operators._links.VendorConsoleLink",
        ],
        "plugins": [
            {
                "name": "seedance",
                "plugin-class": "airflow_provider_seedance.plugins.seedance.SeedancePlugin",
            }
        ],
        "task-decorators": [
            {
                "name": "seedance",
                "class-name": "airflow_provider_seedance.decorators.generate.seedance_task",
            }
        ],
        "connection-types": [
            {
                "connection-type": "seedance",
                "hook-class-name": "airflow_provider_seedance.hooks.seedance.SeedanceHook",
                "hook-name": "Seedance",
                "ui-field-behaviour": {
                    "hidden-fields": ["login", "port", "schema"],
                    "relabeling": {"password": "API key", "host": "Base URL"},
                    "placeholders": {
                        "host": "empty for the vendor's own; else scheme, host and optional prefix",
                    },
                },
                "conn-fields": _connection_fields(),
            }
        ],
        "config": {"seedance": {"description": "Options of the Seedance provider.", "options": _options()}},
    }


def _options() -> dict[str, Any]:
    return {
        "state_folder": {
            "description": "Folder, local or in an object store, for the records of what was submitted. Empty for"
            " Airflow's task state store, which Airflow has from version 3.3; before that, nothing is remembered"
            " without a folder.",
            "version_added": "0.1.0",
            "type": "string",
            "example": "s3://my-bucket/seedance-state",
            "default": "",
        },
        "staging": {
            "description": "Folder of an object store for files that a vendor must fetch by a link, such as reference"
            " videos for ModelArk. The store must be able to make signed links.",
            "version_added": "0.1.0",
            "type": "string",
            "example": "s3://my-bucket/seedance-staging",
            "default": "",
        },
        "ledger_conn_id": {
            "description": "Connection to the SQL database, SQLite or PostgreSQL, in which every intent to pay is"
            " recorded: one submission under overlap, budgets, reuse and spend need it. Empty for no ledger.",
            "version_added": "0.1.0",
            "type": "string",
            "example": "seedance_ledger",
            "default": "",
        },
        "ledger_prompts": {
            "description": "Whether the ledger stores prompts.",
            "version_added": "0.1.0",
            "type": "boolean",
            "example": "False",
            "default": "True",
        },
        "callback_base_url": {
            "description": "Public https address of Airflow's API server, at which vendors tell that a video is ready;"
            " then its task resumes at once, and is polled only every max_lag seconds. Empty for polling alone.",
            "version_added": "0.1.0",
            "type": "string",
            "example": "https://airflow.example.com",
            "default": "",
        },
        "callback_secret": {
            "description": "Secret from which the tokens in callback URLs are made, the same for workers and API"
            " servers; several with commas between them, of which the first makes tokens and all are taken. Empty for"
            " [core] fernet_key.",
            "version_added": "0.1.0",
            "type": "string",
            "sensitive": True,
            "example": None,
            "default": "",
        },
        "max_lag": {
            "description": "Longest pause between two status requests of the triggerer for one generation, seconds.",
            "version_added": "0.1.0",
            "type": "float",
            "example": "5",
            "default": "90",
        },
        "max_video_bytes": {
            "description": "Largest video that is downloaded, bytes.",
            "version_added": "0.1.0",
            "type": "integer",
            "example": "500000000",
            "default": "2147483648",
        },
        "allow_private_result_hosts": {
            "description": "Whether result links and their redirects may lead to private addresses. They always may"
            " where the connection's own host is at one.",
            "version_added": "0.1.0",
            "type": "boolean",
            "example": "True",
            "default": "False",
        },
    }


def _vendors() -> list[str]:
    """The vendors of this package, and those that other distributions register."""
    outside = [entry.name for entry in entry_points(group="airflow_provider_seedance.vendors")]
    return list(dict.fromkeys(["modelark", "evolink", "anyfast", "toapis", *outside]))


def _connection_fields() -> dict[str, Any]:
    account, models = "Account", "Models and prices"
    money, requests, assets = "Money", "Requests", "Asset library (ModelArk)"
    return {
        "vendor": _field("Vendor", "Required: whose HTTP API the key belongs to.", account, enum=_vendors()),
        "region": _field(
            "Region",
            "ModelArk only: ap-southeast (BytePlus, the default) or cn-beijing (Volcengine).",
            account,
            enum=["ap-southeast", "cn-beijing"],
        ),
        "budgets": _field(
            "Budgets",
            'What submissions may cost in a period, such as [{"limit": "200 USD", "per": "day"}]; they need a ledger.',
            money,
            format="multiline",
        ),
        "min_balance": _field(
            "Least balance",
            "Nothing is submitted while less than this is left, such as 5 USD; where the vendor tells its balance.",
            money,
        ),
        "prices": _field(
            "Prices",
            "Your own prices: a JSON list, or the path of a JSON file.",
            models,
            format="multiline",
        ),
        "catalog": _field(
            "Catalog rows",
            "Models to add or override: a JSON list, or the path of a JSON file.",
            models,
            format="multiline",
        ),
        "request_timeout": _field(
            "Request timeout",
            "Seconds for one HTTP call; empty for 60, and 300 for a create.",
            requests,
            "number",
            minimum=1,
            maximum=3600,
        ),
        "max_concurrency": _field(
            "Concurrent requests",
            "HTTP calls at a time to the vendor from one process; empty for 20.",
            requests,
            "integer",
            minimum=1,
            maximum=1000,
        ),
        "webhook_secret": _field(
            "Webhook secret",
            "ToAPIs only: the signing secret of the key's webhook; callbacks without its signature are refused.",
            requests,
            format="password",
        ),
        "access_key_id": _field(
            "Access key ID",
            "ModelArk only, with its secret: signs the requests to the asset library.",
            assets,
        ),
        "secret_access_key": _field(
            "Secret access key",
            "ModelArk only: the secret of the access key.",
            assets,
            format="password",
        ),
    }
