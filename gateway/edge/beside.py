"""Work that may hang, such as a file's or a collector's: beside the loop, and never waited for beyond its time."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


async def beside(work: Callable[[], Result], name: str, timeout: float) -> Result:
    """What *work* gives, or raises. TimeoutError after *timeout* seconds; it goes on then, and nobody hears of it.

    Its thread, called *name*, is its own and a daemon: the loop's own threads are few, and waited for at the end.
    """
    ended: Future[Result] = Future()
    ended.set_running_or_notify_cancel()  # it cannot be called off, so whoever gives up takes nothing from it

    def run() -> None:
        try:
            ended.set_result(work())
        except BaseException as fault:
            ended.set_exception(fault)

    threading.Thread(target=run, name=name, daemon=True).start()
    async with asyncio.timeout(timeout):
        return await asyncio.wrap_future(ended)
