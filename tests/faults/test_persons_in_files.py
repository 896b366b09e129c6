"""Persons that are planted in a table are in no file that the whole journey writes, whatever is packed in what."""

import base64
import gzip
import io
import json
import re
import sqlite3
import zipfile
import zlib

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.packaging.serve import _scorer
from workbench.scoring.log import PredictionLog
from workbench.scoring.log_blocks import pack, unpack
from workbench.scoring.service import Service
from workbench.settings import settings

MAILS = [f"quilla.{w}@planted-mail.org" for w in ("arden", "bexley", "corvin", "dunmore", "elgar")]
PHONES = ["+49 171 5559001", "+49 171 5559002", "+49 171 5559003", "+49 171 5559004", "+49 171 5559005"]
DIALLED = [5550173901, 5550173902, 5550173903]
CARDS = [4532015112830366, 4556737586899855, 4716258050958645, 5425233430109903, 5105105105105100]
IBANS = ["DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606"]
NOTES = [
    "please write to vesper.hale@planted-note.net", "call back on 0171 5558801 today",
    "paid with 4024007103939509 then", "refund to NL91ABNA0417164300 please",
]  # fmt: skip
WITHIN_NOTES = ["vesper.hale@planted-note.net", "0171 5558801", "4024007103939509", "NL91ABNA0417164300"]
PLANTED = [*MAILS, *PHONES, *map(str, DIALLED), *map(str, CARDS), *IBANS, *WITHIN_NOTES]
ROWS = 400


def people(seed: int) -> pd.DataFrame:
    """A table with persons in text and numbers; some of them often, as regular customers are."""
    rng = np.random.default_rng(seed)
    x, city = rng.normal(size=ROWS), rng.choice(["Ulm", "Bonn", "Oslo"], ROWS)
    return pd.DataFrame(
        {
            "key": [f"k{seed}-{i}" for i in range(ROWS)],
            "x": x,
            "city": city,
            "mail": rng.choice(MAILS, ROWS),
            "reached at": rng.choice(PHONES, ROWS),
            "phone": rng.choice(DIALLED, ROWS),
            "paid by": rng.choice(CARDS, ROWS),
            "card, with gaps": np.where(rng.random(ROWS) < 0.3, np.nan, rng.choice(CARDS, ROWS).astype(float)),
            "account": rng.choice(IBANS, ROWS),
            "notes": np.where(rng.random(ROWS) < 0.1, rng.choice(NOTES, ROWS), "nothing to say"),
            "y": np.where(x + (city == "Ulm") + rng.normal(0, 0.5, ROWS) > 0, "yes", "no"),
        }
    )


def journey(folder) -> None:
    """Data, profile, training, reasons, bundle, batch, requests, labels, report; every result as file and as page."""
    data = wb.dataset(people(0), target="y", id="key")
    profile = wb.profile(data)
    wb.log_profile(profile)
    run = wb.train(data, candidates=["linear", "boosting"], trials=1, profile=profile)
    explanation = wb.explain(run)
    bundle = wb.package(run, name="people", explanation=explanation)
    verification = wb.verify(bundle)
    wb.promote("people", bundle.version)
    answers = wb.score("people", people(1), window="2026-01")
    answers.to_csv(folder / "answers.csv")
    wb.feedback("people", people(1)[["key", "y"]])
    serve(people(2))
    report = wb.monitor("people")
    compared = profile.compare(wb.profile(wb.dataset(people(3), target="y", id="key")))
    for result in (data, profile, run, explanation, bundle, verification, report, compared):
        shown = result._repr_mimebundle_()
        (folder / f"{result.noun}.ipynb").write_text(json.dumps(shown, default=str))
        if hasattr(result, "save"):
            result.save(folder / f"{result.noun}.file")


def serve(frame: pd.DataFrame) -> None:
    """Rows are sent as they are, with all their columns."""
    from starlette.testclient import TestClient

    log = PredictionLog(settings().predictions / "people", _scorer("people").sensitive)
    with TestClient(Service(_scorer("people"), log)) as client:
        rows = json.loads(frame.head(80).to_json(orient="records"))
        assert client.post("/predict", json={"rows": rows}).status_code == 200
        assert client.post("/predict", json={"rows": rows[:1]}).status_code == 200
        assert client.post("/explain", json={"rows": rows}).status_code == 200
        assert client.post("/predict", json={"rows": [{**rows[0], "x": rows[0]["mail"]}]}).status_code == 422
    log.fold(end="2100")
    assert log.count() == 81
    log.close()


def unpacked(content: bytes, depth: int = 0):
    """All bytes that a file holds, in clear and in whatever it is packed in."""
    yield content
    if depth > 4:
        return
    for part in parts(content):
        yield from unpacked(part, depth + 1)


def parts(content: bytes):
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    elif content[:6] == b"\x93NUMPY":
        yield repr(np.load(io.BytesIO(content), allow_pickle=False).tolist()).encode()
    elif content[:4] == b"PAR1":
        yield pd.read_parquet(io.BytesIO(content)).to_csv().encode()
    elif content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content)
    elif content[:16] == b"SQLite format 3\x00":
        yield from values_of(content)
    elif content[:4] == b"\x89PNG":
        yield from (zlib.decompress(found) for found in re.findall(rb"zTXt[^\x00]*\x00\x00(.*?)\x00\x00", content))
    elif content[4:].startswith(b'{"rows":'):  # a block of the prediction log
        yield repr(unpack(content)).encode()
    else:
        yield from packed_texts(content)


def values_of(content: bytes):
    with sqlite3.connect(":memory:") as database:
        database.deserialize(content[:18] + b"\x01\x01" + content[20:])  # as if it were not in WAL mode
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in database.execute(f'select * from "{table}"'):
                yield from (v if isinstance(v, bytes) else str(v).encode() for v in row if v is not None)


def packed_texts(content: bytes):
    for match in re.findall(rb"[A-Za-z0-9+/]{200,}={0,2}", content):
        raw = base64.b64decode(match[: len(match) // 4 * 4])
        yield raw
        for wbits in (zlib.MAX_WBITS, zlib.MAX_WBITS | 16):
            try:
                yield zlib.decompress(raw, wbits)
            except zlib.error:
                continue


def forms(value: str) -> list[bytes]:
    """A number as text, in exponents and as eight bytes of either kind."""
    known = {value, value.replace(" ", ""), value.replace("@", "%40"), value.replace("@", "&#64;")}
    found = [form.encode(code) for form in known for code in ("utf-8", "utf-16-le")]
    if value.isdigit():
        number = int(value)
        found += [np.float64(number).tobytes(), np.int64(number).tobytes(), repr(float(number)).encode()]
    return found


def findings(folder, planted) -> list[tuple[str, str]]:
    looked = [(value, form) for value in planted for form in forms(value)]
    return [
        (path.relative_to(folder).as_posix(), value)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for content in [b"\x00".join(unpacked(path.read_bytes()))]
        for value, form in looked
        if form in content
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("store")
def test_no_planted_person_is_in_any_file_that_the_journey_wrote(home, request):
    results = home / "results"
    results.mkdir(parents=True)

    journey(results)

    assert len(PLANTED) == 25
    assert len([p for p in home.rglob("*") if p.is_file()]) > 50
    assert findings(home, PLANTED) == []
    assert findings(request.getfixturevalue("_migrated_store"), PLANTED) == []  # MLflow's artifacts


@pytest.mark.parametrize("value", ["quilla.arden@planted-mail.org", "4532015112830366"])
def test_the_search_finds_what_is_there(tmp_path, value):
    number = np.array([float(value)]) if value.isdigit() else np.array([value])
    frame = pd.DataFrame({"a": number})
    np.savez_compressed(tmp_path / "a.npz", a=number)
    frame.to_parquet(tmp_path / "b.parquet", compression="zstd")
    with sqlite3.connect(tmp_path / "c.sqlite") as database:
        database.execute("create table t (a)")
        database.execute("insert into t values (?)", (gzip.compress(value.encode()),))
        line = ["a", "2026-03-01T09:10:00.000000+00:00", 1, {"mail": value}, 0.5, "no", [], 0.2, None]
        database.execute("insert into t values (?)", (pack([1], [line]),))
    database.close()
    (tmp_path / "d.json").write_text(
        json.dumps({"p": base64.b64encode(zlib.compress(value.encode() * 99, 0)).decode()})
    )

    assert {name for name, _ in findings(tmp_path, [value])} == {"a.npz", "b.parquet", "c.sqlite", "d.json"}
