"""The folder ``deploy/`` of a bundle: every file is what its own tool takes, whatever the bundle is called."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import hcl2
import httpx
import kubernetes_validate
import pytest
import typer
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import workbench as wb
from workbench.cli import app
from workbench.core.bundle import Bundle
from workbench.core.needs import Needs, Reasoning
from workbench.core.rollout import Rollout
from workbench.packaging.deploy import label_of, loadtest, write_deploy
from workbench.packaging.process import running
from workbench.scoring.listen import GRACE
from workbench.scoring.metrics import Metrics

# What a name may be: letters of both cases, digits, and words that YAML reads as something else.
NAMES = st.one_of(
    st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z"),
    st.sampled_from(["yes", "null", "1e3", "0x10", "3", "1.0", "2026-11-21", "NaN", "a--b", "x" * 100, "0."]),
)
NEEDS = Needs(60.0, 80.0, 50.0, 0.4, 2.0, 0.01, 1000, Reasoning(160.0, 80.0, 12.0, 6.0, 100))
LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


def bundle_of(name="shop", version=3) -> Bundle:
    return Bundle(
        name=name, version=version, run_id="r", model="boosting", task="binary", classes=(), features=("age",),
        threshold=0.5, metrics=(), fingerprint="f", compiled=True, files={},
        lineage={"environment": {"python": "3.11.7"}},
    )  # fmt: skip


def write(folder: Path, bundle: Bundle, lock: str = "numpy==2.4.6\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "requirements.lock").write_text(lock)
    write_deploy(folder, bundle, NEEDS)
    return folder / "deploy"


@pytest.fixture
def deploy(tmp_path):
    return write(tmp_path / "shop", bundle_of())


@pytest.fixture
def shop(run):
    """A whole bundle."""
    return wb.package(run, name="shop")


@pytest.fixture
def service(shop):
    """Its service, in a process of its own."""
    with running(shop) as service:
        yield service


def text(deploy: Path, name: str) -> str:
    return (deploy / name).read_text(encoding="utf-8")


@given(NAMES)
def test_a_label_is_a_name_for_images_and_services_alike(name):
    assert LABEL.fullmatch(label_of(name))
    assert len(label_of(name)) <= 40


def test_names_that_differ_in_case_or_signs_keep_different_labels():
    names = ["shop", "Shop", "shop_2", "shop.2", "shop-2", "SHOP-2", "model-3", "3"]
    assert len({label_of(n) for n in names}) == len(names)


@pytest.mark.slow
@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES)
def test_no_name_breaks_a_file_or_becomes_something_else(tmp_path, name):
    deploy = write(tmp_path / "any", bundle_of(name))

    compose = yaml.safe_load(text(deploy, "compose.yaml"))
    assert compose["services"]["scoring"]["image"] == f"{label_of(name)}:3"
    assert compose["name"] == label_of(name)
    for file in deploy.iterdir():
        assert "@@" not in text(deploy, file.name)


def test_packages_are_held_to_their_hashes_where_the_lock_has_them(tmp_path):
    hashed = write(tmp_path / "a", bundle_of(), "numpy==2.4.6 \\\n    --hash=sha256:00\n")
    plain = write(tmp_path / "b", bundle_of())

    assert "--require-hashes --no-deps" in text(hashed, "Dockerfile")
    assert "--require-hashes" not in text(plain, "Dockerfile")


def test_the_image_runs_without_root_and_its_python_is_the_bundles(tmp_path):
    bundle = replace(bundle_of(), lineage={"environment": {"python": "3.13.2"}})
    lines = text(write(tmp_path / "a", bundle), "Dockerfile").splitlines()

    assert "ARG BASE=python:3.13-slim" in lines
    last = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM")) :]
    assert "USER 10001" in last
    assert last.index("USER 10001") < next(i for i, line in enumerate(last) if line.startswith("ENTRYPOINT"))
    assert any(line.startswith("HEALTHCHECK") for line in last)


def test_compose_listens_on_loopback_and_asks_for_a_key(deploy):
    service = yaml.safe_load(text(deploy, "compose.yaml"))["services"]["scoring"]

    assert all(p.startswith("127.0.0.1:") for p in service["ports"])
    assert service["environment"]["WORKBENCH_API_KEY"].startswith("${WORKBENCH_API_KEY:?")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


def objects(deploy: Path) -> dict[str, dict]:
    return {o["kind"]: o for o in yaml.safe_load_all(text(deploy, "kubernetes.yaml"))}


@pytest.mark.parametrize("name", ["shop", "Churn_2024.x", "yes", "3", "1e3"])
def test_kubernetes_takes_every_object_strictly(tmp_path, name):
    deploy = write(tmp_path / "any", bundle_of(name))

    for found in yaml.safe_load_all(text(deploy, "kubernetes.yaml")):
        for version in ("1.29", "1.37"):
            kubernetes_validate.validate(found, version, strict=True)
        assert found["metadata"]["name"].startswith(label_of(name))


def test_the_pod_has_no_rights_and_the_key_is_named_only(deploy):
    pod = objects(deploy)["StatefulSet"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert "value" not in container["env"][0]
    assert "Secret" not in objects(deploy)
    assert set(container["resources"]["limits"]) == set(container["resources"]["requests"]) == {"cpu", "memory"}


@pytest.mark.slow
def test_the_probes_ask_what_the_service_answers_without_a_key(deploy, service):
    (container,) = objects(deploy)["StatefulSet"]["spec"]["template"]["spec"]["containers"]
    asked = {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}

    with httpx.Client(base_url=service.address) as client:
        assert {path: client.get(path).status_code for path in asked} == {"/ready": 200, "/health": 200}


def test_what_refers_to_another_object_names_one_that_is_there(deploy):
    every = objects(deploy)
    pods = every["StatefulSet"]["spec"]["template"]["metadata"]["labels"]
    services = [o for o in yaml.safe_load_all(text(deploy, "kubernetes.yaml")) if o["kind"] == "Service"]

    assert (
        every["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == every["StatefulSet"]["metadata"]["name"]
    )
    assert every["StatefulSet"]["spec"]["serviceName"] in {s["metadata"]["name"] for s in services}
    for selector in (
        *(s["spec"]["selector"] for s in services),
        every["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        every["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        every["StatefulSet"]["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= pods.items()


def test_a_replica_ends_after_its_requests(deploy):
    pod = objects(deploy)["StatefulSet"]["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > GRACE + 5


@pytest.mark.slow
def test_terraform_reads_its_file_and_finds_what_it_replaces(tmp_path):
    deploy = write(tmp_path / "any", bundle_of("Churn_2024.x"))
    content = hcl2.loads(text(deploy, "main.tf"))
    replaced = re.findall(r'replace\([^,]+, "((?:[^"\\]|\\.)+)"', text(deploy, "main.tf"))

    assert {next(iter(v)).strip('"') for v in content["variable"]} >= {"image", "replicas", "key_secret"}
    assert len(replaced) == 3
    for part in replaced:
        assert text(deploy, "kubernetes.yaml").count(part.replace('\\"', '"')) == 1, part


def test_terraforms_pieces_are_the_objects(deploy):
    # What main.tf does with split and yamldecode.
    pieces = [yaml.safe_load(part) for part in text(deploy, "kubernetes.yaml").split("\n---\n")]
    assert pieces == list(yaml.safe_load_all(text(deploy, "kubernetes.yaml")))
    assert len({(p["kind"], p["metadata"]["name"]) for p in pieces}) == len(pieces)


@pytest.mark.slow
@pytest.mark.parametrize(("schema", "name"), [("github-workflows", "github.yaml"), ("compose-spec", "compose.yaml")])
def test_a_file_follows_the_published_schema(deploy, schema, name):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(deploy / name)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["github.yaml", "Jenkinsfile"])
def test_a_pipeline_calls_commands_and_options_that_there_are(deploy, name):
    known = typer.main.get_command(app).commands
    calls = re.findall(r"""bin/workbench"? (\w+)((?: --[\w-]+)*)""", text(deploy, name))

    assert {verb for verb, _ in calls} >= {"verify", "promote"}
    for verb, options in calls:
        assert set(options.split()) <= {o for p in known[verb].params for o in p.opts}


@pytest.mark.parametrize("name", ["github.yaml", "Jenkinsfile"])
def test_no_free_text_of_a_form_is_pasted_into_a_command(deploy, name):
    scripts = re.findall(r"run: .*|sh '.*", text(deploy, name))
    assert not [s for s in scripts if "${{ inputs" in s or "${params" in s]


def test_dockers_linter_has_nothing_to_say(tmp_path):
    for name, lock in (("shop", "a==1\n"), ("Churn_2024.x", "a==1 --hash=sha256:00\n")):
        deploy = write(tmp_path / name, bundle_of(name), lock)
        command = [str(Path(sys.executable).with_name("hadolint")), str(deploy / "Dockerfile")]
        done = subprocess.run(command, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["shop", "Churn_2024.x", "3"])
def test_alerts_rise_when_they_should_and_not_before(tmp_path, promtool, name):
    deploy = write(tmp_path / "any", bundle_of(name))

    assert "9 rules found" in promtool("check", "rules", deploy / "alerts.yaml")
    promtool("test", "rules", deploy / "alerts.test.yaml")
    promtool("check", "config", "--syntax-only", deploy / "prometheus.yaml")


def test_every_alert_is_tested_both_ways(deploy):
    alerts = {r["alert"] for r in yaml.safe_load(text(deploy, "alerts.yaml"))["groups"][0]["rules"]}
    checks = [c for t in yaml.safe_load(text(deploy, "alerts.test.yaml"))["tests"] for c in t["alert_rule_test"]]

    assert {c["alertname"] for c in checks if c.get("exp_alerts")} == alerts
    assert {c["alertname"] for c in checks if not c.get("exp_alerts")} == alerts


def queries(deploy: Path) -> list[str]:
    """Every PromQL expression of the alerts and the dashboard, with Grafana's own variables filled in."""
    board = json.loads(text(deploy, "dashboard.json"))
    asked = [t["expr"] for p in board["panels"] for t in p["targets"]]
    asked += [a["expr"] for a in board["annotations"]["list"]]
    filled = [
        re.sub(r"\$__(range|rate_interval)", "5m", q).replace("$job", "x").replace("$instance", "y") for q in asked
    ]
    return filled + [r["expr"] for r in yaml.safe_load(text(deploy, "alerts.yaml"))["groups"][0]["rules"]]


def test_prometheus_takes_every_query_of_the_dashboard(deploy, tmp_path, promtool):
    asked = queries(deploy)
    rules = [{"record": f"a:b:c{i}", "expr": query} for i, query in enumerate(asked)]
    (tmp_path / "all.yaml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))

    assert f"{len(asked)} rules found" in promtool("check", "rules", tmp_path / "all.yaml")


def test_alerts_and_dashboard_ask_for_what_the_service_tells(deploy):
    metrics = Metrics()
    metrics.answered("/predict", 200, 0.002)
    metrics.predicted([(3, ""), (3, "shadow")], ["out_of_range:age"])
    metrics.broken = Rollout("shop", 3, "shadow", 0.0, "2026-11-30T09:00:00+00:00", "anna")
    told = set(re.findall(r"^(\w+)(?:\{| )", metrics.text(3), re.MULTILINE))
    labels = set(re.findall(r"[{,](\w+)=", metrics.text(3))) | {"job", "instance", "kind"}  # the last by label_replace

    for query in queries(deploy):
        assert set(re.findall(r"workbench_\w+", query)) <= told, query
        assert set(re.findall(r"[{ ](\w+)(?:=~|!=|=)\"", query)) <= labels, query
        assert {g.strip() for by in re.findall(r"by \(([^)]+)\)", query) for g in by.split(",")} <= labels, query


@pytest.mark.slow
def test_the_services_own_answer_has_these_metrics(service):
    service.post("/predict", {"age": 200, "income": 3.0, "city": "Rom"})
    with httpx.Client(base_url=service.address) as client:
        told = client.get("/metrics").text

    for name in ("model_version", "log_waiting_records", "requests_total", "predictions_total", "flags_total"):
        assert re.search(rf"^workbench_{name}[{{ ]", told, re.MULTILINE), name
    assert 'workbench_request_seconds_bucket{path="/predict",le="+Inf"}' in told


def test_the_dashboard_has_a_place_and_a_unit_for_each_panel(deploy):
    board = json.loads(text(deploy, "dashboard.json"))
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in board["panels"]]

    assert len(set(places)) == len({p["id"] for p in board["panels"]}) == len(board["panels"]) == 12
    assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in board["panels"])
    assert all(p["title"] and p["description"] and p["fieldConfig"]["defaults"]["unit"] for p in board["panels"])
    assert board["uid"] == label_of("shop")


@pytest.mark.slow
def test_the_load_test_checks_every_answer_of_a_real_service(shop, service):
    script = [sys.executable, "-I", str(shop.path / "deploy" / "loadtest.py"), service.address]
    done = subprocess.run([*script, "--seconds", "1", "--clients", "3"], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.fullmatch(r"[\d.]+ requests/s, p50 [\d.]+ ms, p99 [\d.]+ ms, \d+ right answers, 0 errors\n", done.stdout)


@pytest.mark.slow
def test_the_load_test_fails_on_a_prediction_that_is_not_the_golden_one(shop, service, tmp_path, capsys):
    golden = json.loads((shop.path / "golden" / "rows.json").read_text())
    golden["predictions"][0] += 1e-6
    (tmp_path / "rows.json").write_text(json.dumps(golden))

    arguments = [service.address, "--golden", str(tmp_path / "rows.json"), "--seconds", "1", "--clients", "1"]
    assert loadtest.main(arguments) == 1
    assert "another prediction" in capsys.readouterr().out


@pytest.mark.slow
def test_the_load_test_tells_a_lost_service_from_a_slow_one(shop):
    golden = loadtest._golden(shop.path / "golden" / "rows.json")
    outcome = loadtest.load(loadtest.Target(urlsplit("http://127.0.0.1:9")), golden, 2, 0.2)
    assert set(outcome.errors) == {"ConnectionRefusedError"}
    assert not outcome.latencies


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://10.0.0.7:8080", "another machine"),
        ("https://example.com", "another machine"),
        ("ftp://127.0.0.1", "expected an address"),
        ("127.0.0.1:8080", "expected an address"),
        ("http://127.0.0.1:9", "no service is ready"),
    ],
)
def test_the_load_test_refuses_strangers_and_says_why(address, told, capsys, monkeypatch):
    monkeypatch.delenv("WORKBENCH_API_KEY", raising=False)
    with pytest.raises(SystemExit) as ended:
        loadtest.main([address])
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_the_readme_names_every_file(deploy):
    named = set(re.findall(r"`([\w.]+)`", text(deploy, "README.md")))
    assert {f.name for f in deploy.iterdir()} - {"README.md", "Dockerfile.dockerignore"} <= named
