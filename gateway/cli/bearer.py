"""The token that a listener of a running gateway asks for, as its settings have it."""

from time import time

from gateway.cli.exits import Misuse
from gateway.edge.secrets import SecretRefused, resolve
from gateway.edge.settings import AdminPart, InternalPart, Settings


def bearer(settings: Settings, listener: str, part: AdminPart | InternalPart) -> dict[str, str]:
    """The headers that show the first token of *listener* that lives. Raises Misuse where there is none."""
    lives = (each for each in part.secrets.get("token", []) if each.ends > time())
    try:
        token = resolve(next(lives), settings.folder).decode("utf-8", "surrogateescape")
    except StopIteration:
        raise Misuse(f"{listener}.secrets.token: there is none that lives") from None
    except SecretRefused as fault:
        raise Misuse(f"{listener}.secrets.token: {fault}") from None
    return {"Authorization": f"Bearer {token}"}
