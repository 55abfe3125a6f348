"""The rules of deploy/prometheus for the Prometheus operator: `python deploy/kubernetes/rules.py` writes them.

Text stays text: the same lines, further to the right, so that whoever compares the two sees the same.
"""

from pathlib import Path

DEPLOY = Path(__file__).resolve().parent.parent
WRITTEN = DEPLOY / "kubernetes" / "overlays" / "monitoring" / "rules.yaml"
HEAD = """\
# Made by deploy/kubernetes/rules.py of deploy/prometheus/rules: change those.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: gateway
  labels: { app.kubernetes.io/name: gateway }
spec:
  groups:
"""


def made() -> str:
    """The whole file."""
    lines = []
    for path in sorted((DEPLOY / "prometheus" / "rules").glob("*.yml")):
        _, _, groups = path.read_text("utf-8").partition("\ngroups:\n")
        lines += [f"  {line}" if line else "" for line in groups.rstrip("\n").split("\n")]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    WRITTEN.write_text(made(), "utf-8")
