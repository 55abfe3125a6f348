"""`gateway schema`: what editors check tables by; with --wallet, what a wallet must serve, as OpenAPI."""

import json
from typing import Annotated

from cyclopts import Parameter

import gateway
from gateway.cli.tables import Folders, named
from gateway.dialect.spec import json_schema


def schema(*, wallet: Annotated[bool, Parameter(negative="")] = False, tables: Folders = ()) -> None:
    """The JSON Schema of tables (mappings/schema.json), or the canonical wallet API as OpenAPI 3.1.

    Parameters
    ----------
    wallet
        The API that a wallet serves, made from the canonical table.
    """
    if wallet:
        from gateway.cli.openapi import openapi

        where, name = named("canonical", tables)
        found = openapi(where.dialect(name), gateway.__version__)
    else:
        found = json_schema()
    print(json.dumps(found, indent=1))
