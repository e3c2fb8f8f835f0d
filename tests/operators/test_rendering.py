"""What other tasks return is data: Airflow renders the templates of the DAG's author and nothing else."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from airflow.sdk import DAG, BaseOperator

from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from tests.airflow.running import TaskRun
from tests.operators.conftest import LONG, SMALL

pytestmark = pytest.mark.usefixtures("passing")

LINK = "https://bucket.example/a.png?X-Tos-Signature=TOPSECRET"
PROMPT = f"A fox {{{{ 7*191 }}}} {{% raw %}} as in {LINK} {{{{ conn.other.password }}}}"
SIZES = {name: value for name, value in SMALL.items() if name != "prompt"}


class Upstream(BaseOperator):
    """Another task, whose result is in ``TaskRun.upstream``."""

    def execute(self, context):
        return None


def prompts(emulator) -> list[str]:
    """As the vendor received them."""
    bodies = [note["body"] for note in emulator.requests() if note["operation"] == "create"]
    return [part["text"] for body in bodies for part in body["content"] if part["type"] == "text"]


@pytest.fixture(params=[False, True], ids=["text", "native"])
def other(request):
    """A task of a DAG whose templates give text, or Python values."""
    with DAG("tested", schedule=None, render_template_as_native_obj=request.param):
        yield Upstream(task_id="other")


def ran(emulator, operator, returned) -> TaskRun:
    task = TaskRun(operator, lambda: emulator.advance(LONG), upstream={"other": returned})
    task()
    assert task.rendered
    assert "TOPSECRET" not in json.dumps(task.rendered)
    return task


WAYS = {
    "expand": lambda kind, other, name, fixed: kind.partial(**fixed).expand(**{name: other.output}),
    "map": lambda kind, other, name, fixed: kind.partial(**fixed).expand(**{name: other.output.map(same)}),
    "expand_kwargs": lambda kind, other, name, fixed: kind.partial(**fixed).expand_kwargs(
        other.output.map(lambda value: {name: value})
    ),
    "list of XComs": lambda kind, other, name, fixed: kind.partial(**fixed).expand_kwargs([other.output]),
    "XCom": lambda kind, other, name, fixed: kind(**fixed, **{name: other.output}),
}


def same(value):
    """What comes in."""
    return value


def returned_for(way: str, name: str, value) -> object:
    if way == "list of XComs":
        return {name: value}
    return value if way == "XCom" else [value]


@pytest.mark.parametrize("way", WAYS)
def test_a_prompt_out_of_another_task_is_sent_as_it_is(way, other, connect, emulator, monkeypatch) -> None:
    """On each way that a value can take, with links in it and without."""
    fixed = {"task_id": "generate", "seedance_conn_id": connect(), **SIZES}
    operator = WAYS[way](SeedanceGenerateVideoOperator, other, "prompt", fixed)
    ran(emulator, operator, returned_for(way, "prompt", PROMPT))
    assert prompts(emulator) == [PROMPT]


@pytest.mark.parametrize("way", WAYS)
def test_rows_out_of_another_task_are_sent_as_they_are(way, other, connect, emulator, tmp_path) -> None:
    """Their links are concealed all the same."""
    rows = [{"prompt": PROMPT}, "A hare {{ 7*191 }}"]
    fixed = {
        "task_id": "batch",
        "seedance_conn_id": connect(),
        "defaults": SIZES,
        "destination": f"{tmp_path}/{{row}}.mp4",
    }
    operator = WAYS[way](SeedanceGenerateBatchOperator, other, "requests", fixed)
    ran(emulator, operator, returned_for(way, "requests", rows))
    assert sorted(prompts(emulator)) == sorted([PROMPT, rows[1]])


@pytest.mark.parametrize("template", ["{{ ti.xcom_pull('other') }}", "{{ ti.xcom_pull(task_ids='other') }}"])
def test_a_template_is_rendered_once(template, other, connect, emulator) -> None:
    """What it brings in is not."""
    operator = SeedanceGenerateVideoOperator(
        task_id="generate", seedance_conn_id=connect(), prompt=template, **SIZES
    )
    ran(emulator, operator, PROMPT)
    assert prompts(emulator) == [PROMPT]


def test_rows_by_a_template_are_rendered_once(other, connect, emulator, tmp_path) -> None:
    """As text of a list, and as a list."""
    operator = SeedanceGenerateBatchOperator(
        task_id="batch",
        seedance_conn_id=connect(),
        requests="{{ ti.xcom_pull('other') }}",
        defaults=SIZES,
        destination=f"{tmp_path}/{{row}}.mp4",
    )
    ran(emulator, operator, [{"prompt": PROMPT}])
    assert prompts(emulator) == [PROMPT]


def test_the_authors_own_templates_are_rendered(other, connect, emulator) -> None:
    """In mapped arguments that stand in the DAG, beside data."""
    operator = SeedanceGenerateVideoOperator.partial(
        task_id="generate", seedance_conn_id=connect(), **SIZES
    ).expand_kwargs([{"prompt": "Number {{ 7*191 }}"}])
    ran(emulator, operator, None)
    assert prompts(emulator) == ["Number 1337"]


def test_a_template_that_fails_is_logged_without_links(other, connect) -> None:
    """Airflow logs it as it stands."""
    from airflow.sdk.log import redact

    link = "https://bucket.example/failing.png?sig=SECRET-IN-A-TEMPLATE"
    operator = SeedanceGenerateBatchOperator(
        task_id="batch",
        seedance_conn_id=connect(),
        requests=[{"prompt": f"{link} {{{{ 1/0 }}}}"}],
        destination="x",
    )
    with pytest.raises(ZeroDivisionError):
        TaskRun(operator)()
    assert "SECRET-IN-A-TEMPLATE" not in redact(f"Template: {link}")


def test_fields_have_their_values_when_the_task_is_executed() -> None:
    """A subclass reads what was given."""
    read = SimpleNamespace()

    class Own(SeedanceGenerateVideoOperator):
        def execute(self, context):
            read.prompt, read.options = self.prompt, self.vendor_options

    task = TaskRun(Own(task_id="own", prompt=PROMPT.partition("{")[0] + LINK, vendor_options={"a": [LINK]}))
    task()
    assert (read.prompt, read.options) == ("A fox " + LINK, {"a": [LINK]})
    assert "TOPSECRET" not in json.dumps(task.rendered)
