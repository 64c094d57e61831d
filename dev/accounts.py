"""The demo hub's accounts."""

ACCOUNTS = {
    "researcher": "works in JupyterLab",
    "approver": "works in JupyterLab, and decides on requests",
    "support": "reads the install log, and answers requests",
    "admin": "runs the hub, and sets legal holds",
}
