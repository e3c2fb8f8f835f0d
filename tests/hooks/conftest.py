"""The hook before a running emulator, without Airflow's database."""

from tests.airflow.fixtures import connect, emulator, running_emulator

__all__ = ["connect", "emulator", "running_emulator"]
