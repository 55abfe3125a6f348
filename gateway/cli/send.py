"""`gateway send`: one call, signed as the provider would sign it, to a gateway that runs."""

import asyncio
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import aiohttp
from cyclopts import Parameter

from gateway.canon.calls import Call
from gateway.canon.faults import Fault
from gateway.canon.money import exact
from gateway.canon.operations import Operation
from gateway.canon.outcomes import Outcome
from gateway.cli.caller import Caller, Exchange
from gateway.cli.exits import CLEAN, FINDINGS, Misuse
from gateway.cli.madeup import made_up, public_of
from gateway.cli.serve import read_settings
from gateway.dialect.dialect import Dialect
from gateway.dialect.problems import suggest
from gateway.edge.addresses import parse_listen
from gateway.edge.preparing import chosen, open_shelf
from gateway.edge.secrets import SecretRefused, resolve
from gateway.edge.settings import ProviderPart, Settings
from gateway.wire.signatures import SecretFault

#: Who stands for the machine's own address in a `listen`.
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - read, not bound


def send(
    provider: Annotated[str, Parameter(help="The account's name in the settings file.")],
    operation: Annotated[str, Parameter(help="Ours (bet, win, rollback ...), or the table's own name for it.")],
    *,
    config: Annotated[Path, Parameter(help="The settings file of the gateway that runs.")],
    player: Annotated[str | None, Parameter(help="Default: 1001, the sandbox wallet's own.")] = None,
    amount: Annotated[str | None, Parameter(help="In major units, such as 1.50.")] = None,
    currency: Annotated[str | None, Parameter(help="Default: EUR.")] = None,
    session: Annotated[str | None, Parameter(help="Default: session-1001, the sandbox wallet's own.")] = None,
    round: Annotated[str | None, Parameter(help="Default: a new one.")] = None,
    transaction: Annotated[str | None, Parameter(help="Default: a new one; give an old one to repeat a call.")] = None,
    reference: Annotated[str | None, Parameter(help="The transaction that is rolled back or paid for.")] = None,
    game: Annotated[str | None, Parameter(help="Default: demo-game.")] = None,
    times: Annotated[int, Parameter(help="Send the same message so often.")] = 1,
    forge: Annotated[bool, Parameter(negative="", help="Sign with a key that is nobody's.")] = False,
    key: Annotated[
        Path | None, Parameter(help="The provider's private key (PEM), where the dialect signs with RSA.")
    ] = None,
    url: Annotated[
        str | None, Parameter(help="Where the gateway is, without the mount; default: public.listen.")
    ] = None,
) -> int:
    """Send a correctly signed call to a running gateway, as a provider would, and read its answer.

    Shared secrets are those of the settings file. A private key of the provider's comes with --key (test accounts may
    have it in the settings file). Exit code 0 when every answer came, 1 when one did not.
    """
    settings = read_settings(config)
    if settings is None:
        return FINDINGS
    part = settings.providers.get(provider)
    if part is None:
        near = suggest(provider, settings.providers) or f"there are {', '.join(settings.providers)}"
        raise Misuse(f'{config} has no provider "{provider}": {near}')
    if times < 1:
        raise Misuse("--times is at least 1")
    facts = {
        "player": player,
        "amount": None if amount is None else _amount(amount),
        "currency": currency,
        "session": session,
        "round": round,
        "transaction": transaction,
        "reference": None if reference is None else (reference,),
        "game": game,
    }
    dialect = open_shelf(settings, part).dialect(part.dialect, chosen(part.options))
    return asyncio.run(_send(dialect, settings, part, operation, facts, times, forge, key, url))


def _amount(text: str) -> Decimal:
    try:
        return exact(text)
    except Fault as fault:
        raise Misuse(f"--amount: {fault.why}") from None


async def _send(
    dialect: Dialect, settings: Settings, part: ProviderPart, operation: str, facts: Mapping[str, Any],
    times: int, forge: bool, key: Path | None, url: str | None,
) -> int:  # fmt: skip
    try:
        secrets = sender_secrets(dialect, settings, part, key)
        keys = dialect.bind(secrets, "sender")
        forging = dialect.bind({**secrets, **_forged(dialect)}, "sender") if forge else None
    except (SecretFault, SecretRefused) as fault:
        hint = "; --key FILE gives the provider's private key" if key is None and _asymmetric(dialect) else ""
        raise Misuse(f"{fault}{hint}") from None
    base = (url or address(settings)).rstrip("/") + part.mount.rstrip("/")
    async with aiohttp.ClientSession(trust_env=False) as client:
        caller = Caller(dialect, keys, base, client, dict(part.settings))
        call = _call(caller, operation, facts)
        answered = True
        for number in range(times):
            if number:
                print()
            try:
                got = await caller.send(call, forging)
            except Fault as fault:
                raise Misuse(f"this dialect cannot say it: {fault.why}") from None
            print("\n".join(shown(dialect, got, base)))
            answered = answered and got.response is not None
    return CLEAN if answered else FINDINGS


def _call(caller: Caller, word: str, facts: Mapping[str, Any]) -> Call:
    form = caller.dialect.variants.get(word)
    known = {str(each) for each in caller.dialect.operations()}
    if form is None and word not in known:
        names = sorted({*caller.dialect.variants, *known})
        near = suggest(word, names)
        raise Misuse(f'{caller.dialect.name} has no "{word}": {near + " " if near else ""}it has {", ".join(names)}')
    return caller.call(form.operation if form else Operation(word), form.name if form else None, **facts)


def sender_secrets(
    dialect: Dialect, settings: Settings, part: ProviderPart, key: Path | None
) -> dict[str, list[bytes]]:
    """What the provider's side needs: shared secrets, its private key from *key*, our public one from our private one.

    Raises SecretRefused, SecretFault.
    """
    needed = dialect.secrets("sender")
    found = {
        name: [resolve(reference, settings.folder) for reference in references]
        for name, references in part.secrets.items()
        if name in needed
    }
    recipe = dialect.answer_recipe
    if recipe and recipe.scheme == "rsa" and recipe.check_secret not in found and recipe.make_secret in part.secrets:
        private = [resolve(reference, settings.folder) for reference in part.secrets[recipe.make_secret]]
        found[recipe.check_secret] = [public_of(pem) for pem in private]
    if key is not None:
        for name in _asymmetric(dialect):
            found[name] = [key.read_bytes()]
    return found


def _asymmetric(dialect: Dialect) -> set[str]:
    return {recipe.make_secret for recipe in dialect.request_recipes.values() if recipe.scheme == "rsa"}


def _forged(dialect: Dialect) -> dict[str, list[bytes]]:
    """Secrets of nobody's, for the requests only: the answer is still read with the right ones."""
    made = made_up(dialect)
    recipes = dialect.request_recipes.values()
    names = {recipe.make_secret if recipe.scheme == "rsa" else recipe.check_secret for recipe in recipes}
    names |= set().union(*(envelope.secrets for envelope in dialect.envelopes))
    return {name: [made[name]] for name in names if name in made}


def address(settings: Settings) -> str:
    """Where a gateway with these settings is reached from this machine. Misuse where the port is left to chance."""
    host, port = parse_listen(settings.public.listen)
    if port == 0:
        raise Misuse("public.listen leaves the port to chance; say where the gateway is with --url")
    host = ANYWHERE.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{host}:{port}"


def shown(dialect: Dialect, got: Exchange, base: str) -> Iterator[str]:
    """The request and its answer as they went, and the answer in our words."""
    request, response = got.request, got.response
    query = f"?{request.query}" if request.query else ""
    yield f"{request.method} {base}{request.path if request.path != '/' else ''}{query}"
    yield from (f"{name}: {value}" for name, value in request.headers)
    yield from ("", request.body.decode("utf-8", "replace"), "")
    if response is None:
        yield f"no answer after {got.seconds * 1000:.0f} ms: {got.why}"
        return
    yield f"HTTP {response.status} after {got.seconds * 1000:.1f} ms"
    yield from (f"{name}: {value}" for name, value in response.headers if name.lower() not in ("connection", "date"))
    yield from ("", response.body.decode("utf-8", "replace"), "")
    row = dialect.hearings[got.form.name].row(response)
    if row is not None:
        yield f"its word:   {row.answer}, which the table says for {row.outcome}"
        if row.outcome in (Outcome.SIGNATURE_INVALID, Outcome.CREDENTIALS_INVALID):
            yield "as a reply: none; it refuses whoever sent this"
            return
    facts = ", ".join(f"{name} {value}" for name, value in got.reply.facts().items())
    yield f"as a reply: {got.reply.outcome}" + (f" ({got.why})" if got.why else "") + (f", {facts}" if facts else "")
