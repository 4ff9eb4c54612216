"""What a browser sees of a simulated service: its jobs as one page of plain HTML."""

from __future__ import annotations

from html import escape

from coursekit.cloud.simulated.automl import Service, ServiceJob


def page(service: Service) -> bytes:
    """The page of all jobs, in UTF-8; it says that the service is simulated."""
    jobs = "".join(map(_job, service.jobs.values())) or "<p>No job yet.</p>"
    title = f"Simulated {escape(service.vendor)} service"
    return (
        f"<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1>"
        "<p>This server runs on your machine. It stands for a vendor's service, its searches are "
        f"real and small, and nobody sends a bill.</p>{jobs}"
    ).encode()


def _job(job: ServiceJob) -> str:
    rows = "".join(
        f"<tr><td>{escape(each.name)}<td>{escape(each.algorithm)}<td>{each.score:.4f}"
        for each in job.candidates
    )
    return (
        f"<h2 id={escape(job.name)!r}>{escape(job.name)}: {job.state}</h2>"
        f"<p>{escape(job.message)}</p>"
        f"<table><tr><th>candidate<th>algorithm<th>{escape(job.metric)}{rows}</table>"
    )
