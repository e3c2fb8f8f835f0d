"""Amazon's S3 on this machine: moto's server, and the bucket that Airflow's object storage reaches there.

The store is attached as users do without ``apache-airflow-providers-amazon``, whose many dependencies no test needs.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CONN_ID = "minio"
#: Fake, and looked for where no credentials belong.
SECRET_ACCESS_KEY = "tested-secret-access-key-0123456789"


@dataclass(frozen=True)
class Bucket:
    """An empty bucket.

    :param fs: the filesystem that Airflow's object storage uses too.
    """

    fs: Any
    name: str

    def uri(self, key: str = "") -> str:
        """As a DAG author writes it."""
        return f"s3://{CONN_ID}@{self.name}/{key}".rstrip("/")

    def put(self, key: str, content: bytes) -> str:
        """Store an object; returns its URI."""
        self.fs.pipe_file(f"{self.name}/{key}", content)
        return self.uri(key)

    def read(self, uri: str) -> bytes:
        return self.fs.cat_file(uri.removeprefix(f"s3://{CONN_ID}@"))

    def names(self) -> list[str]:
        self.fs.invalidate_cache()
        return sorted(path.partition("/")[2] for path in self.fs.find(self.name))

    def close(self) -> None:
        """Refuse everybody everything, though the bucket is there."""
        everything = [f"arn:aws:s3:::{self.name}", f"arn:aws:s3:::{self.name}/*"]
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        self.fs.call_s3("put_bucket_policy", Bucket=self.name, Policy=policy)


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of moto's server, one for each test process, and credentials for it in the environment."""
    from moto.server import ThreadedMotoServer

    nowhere = tmp_path_factory.mktemp("aws") / "none"
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _environment(nowhere).items():
            patch.setenv(name, value)
        server.start()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


def _environment(nowhere: Path) -> dict[str, str]:
    """No credentials of whoever runs the tests are found."""
    return {
        "AWS_ACCESS_KEY_ID": "AKIATESTED",
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(nowhere),
        "AWS_SHARED_CREDENTIALS_FILE": str(nowhere),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture
def s3_signature() -> str:
    """How links are signed: ``s3v4`` as in all regions, or ``s3`` as in the old ones."""
    return "s3v4"


@pytest.fixture
def bucket(s3_endpoint: str, s3_signature: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An S3 with one bucket, ``s3://minio@bucket``, attached to Airflow's object storage."""
    import s3fs
    from airflow.sdk.io import attach, store

    fs = s3fs.S3FileSystem(endpoint_url=s3_endpoint, config_kwargs={"signature_version": s3_signature})
    monkeypatch.setattr(store, "_STORE_CACHE", {})
    attach(protocol="s3", conn_id=CONN_ID, fs=fs)
    reset(s3_endpoint, fs)
    fs.mkdir("bucket")
    return Bucket(fs, "bucket")


def reset(endpoint: str, fs: Any) -> None:
    """Empty the server of all buckets."""
    import httpx

    httpx.post(f"{endpoint}/moto-api/reset").raise_for_status()
    fs.invalidate_cache()
