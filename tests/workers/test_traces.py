"""A job's units as one trace, whoever did them; nothing is loaded where nobody asks."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from fer_batch.jobs.ledger.spec import Unit, new_job_id
from workers import traces

pytest.importorskip("opentelemetry.sdk")


def spans_of(*units: tuple[Unit, str, float, int]) -> list[Any]:
    """What a worker exports of these units."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    for unit in units:
        traces.add_span(provider.get_tracer("test"), *unit)
    return list(exporter.get_finished_spans())


def test_units_of_a_job_are_one_trace_from_every_worker() -> None:
    job, other = new_job_id(), new_job_id()
    first = spans_of((Unit(job, 0, "analyze", 2), "done", 1.5, 250))
    second = spans_of(
        (Unit(job, 1, "render", 0), "failed", 0.25, 10), (Unit(other, 0, "probe"), "done", 0.1, 0)
    )
    one, two, three = [*first, *second]
    assert one.context.trace_id == two.context.trace_id != three.context.trace_id
    assert one.parent.span_id == two.parent.span_id
    assert len({span.context.span_id for span in (one, two, three)}) == 3
    assert [span.name for span in (one, two, three)] == ["analyze", "render", "probe"]
    assert (one.end_time - one.start_time) == pytest.approx(1.5e9, rel=1e-6)
    assert one.attributes["fer_batch.job"] == job
    assert one.attributes["fer_batch.unit"] == Unit(job, 0, "analyze", 2).key
    assert (one.attributes["fer_batch.outcome"], one.attributes["fer_batch.frames"]) == (
        "done",
        250,
    )
    assert [span.status.is_ok for span in (one, two, three)] == [True, False, True]


def test_nothing_is_loaded_where_nobody_asks() -> None:
    program = (
        "import sys\nfrom fer_batch.jobs.ledger.spec import Unit\nfrom workers import traces\n"
        "traces.record(Unit('20250101-000000-abcdef', 0, 'probe'), 'done', 1.0, 0)\n"
        "print(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    clean = {"PATH": "", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=clean
    )
    assert done.stdout.strip() == "False"


def test_a_collector_receives_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real exporter, to a real server of HTTP."""
    received: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv(traces.ENDPOINTS[1], f"http://127.0.0.1:{server.server_port}")
    traces.tracer.cache_clear()
    try:
        job = new_job_id()
        traces.record(Unit(job, 3, "finish"), "done", 0.5, 0)
        traces.tracer().span_processor.force_flush()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        traces.tracer.cache_clear()
    ((path, body),) = received
    assert path == "/v1/traces"
    assert job.encode() in body or json.dumps(job).encode() in body


def test_without_the_library_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(traces.ENDPOINTS[0], "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    traces.tracer.cache_clear()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            traces.record(Unit(new_job_id(), 0, "probe"), "done", 0.1, 0)
    traces.tracer.cache_clear()
    assert [r.getMessage() for r in caplog.records] == [
        "no traces: OpenTelemetry is not installed; pip install 'fer-batch[otel]'"
    ]
