"""`gateway healthcheck`: does the gateway of these settings live, or want callbacks; for images without a shell."""

import http.client
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gateway.cli.drift import address
from gateway.cli.exits import CLEAN, FINDINGS, Finding, Misuse
from gateway.cli.serve import read_settings

#: Seconds to wait at most.
LONGEST = 3600.0


def healthcheck(
    *,
    config: Annotated[Path, Parameter(help="The settings file of the gateway that runs.")],
    url: Annotated[str | None, Parameter(help="Where the admin listener is; default: admin.listen.")] = None,
    ready: Annotated[
        bool, Parameter(negative="", help="Ask whether it wants callbacks, not whether it lives.")
    ] = False,
    timeout: Annotated[float, Parameter(help="Seconds to wait.")] = 3.0,
) -> int:
    """Ask the gateway that runs here whether it lives: exit code 0 if it does, 1 if not.

    `HEALTHCHECK CMD ["gateway", "healthcheck", "--config", "/etc/gateway/gateway.toml"]`; secrets are not read.
    """
    if not 0 < timeout <= LONGEST:
        raise Misuse(f"--timeout: a number of seconds above 0, at most {LONGEST:g}")
    settings = read_settings(config)
    if settings is None:
        return FINDINGS
    where = (url or address(settings)).removeprefix("http://").rstrip("/")
    path = "/readyz" if ready else "/healthz"
    connection = http.client.HTTPConnection(where, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        said = answer.read(1000).decode("utf-8", "replace").strip()
    except (OSError, http.client.HTTPException) as fault:
        raise Finding(f"nobody answers at http://{where}{path}: {getattr(fault, 'strerror', None) or fault}") from None
    finally:
        connection.close()
    if answer.status != 200:
        raise Finding(f"http://{where}{path} says {answer.status}: {said}")
    print(said)
    return CLEAN
