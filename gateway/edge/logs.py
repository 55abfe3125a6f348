"""One line per callback, from the allow-list that a Journey is; faults of our own without any foreign content.

JSON lines for machines, text for a terminal. A bug's line holds types and places, never a value or an exception's text:
either may quote what a stranger sent.
"""

import asyncio
import logging
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

import msgspec

from gateway.canon.requests import OUR_FAULT, Result
from gateway.edge.behind import Behind
from gateway.edge.metrics import Told
from gateway.exchange.errand import Errand
from gateway.exchange.journey import Journey
from gateway.exchange.outbound import Inquiry

Style = Literal["auto", "json", "text"]
Level = Literal["info", "warning", "error"]
#: From the least grave on.
LEVELS: tuple[Level, ...] = get_args(Level)
_RANKS = {level: rank for rank, level in enumerate(LEVELS)}
_LONGEST = 200
_PACKAGE = Path(__file__).parents[2]
_UNPRINTABLE = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029), "\ufffd")


def _clean(text: str) -> str:
    """Bounded, on one line, and encodable."""
    if text.isascii() and text.isprintable():
        return text[:_LONGEST]
    return text[:_LONGEST].translate(_UNPRINTABLE).encode("utf-8", "replace").decode()


def _known(facts: dict[str, Any]) -> dict[str, Any]:
    """Those that say something: no empty text, no empty list."""
    return {name: value for name, value in facts.items() if value or value not in ("", [])}


class _Callback(msgspec.Struct, omit_defaults=True, gc=False):
    """The line of a callback, in the order in which it is written. What says nothing (a default) is left out.

    Numbers always say something: theirs is one that never is.
    """

    id: str = ""
    trace_id: str = ""
    provider: str = ""
    dialect: str = ""
    operation: str = ""
    outcome: str = ""
    told: str = ""
    code: str = ""
    effect: tuple[str, ...] = ()
    heard: str = ""
    ending: str = ""
    verified_by: str = ""
    transaction: str = ""
    claim: str = ""
    state: str = ""
    why: str = ""
    alerts: list[str] = []
    items: int = 0
    asked: int = -1
    ms: float = -1.0
    ms_wallet: float = -1.0
    ms_turn: float | None = None
    bug: str = ""
    event: str = ""
    level: str = ""
    timestamp: datetime | None = None


#: What our own code says of itself may hold anything.
_json: Callable[[Any], bytes] = msgspec.json.Encoder(enc_hook=repr).encode


def _text(colors: bool) -> Callable[[Any], bytes]:
    """Lines for people; imported here, since structlog brings rich, four megabytes, and who serves writes JSON."""
    import structlog

    render = structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0)

    def encode(line: Any) -> bytes:
        facts = msgspec.to_builtins(line, enc_hook=repr)
        return str(render(None, facts["level"], facts)).encode()

    return encode


class Log:
    """Where the process's lines go. *stream* is binary; "auto" means text on a terminal, JSON elsewhere.

    Without a *stream* it is standard output, which is written behind.
    """

    def __init__(self, stream: BinaryIO | None = None, style: Style = "auto") -> None:
        self._least = _RANKS["info"]
        out = sys.stdout.buffer if stream is None else stream
        terminal = out.isatty()
        self._encode = _text(terminal) if style == "text" or (style == "auto" and terminal) else _json
        lines = Behind(out, dropped=self._dropped) if stream is None else out
        self._write, self._flush = lines.write, lines.flush

    @property
    def level(self) -> Level:
        """Lines that are less grave are not written; those of callbacks are "info"."""
        return LEVELS[self._least]

    @level.setter
    def level(self, level: Level) -> None:
        self._least = _RANKS[level]

    def line(self, journey: Journey, told: Told, seconds: float) -> None:
        """The one line of a callback; *seconds* as the metrics count them. Empty fields are left out."""
        if self._least > _RANKS["info"]:
            return
        bug = journey.bug
        # By their places: a name for each would cost as much as the line.
        line = _Callback(
            journey.id, journey.trace[3:35], journey.provider, journey.dialect, journey.operation, journey.outcome,
            told, _clean(journey.code), journey.effect, journey.heard, journey.ending, journey.verified_by,
            _clean(journey.transaction), journey.claim, journey.state, _clean(journey.why), journey.alerts,
            journey.items, journey.asked, round(seconds * 1000, 1), round(journey.wallet_seconds * 1000, 1),
            round(journey.turn_seconds * 1000, 1) or None, "" if bug is None else type(bug).__name__,
            "callback", "info", datetime.now(UTC),
        )  # fmt: skip
        self._write(self._encode(line) + b"\n")
        self._flush()

    def errand(self, errand: Errand, seconds: float) -> None:
        """The one line of an errand of the outbox; a parked row is a warning, that a human must see."""
        facts: dict[str, Any] = {
            "id": errand.id,
            "trace_id": errand.trace[3:35],
            "key": _clean(errand.key),
            "step": str(errand.step),
            "tries": errand.tries,
            "state": errand.state,
            "next": errand.next,
            "parked": _clean(errand.parked),
            "heard": errand.heard,
            "why": _clean(errand.why),
            "alerts": list(errand.alerts),
            "asked": errand.asked,
            "ms": round(seconds * 1000, 1),
            "bug": type(errand.bug).__name__ if errand.bug is not None else "",
        }
        self._say("warning" if errand.parked else "info", "outbox", _known(facts))

    def inquiry(self, inquiry: Inquiry, seconds: float) -> None:
        """The one line of a request to a provider; what refuses us, a doubt and an unlisted word are warnings."""
        word = inquiry.word
        facts: dict[str, Any] = {
            "provider": inquiry.account.name,
            "request": str(inquiry.name),
            "reference": _clean(str(inquiry.facts.get("reference") or "")),
            "result": str(word.result) if word else "",
            "ending": inquiry.ending,
            "status": word.status or "" if word else "",
            "code": "" if word is None or word.code is None else _clean(str(word.code)),
            "differs": list(word.differs) if word else [],
            "drift": [f"{each.kind} {_clean(each.name or each.shown)}" for each in inquiry.drift],
            "why": _clean(word.why) if word else "",
            "ms": round(seconds * 1000, 1),
            "bug": type(inquiry.bug).__name__ if inquiry.bug is not None else "",
        }
        grave = word is None or word.result in {*OUR_FAULT, Result.UNKNOWN} or bool(inquiry.drift)
        self._say("warning" if grave else "info", "request", _known(facts))

    def drift(self, facts: Mapping[str, str]) -> None:
        """The one line of what was seen for the first time and stands in no row: names, and never a value."""
        self._say("warning", "drift", {name: _clean(text) for name, text in facts.items()})

    def journal(self, unavailable: bool, why: str) -> None:
        """The journal cannot write (any more), or can again; while it cannot, no money call leaves."""
        if unavailable:
            self._say("error", "journal", {"unavailable": True, "why": _clean(why)})
        else:
            self._say("info", "journal", {"unavailable": False})

    def event(self, name: str, /, **facts: Any) -> None:
        """Something about the process: started, draining, stopped. The facts are ours, never foreign."""
        self._say("info", name, facts)

    def warning(self, name: str, /, **facts: Any) -> None:
        """As `event`, and somebody should look at it."""
        self._say("warning", name, facts)

    def error(self, name: str, /, **facts: Any) -> None:
        """As `event`, and somebody must look at it."""
        self._say("error", name, facts)

    def bug(self, fault: BaseException, where: str) -> None:
        """An exception in our own code: its type, its causes' types, and the places it came through."""
        types, seen = [], fault
        while True:
            types.append(f"{type(seen).__module__}.{type(seen).__qualname__}")
            cause = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
            if cause is None or len(types) > 5:
                break
            seen = cause
        self._say("error", "bug", {"where": where, "types": types, "frames": _frames(fault)})

    def _say(self, level: Level, event: str, facts: dict[str, Any]) -> None:
        if _RANKS[level] < self._least:
            return
        self._write(self._line(level, event, facts))
        self._flush()

    def _line(self, level: str, event: str, facts: dict[str, Any]) -> bytes:
        return self._encode({**facts, "event": event, "level": level, "timestamp": datetime.now(UTC)}) + b"\n"

    def _dropped(self, number: int) -> bytes:
        """The line that stands where so many lines were dropped."""
        return self._line("warning", "log", {"dropped": number})

    def adopt(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Take over what libraries and the loop itself would print: their fixed words and places, no values."""
        root = logging.getLogger()
        root.handlers[:] = [_Adopted(self)]
        root.setLevel(logging.WARNING)
        if loop is not None:
            loop.set_exception_handler(self._loop_fault)

    def _loop_fault(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        fault = context.get("exception")
        if isinstance(fault, BaseException):
            self.bug(fault, "event loop")
        else:
            self._say("error", "event loop", {"note": _clean(str(context.get("message", "")))})

    def _library(self, record: logging.LogRecord) -> None:
        # The format string is the library's own text; its arguments are not.
        template = record.msg if isinstance(record.msg, str) and record.args else ""
        fault = record.exc_info[1] if record.exc_info else None
        facts = {
            "logger": record.name,
            "place": f"{record.filename}:{record.lineno}",
            "note": _clean(template.partition("\n")[0]),
            "frames": _frames(fault) if fault is not None else [],
        }
        self._say("warning", "library", facts)


class _Adopted(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._target = log

    def emit(self, record: logging.LogRecord) -> None:
        self._target._library(record)


def _frames(fault: BaseException) -> list[str]:
    """`file:line function`, outermost first, the last twenty; files of ours relative to the package."""
    places = [(frame.f_code, line) for frame, line in traceback.walk_tb(fault.__traceback__)]
    return [f"{_place(code.co_filename)}:{line} {code.co_name}" for code, line in places[-20:]]


def _place(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(_PACKAGE)) if path.is_relative_to(_PACKAGE) else path.name
