from tests.ledgers import _ledgers, database, ledger, ledger_url, postgres_server

__all__ = ["_ledgers", "database", "ledger", "ledger_url", "postgres_server"]
