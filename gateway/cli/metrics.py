"""`gateway metrics`: what a gateway tells Prometheus, and how many series that can be."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gateway.cli.exits import CLEAN, FINDINGS
from gateway.cli.serve import read_settings
from gateway.edge.catalogue import page
from gateway.edge.metrics import WALLET
from gateway.edge.preparing import chosen, limited, open_shelf
from gateway.edge.settings import ProviderPart, Wallet


def metrics(
    *,
    config: Annotated[Path | None, Parameter(help="A settings file, whose number of series is then told.")] = None,
) -> int:
    """Every metric with its type, its labels with all their values, and its meaning; as Markdown.

    Above it stands a formula that bounds the number of series. Secrets are not read, and no gateway needs to run.
    """
    if config is None:
        print("\n".join(page()))
        return CLEAN
    settings = read_settings(config)
    if settings is None:
        return FINDINGS
    parts: dict[str, ProviderPart | Wallet] = {**settings.providers, WALLET: settings.wallet}
    spoken = {
        name: open_shelf(settings, part).dialect(part.dialect, chosen(part.options)) for name, part in parts.items()
    }
    providers = {name: len(spoken[name].operations()) for name in settings.providers}
    tables = len({(part.tables, part.dialect) for part in parts.values()})
    print("\n".join(page(providers, tables, limited(settings))))
    return CLEAN
