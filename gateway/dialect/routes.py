"""Which variants a path may be one's of: looked up where their paths are literal, matched where ids stand in them."""

from collections.abc import Iterable, Mapping, Sequence

from gateway.dialect.requestform import RequestForm

#: A variant, and the fields of the path that it was found by.
Route = tuple[RequestForm, Mapping[str, str]]


class Routes:
    """The variants of one table, by path."""

    def __init__(self, forms: Iterable[RequestForm]) -> None:
        forms = tuple(forms)
        literal = {form.path for form in forms if form.path_fields(form.path) is not None and "{" not in form.path}
        self._with_fields = tuple(form for form in forms if form.path not in literal)
        self._literal = {path: _matched(forms, path) for path in literal}

    def of(self, path: str) -> Sequence[Route]:
        """Every variant that *path* is one's of, whatever its method, in the table's order."""
        found = self._literal.get(path)
        return _matched(self._with_fields, path) if found is None else found


def _matched(forms: Iterable[RequestForm], path: str) -> Sequence[Route]:
    return [(form, fields) for form in forms if (fields := form.path_fields(path)) is not None]
