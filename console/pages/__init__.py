"""The pages, one module for each."""

import importlib
import pkgutil


def load() -> None:
    """Import every page, which enters it into the routes."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
