"""The demo hub's accounts."""

ACCOUNTS = {
    "researcher": "works in JupyterLab",
    "approver": "works in JupyterLab too",
    "support": "reads the install log",
    "admin": "runs the hub",
}
