"""Compiling `[batch]`: where the items stand, and the answer around theirs."""

from gateway.dialect.answerform import AnswerForm
from gateway.dialect.batch import BATCH_NAMES, Batch
from gateway.dialect.compiler.answers import AnswerCompiler, compiled_sample
from gateway.dialect.compiler.requests import each_of

MOST = 100


def compiled_batch(answers: AnswerCompiler) -> Batch | None:
    """`[batch]`; None where the table has none, or it does not compile (which is then a complaint)."""
    tree, requests = answers.tree, answers.requests
    section = tree.section("batch")
    each = each_of(tree)
    if not section:
        return None
    if each is None:
        requests.complain(
            "GW107", ("batch", *(("each",) if "each" in section else ())), "[batch] does not say where its items stand",
            'each = "body.transactions", or each = "body" where the body is the list',
        )  # fmt: skip
        return None
    text = str(section.get("answer", "$items")).strip()
    form = None
    at = ("batch", "answer")
    if text != "$items":
        sample = compiled_sample(requests, text, at, BATCH_NAMES, answers.spelling.money)
        if sample is None:
            return None
        form = AnswerForm((200,), (("Content-Type", "application/json"),), sample, answers.spelling, BATCH_NAMES)
        answers.written[id(form)] = at
        if "items" not in sample.names:
            requests.complain(
                "GW230", at, "the answer to a batch does not hold those to its items",
                "write $items, without quotes, where their list stands",
            )  # fmt: skip
    most = section.get("most", MOST)
    return Batch(each, most, section.get("after_failure", "go_on") == "stop", form)
