"""What a dialect compiles when it is first needed, made before anything listens: no callback waits for it.

About a twentieth of a second for twenty tables. What only a command needs is still made when it is asked for.
"""

from gateway.dialect.dialect import Dialect


def ready_to_answer(dialect: Dialect) -> None:
    """For a provider's account: how its messages are known, read and watched, and how each outcome is said."""
    _ = dialect.routes, dialect.listings.requests, dialect.tells_time
    for form in dialect.variants.values():
        _ = form.matches
        dialect.comes_back_s(form.name)
        if not form.unsupported:
            _ = form.read
    for said in dialect.said.values():
        _ = said.form.write
    if dialect.batch is not None:
        ready_to_answer(dialect.of_items)


def ready_to_ask(dialect: Dialect) -> None:
    """For the wallet: how it is asked, and how its answers are read and watched."""
    _ = dialect.listings.replies
    for name, form in dialect.variants.items():
        if not form.unsupported:
            _ = form.write, form.time_due, form.flags_due
            dialect.hearings[name].ready()
