"""The files for Zero to JupyterHub fit each other, and do there what they say."""

from __future__ import annotations

from typing import Any

import yaml
from servers import ROOT
from traitlets.config import Config

VALUES = yaml.safe_load((ROOT / "jupyter-config/z2jh-values.yaml").read_text())
OBJECTS = {
    item["kind"]: item for item in yaml.safe_load_all((ROOT / "jupyter-config/z2jh-service.yaml").read_text())
}
REPLICAS = {
    item["kind"]: item
    for item in yaml.safe_load_all((ROOT / "jupyter-config/z2jh-replicas.yaml").read_text())
}


# The keys that were compared with the chart's schema of values, and the types that they have there: docs/admin-hub.md.
COMPARED: dict[str, type] = {
    "hub.extraFiles": dict,
    "hub.services": dict,
    "hub.extraConfig": dict,
    "singleuser.networkPolicy.egress": list,
}


def at(path: str) -> Any:
    value: Any = VALUES
    for name in path.split("."):
        value = value[name]
    return value


def leaves(value: Any, path: str = "") -> set[str]:
    if path in COMPARED or not isinstance(value, dict):
        return {path}
    return {leaf for name, inner in value.items() for leaf in leaves(inner, f"{path}.{name}".lstrip("."))}


def configured() -> Config:
    """Run the values' code as the chart does."""
    c = Config()
    c.JupyterHub.services = []
    for name, service in VALUES["hub"]["services"].items():
        c.JupyterHub.services.append({"name": name, "api_token": "t" * 64, **service})
    c.JupyterHub.load_roles = []
    c.JupyterHub.ip, c.JupyterHub.hub_ip = "10.0.0.7", ""
    c.KubeSpawner.environment = {"MINE": "1"}
    for _, code in sorted(VALUES["hub"]["extraConfig"].items()):
        exec(code, {"c": c})
    return c


def variables() -> dict[str, Any]:
    [container] = OBJECTS["Deployment"]["spec"]["template"]["spec"]["containers"]
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in container["env"]}


def test_the_values_configure_the_hub() -> None:
    c = configured()
    [service] = c.JupyterHub.services
    assert service["api_token"] == "t" * 64 and "command" not in service and "url" not in service
    assert c.KubeSpawner.environment == {
        "MINE": "1",
        "LABKEEPER_SERVICE_URL": "http://labkeeper:8191/services/labkeeper/",
    }


def test_the_service_is_what_the_values_say() -> None:
    c, told = configured(), variables()
    [service] = c.JupyterHub.services
    assert service["oauth_redirect_uri"] == f"{told['LABKEEPER_PAGES_URL']}/oauth_callback"
    assert c.LabkeeperHub.hub_url + "hub/" == told["JUPYTERHUB_PUBLIC_HUB_URL"]
    assert told["JUPYTERHUB_SERVICE_NAME"] == service["name"]
    at = f"http://{OBJECTS['Service']['metadata']['name']}:8191{told['JUPYTERHUB_SERVICE_PREFIX']}"
    assert c.LabkeeperHub.service_url == at
    assert told["JUPYTERHUB_API_TOKEN"]["secretKeyRef"]["key"] == f"hub.services.{service['name']}.apiToken"
    [host] = [rule["host"] for rule in OBJECTS["Ingress"]["spec"]["rules"]]
    assert told["LABKEEPER_PAGES_URL"] == f"https://{host}"


def test_users_servers_and_the_service_are_let_through() -> None:
    [rule] = VALUES["singleuser"]["networkPolicy"]["egress"]
    labels = OBJECTS["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert rule["to"][0]["podSelector"]["matchLabels"].items() <= labels.items()
    assert labels["hub.jupyter.org/network-access-hub"] == "true"
    assert rule["ports"] == [{"protocol": "TCP", "port": 8191}]
    assert VALUES["hub"]["extraFiles"]["labkeeper"]["mountPath"].endswith("/labkeeper/hub.py")


def test_replicas_are_the_same_service_and_share_a_database_and_a_secret_alone() -> None:
    assert REPLICAS["Service"] == OBJECTS["Service"] and REPLICAS["Ingress"] == OBJECTS["Ingress"]
    pod = REPLICAS["Deployment"]["spec"]["template"]
    assert pod["metadata"] == OBJECTS["Deployment"]["spec"]["template"]["metadata"]
    [container] = pod["spec"]["containers"]
    told = {item["name"]: item.get("value", item.get("valueFrom")) for item in container["env"]}
    assert {name: value for name, value in told.items() if name in variables()} == variables()
    assert set(told) - set(variables()) == {"LABKEEPER_DATABASE", "LABKEEPER_MASTER_KEY_FILE"}
    assert REPLICAS["Deployment"]["spec"]["replicas"] > 1
    assert REPLICAS["PodDisruptionBudget"]["spec"]["selector"] == REPLICAS["Deployment"]["spec"]["selector"]
    volumes = {item["name"]: item for item in pod["spec"]["volumes"]}
    mounts = {item["name"]: item["mountPath"] for item in container["volumeMounts"]}
    assert "PersistentVolumeClaim" not in REPLICAS and volumes["state"]["emptyDir"] == {}
    assert told["LABKEEPER_STATE"].startswith(f"{mounts['state']}/")
    # The service refuses a key that everybody can read.
    assert volumes["keys"]["secret"]["defaultMode"] & 0o007 == 0
    assert told["LABKEEPER_MASTER_KEY_FILE"] == f"{mounts['keys']}/master-key"
    assert "from-file=master-key" in (ROOT / "jupyter-config/z2jh-replicas.yaml").read_text()


def test_the_values_have_only_keys_that_were_compared_with_the_chart_and_the_page_names_them() -> None:
    assert leaves(VALUES) == set(COMPARED)
    assert all(isinstance(at(path), kind) for path, kind in COMPARED.items())
    # The chart demands a path and one kind of content: that comes with the command at the head of the file.
    [(name, file)] = VALUES["hub"]["extraFiles"].items()
    assert set(file) == {"mountPath"} and isinstance(file["mountPath"], str)
    text = (ROOT / "jupyter-config/z2jh-values.yaml").read_text()
    assert f"--set-file hub.extraFiles.{name}.stringData=hub.py" in text
    assert all(isinstance(code, str) for code in VALUES["hub"]["extraConfig"].values())
    page = (ROOT / "docs/admin-hub.md").read_text()
    assert all(f"`{path}`" in page for path in COMPARED)
