"""What is proved of a table before it may serve. Each proof reads a Compiled table and adds complaints."""

from gateway.dialect.compiler.compiled import Compiled
from gateway.dialect.problems import Problem
from gateway.dialect.proofs.batch import prove_batch
from gateway.dialect.proofs.completeness import prove_completeness
from gateway.dialect.proofs.contract import prove_contract
from gateway.dialect.proofs.instead import prove_instead
from gateway.dialect.proofs.money import prove_money
from gateway.dialect.proofs.names import prove_names
from gateway.dialect.proofs.outbound import prove_outbound
from gateway.dialect.proofs.payments import prove_payments
from gateway.dialect.proofs.requests import prove_requests
from gateway.dialect.proofs.rows import prove_rows
from gateway.dialect.proofs.safety import prove_safety
from gateway.dialect.proofs.vectors import prove_vectors


def prove(compiled: Compiled) -> list[Problem]:
    """Every complaint about the table: what compiling found, and what the proofs found."""
    if compiled.outbound is not None:
        prove_outbound(compiled)
    if not compiled.requests and compiled.outbound is not None and not compiled.tree.section("operations"):
        return compiled.problems  # a provider that is only asked
    if not compiled.requests:
        compiled.complain("GW207", (), "the table has no operation", "add [operations.<name>]")
        return compiled.problems
    for proof in (
        prove_completeness,
        prove_requests,
        prove_names,
        prove_money,
        prove_rows,
        prove_safety,
        prove_contract,
        prove_payments,
        prove_batch,
        prove_instead,
        prove_vectors,
    ):
        proof(compiled)
    return compiled.problems
