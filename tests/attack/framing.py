"""Heads and bodies that two readers may take for one request or for two. In each of them hides a bet, signed well.

Whoever reads as HTTP says, and refuses what it does not say, never finds the hidden bet as a request of its own. A
proxy may: some take a bare LF for a line's end. What it then passes on is a request that it has framed itself.
"""

from collections.abc import Iterator
from random import Random

#: A way to the dialect, so that a head which parses is below a mount.
TARGET = "/acme/balance"


def head(*lines: str, start: str = f"POST {TARGET} HTTP/1.1", host: str = "Host: x") -> bytes:
    """A head as it travels; a line may hold anything."""
    whole = "\r\n".join([start, *([host] if host else []), *lines])
    return whole.encode("utf-8", "surrogateescape") + b"\r\n\r\n"


def chunked(*parts: bytes) -> bytes:
    """Chunks, and the last one."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


#: Spellings of Transfer-Encoding beside a length; *L* is the length of all that follows.
CODINGS = {
    "chunked": "Transfer-Encoding: chunked",
    "upper case": "TRANSFER-ENCODING: CHUNKED",
    "a tab": "Transfer-Encoding:\tchunked",
    "a vertical tab": "Transfer-Encoding:\x0bchunked",
    "a form feed": "Transfer-Encoding: \x0cchunked",
    "a space before the colon": "Transfer-Encoding : chunked",
    "a tab before the colon": "Transfer-Encoding\t: chunked",
    "a space before the name": " Transfer-Encoding: chunked",
    "folded": "Transfer-Encoding:\r\n chunked",
    "folded behind another": "X: y\r\n Transfer-Encoding: chunked",
    "behind a bare LF": "X: y\nTransfer-Encoding: chunked",
    "behind a bare CR": "X: y\rTransfer-Encoding: chunked",
    "behind a NUL": "X: y\0Transfer-Encoding: chunked",
    "with a NUL": "Transfer-Encoding: chunked\0",
    "an underscore": "Transfer_Encoding: chunked",
    "quoted": 'Transfer-Encoding: "chunked"',
    "a parameter": "Transfer-Encoding: chunked;x=y",
    "xchunked": "Transfer-Encoding: xchunked",
    "chunkedx": "Transfer-Encoding: chunkedx",
    "identity": "Transfer-Encoding: identity",
    "empty": "Transfer-Encoding:",
    "a comma": "Transfer-Encoding: ,chunked",
    "a comma behind": "Transfer-Encoding: chunked,",
    "gzip first": "Transfer-Encoding: gzip, chunked",
    "gzip last": "Transfer-Encoding: chunked, gzip",
    "identity last": "Transfer-Encoding: chunked, identity",
    "twice": "Transfer-Encoding: chunked, chunked",
    "two lines": "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "two lines, identity last": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "two lines, nonsense first": "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked",
    "a look-alike letter": "Transfer-Encoding: chun\u212aed",
    "a byte that is no text": "Transfer-Encoding: chunked\udcff",
    "a soft hyphen": "Transfer\u00ad-Encoding: chunked",
}
#: Names that are simply others: what a short length leaves over is then rightly read as the next request.
UNKNOWN = ("an underscore", "a soft hyphen")
#: Spellings of a length; {} is the true one, so that the hidden bet is inside for who reads it so.
LENGTHS = (
    "Content-Length: 0\r\nContent-Length: {}",
    "Content-Length: {}\r\nContent-Length: 0",
    "Content-Length: {}\r\nContent-Length: {}",
    "Content-Length: 0, {}",
    "Content-Length: {}, {}",
    "Content-Length: +{}",
    "Content-Length: -{}",
    "Content-Length: 0x{}",
    "Content-Length: {}_0",
    "Content-Length: {} 0",
    "Content-Length: {}.0",
    "Content-Length: {}e0",
    "Content-Length:\x0b{}",
    "Content-Length : {}",
    " Content-Length: {}",
    "Content-Length:\r\n {}",
    "Content-Length: \uff10",
    "Content-Length: \u0661",
    "Content-Length: 18446744073709551616{}",
    "Content-Length:",
    "Content-Length: {}\0",
    'Content-Length: "{}"',
    "X: y\nContent-Length: {}",
    "X: y\rContent-Length: {}",
    "Content-Length: 00{}",
    "Content-Length: {};",
    "Content-Length\0: {}",
    "Content-Length: {}\r\nContent-Length : 0",
)
#: How the last chunk, or a chunk's size, can be written so that readers part.
CHUNKS = (
    b"0x0\r\n\r\n%b",
    b"+0\r\n\r\n%b",
    b"-0\r\n\r\n%b",
    b" 0\r\n\r\n%b",
    b"0 \r\n\r\n\x00%b",
    b"0_0\r\n\r\n%b",
    b"0\n\n%b",
    b"0\r\r%b",
    b"0\r\n\n%b",
    b"0\n\r\n%b",
    b"0\r\nX: y\n\n%b",
    b"0;\n\r\n\r\n%b",
    b"1;\nx\r\n0\n\n%b",
    b"1\r\nxx0\r\n\r\n%b",
    b"1\r\nx0\r\n\r\n%b",
    b"1\r\nx\n0\n\n%b",
    b"\r\n0\r\n\r\n%b",
    b"g\r\n\r\n%b",
    b"\r\n\r\n%b",
    b"ffffffffffffffff0\r\n%b",
    b"10000000000000000\r\n%b",
    b"0\r\nPOST /acme/balance HTTP/1.1\r\nHost: x\r\n%b",
    b"0\r\nX : y\r\n%b",
    b"0\x00\r\n\r\n%b",
    b"\xff\r\n\r\n%b",
    b"0\xa0\r\n\r\n%b",
    b'2;a="\r\n%b',
    b"1\r\nx\r\n0\r\nTransfer-Encoding: chunked\r\nX\r\n%b",
)
#: Other ways to begin: versions, targets, methods, hosts, hops.
STARTS = (
    f"POST {TARGET} HTTP/1.0",
    f"POST {TARGET} HTTP/0.9",
    f"POST {TARGET} HTTP/1.2",
    f"POST {TARGET} HTTP/2.0",
    f"POST {TARGET} HTTP/1.10",
    f"POST {TARGET} HTTP/11",
    f"POST {TARGET} http/1.1",
    f"POST {TARGET} HTTP /1.1",
    f"POST {TARGET}",
    f"POST  {TARGET} HTTP/1.1",
    f"POST\t{TARGET}\tHTTP/1.1",
    f" POST {TARGET} HTTP/1.1",
    f"POST {TARGET}\x0b HTTP/1.1",
    f"POST {TARGET}\0 HTTP/1.1",
    f"POST {TARGET} HTTP/1.1 HTTP/1.1",
    f"post {TARGET} HTTP/1.1",
    f"GET {TARGET} HTTP/1.1",
    f"HEAD {TARGET} HTTP/1.1",
    f"OPTIONS {TARGET} HTTP/1.1",
    f"TRACE {TARGET} HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    f"CONNECT {TARGET} HTTP/1.1",
    "CONNECT x:80 HTTP/1.1",
    f"POST http://x{TARGET} HTTP/1.1",
    f"POST http://other{TARGET} HTTP/1.1",
    f"POST //x{TARGET} HTTP/1.1",
    f"POST {TARGET}/../../acme/bet HTTP/1.1",
    f"POST {TARGET}#x HTTP/1.1",
    "POST /%61cme/balance HTTP/1.1",
    "POST /nowhere HTTP/1.1",
    "POST acme/balance HTTP/1.1",
    "PRI * HTTP/2.0",
    f"\xff {TARGET} HTTP/1.1",
    f"POST {TARGET}\u2028 HTTP/1.1",
    f"{'P' * 9000} {TARGET} HTTP/1.1",
)
#: Lines that change what follows a head.
LINES = (
    "Upgrade: websocket\r\nConnection: Upgrade",
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk",
    "Upgrade: tcp\r\nConnection: upgrade",
    "Expect: 100-continue",
    "Expect: 200-ok",
    "Expect: 100-continue\r\nExpect: x",
    "Content-Encoding: gzip",
    "Content-Encoding: identity",
    "Connection: Content-Length",
    "Connection: close, keep-alive",
    "Host: y",
    "Host: x, y",
    "Trailer: Content-Length",
    "X: \r\n\r",
    "X\r\n",
    ": y",
    "X: \x01",
    "X:" + "y" * 9000,
    "\r\n".join(f"X{number}: y" for number in range(300)),
)


def tricks(hidden: bytes) -> Iterator[tuple[str, bytes]]:
    """Each by its name: what is written to a connection."""
    behind, inside = b"0\r\n\r\n" + hidden, chunked(hidden)
    for name, coding in CODINGS.items():
        yield f"a length, then {name}", head(f"Content-Length: {len(behind)}", coding) + behind
        yield f"{name}, then a length", head(coding, f"Content-Length: {len(behind)}") + behind
        if name not in UNKNOWN:
            yield f"{name}, and a short length", head(coding, f"Content-Length: {inside.index(hidden)}") + inside
        if name != "chunked" and "upper" not in name and "tab" not in name[:5]:
            yield f"{name}, and no length", head(coding) + inside
        yield (
            f"{name}, HTTP/1.0",
            head(coding, f"Content-Length: {len(behind)}", start=f"POST {TARGET} HTTP/1.0") + behind,
        )
    for length in LENGTHS:
        yield length, head(length.replace("{}", str(len(hidden)))) + hidden
    for chunk in CHUNKS:
        yield repr(chunk), head("Transfer-Encoding: chunked") + chunk % hidden
    for start in STARTS:
        yield start[:60], head(f"Content-Length: {len(hidden)}", start=start) + hidden
        yield f"{start[:60]}, chunked", head("Transfer-Encoding: chunked", start=start) + inside
    for line in LINES:
        yield line[:60], head(f"Content-Length: {len(hidden)}", line) + hidden
        yield f"{line[:60]}, before the length", head(line, f"Content-Length: {len(hidden)}") + hidden
    yield "no host", head(f"Content-Length: {len(hidden)}", host="") + hidden
    yield "larger than may be", head("Content-Length: 70000") + hidden
    yield "a length and no more", head(f"Content-Length: {len(hidden) + 10}") + hidden
    yield "HTTP/2's preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9) + hidden


def mixtures(hidden: bytes, rng: Random) -> Iterator[tuple[str, bytes]]:
    """Two or three tricks in one head, without end."""
    behind = b"0\r\n\r\n" + hidden
    lines = [*CODINGS.values(), *(each.replace("{}", str(len(behind))) for each in LENGTHS), *LINES]
    while True:
        some = rng.sample(lines, rng.choice((2, 2, 3)))
        at = rng.randrange(len(some) + 1)
        true = [*some[:at], f"Content-Length: {len(behind)}", *some[at:]]
        start = rng.choice((*STARTS, *[f"POST {TARGET} HTTP/1.1"] * 30))
        yield repr((start[:60], some)), head(*true, start=start) + behind
