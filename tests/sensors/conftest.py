"""The sensor before a running emulator, without Airflow's database."""

from tests.airflow.fixtures import connect, emulator, passing, running_emulator

__all__ = ["connect", "emulator", "passing", "running_emulator"]
