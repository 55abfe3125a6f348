"""The message of an example as it travels: what the examples file leaves to us is its signature, and its envelope."""

from gateway.dialect.dialect import Dialect
from gateway.dialect.examples import Example
from gateway.dialect.keys import Keys
from gateway.wire.envelopes import Seal
from gateway.wire.message import Garbled, Request, Unopened
from gateway.wire.opened import Draft, Opened
from gateway.wire.paths import MISSING, Place


def signed(dialect: Dialect, example: Example, keys: Keys, now: float) -> Request:
    """The raw call, signed and sealed with the sender's *keys* at *now*, unless it brings its own or is forged."""
    known = form = dialect.variants.get(example.operation)
    path = example.path or (form.path if form else "/")
    method = example.method or (form.method if form else "POST")
    form = form or dialect.addressed(method, path)
    draft = Draft(form.codec if form else "json", method, path, example.body.encode(), example.query)
    draft.headers.update(example.headers)
    own = keys.of(known.name if known else None)
    if not example.forged and not _sealed(draft, seal := keys.seal(form)):
        draft.seal = seal
    if not example.forged and not _brings(own.recipe.at, Opened(draft.request(), draft.codec, seal=draft.seal)):
        own.make(draft, now)
    return draft.request()


def _sealed(draft: Draft, seal: Seal | None) -> bool:
    """Does it bring a body that is sealed already, or one that comes in no envelope?"""
    try:
        return seal is None or bool(Opened(draft.request(), draft.codec, seal=seal).body)
    except Unopened:
        return False


def _brings(at: Place | None, written: Opened) -> bool:
    """Does the example state its own signature, at *at*? What cannot be read is sent as it stands."""
    try:
        return at is not None and at.look(written) is not MISSING
    except Garbled:
        return True
