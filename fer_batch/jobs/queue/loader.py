"""What Celery imports: what is installed. Its own loader looks into the present folder first, and
takes a module of the same name that lies there."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from celery.loaders.app import AppLoader


class InstalledLoader(AppLoader):  # type: ignore[misc]
    """Celery's loader, without that folder."""

    def import_from_cwd(self, module: str, imp: Any = None, package: str | None = None) -> Any:
        """See Celery."""
        return import_module(module, package)

    def find_module(self, module: str) -> Any:
        """See Celery."""
        return import_module(module)
