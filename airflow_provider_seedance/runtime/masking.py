"""Keep links out of the rendered fields that Airflow stores and shows, and out of its logs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, XComArg

if TYPE_CHECKING:
    from airflow.sdk import Context

#: Links of a field that logs are searched for, at most, and the longest of them: every log line pays for each.
MAX_MASKED_LINKS = 100
MAX_MASKED_LENGTH = 4_096


class Concealed:
    """A value in whose place Airflow stores and shows a redacted copy.

    :param value: the value, for the operator that uses it.
    :param hide_links: show of each link no more than its host.
    """

    __slots__ = ("_hide_links", "value")

    def __init__(self, value: Any, *, hide_links: bool = False) -> None:
        self.value = value
        self._hide_links = hide_links

    def serialize(self) -> Any:
        """The redacted copy, which Airflow stores among the rendered fields."""
        from airflow_provider_seedance.core.redaction import redact_values

        return redact_values(self.value, hide_links=self._hide_links)

    def __repr__(self) -> str:
        return repr(self.serialize())


def conceal(value: Any, *, hide_links: bool = False) -> Any:
    """``value``, in a :class:`Concealed` if a redacted copy would differ from it."""
    concealed = Concealed(value, hide_links=hide_links)
    return value if _same(concealed.serialize(), value) else concealed


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal, as far as their types can tell: arrays and tables cannot."""
    try:
        return one is other or bool(one == other)
    except (TypeError, ValueError, RecursionError):
        return False


class SignedLinkMaskingMixin(BaseOperator):
    """For operators that take links: template fields are concealed from their rendering until their use.

    Airflow stores rendered fields between the two. It knows values that come from other tasks by their identity, and
    takes a copy of one for a template: so no field is touched before all are rendered.
    """

    #: Template fields with thousands of links, for which logs are not searched.
    unsearched_fields: frozenset[str] = frozenset()

    def _do_render_template_fields(
        self,
        parent: Any,
        template_fields: Iterable[str],
        context: Context,
        jinja_env: Any,
        seen_oids: set[int],
    ) -> None:
        """Render as any operator, and then conceal: Airflow calls this for mapped tasks too."""
        if parent is not self:
            super()._do_render_template_fields(parent, template_fields, context, jinja_env, seen_oids)
            return
        given = {name: getattr(self, name, None) for name in template_fields}
        seen_oids |= {id(given[name]) for name in given.keys() & self._names_from_other_tasks(context)}
        super()._do_render_template_fields(parent, given, context, jinja_env, seen_oids)
        for name, before in given.items():
            value = getattr(self, name, None)
            self._conceal(name, value, is_foreign=id(value) in seen_oids or not _same(value, before))

    def _names_from_other_tasks(self, context: Context) -> set[str]:
        """The arguments that ``expand_kwargs`` took from an XCom: data, which Airflow by itself takes for templates."""
        dag = self.get_dag()
        mapped = dag.task_dict.get(self.task_id) if dag else None
        rows = getattr(getattr(mapped, "expand_input", None), "value", None)
        if isinstance(rows, Sequence):
            rows = rows[context["ti"].map_index or 0]
        if not isinstance(rows, XComArg):
            return set()
        return set(self.template_fields) - set(getattr(mapped, "partial_kwargs", ()))

    def render_template(
        self, content: Any, context: Context, jinja_env: Any = None, seen_oids: set[int] | None = None
    ) -> Any:
        """As any operator; Airflow logs a template that fails."""
        try:
            return super().render_template(content, context, jinja_env, seen_oids)
        except Exception:
            _mask_links(content, hide_links=False)
            raise

    def _conceal(self, name: str, value: Any, *, is_foreign: bool) -> None:
        """Conceal a field that is rendered.

        :param is_foreign: the DAG's author has not written the value, so each link in it may be one of a result.
        """
        if name not in self.unsearched_fields:
            _mask_links(value, hide_links=is_foreign)
        setattr(self, name, conceal(value, hide_links=is_foreign))

    def _reveal(self) -> None:
        """Give the template fields their values back."""
        for name in self.template_fields:
            value = getattr(self, name, None)
            if isinstance(value, Concealed):
                setattr(self, name, value.value)

    def pre_execute(self, context: Any) -> None:
        """Airflow calls this when it has stored the rendered fields."""
        self._reveal()
        super().pre_execute(context)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """As any task."""
        self._reveal()
        return super().resume_execution(next_method, next_kwargs, context)


def _mask_links(value: Any, *, hide_links: bool) -> None:
    from airflow.sdk.log import mask_secret

    from airflow_provider_seedance.core.redaction import secret_links

    for link in islice(secret_links(value, hide_links=hide_links), MAX_MASKED_LINKS):
        if len(link) <= MAX_MASKED_LENGTH:
            mask_secret(link)
