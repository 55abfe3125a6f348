"""Moments as dialects spell them: ISO 8601, Unix seconds or milliseconds, or a pattern with a fixed zone.

Ours is an aware datetime in UTC, 1970 to 9998; anything outside, absurd or ambiguous in spelling is refused.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from jiter import LosslessFloat

from gateway.wire.values import refused

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(9999, 1, 1, tzinfo=UTC)  # a year short of datetime's own end, so that no zone can push past it
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?[0-5]\d)?", re.ASCII)
_UNIX = re.compile(r"(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,9}))?", re.ASCII)
_OFFSET = re.compile(r"([+-])([01]\d|2[0-3]):?([0-5]\d)", re.ASCII)
_PIECE = re.compile(r"'([^']*)'|(yyyy|MM|dd|HH|mm|ss|SSS)|([A-Za-z]+)|([^A-Za-z']+)|(')", re.ASCII)
_DIGITS = {"yyyy": 4, "MM": 2, "dd": 2, "HH": 2, "mm": 2, "ss": 2, "SSS": 3}
_UNITS = {"unix_s": 1_000_000, "unix_ms": 1_000}  # microseconds in one of theirs


def zone_of(text: str) -> tzinfo:
    """`UTC`, an offset such as `+08:00`, or an IANA name; ValueError for anything else."""
    if text in ("UTC", "Z"):
        return UTC
    if offset := _OFFSET.fullmatch(text):
        return _fixed(*offset.groups())
    try:
        return ZoneInfo(text)
    except (KeyError, OSError, ValueError):
        raise ValueError("a zone is UTC, an offset such as +08:00, or an IANA name this machine knows") from None


def _fixed(sign: str, hours: str, minutes: str) -> tzinfo:
    span = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-span if sign == "-" else span)


@dataclass(frozen=True, slots=True)
class Time:
    """A spelling of moments. *form*: `iso`, `unix_s`, `unix_ms`, or a pattern of `yyyy MM dd HH mm ss SSS`.

    In a pattern, letters that are no field stand in single quotes. *zone* is where a pattern's clock (and an ISO time
    without an offset) stands; a clock set back shows one hour twice, and the first is meant. Compiling raises
    ValueError with the fact.
    """

    form: str = "iso"
    zone: str = "UTC"
    _zone: tzinfo = field(init=False, repr=False, compare=False)
    _pattern: re.Pattern[str] | None = field(init=False, repr=False, compare=False)
    _pieces: tuple[tuple[str, str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_zone", zone_of(self.zone))
        pieces = () if self.form == "iso" or self.form in _UNITS else _compiled(self.form)
        source = "".join(f"(?P<{name}>[0-9]{{{_DIGITS[name]}}})" if name else re.escape(text) for name, text in pieces)
        object.__setattr__(self, "_pieces", pieces)
        object.__setattr__(self, "_pattern", re.compile(source, re.ASCII) if pieces else None)

    def read(self, value: Any) -> datetime:
        """Ours, in UTC. Unix forms take a JSON number or its digits as a string, the others a string."""
        try:
            moment = self._unix(value) if self.form in _UNITS else self._clock(value)
        except (ValueError, OverflowError):
            raise refused("no such day or time") from None
        if not _EPOCH <= moment < _END:
            raise refused("a time before 1970 or after 9998")
        return moment

    def _unix(self, value: Any) -> datetime:
        if type(value) is int and 0 <= value < 10**15:
            return _EPOCH + timedelta(microseconds=value * _UNITS[self.form])
        match = _UNIX.fullmatch(str(value)) if type(value) in (str, LosslessFloat) else None
        if match is None:
            raise refused(f"not a time as {self.form} spells it")
        count, fraction = match.groups("")
        return _EPOCH + timedelta(microseconds=int(count + fraction) * _UNITS[self.form] // 10 ** len(fraction))

    def _clock(self, value: Any) -> datetime:
        match = (self._pattern or _ISO).fullmatch(value) if type(value) is str else None
        if match is None:
            raise refused("not a time as this dialect spells it")
        zone = self._zone
        if self._pattern is None:
            year, month, day, hour, minute, second, fraction, offset = match.groups("")
            if offset:
                zone = UTC if offset == "Z" else _fixed(offset[0], offset[1:3], offset[-2:])
            micro = int(fraction[:6].ljust(6, "0")) if fraction else 0
        else:
            got = {**dict.fromkeys(_DIGITS, "0"), **match.groupdict()}
            year, month, day, hour, minute, second, milli = (got[name] for name in _DIGITS)
            micro = int(milli) * 1000
        local = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), micro, zone)
        return local.astimezone(UTC)

    def write(self, value: datetime) -> str | int:
        """*value* (aware) in this spelling: an int for unix forms, else text; what the form lacks is cut off."""
        if value.tzinfo is None:
            raise ValueError("a moment without a zone is nobody's")
        if self.form in _UNITS:
            return (value - _EPOCH) // timedelta(microseconds=_UNITS[self.form])
        local = value.astimezone(self._zone)
        if self._pattern is None:
            micro = local.microsecond
            text = local.isoformat(timespec="microseconds" if micro % 1000 else "milliseconds" if micro else "seconds")
            return text[:-6] + "Z" if text.endswith("+00:00") else text
        return "".join(_FIELDS[name](local) if name else text for name, text in self._pieces)


_FIELDS = {
    "yyyy": lambda t: f"{t.year:04}",
    "MM": lambda t: f"{t.month:02}",
    "dd": lambda t: f"{t.day:02}",
    "HH": lambda t: f"{t.hour:02}",
    "mm": lambda t: f"{t.minute:02}",
    "ss": lambda t: f"{t.second:02}",
    "SSS": lambda t: f"{t.microsecond // 1000:03}",
}


def _compiled(form: str) -> tuple[tuple[str, str], ...]:
    """The pattern as (field, "") and ("", literal) pieces; ValueError for what is no pattern."""
    pieces: list[tuple[str, str]] = []
    for quoted, name, letters, plain, stray in (match.groups("") for match in _PIECE.finditer(form)):
        if letters or stray:
            raise ValueError(f"a time is iso, unix_s, unix_ms or a pattern of {' '.join(_DIGITS)}")
        pieces.append((name, quoted or plain))
    names = [name for name, _ in pieces if name]
    if len(set(names)) != len(names) or not {"yyyy", "MM", "dd"} <= set(names):
        raise ValueError("a pattern has yyyy, MM and dd, and no field twice")
    return tuple(pieces)
