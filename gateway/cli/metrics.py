"""`gateway metrics`: what a gateway tells Prometheus, and how many series that can be."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gateway.cli.exits import CLEAN, FINDINGS
from gateway.cli.serve import read_settings
from gateway.edge.catalogue import page
from gateway.edge.preparing import chosen, open_shelf


def metrics(
    *,
    config: Annotated[Path | None, Parameter(help="A settings file, whose number of series is then told.")] = None,
) -> int:
    """Every metric with its type, its labels with all their values, and its meaning; as Markdown.

    Above it stands a formula that bounds the number of series. Secrets are not read, and no gateway needs to run.
    """
    providers = None
    if config is not None:
        settings = read_settings(config)
        if settings is None:
            return FINDINGS
        providers = {
            name: len(open_shelf(settings, part).dialect(part.dialect, chosen(part.options)).operations())
            for name, part in settings.providers.items()
        }
    print("\n".join(page(providers)))
    return CLEAN
