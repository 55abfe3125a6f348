"""Reading a callback's body within bounds of size and time, exactly as it came.

aiohttp bounds neither the time that a body takes nor, on this level, its size; it takes packed bodies and odd transfer
codings, and leaves `Expect: 100-continue` to us.
"""

import asyncio

from aiohttp import web

from gateway.canon.outcomes import Outcome

VERSIONS = ((1, 0), (1, 1))
_HTTP_1_1 = (1, 1)
#: Methods whose request ends with its head where no length is said.
_BODILESS = frozenset({"GET", "HEAD"})


class BodyRefused(Exception):
    """The message is not read (any further); *outcome* and *why* are for the dialect's answer and the log line.

    What makes no sense is `request_invalid`; what broke on the way may come again whole: `busy`.
    """

    def __init__(self, outcome: Outcome, why: str) -> None:
        super().__init__(why)
        self.outcome, self.why = outcome, why


def _invalid(why: str) -> BodyRefused:
    return BodyRefused(Outcome.REQUEST_INVALID, why)


def _too_large(limit: int) -> BodyRefused:
    return _invalid(f"the body is larger than {limit} bytes")


def _broken(fault: BaseException) -> BodyRefused:
    return BodyRefused(Outcome.BUSY, f"the body broke off ({type(fault).__name__})")


def judge_head(request: web.BaseRequest) -> None:
    """Refuse what two readers of the same bytes could take for two things, and what we do not do. Raises BodyRefused.

    An offer of HTTP/2 is passed over, as HTTP allows: Java's client makes it with every cleartext call.
    """
    headers, version = request.headers, request.version
    if version != _HTTP_1_1:
        if tuple(version) not in VERSIONS:
            raise _invalid("the HTTP version is neither 1.0 nor 1.1")
        if "Transfer-Encoding" in headers:
            raise _invalid("HTTP/1.0 has no Transfer-Encoding")
        if "Content-Length" not in headers and request.method not in _BODILESS:
            raise _invalid("HTTP/1.0 without Content-Length: nobody can tell where the body ends")
    if request.method == "CONNECT" or ("Upgrade" in headers and _asks(headers.getall("Upgrade"))):
        raise _invalid("an upgrade of the connection was asked for")
    if "Content-Encoding" in headers:
        raise _invalid("Content-Encoding is not accepted")
    if "Transfer-Encoding" in headers and [each.lower() for each in headers.getall("Transfer-Encoding")] != ["chunked"]:
        raise _invalid("Transfer-Encoding is not chunked")


def _asks(offers: list[str]) -> bool:
    return [each.lower() for each in offers] != ["h2c"]


def _expects(request: web.BaseRequest) -> bool:
    """Does the client wait for our leave to send the body?"""
    expected = request.headers.get("Expect")
    return expected is not None and expected.lower() == "100-continue"


def body_at_hand(request: web.BaseRequest, limit: int) -> bytes | None:
    """The raw body, *limit* bytes at most; None where it must be waited for by `read_body`. Raises BodyRefused."""
    judge_head(request)
    content = request.content
    if _expects(request) or not content.is_eof() or content.exception() is not None:
        return None
    whole = content.read_nowait()  # it came with its head, or there is none
    if len(whole) > limit:
        raise _too_large(limit)
    return whole


async def read_body(request: web.BaseRequest, limit: int, seconds: float) -> bytes:
    """The raw body that was not at hand, whole within *seconds* from now. Raises BodyRefused.

    A body that announces more than *limit* is refused before a byte of it is read.
    """
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    content, body = request.content, bytearray()
    try:
        async with asyncio.timeout(seconds):
            if _expects(request):
                await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            while chunk := await content.readany():
                body += chunk
                if len(body) > limit:
                    raise _too_large(limit)
    except BodyRefused:
        raise
    except TimeoutError:
        raise BodyRefused(Outcome.BUSY, f"the body took longer than {seconds} s") from None
    except Exception as fault:
        raise _broken(fault) from None
    return bytes(body)
