"""The names of the commands of training."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of training to ``app``."""
    from fer_batch.cli.train import calibrate, evaluate, export, robustness, train

    app.command("train")(train.train)
    app.command("evaluate")(evaluate.evaluate)
    app.command("robustness")(robustness.robustness)
    app.command("calibrate")(calibrate.calibrate)
    app.command("export")(export.export)
    app.command("quantise")(export.quantise)
    app.command("narrow")(export.narrow)
