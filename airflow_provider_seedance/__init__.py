"""Apache Airflow provider for ByteDance's Seedance video generation."""

__version__ = "0.1.0"
