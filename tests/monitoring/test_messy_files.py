"""Eight files as offices, portals and instruments write them go from their path to scores; a batch is read likewise."""

import gzip
from datetime import date, timedelta

import numpy as np
import pytest

import workbench as wb

ROWS = 160
QUICK = {"candidates": ["linear"], "trials": 1, "folds": 2}


def german(number, decimals=2):
    return f"{number:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


def customers():
    """Plain rows: number, amount, day, town, code, target; the target follows the amount."""
    rng = np.random.default_rng(11)
    amount = rng.lognormal(7, 1, ROWS).round(2)
    days = [date(2023, 1, 1) + timedelta(days=int(d)) for d in np.sort(rng.integers(0, 700, ROWS))]
    town = rng.choice(["Zürich", "Köln", "Łódź", "Genève"], ROWS)
    code = [f"{c:05d}" for c in rng.integers(0, 40, ROWS)]
    stays = np.where(amount + rng.normal(0, 400, ROWS) > np.median(amount), "ja", "nein")
    return list(zip(range(ROWS), amount.tolist(), days, town.tolist(), code, stays.tolist(), strict=True))


def office(rows):
    """Semicolons, title lines, decimal commas, a currency, cp1252."""
    lines = [f"{german(a)} €;{d:%d.%m.%Y};{t.replace('Łódź', 'Lodz')};{c};{y}" for _, a, d, t, c, y in rows]
    head = ["Auswertung der Kunden;;;;", ";;;;", "Betrag;Datum;Ort;PLZ;bleibt"]
    return "\r\n".join([*head, *lines, ""]).encode("cp1252")


def portal(rows):
    """American dates with a clock, dollars in quotes, words for missing, a trailing comma."""
    lines = [f'"${a:,.2f}",{d:%m/%d/%Y} 12:00:00 AM,{t if i % 9 else "N/A"},{c},{y},' for i, a, d, t, c, y in rows]
    return "\n".join(["Amount,Opened,Town,Zip,bleibt", *lines, ""]).encode()


def statistics_office(rows):
    """UTF-16 with tabs, blanks between thousands, months by name."""
    lines = [
        "\t".join(
            [f"{a:,.2f}".replace(",", "\u00a0").replace(".", ","), f"{d.day}. {MONTHS[d.month - 1]} {d.year}", t, c, y]
        )
        for _, a, d, t, c, y in rows
    ]
    return "\n".join(["Betrag\tDatum\tOrt\tPLZ\tbleibt", *lines, ""]).encode("utf-16")


def instrument(rows):
    """Comments above, two-digit years, -- for nothing, packed."""
    lines = [f"{a if i % 11 else '--'},{d:%d-%m-%y},{t},{c},{y}" for i, a, d, t, c, y in rows]
    return gzip.compress("\n".join(["# instrument 7", "# run 3", "reading,day,place,code,bleibt", *lines, ""]).encode())


def pandas_index(rows):
    """A frame saved with its index."""
    lines = [f"{i},{a},{d.isoformat()},{t},{c},{y}" for i, a, d, t, c, y in rows]
    return "\n".join([",amount,day,town,code,bleibt", *lines, ""]).encode()


def bookkeeping(rows):
    """Brackets and a sign behind for what was paid back, digits alone for days."""
    lines = [
        f"{a:.2f}|{(f'({a:.2f})' if i % 2 else f'{a:.2f}-') if i % 5 == 0 else f'{a:.2f}'}|{d:%Y%m%d}|{t}|{c}|{y}"
        for i, a, d, t, c, y in rows
    ]
    return "\n".join(["amount|change|day|town|code|bleibt", *lines, ""]).encode()


def survey(rows):
    """A comma within a header, quotes and line breaks in texts, thousands as k."""
    lines = [f'{a / 1000:.3f}k;{d:%Y/%m/%d};"{t}, ""alt""\nStadt";{c};{y}' for _, a, d, t, c, y in rows]
    return "\n".join(["income, a year;day;place of birth;code;bleibt", *lines, ""]).encode()


def log(rows):
    """A zone and milliseconds, JSON in lines."""
    lines = [
        f'{{"amount": {a}, "at": "{d:%Y-%m-%d} 08:15:00,250 UTC", "town": "{t}", "code": "{c}", "bleibt": "{y}"}}'
        for _, a, d, t, c, y in rows
    ]
    return "\n".join([*lines, ""]).encode()


MONTHS = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]
FILES = {
    "office.csv": office,
    "portal.csv": portal,
    "statistics.txt": statistics_office,
    "instrument.csv.gz": instrument,
    "index.csv": pandas_index,
    "books.psv": bookkeeping,
    "survey.csv": survey,
    "log.jsonl": log,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_it_goes_from_its_path_to_scores(store, tmp_path, name):
    rows, path, batch = customers(), tmp_path / name, tmp_path / f"batch-{name}"
    path.write_bytes(FILES[name](rows))
    data = wb.dataset(path, target="bleibt")
    moments = [c.name for c in data.contract.columns if c.kind == "datetime"]
    codes = [c.name for c in data.contract.columns if data.table[c.name].astype(str).str.fullmatch("0[0-9]{4}").any()]

    assert data.table[moments[0]].dt.date.tolist() == [row[2] for row in rows]
    assert data.table[codes[0]].tolist() == [row[4] for row in rows]
    assert wb.profile(path, target="bleibt").contract.reading == data.contract.reading
    assert data.contract.task == "binary"

    wb.package(wb.train(data, **QUICK), name="messy")
    whole = wb.score("messy", path, window="1")
    early = [i for i, row in enumerate(rows) if row[2].day <= 12][:40]
    batch.write_bytes(FILES[name]([rows[i] for i in early]))
    again = wb.score("messy", batch, window="2")

    assert not again["flags"].str.contains("unreadable").any()
    np.testing.assert_allclose(again["prediction"], whole["prediction"].to_numpy()[early], rtol=1e-12)
