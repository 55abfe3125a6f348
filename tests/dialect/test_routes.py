"""gateway.dialect.routes: which variants a path may be one's of."""

from typing import cast

from gateway.dialect.requestform import RequestForm
from gateway.dialect.routes import Routes
from gateway.dialect.shelf import Shelf


def test_every_path_finds_what_each_variant_says_of_it() -> None:
    """Of all shipped tables, for literal paths, for paths with ids, and for what is no path of theirs."""
    paths = {"/", "/nowhere", "/bet/", "/bet%20", "", "/a/b/c"}
    shelf = Shelf()
    for name in shelf.names:
        forms = tuple(shelf.dialect(name).variants.values())
        routes = Routes(forms)
        for path in paths | {form.path.replace("{", "x").replace("}", "%41") for form in forms}:
            due = [(form, fields) for form in forms if (fields := form.path_fields(path)) is not None]
            assert list(routes.of(path)) == due, (name, path)


def test_the_tables_order_is_kept_where_a_literal_path_is_another_ones_id_too() -> None:
    """A literal path finds the variant with an id in its path as well, and before or after it as the table has them."""

    class Form:
        def __init__(self, path: str) -> None:
            self.path = path

        def path_fields(self, path: str) -> dict[str, str] | None:
            if "{id}" in self.path:
                return {"id": path[1:]} if path.count("/") == 1 else None
            return {} if path == self.path else None

    one, two, three = Form("/{id}"), Form("/bet"), Form("/{id}")
    routes = Routes(cast("list[RequestForm]", [one, two, three]))
    assert list(routes.of("/bet")) == [(one, {"id": "bet"}), (two, {}), (three, {"id": "bet"})]
    assert list(routes.of("/win")) == [(one, {"id": "win"}), (three, {"id": "win"})]
    assert list(routes.of("/win/x")) == []
