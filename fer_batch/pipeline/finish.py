"""The last step: join parts, mux sound, GIF, plot, report, summary, all under final names."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_batch.atomic import atomic_path
from fer_batch.config import RenderSettings
from fer_batch.emotion.card import ModelCard
from fer_batch.media.join import join_parts
from fer_batch.output.table import read_csv
from fer_batch.pipeline.keepsakes import Keepsakes
from fer_batch.pipeline.progress import Timings
from fer_batch.types import SourceInfo, Timeline


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where numbers come from: enough to repeat the run."""

    input_sha256: str
    analysis_key: str
    render_key: str
    model: ModelCard
    detector: dict[str, str]
    settings: dict[str, Any]
    load_s: float
