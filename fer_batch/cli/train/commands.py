"""The names of the commands of training."""

from __future__ import annotations

import typer

from fer_batch.cli.groups import TRAIN


def register(app: typer.Typer) -> None:
    """Add the commands of training to ``app``."""
    from fer_batch.cli.train import answers, calibrate, evaluate, export, robustness, train

    app.command("train", rich_help_panel=TRAIN)(train.train)
    app.command("evaluate", rich_help_panel=TRAIN)(evaluate.evaluate)
    app.command("robustness", rich_help_panel=TRAIN)(robustness.robustness)
    app.command("calibrate", rich_help_panel=TRAIN)(calibrate.calibrate)
    app.command("answers", rich_help_panel=TRAIN)(answers.answers)
    app.command("export", rich_help_panel=TRAIN)(export.export)
    app.command("quantise", rich_help_panel=TRAIN)(export.quantise)
    app.command("narrow", rich_help_panel=TRAIN)(export.narrow)
