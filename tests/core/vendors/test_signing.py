"""ModelArk's signature, against what the official SDK's signer makes of the same requests."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from airflow_provider_seedance.core.vendors.contract import ToSign
from airflow_provider_seedance.core.vendors.modelark.assets import sign

#: Region, host, query, body, and the signature by byteplus-python-sdk-v2 3.0.63.
VECTORS = [
    (
        "ap-southeast",
        "open.byteplusapi.com",
        (("Action", "CreateAssetGroup"), ("Version", "2024-01-01")),
        '{"Name": "cast", "GroupType": "AIGC"}',
        "4644263dc366b6ce897055b8df53216c4a7ff9f1a1ebdd1cc683ad58f9a16440",
    ),
    (
        "cn-beijing",
        "ark.cn-beijing.volcengineapi.com",
        (("Version", "2024-01-01"), ("Action", "GetAsset")),
        '{"Id": "asset-é"}',
        "88e0b14caec0182d7a5b48b41e39bc8eada010daedfa06989d0b5fd53313bcfd",
    ),
    (
        "ap-southeast",
        "127.0.0.1:8765",
        (("Action", "a b+c"), ("Version", "~x")),
        "{}",
        "d465adef9522070e002a1d9c604364177dd76e4d17374b827d38ebb4806eb8ea",
    ),
]


def _signed(region, host, query, body, secret="c2VjcmV0LWtleQ=="):
    return sign(
        ToSign(
            method="POST",
            path="/",
            query=query,
            host=host,
            content_type="application/json",
            body=body.encode(),
            region=region,
            now=datetime(2026, 11, 27, 22, 0, 1, tzinfo=timezone.utc),
            access_key_id="AKLTexample",
            secret_access_key=secret,
        )
    )


@pytest.mark.parametrize(("region", "host", "query", "body", "signature"), VECTORS)
def test_it_is_the_official_signers(region, host, query, body, signature) -> None:
    headers = _signed(region, host, query, body)
    assert headers["Authorization"].endswith(f"Signature={signature}")
    assert headers["X-Date"] == "20261127T220001Z"


def test_each_part_is_signed() -> None:
    """The secret, the body, the query, the host and the region."""
    region, host, query, body, _ = VECTORS[0]
    variants = [
        _signed(region, host, query, body),
        _signed(region, host, query, body, "another"),
        _signed(region, host, query, f"{body} "),
        _signed(region, host, query[:1], body),
        _signed(region, "proxy", query, body),
        _signed("cn-beijing", host, query, body),
    ]
    assert len({headers["Authorization"] for headers in variants}) == len(variants)
