"""A job as a trace of OpenTelemetry: a span for each unit, from whichever worker did it.

All workers derive the same ids from a job's, so that its spans come together without anything being
handed on. Where no collector is named (``OTEL_EXPORTER_OTLP_ENDPOINT``) nothing is loaded.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from functools import lru_cache
from typing import Any

from fer_batch.jobs.ledger.spec import Unit
from workers.process import WORKER_NAME

logger = logging.getLogger(__name__)
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
# Verdicts of the executor that are a unit's failure; the others are done or somebody else's.
FAILED = frozenset({"failed", "poison"})


def record(unit: Unit, outcome: str, seconds: float, frames: int) -> None:
    """A span of a unit that has just ended; nothing where nobody asked for traces."""
    if any(os.environ.get(name) for name in ENDPOINTS) and (mine := tracer()) is not None:
        add_span(mine, unit, outcome, seconds, frames)


def add_span(tracer: Any, unit: Unit, outcome: str, seconds: float, frames: int) -> None:
    """The span of a unit that has just ended, in the trace of its job."""
    from opentelemetry import trace

    end = time.time_ns()
    parent = trace.set_span_in_context(trace.NonRecordingSpan(_root(unit.job)))
    span = tracer.start_span(unit.stage, parent, start_time=end - int(seconds * 1e9))
    span.set_attributes(
        {
            "fer_batch.job": unit.job,
            "fer_batch.item": unit.item,
            "fer_batch.unit": unit.key,
            "fer_batch.outcome": outcome,
            "fer_batch.frames": frames,
            "fer_batch.worker": os.environ.get(WORKER_NAME, ""),
        }
    )
    if outcome in FAILED:
        span.set_status(trace.StatusCode.ERROR)
    span.end(end)


def _root(job: str) -> Any:
    """The context that all spans of a job hang below."""
    from opentelemetry import trace

    digest = hashlib.sha256(job.encode()).digest()
    return trace.SpanContext(
        trace_id=int.from_bytes(digest[:16], "big"),
        span_id=int.from_bytes(digest[16:24], "big"),
        is_remote=True,
        trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
    )


@lru_cache(maxsize=1)
def tracer() -> Any:
    """This process' tracer, None where OpenTelemetry is not installed."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        logger.warning("no traces: OpenTelemetry is not installed; pip install 'fer-batch[otel]'")
        return None
    provider = TracerProvider(resource=Resource.create({"service.name": "fer-batch"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("fer_batch")
