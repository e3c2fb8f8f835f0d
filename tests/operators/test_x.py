from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from tests.airflow.running import TaskRun
def test_x(emulator, connect, tmp_path):
    op = SeedanceGenerateVideoOperator(task_id="g", prompt="A fox", seedance_conn_id=connect("evolink"), destination=f"{tmp_path}/a.mp4")
    run = TaskRun(op, lambda: emulator.advance(5000))
    r = run()
    print(r, run.payloads, run.context["task_state_store"].values)
