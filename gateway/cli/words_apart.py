"""The difference of two answers, word by word: `[-gone-]` in red, `{+come+}` in green."""

import re
from difflib import SequenceMatcher

from rich.text import Text

_WORD = re.compile(r"[\w.$-]+|\s+|.", re.DOTALL)


def apart(expected: str, actual: str) -> tuple[Text, Text]:
    """Both texts, the words that the other one lacks marked."""
    old, new = _WORD.findall(expected), _WORD.findall(actual)
    gone, come = Text(), Text()
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        before, after = "".join(old[a:b]), "".join(new[c:d])
        if what == "equal":
            gone.append(before)
            come.append(after)
        if what in ("delete", "replace"):
            gone.append(f"[-{before}-]", style="red")
        if what in ("insert", "replace"):
            come.append(f"{{+{after}+}}", style="green")
    return gone, come
