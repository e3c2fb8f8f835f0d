"""What users copy is checked as they would check it; mypy itself, and pyright over all of it, run in ``make lint``."""

from __future__ import annotations

from pathlib import Path

from dev.usage_types import EXAMPLES, PAGES, blocks, pyright, write_modules


def test_each_python_block_is_a_module(tmp_path: Path) -> None:
    """Named by its title, or by its page and line, and as it stands there."""
    page = tmp_path / "page.md"
    page.write_text(
        "# Page\n\n```python\nx = 1\n```\n\n```json\n{}\n```\n\n```python title=a.py\ny = 2\n```\n"
    )
    assert list(blocks(page)) == [("page_line_3", "x = 1\n"), ("a", "y = 2\n")]


def test_all_pages_and_examples_are_checked(tmp_path: Path) -> None:
    """README, docs and example DAGs."""
    names = {module.name for module in write_modules(tmp_path)}
    assert all(any(name.startswith(page) for name in names) for page in ("readme", "generate", "batch"))
    assert {page.name for page in PAGES} >= {"README.md", "generate.md"}
    assert len(list(EXAMPLES.glob("*.py"))) >= 8


def test_pyright_sees_a_wrong_use(tmp_path: Path) -> None:
    """Of this package, not of Airflow's own types."""
    module = tmp_path / "wrong.py"
    module.write_text(
        "from airflow.sdk import DAG\n"
        "from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator\n"
        "with DAG('wrong', params={'prompt': 'a fox'}):\n"
        "    SeedanceGenerateVideoOperator(task_id='generate', prompt=[1])\n"
    )
    (found,) = pyright(tmp_path, [module])
    assert found.startswith(f"{module}:4: ")
    assert '"prompt"' in found
