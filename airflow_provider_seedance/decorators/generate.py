"""``@task.seedance``: a Python function writes the request, and the task generates its video."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.bases.decorator import DecoratedOperator, task_decorator_factory

from airflow_provider_seedance.operators._mapping import MAP_INDEX_TEMPLATE
from airflow_provider_seedance.operators._request import take_request
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.runtime.exceptions import task_errors
from airflow_provider_seedance.runtime.xcom import REQUEST

try:
    from airflow.sdk.bases.decorator import determine_kwargs
except ImportError:  # before Airflow 3.2
    from airflow.utils.operator_helpers import determine_kwargs  # type: ignore[attr-defined]

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.bases.decorator import TaskDecorator


class SeedanceDecoratedOperator(DecoratedOperator, SeedanceGenerateVideoOperator):
    """Generate the video of the request that a function returns: a prompt, a dict or a ``GenerationRequest``.

    The function is called once in each try, in the worker, before anything is paid. What it returns is data, in which
    no template is rendered; it is kept as the XCom ``request``, from which the task goes on after its deferral. A retry
    calls the function again, and a request that differs from one that is paid for is refused (``on_stale_state``): what
    answers differently each time, such as a language model, belongs into a task of its own before this one.

    :param python_callable: the function.
    :param op_args: its positional arguments (templated).
    :param op_kwargs: its keyword arguments (templated).
    """

    template_fields: Sequence[str] = (
        *DecoratedOperator.template_fields,
        *SeedanceGenerateVideoOperator.template_fields,
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **DecoratedOperator.template_fields_renderers,
        **SeedanceGenerateVideoOperator.template_fields_renderers,
    }
    custom_operator_name = "@task.seedance"

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(python_callable=python_callable, op_args=op_args, op_kwargs=op_kwargs, **kwargs)

    def execute(self, context: Context) -> Any:
        with task_errors(context):
            self.request = self._call(context)
            take_request(self)
        context["ti"].xcom_push(key=REQUEST, value=self.request)
        return super().execute(context)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """As the operator, with the request that the function wrote before the deferral."""
        ti = context["ti"]
        self._reveal()
        self.request = ti.xcom_pull(task_ids=ti.task_id, key=REQUEST, map_indexes=ti.map_index)
        take_request(self)
        return super().resume_execution(next_method, next_kwargs, context)

    def _call(self, context: Context) -> dict[str, Any]:
        """The fields of the request that the function returns.

        :raises RequestInvalid: if it returns something else.
        """
        from airflow_provider_seedance.models import GenerationRequest

        known: dict[str, Any] = {**context, **self.op_kwargs}
        returned = self.python_callable(
            *self.op_args, **determine_kwargs(self.python_callable, self.op_args, known)
        )
        return GenerationRequest.parse(returned).to_dict()


def seedance_task(
    python_callable: Callable[..., Any] | None = None, *, multiple_outputs: bool = True, **kwargs: Any
) -> TaskDecorator:
    """``@task.seedance``: generate the video of the request that the function returns.

    :param python_callable: the function, which returns a prompt, a dict of request fields or a ``GenerationRequest``.
    :param multiple_outputs: also push each key of the result as an XCom of its own.
    :param kwargs: arguments of :class:`~airflow_provider_seedance.operators.generate.SeedanceGenerateVideoOperator`;
        those of the request are what the function leaves out.
    """
    kwargs.setdefault("map_index_template", MAP_INDEX_TEMPLATE)
    return task_decorator_factory(
        python_callable=python_callable,
        multiple_outputs=multiple_outputs,
        decorated_operator_class=SeedanceDecoratedOperator,
        **kwargs,
    )
