"""Links on a task's page in Airflow's UI.

Airflow makes each link when the task defers and when it ends, and keeps it as an XCom, which everyone who may read the
task can see: so none of them opens a file or an account by itself.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from airflow.sdk import BaseOperator, BaseOperatorLink

from airflow_provider_seedance.runtime.xcom import push_link

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.client.account import Account


def _airflow() -> str:
    """Airflow's own address, as far as this worker knows it."""
    from airflow.configuration import conf

    return str(conf.get("api", "base_url", fallback="")).rstrip("/")


def _map_index(ti_key: Any) -> int:
    return -1 if ti_key.map_index is None else int(ti_key.map_index)


class GalleryLink(BaseOperatorLink):
    """Leads to the task's videos in the gallery, from the moment at which the task begins."""

    name = "Seedance gallery"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The gallery's tab of the task instance.

        :param ti_key: names the task instance; a running one does as well.
        """
        parts = ["dags", ti_key.dag_id, "runs", ti_key.run_id, "tasks", ti_key.task_id]
        if _map_index(ti_key) >= 0:
            parts += ["mapped", str(ti_key.map_index)]
        return "/".join([_airflow(), *(quote(part, safe="") for part in (*parts, "plugin", "seedance-task"))])


class VideoLink(BaseOperatorLink):
    """Leads to the gallery's route for the task's video, once it is landed or published."""

    name = "Seedance video"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The route, which sends the file to those who may read the Dag; empty without a file.

        :param ti_key: as in :meth:`GalleryLink.get_link`.
        """
        if not operator._has_video:
            return ""
        names = ("dag_id", "run_id", "task_id")
        key = {**{name: getattr(ti_key, name) for name in names}, "map_index": _map_index(ti_key)}
        return f"{_airflow()}/seedance/video?{urlencode(key)}"


class VendorConsoleLink(BaseOperatorLink):
    """Leads to the console of the vendor that makes the video, from its submission on, where the vendor has one."""

    name = "Vendor console"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The console's address; empty while no vendor is chosen, and for one without a known console."""
        return operator._console or ""


class VideoLinksMixin(BaseOperator):
    """Base of operators whose task leaves one video."""

    operator_extra_links: Collection[BaseOperatorLink] = (VideoLink(),)
    #: Whether the task has landed or published its video, or found it in place.
    _has_video = False


class GenerationLinksMixin(VideoLinksMixin):
    """Base of operators whose task has one video made."""

    operator_extra_links = (GalleryLink(), VideoLink(), VendorConsoleLink())
    _console: str | None = None

    def _show_console(self, context: Context, account: Account) -> None:
        """Show where the vendor itself tells about the generation."""
        self._console = account.console
        push_links(context, self)


def push_links(context: Context, operator: BaseOperator) -> None:
    """Show the links that there are so far, while the task runs."""
    for link in operator.operator_extra_links:
        if address := link.get_link(operator, ti_key=context["ti"]):  # type: ignore[arg-type]
            push_link(context, link.xcom_key, address)
