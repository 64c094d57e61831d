"""The demo hub's accounts."""

ACCOUNTS = {
    "researcher": "works in JupyterLab",
    "approver": "works in JupyterLab too",
    "support": "works in JupyterLab too",
    "admin": "runs the hub",
}
