"""Work in a thread of its own: what it gives, what it raises, and that nobody waits for it beyond its time."""

import asyncio
import threading

import pytest

from gateway.edge.beside import beside


async def test_what_it_gives_and_raises() -> None:
    """As if it had been called, and in a thread that the end of the process does not wait for."""
    thread = await beside(threading.current_thread, "reader", 10)
    assert (thread.name, thread.daemon) == ("reader", True)
    with pytest.raises(ZeroDivisionError):
        await beside(lambda: 1 // 0, "reader", 10)


@pytest.mark.parametrize("fails", [False, True])
async def test_what_hangs_is_left_alone(fails: bool) -> None:
    """It goes on, and its late end, good or bad, is nobody's."""
    go_on, ended = threading.Event(), []

    def work() -> None:
        go_on.wait(60)
        ended.append(threading.current_thread())
        if fails:
            raise ValueError

    with pytest.raises(TimeoutError):
        await beside(work, "reader", 0.05)
    assert not ended
    go_on.set()
    while not ended:  # noqa: ASYNC110 - another thread writes it
        await asyncio.sleep(0.01)
    ended[0].join(10)
    await asyncio.sleep(0)
