"""The demo hub's accounts."""

ACCOUNTS = {
    "researcher": "works in JupyterLab",
    "approver": "decides on requests",
    "support": "reads the logs",
    "admin": "runs the hub",
}
