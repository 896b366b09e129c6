"""The service's page: it says what the model takes, leaks nothing without a key, and no name becomes code."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.hostile_names import HOSTILE
from tests.scoring.conftest import make_bundle
from workbench import client as python_client
from workbench.core.contract import Column
from workbench.core.reading import Form
from workbench.scoring import page as pages
from workbench.scoring.page import POLICY, Seen, page
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service

NAMES = [name for name in HOSTILE if 0 < len(name) < 200]


class Read(HTMLParser):
    """The elements of a page with their attributes, and the texts of scripts and styles."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.blocks, self.text = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.blocks.append("")

    def handle_data(self, data):
        if self.elements and self.elements[-1][0] in ("script", "style"):
            self.blocks[-1] += data
        else:
            self.text += data


@pytest.fixture
def client(scorer) -> TestClient:
    return TestClient(Service(scorer))


def data_of(html) -> dict:
    return json.loads(re.search(r'id="data">(.*?)</script>', html).group(1))


def test_browsers_see_the_page_and_others_the_addresses(client):
    assert client.get("/").json()["predict"] == "/predict"
    seen = client.get("/", headers={"Accept": "text/html,*/*"})
    assert seen.headers["Content-Type"] == "text/html; charset=utf-8"
    assert seen.text == client.get("/docs").text


def test_a_browser_runs_its_own_script_and_style_alone(client):
    answer = client.get("/docs")
    policy, read = answer.headers["Content-Security-Policy"], Read(answer.text)

    for block in (b for b in read.blocks if not b.startswith("{")):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()}'" in policy
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
    assert not [a for _, attrs in read.elements for a in attrs if a.startswith("on") or a == "style"]
    assert not re.search(r"(?:src|href)=\"?(?:https?:)?//", answer.text)
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_page_says_what_the_model_takes(client):
    text = Read(client.get("/docs").text).text

    for told in (
        "shop",
        "version 1",
        "bought",
        "ROC AUC",
        "0.8",
        "age",
        "from 18 to 90; may be missing",
        "2 categories",
    ):
        assert told in text
    assert len(client.get("/docs").content) < 40_000


def test_every_field_has_its_name(client):
    elements = Read(client.get("/docs").text).elements
    named = {attrs.get("for") for tag, attrs in elements if tag == "label"}

    assert {attrs["id"] for tag, attrs in elements if tag in ("input", "select", "textarea")} <= named


@pytest.mark.parametrize("name", NAMES)
def test_no_name_leaves_its_place(tmp_path, name):
    make_bundle(tmp_path, age=f"{name}1", city=name, cities=(name, "Bonn"))
    html = page(Scorer(tmp_path), Seen("http://localhost:8080"))
    plain, read = Read(page_of_plain_names(tmp_path / "plain")), Read(html)

    assert [tag for tag, _ in read.elements] == [tag for tag, _ in plain.elements]
    assert [set(attrs) for _, attrs in read.elements] == [set(attrs) for _, attrs in plain.elements]
    assert [c["name"] for c in data_of(html)["columns"]] == [f"{name}1", name]
    assert data_of(html)["columns"][1]["choices"] == [name, "Bonn"]
    html.encode()


def page_of_plain_names(folder):
    folder.mkdir()
    make_bundle(folder)
    return page(Scorer(folder), Seen("http://localhost:8080"))


def test_the_page_says_nothing_of_the_contract_without_a_key(scorer, monkeypatch):
    monkeypatch.setenv("WORKBENCH_API_KEY", "s3cret")
    client = TestClient(Service(scorer))
    bare = client.get("/docs")

    assert bare.status_code == 200
    assert 'id="key"' in bare.text
    assert not {"age", "city", "Ulm", "bought"} & set(re.findall(r"\w+", Read(bare.text).text))
    assert data_of(bare.text) == {}
    assert client.get("/docs", headers={"X-API-Key": "wrong"}).status_code == 401
    whole = client.get("/docs", headers={"X-API-Key": "s3cret"}).text
    assert "from 18 to 90" in whole
    assert "WORKBENCH_KEY" in whole
    assert "s3cret" not in whole


def test_keys_can_not_be_guessed_faster_here(scorer, monkeypatch):
    monkeypatch.setenv("WORKBENCH_API_KEY", "s3cret")
    client = TestClient(Service(scorer, rate=1.0))

    assert 429 in {client.get("/docs", headers={"X-API-Key": f"guess{i}"}).status_code for i in range(5)}


@pytest.mark.parametrize("host", ['a"><script>', "a b", "x" * 300, "ünicode"])
def test_a_host_that_is_none_is_not_repeated(client, host):
    answer = client.get("/docs", headers={"Host": host.encode("utf-8")})

    assert "http://localhost:8080/predict" in answer.text


def test_examples_ask_where_the_page_was_seen(client):
    assert "http://testserver/predict" in client.get("/docs").text


def test_fields_fit_their_columns():
    def control(column):
        return pages._control(column, 'id="c0"')

    assert 'value="2026-01-31"' in control(Column("day", "datetime"))
    assert 'value="31.01.2026"' in control(Column("day", "datetime", form=Form(moments=("%d.%m.%Y",))))
    assert 'step="1"' in control(Column("n", "integer"))
    assert 'step="any"' in control(Column("x", "number"))
    assert control(Column("b", "boolean")).count("<option") == 3
    many = Column("c", "category", categories=tuple(map(str, range(4000))))
    assert control(many) == '<input type="text" id="c0" value="0">'
    assert "0, 1, 2" in pages._note(many)
    assert "and 3992 more" in pages._note(many)
    assert "required" in "".join(pages._fields([Column("n", "integer", missing_allowed=False)]))


def test_many_columns_are_one_text(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "MOST_FIELDS", 1)
    html = page_of_plain_names(tmp_path / "shop")

    assert "<textarea" in html
    assert 'data-i="0"' not in html


def test_the_client_is_handed_out(client):
    answer = client.get("/client.py")

    assert answer.text == Path(python_client.__file__).read_text("utf-8")
    assert answer.headers["Content-Type"].startswith("text/x-python")


def test_the_policy_is_of_the_parts_as_they_are():
    assert POLICY.count("'sha256-") == 2
