"""Ask a person in Airflow's UI: before a storyboard is paid for, and before a video is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator

from airflow_provider_seedance.operators._arguments import requests_as_dicts, wait_limit
from airflow_provider_seedance.operators._finite import FiniteFieldsMixin
from airflow_provider_seedance.operators._mapping import MapLabelMixin
from airflow_provider_seedance.runtime.exceptions import task_errors
from airflow_provider_seedance.runtime.masking import SignedLinkMaskingMixin

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.operators._base import RequestArgument, Result, Text


class _ApprovalOperator(FiniteFieldsMixin, SignedLinkMaskingMixin, MapLabelMixin, ApprovalOperator):
    """Airflow's, with one name for the limit of the wait on each version of it."""

    def __init__(self, *, response_timeout: timedelta | None = None, **kwargs: Any) -> None:
        super().__init__(**wait_limit(HITLOperator, response_timeout), **kwargs)


class SeedanceApproveStoryboardOperator(_ApprovalOperator):
    """Ask for approval of what would be generated, and of what it costs at most.

    The requests are checked first, all at once, and what is wrong with them is told without asking anybody. "Reject"
    skips what follows, so that nothing is paid.

    :param requests: as of :class:`~airflow_provider_seedance.operators.batch.SeedanceGenerateBatchOperator`.
    :param request_defaults: request fields for rows that leave them out.
    :param seedance_conn_id: the connection whose prices count.
    :param subject: the headline; without one, the number of shots and the sum.
    :param kwargs: further arguments of Airflow's ``ApprovalOperator``, such as ``response_timeout``, ``defaults`` or
        ``assigned_users``.
    """

    template_fields: Sequence[str] = (
        *ApprovalOperator.template_fields,
        "requests",
        "request_defaults",
        "seedance_conn_id",
    )
    unsearched_fields = frozenset({"requests"})
    label_fields = ("requests",)
    ui_color = "#e8e3ff"

    def __init__(
        self,
        *,
        requests: Sequence[RequestArgument] | Text,
        request_defaults: RequestArgument | None = None,
        seedance_conn_id: Text = "seedance_default",
        subject: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(subject=subject, **kwargs)
        self.requests: Any = requests_as_dicts(self, requests)
        self.request_defaults: Any = requests_as_dicts(self, request_defaults)
        self.seedance_conn_id: Any = seedance_conn_id

    def execute(self, context: Context) -> Any:
        from airflow_provider_seedance.core.lifecycle.approval import storyboard_as_markdown, total_in_words

        self._reveal()
        with task_errors():
            shots = self._shots()
        self.subject = self.subject or f"Generate {total_in_words(shots)}?"
        self.body = "\n\n".join(filter(None, (self.body, storyboard_as_markdown(shots))))
        return super().execute(context)

    def _shots(self) -> list[Any]:
        """Each request with its estimate, in the order in which they were given."""
        from airflow_provider_seedance.core.batch.rows import check_rows, read_rows
        from airflow_provider_seedance.hooks.seedance import SeedanceHook
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        with SeedanceHook(self.seedance_conn_id).get_conn() as client:
            raw_rows = read_rows(self.requests, path_from_uri)
            rows = check_rows(
                raw_rows, self.request_defaults, client.catalog.prepare, vendor=client.vendor_name
            )
            return [(row.request, client.estimate_cost(row.request)) for row in rows]


class SeedanceApproveVideoOperator(_ApprovalOperator):
    """Ask for approval of a video: its poster, its contact sheet, its facts, and a link to its card in the gallery.

    "Reject" skips what follows, so that nothing is published. A picture shows if it is beside the landed file.

    :param video: what the generate operator returned for a landed video, or a manifest.
    :param subject: the headline; without one, the video's prompt.
    :param kwargs: further arguments of Airflow's ``ApprovalOperator``, such as ``response_timeout`` or
        ``assigned_users``.
    """

    template_fields: Sequence[str] = (*ApprovalOperator.template_fields, "video")
    label_fields = ("video",)
    ui_color = "#e8e3ff"

    def __init__(self, *, video: Result, subject: str = "", **kwargs: Any) -> None:
        super().__init__(subject=subject, **kwargs)
        self.video: Any = video

    def execute(self, context: Context) -> Any:
        from airflow_provider_seedance.core.lifecycle.approval import video_as_markdown

        self._reveal()
        with task_errors():
            result = self._result()
            shown = video_as_markdown(result, pictures=_pictures_of(result))
        self.subject = self.subject or f"Publish {self.map_label}?"
        self.body = "\n\n".join(filter(None, (self.body, shown)))
        return super().execute(context)

    def _result(self) -> Mapping[str, Any]:
        from airflow_provider_seedance.core.literals import mapping_in
        from airflow_provider_seedance.core.redaction import describe
        from airflow_provider_seedance.errors import ConfigurationError

        result = mapping_in(self.video)
        if not isinstance(result, Mapping):
            raise ConfigurationError(
                f"video must be a generation's result or a manifest, not {describe(result)}"
            )
        return result


def _pictures_of(result: Mapping[str, Any]) -> list[str]:
    """The pictures beside the landed video, by the gallery's routes."""
    from airflow_provider_seedance.core.landing.pictures import CONTACT_SHEET, POSTER, picture_name
    from airflow_provider_seedance.core.storage.files import size_of
    from airflow_provider_seedance.runtime.object_storage import path_from_uri

    uri = str((result.get("manifest") or result).get("uri") or "")
    endings = {"poster": POSTER, "sheet": CONTACT_SHEET} if uri else {}
    return [name for name, ending in endings.items() if size_of(path_from_uri(picture_name(uri, ending)))]
