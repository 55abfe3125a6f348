"""Makes gateway.json, the dashboard for Grafana: python deploy/grafana/dashboard.py

Rows stand in the order in which somebody who was woken asks: is money moving, which dialect, which outcome, ours or the
wallet's, which instance, which table version. Each panel leads to the runbooks of the alerts that it explains.
"""

import json
from pathlib import Path
from typing import Any

Panel = dict[str, Any]

SOURCE = {"type": "prometheus", "uid": "${source}"}
OF = 'provider=~"$provider"'
BAD = "transient|unknown|unanswered"
RECORDED = "job_provider:gateway_callbacks"
WIDTH, HEIGHT = 24, 8
COLOURS = {
    "done": "green", "declined": "blue", "refused": "purple",
    "transient": "yellow", "unknown": "orange", "unanswered": "red",
}  # fmt: skip


def rate(metric: str, *by: str, where: str = "") -> str:
    """How many in a second, summed."""
    return f"sum by ({', '.join(by)}) (rate({metric}{{{where}}}[$__rate_interval]))"


def slowest(metric: str, *by: str, where: str = "", share: float = 0.99) -> str:
    """What that share of them does not exceed, in seconds."""
    return f"histogram_quantile({share}, {rate(f'{metric}_bucket', *by, 'le', where=where)})"


def panel(kind: str, title: str, width: int, runbooks: str, *queries: tuple[str, str], **more: Any) -> Panel:
    """*queries*: expression and legend; *runbooks*: names of alerts, without "Gateway"; *more*: of fieldConfig."""
    defaults: dict[str, Any] = {"unit": more.pop("unit", "short"), "min": 0}
    if (worst := more.pop("worst", None)) is not None:
        steps = [{"color": "green", "value": None}, {"color": "red", "value": worst}]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
    return {
        "type": kind,
        "title": title,
        "datasource": SOURCE,
        "gridPos": {"w": width, "h": HEIGHT // 2 if kind == "stat" else HEIGHT},
        "fieldConfig": {"defaults": defaults, "overrides": more.pop("overrides", [])},
        "links": [
            {"title": f"Gateway{name}", "url": f"${{runbooks}}/Gateway{name}.md", "targetBlank": True}
            for name in runbooks.split()
        ],
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": SOURCE, "expr": expression, "legendFormat": legend,
             **({"format": "table", "instant": True} if kind == "table" else {"instant": kind == "stat"})}
            for number, (expression, legend) in enumerate(queries)
        ],
        **more,
    }  # fmt: skip


def stat(title: str, runbooks: str, expression: str, worst: float | None = None, unit: str = "short") -> Panel:
    """One number; red from *worst* on."""
    return panel("stat", title, 4, runbooks, (expression, ""), worst=worst, unit=unit)


def graph(title: str, runbooks: str, *queries: tuple[str, str], width: int = 8, **more: Any) -> Panel:
    """Lines over time."""
    return panel("timeseries", title, width, runbooks, *queries, **more)


def coloured() -> list[dict[str, Any]]:
    """The classes of outcomes, each in its colour."""
    return [
        {
            "matcher": {"id": "byName", "options": word},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
        }
        for word, colour in COLOURS.items()
    ]


def is_money_moving() -> list[Panel]:
    """What is never to be seen, and what always is."""
    return [
        stat("Callbacks in a second", "Down Absent", "sum(rate(gateway_callbacks_total[$__rate_interval]))"),
        stat("Good answers", "ErrorBudgetBurn ProviderFailing",
             f'1 - sum(rate(gateway_callbacks_total{{outcome_class=~"{BAD}"}}[$__rate_interval]))'
             " / sum(rate(gateway_callbacks_total[$__rate_interval]))", unit="percentunit"),
        stat("Waiting for a human", "RowParked", "max(gateway_outbox_parked_rows)", 1),
        stat("Oldest step that is due", "OutboxOld", "max(gateway_outbox_oldest_due_seconds)", 300, "s"),
        stat("Money alerts in an hour", "Conflict WinRefused LateReversal MoneyToLookAt",
             "sum(job_kind:gateway_alerts:increase1h) or vector(0)", 1),
        stat("Journals that cannot be written", "JournalUnavailable", "sum(gateway_journal_unavailable)", 1),
        graph("Callbacks by what was told", "UnknownRatio ErrorBudgetBurn",
              (rate("gateway_callbacks_total", "outcome_class"), "{{outcome_class}}"), width=12, unit="reqps",
              overrides=coloured()),
        graph("Steps of our own to come", "OutboxOld RowParked",
              ("max by (step) (gateway_outbox_rows)", "{{step}}"),
              ("max(gateway_outbox_parked_rows)", "parked"), width=12),
    ]  # fmt: skip


def which_dialect() -> list[Panel]:
    """The same by provider, and by the dialect that it speaks."""
    speaks = "* on (job, instance, provider) group_left (dialect) gateway_provider_info"
    return [
        graph("Callbacks by dialect", "ProviderFailing",
              (f"sum by (dialect) (rate(gateway_callbacks_total{{{OF}}}[$__rate_interval]) {speaks})", "{{dialect}}"),
              unit="reqps"),
        graph("Bad answers by provider, as a share", "ErrorBudgetBurn ProviderFailing UnknownRatio",
              (f"{RECORDED}_bad:increase5m / {RECORDED}:increase5m", "{{provider}}"), unit="percentunit"),
        graph("Slowest of a hundred by provider", "ErrorBudgetBurn",
              (slowest("gateway_callback_duration_seconds", "provider", where=OF), "{{provider}}"), unit="s"),
    ]  # fmt: skip


def which_outcome() -> list[Panel]:
    """Of the chosen providers: what was told, what was wrong."""
    not_good = f'{OF},outcome_class!~"done|declined"'
    return [
        graph("What was told", "UnknownRatio ProviderRefused",
              (rate("gateway_callbacks_total", "outcome_class", where=OF), "{{outcome_class}}"),
              unit="reqps", overrides=coloured()),
        graph("Neither done nor declined, by operation", "ErrorBudgetBurn ProviderRefused",
              (rate("gateway_callbacks_total", "operation", "outcome_class", where=not_good),
               "{{operation}} {{outcome_class}}"), unit="reqps"),
        graph("Late, or to nobody", "ProviderFailing",
              (rate("gateway_late_answers_total", "provider", "how", where=OF), "{{provider}} {{how}}"), unit="reqps"),
        graph("What a human must look at, in an hour", "Conflict WinRefused LateReversal MoneyToLookAt",
              ("job_kind:gateway_alerts:increase1h > 0", "{{kind}}")),
        graph("By which key", "ProviderRefused KeyNearItsEnd",
              (rate("gateway_signatures_verified_total", "provider", "key", where=OF), "{{provider}} {{key}}"),
              unit="reqps"),
        graph("What stands in no row, first sights in an hour", "Drift",
              ("sum by (provider, side, kind) (increase(gateway_drift_total[1h])) > 0",
               "{{provider}} {{side}} {{kind}}")),
    ]  # fmt: skip


def ours_or_the_wallets() -> list[Panel]:
    """Where the time goes, and what stands between us and the wallet."""
    return [
        graph("Our share of a callback", "SlowClaim ErrorBudgetBurn",
              *((slowest("gateway_own_duration_seconds", where=OF, share=share), word)
                for share, word in ((0.5, "half"), (0.99, "99 %"))), unit="s"),
        graph("The wallet's share", "ErrorBudgetBurn UnknownRatio",
              *((slowest("gateway_wallet_duration_seconds", where=OF, share=share), word)
                for share, word in ((0.5, "half"), (0.99, "99 %"))), unit="s"),
        graph("How calls to the wallet end", "UnknownRatio WalletRefusesUs WalletOffContract",
              (rate("gateway_wallet_calls_total", "ending"), "{{ending}}"), unit="reqps"),
        graph("Instances that do not call the wallet", "BreakerOpen",
              ('sum by (state) (gateway_breaker_state{state!="closed"})', "{{state}}")),
        graph("Not sent, though nothing was wrong with it", "ErrorBudgetBurn",
              (rate("gateway_shed_total", "priority", "why") + " > 0", "{{priority}} {{why}}"), unit="reqps"),
        graph("Waiting for the journal, 99 %", "SlowClaim JournalUnavailable",
              (slowest("gateway_journal_wait_seconds", "wish"), "{{wish}}"), unit="s"),
    ]  # fmt: skip


def which_instance() -> list[Panel]:
    """One line for each process."""
    return [
        graph("Callbacks", "Down Absent", (rate("gateway_callbacks_total", "instance"), "{{instance}}"), unit="reqps"),
        graph("Bad answers", "ErrorBudgetBurn",
              (rate("gateway_callbacks_total", "instance", where=f'outcome_class=~"{BAD}"'), "{{instance}}"),
              unit="reqps"),
        graph("At work now", "SlowClaim", ("gateway_callbacks_in_flight", "{{instance}}")),
        graph("Processor, of one core", "ErrorBudgetBurn",
              ('rate(process_cpu_seconds_total{job="gateway"}[$__rate_interval])', "{{instance}}"),
              unit="percentunit"),
        graph("Memory", "Down", ('process_resident_memory_bytes{job="gateway"}', "{{instance}}"), unit="bytes"),
        graph("Faults of our own code", "Bug",
              ("sum by (instance) (increase(gateway_bugs_total[1h]))", "{{instance}}")),
    ]  # fmt: skip


def which_table_version() -> list[Panel]:
    """What is live, where, and until when."""
    return [
        panel("table", "Tables that are live", 12, "TablesDiffer",
              ("count by (dialect, version, sha256) (gateway_mapping_info)", "")),
        panel("table", "Who speaks what", 6, "TablesDiffer",
              ("count by (provider, dialect) (gateway_provider_info)", "")),
        panel("table", "Until a secret or a certificate ends", 6, "KeyNearItsEnd",
              ("sort(min by (party, name, key) (gateway_secret_not_after_seconds) - time())", ""), unit="s"),
        graph("The last reload went well", "ReloadFailed",
              ("gateway_config_last_reload_successful", "{{instance}}"), width=24),
    ]  # fmt: skip


ROWS = {
    "Is money moving?": is_money_moving,
    "Which dialect?": which_dialect,
    "Which outcome?": which_outcome,
    "Ours, or the wallet's?": ours_or_the_wallets,
    "Which instance?": which_instance,
    "Which table version?": which_table_version,
}


def laid_out() -> list[Panel]:
    """All panels, numbered, from left to right and down."""
    panels: list[Panel] = []
    across = down = tallest = 0
    for title, made in ROWS.items():
        across, down, tallest = 0, down + tallest, 0
        row = {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"w": WIDTH, "h": 1}}
        for each in [row, *made()]:
            place = each["gridPos"]
            if across + place["w"] > WIDTH:
                across, down, tallest = 0, down + tallest, 0
            each["gridPos"] = {"x": across, "y": down, **place}
            each["id"] = len(panels) + 1
            panels.append(each)
            across, tallest = across + place["w"], max(tallest, place["h"])
    return panels


def dashboard() -> dict[str, Any]:
    """The whole of it, as Grafana imports it."""
    firing = 'ALERTS{alertname=~"Gateway.+",alertstate="firing"}'
    return {
        "uid": "gateway",
        "title": "Gateway",
        "tags": ["gateway"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "annotations": {"list": [
            {"name": "Alerts", "datasource": SOURCE, "enable": True, "expr": firing, "titleFormat": "{{alertname}}",
             "iconColor": "red"},
        ]},
        "templating": {"list": [
            {"name": "source", "type": "datasource", "query": "prometheus"},
            {"name": "provider", "type": "query", "datasource": SOURCE, "multi": True, "includeAll": True,
             "allValue": ".*", "refresh": 2, "query": "label_values(gateway_callbacks_total, provider)"},
            {"name": "runbooks", "type": "textbox", "query": "https://runbooks.example/gateway"},
        ]},
        "panels": laid_out(),
    }  # fmt: skip


if __name__ == "__main__":
    Path(__file__).with_name("gateway.json").write_text(json.dumps(dashboard(), indent=1) + "\n", "utf-8")
