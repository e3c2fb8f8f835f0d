"""A deprecation warning that our code causes fails the test in which it is given, whoever gives it."""

from __future__ import annotations

from types import ModuleType

import pytest

#: What warns, by who gives the warning.
DEPRECATED = {
    # Comes first: with it Airflow is imported in a test, as in many others.
    "Airflow, a task's argument": "from airflow.sdk import BaseOperator as B\nB(task_id='x', email='a@example.com')",
    "Airflow, a DAG's argument": "from airflow.sdk import DAG\nDAG('x', access_control={'viewers': {'can_read'}})",
    "Airflow, an import": "from airflow.hooks.base import BaseHook",
    "a provider": """
import warnings
from airflow.exceptions import AirflowProviderDeprecationWarning
warnings.warn("old", AirflowProviderDeprecationWarning)
""",
    "httpx, a client": "import httpx\nhttpx.Client(verify='/no/such/file')",
    "httpx, a request": "import httpx\nhttpx.Client().build_request('POST', 'http://localhost', data=b'x')",
    "Pydantic, a method": "from pydantic import create_model\ncreate_model('Model', __module__='m')().dict()",
    "Pydantic, a class": """
from pydantic import BaseModel
class Model(BaseModel):
    class Config:
        frozen = True
""",
    "SQLAlchemy": "from sqlalchemy.ext.declarative import declarative_base\ndeclarative_base()",
}
OURS = ("airflow_provider_seedance.hooks.seedance", "unusual_prefix_0f3_full_pipeline")


def run(code: str, module: str) -> None:
    """Run the code as if it stood in the module of that name."""
    exec(compile(code, f"{module}.py", "exec"), ModuleType(module).__dict__)


@pytest.mark.parametrize("module", OURS)
@pytest.mark.parametrize("code", DEPRECATED.values(), ids=DEPRECATED)
def test_what_is_deprecated_fails_our_tests(code: str, module: str) -> None:
    """Whether a module of the package uses it, or an example DAG."""
    with pytest.raises((DeprecationWarning, FutureWarning)):
        run(code, module)


def test_what_others_use_does_not() -> None:
    """We could not mend it."""
    with pytest.warns(DeprecationWarning, match="model_dump"):
        run(DEPRECATED["Pydantic, a method"], "airflow.models.dagrun")
