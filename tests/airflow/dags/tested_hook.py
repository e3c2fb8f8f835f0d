"""The hook in plain tasks, on a thread and on an event loop."""

from airflow.sdk import DAG, Param, task

with DAG("tested_hook", schedule=None, params={"seedance_conn_id": Param("seedance_default")}):

    @task(multiple_outputs=True)
    def on_a_thread(params=None):
        """Submit, look, estimate."""
        from airflow_provider_seedance.hooks.seedance import SeedanceHook
        from airflow_provider_seedance.models import GenerationRequest

        hook = SeedanceHook(params["seedance_conn_id"])
        request = GenerationRequest(prompt="A fox", duration=4, resolution="480p")
        bought = hook.create_generation(request)
        return {
            "estimate": str(hook.estimate_cost(request).amount),
            "generation_id": bought.generation_id,
            "seen": hook.get_generation(bought.generation_id).generation_id,
        }

    @task
    async def on_a_loop(generation_id, params=None):
        """Look, and list."""
        from airflow_provider_seedance.hooks.seedance import SeedanceHook

        hook = SeedanceHook(params["seedance_conn_id"])
        seen = await hook.aget_generation(generation_id)
        page = await hook.alist_generations([generation_id])
        return {"seen": seen.generation_id, "listed": [listed.generation_id for listed in page.items]}

    on_a_loop(on_a_thread()["generation_id"])
