"""A provider's call as a developer has it at hand: a body, a whole HTTP message, or a curl command out of a ticket."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from cyclopts import Parameter
from msgspec.structs import replace

from gateway.cli.exits import Misuse
from gateway.dialect.dialect import Dialect
from gateway.wire.message import Headers, Request

METHODS = ("POST", "GET", "PUT", "PATCH", "DELETE")
_LONGEST = 1 << 20  # bytes read from a file; a callback has at most 64 KiB


#: A file, or - for stdin, which would otherwise be taken for an option.
File = Annotated[str | None, Parameter(allow_leading_hyphen=True)]
#: Options that say where a call came from; the same in every command that reads one.
Operation = Annotated[str | None, Parameter(help="The table's operation that is meant, where no path is given.")]
At = Annotated[str | None, Parameter(name="--path", help="The path that was called; the mount's prefix may lead it.")]
Method = Annotated[str | None, Parameter(help="The HTTP method; default: POST, or what the message says.")]
Lines = Annotated[
    tuple[str, ...],
    Parameter(name="--header", negative="", show_default=False, help='A header, "Name: value"; may be repeated.'),
]


def request_of(
    dialect: Dialect, file: str | None, *, operation: str | None = None, path: str | None = None,
    method: str | None = None, headers: Sequence[str] = (), curl: str | None = None,
) -> tuple[Request, str]:  # fmt: skip
    """The request with its path relative to the mount, and the prefix that was taken off. Misuse for what is none."""
    if curl is not None:
        request = parse_curl(curl)
        if file is not None:
            request = replace(request, body=read(file))
    else:
        request = parse_message(read(file or "-"))
    request = replace(request, headers=(*request.headers, *map(header_line, headers)))
    if operation is not None:
        if operation not in dialect.variants:
            raise Misuse(f'{dialect.name} has no operation "{operation}"; it has {", ".join(dialect.variants)}')
        form = dialect.variants[operation]
        request = replace(request, method=form.method, path=request.path if request.path else form.path)
    if path is not None:
        request = _at(request, path)
    if method is not None:
        request = replace(request, method=method.upper())
    if not request.path:
        request = replace(request, path=_only_path(dialect))
    return _relative(dialect, request)


def read(file: str) -> bytes:
    """The bytes of *file*, "-" for stdin. Misuse when stdin is a terminal, or the file is absurdly long."""
    if file.startswith("-") and file != "-":
        raise Misuse(f"unknown option: {file}")
    if file == "-":
        if sys.stdin.isatty():
            raise Misuse("give a FILE, or pipe the call in: gateway explain DIALECT < callback.json")
        raw = sys.stdin.buffer.read(_LONGEST + 1)
    else:
        with Path(file).open("rb") as stream:
            raw = stream.read(_LONGEST + 1)
    if len(raw) > _LONGEST:
        raise Misuse(f"{file}: longer than {_LONGEST} bytes, which no callback is")
    return raw


def header_line(text: str) -> tuple[str, str]:
    """`K: V` as a pair. Misuse where the colon is missing."""
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise Misuse(f'--header {text!r}: write it as "Name: value"')
    return name.strip(), value.strip()


def parse_message(raw: bytes) -> Request:
    """A whole HTTP message if it begins like one, else a body alone (path "", POST)."""
    first, _, rest = raw.partition(b"\n")
    words = first.split()
    if len(words) not in (2, 3) or words[0].decode("latin-1") not in METHODS or not words[1].startswith(b"/"):
        return Request("POST", "", body=raw)
    headers = []
    while rest:
        line, _, rest = rest.partition(b"\n")
        if not line.strip():
            break
        headers.append(header_line(line.decode("utf-8", "surrogateescape")))
    request = Request(words[0].decode(), "", headers=tuple(headers), body=rest)
    return _at(request, words[1].decode("utf-8", "surrogateescape"))


def parse_curl(text: str) -> Request:
    """The request that a curl command would send: -X, -H, -d and its kin, --json, the URL. Misuse for what is none."""
    try:
        words = shlex.split(text.replace("\\\n", " "))
    except ValueError as error:
        raise Misuse(f"--curl: a quote is not closed ({error})") from None
    if not words or Path(words[0]).name != "curl":
        raise Misuse("--curl: it does not begin with curl")
    return _Curl(words[1:]).request()


#: Options of curl that take a value which says nothing about the message.
_SKIPPED = {"-o", "--output", "-m", "--max-time", "--connect-timeout", "-A", "--user-agent", "-e", "--referer", "-b",
            "--cookie", "-w", "--write-out", "--cacert", "-x", "--proxy", "--resolve", "--retry"}  # fmt: skip
_DATA = {"-d": True, "--data": True, "--data-ascii": True, "--data-raw": False, "--data-binary": True, "--json": True}
_VALUED = {"-X", "--request", "-H", "--header", "--url", *_DATA, *_SKIPPED}


class _Curl:
    """The words of a curl command, read one after the other."""

    def __init__(self, words: list[str]) -> None:
        self.method = ""
        self.url = ""
        self.headers: list[tuple[str, str]] = []
        self.data: list[bytes] = []
        self.kind = "application/x-www-form-urlencoded"
        queue = list(words)
        while queue:
            word = queue.pop(0)
            option, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
            if not equals and len(word) > 2 and word[0] == "-" and word[1] != "-" and word[:2] in _VALUED:
                option, equals, value = word[:2], "=", word[2:]
            if option in _VALUED and not equals:
                if not queue:
                    raise Misuse(f"--curl: nothing follows {option}")
                value = queue.pop(0)
            self._take(option, value, word)

    def _take(self, option: str, value: str, word: str) -> None:
        if option in ("-X", "--request"):
            self.method = value.upper()
        elif option in ("-H", "--header"):
            self.headers.append(header_line(value))
        elif option == "--url":
            self.url = value
        elif option in _DATA:
            if option == "--json":
                self.kind = "application/json"
            from_file = _DATA[option] and value.startswith("@")
            raw = read(value[1:]) if from_file else value.encode("utf-8", "surrogateescape")
            stripped = from_file and option in (
                "-d",
                "--data",
                "--data-ascii",
            )  # curl does so, and the signature breaks
            self.data.append(raw.replace(b"\r", b"").replace(b"\n", b"") if stripped else raw)
        elif not word.startswith("-"):
            self.url = self.url or word

    def request(self) -> Request:
        if not self.url:
            raise Misuse("--curl: there is no URL in it")
        split = urlsplit(self.url if "://" in self.url else f"http://{self.url}")
        body = b"&".join(self.data)
        headers: Headers = tuple(self.headers)
        if self.data and not any(name.lower() == "content-type" for name, _ in headers):
            headers = (*headers, ("Content-Type", self.kind))
        return Request(self.method or ("POST" if self.data else "GET"), split.path or "/", split.query, headers, body)


def _at(request: Request, path: str) -> Request:
    split = urlsplit(path)
    if not split.path.startswith("/"):
        raise Misuse(f'--path {path}: a path begins with "/"')
    return replace(request, path=split.path, query=split.query or request.query)


def _only_path(dialect: Dialect) -> str:
    paths = sorted({form.path for form in dialect.variants.values()})
    if len(paths) == 1:
        return paths[0]
    raise Misuse(f"which call is it? give --path or --operation; {dialect.name} has {', '.join(paths)}")


def _relative(dialect: Dialect, request: Request) -> tuple[Request, str]:
    """A path that fits no operation may begin with the mount's prefix: take segments off until one fits."""
    steps = request.path.split("/")
    for count in range(len(steps)):
        path = "/" + "/".join(steps[1 + count :])
        if any(form.path_fields(path) is not None for form in dialect.variants.values()):
            return replace(request, path=path), "/".join(steps[: 1 + count])
    return request, ""
