"""Multimodal reference: characters from images, motion from a video, music from a sound file."""

from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

with DAG(
    "seedance_multimodal_reference",
    schedule=None,
    tags=["seedance"],
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    params={
        "seedance_conn_id": Param(
            "seedance_default",
            description="Connection of type seedance",
            examples=["seedance_modelark", "seedance_evolink", "seedance_anyfast", "seedance_toapis"],
        ),
        "output": Param("/tmp/seedance", description="Directory or object-storage prefix"),
        "images": Param(["https://example.com/product.png"], type="array"),
        "video": Param("https://example.com/camera-path.mp4"),
        "audio": Param("https://example.com/music.mp3"),
        "prompt": Param("Use the camera path of video 1 with the product of image 1, music from audio 1"),
        "duration": Param(8, type="integer", minimum=4, maximum=12, description="Seconds"),
        "resolution": Param("480p", enum=["480p", "720p", "1080p"]),
        "aspect_ratio": Param("16:9", enum=["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]),
    },
):
    SeedanceGenerateVideoOperator(
        task_id="generate",
        seedance_conn_id="{{ params.seedance_conn_id }}",
        prompt="{{ params.prompt }}",
        reference_images="{{ params.images }}",
        reference_videos="{{ params.video }}",
        reference_audios="{{ params.audio }}",
        duration="{{ params.duration }}",
        resolution="{{ params.resolution }}",
        aspect_ratio="{{ params.aspect_ratio }}",
        generate_audio=True,
        destination="{{ params.output }}/{generation_id}.mp4",
    )
