"""Any file of text is split as it was meant, or the error names the line; what was unusual is told."""

import csv
import gzip
import io
import json
from dataclasses import dataclass, field

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.reading import Layout
from workbench.errors import BadParameter, BadTable
from workbench.reading import delimited
from workbench.reading.encodings import encoding_of
from workbench.reading.layouts import SAMPLE, sniff
from workbench.reading.sources import source_of


def rows(source, most=1000):
    return [row for chunk in source.chunks(most) for row in chunk.rows()]


def codes(source):
    return [finding.code for finding in source.notes()]


@dataclass
class Case:
    """A file, and what it holds."""

    content: str | bytes
    names: tuple[str, ...]
    rows: list[tuple]
    layout: dict = field(default_factory=dict)
    codes: tuple[str, ...] = ()


AB = ("a", "b")
CASES = {
    # separators
    "comma": Case("a,b\n1,x\n2,y\n", AB, [("1", "x"), ("2", "y")]),
    "semicolon, decimal commas": Case("a;b\n1,5;x\n2,5;y\n", AB, [("1,5", "x"), ("2,5", "y")], {"separator": ";"}),
    "semicolon, comma in a name": Case(
        "a;b, all\n1;x\n2;y\n", ("a", "b, all"), [("1", "x"), ("2", "y")], {"separator": ";"}
    ),
    "semicolons within values": Case(
        "a,b,c\n1,x;y,3\n2,z;w,4\n", ("a", "b", "c"), [("1", "x;y", "3"), ("2", "z;w", "4")]
    ),
    "tab, blanks and commas within": Case(
        "a\tb c\n1,5\tx y\n2,5\tz w\n", ("a", "b c"), [("1,5", "x y"), ("2,5", "z w")], {"separator": "\t"}
    ),
    "bar": Case("a|b\nx, y|2\nz, w|3\n", AB, [("x, y", "2"), ("z, w", "3")], {"separator": "|"}),
    "caret": Case("a^b\nx^2\nz^3\n", AB, [("x", "2"), ("z", "3")], {"separator": "^"}),
    "tilde": Case("a~b\nx~2\nz~3\n", AB, [("x", "2"), ("z", "3")], {"separator": "~"}),
    "a blank behind each comma": Case(
        "a, b, c\n1, x, 2\n3, y z, \n", ("a", "b", "c"), [("1", "x", "2"), ("3", "y z", None)], {"padded": True}
    ),
    "blanks on both sides": Case(
        "a ; b\n1 ; x\n2 ; z \n", AB, [("1", "x"), ("2", "z")], {"separator": ";", "padded": True}
    ),
    "quotes behind blanks": Case(
        'a, b, c\n1, "x, y", 2\n3, "z ""w""", 4\n',
        ("a", "b", "c"),
        [("1", "x, y", "2"), ("3", 'z "w"', "4")],
        {"padded": True},
    ),
    "a blank behind some commas": Case("a,b\n1, x\n2,y\n3,z\n", AB, [("1", " x"), ("2", "y"), ("3", "z")]),
    "names with a comma and a blank": Case(
        'a,b\n1,"Smith, John"\n2,"Doe, Jane"\n', AB, [("1", "Smith, John"), ("2", "Doe, Jane")]
    ),
    "blanks": Case(
        "  x   y z\n 1.5  2 a\n 2.5  3 b\n", ("x", "y", "z"), [("1.5", "2", "a"), ("2.5", "3", "b")], {"separator": " "}
    ),
    "blanks and tabs": Case(
        '8   307.0 \t"chevrolet malibu"\n9   350.0 \t"buick"\n',
        ("column_1", "column_2", "column_3"),
        [("8", "307.0", "chevrolet malibu"), ("9", "350.0", "buick")],
        {"separator": " ", "header": False},
        ("WB130",),
    ),
    "Excel's own line": Case("sep=;\r\na;b\r\n1;2\r\n", AB, [("1", "2")], {"separator": ";", "skip": 1}),
    # one column
    "one column": Case("y\n1\n0\n", ("y",), [("1",), ("0",)], {"separator": ""}),
    "one column of decimal commas": Case(
        "v\n1,5\n2,7\n3,25\n", ("v",), [("1,5",), ("2,7",), ("3,25",)], {"separator": ""}
    ),
    "one column of sentences": Case(
        "t\nHello, you there\nNo comma\nyes, well, no\nno\n",
        ("t",),
        [("Hello, you there",), ("No comma",), ("yes, well, no",), ("no",)],
        {"separator": ""},
    ),
    "one column of moments": Case(
        "at\n2023-01-01 10:00:00\n2023-01-02 11:00:00\n",
        ("at",),
        [("2023-01-01 10:00:00",), ("2023-01-02 11:00:00",)],
        {"separator": ""},
    ),
    "one column of names": Case(
        "name\nJohn Smith\nMary Jones\n", ("name",), [("John Smith",), ("Mary Jones",)], {"separator": ""}
    ),
    # quotes
    "quoted separators and breaks": Case('a,b\n"x,1","y\nz"\n"w ""q""",2\n', AB, [("x,1", "y\nz"), ('w "q"', "2")]),
    "single quotes": Case("a,b\n'x,1',2\n'y',3\n", AB, [("x,1", "2"), ("y", "3")], {"quote": "'"}),
    "backslashes": Case(
        'a,b\n"say \\"hi, you\\" x",2\n"z",3\n', AB, [('say "hi, you" x', "2"), ("z", "3")], {"escape": "\\"}
    ),
    "inches": Case('a,b\n5" nail,2\n6" nail,3\n', AB, [('5" nail', "2"), ('6" nail', "3")]),
    "a quote that opens nothing": Case(
        'a,b\n"x,2\nz,3\nw,4\n', AB, [('"x', "2"), ("z", "3"), ("w", "4")], {"quote": ""}
    ),
    # line ends
    "CRLF": Case('a,b\r\n1,"x\r\ny"\r\n2,z', AB, [("1", "x\r\ny"), ("2", "z")]),
    "CR": Case("a,b\r1,x\r2,y\r", AB, [("1", "x"), ("2", "y")]),
    "empty lines within": Case("a,b\n\n1,x\n\n   \n2,y\n\n", AB, [("1", "x"), ("2", "y")]),
    # above and below
    "title lines": Case(
        "Report of the year\n\na,b,c\n1,x,2\n3,y,4\n",
        ("a", "b", "c"),
        [("1", "x", "2"), ("3", "y", "4")],
        {"skip": 2},
        ("WB132",),
    ),
    "a title with a comma": Case(
        "Sales, all\na,b,c\n1,2,3\n4,5,6\n",
        ("a", "b", "c"),
        [("1", "2", "3"), ("4", "5", "6")],
        {"skip": 1},
        ("WB132",),
    ),
    "a title as a sheet has it": Case(
        "Report;;\n;;\na;b;c\n1;x;2\n2;y;3\n",
        ("a", "b", "c"),
        [("1", "x", "2"), ("2", "y", "3")],
        {"separator": ";", "skip": 2},
        ("WB132",),
    ),
    "comments above": Case("# by x\n# then, y\na,b\n1,2\n3,4\n", AB, [("1", "2"), ("3", "4")], {"skip": 2}, ("WB132",)),
    "comments within": Case(
        "a,b\n1,2\n# note\n3,4\n5,6\n7,8\n", AB, [("1", "2"), ("3", "4"), ("5", "6"), ("7", "8")], {"comment": "#"}
    ),
    "names in a comment": Case(
        "##meta\n#chrom\tpos\nchr1\t5\nchr2\t6\n",
        ("chrom", "pos"),
        [("chr1", "5"), ("chr2", "6")],
        {"separator": "\t", "skip": 1},
        ("WB132",),
    ),
    "colours": Case("colour,n\n#ff0000,3\n#00ff00,4\n", ("colour", "n"), [("#ff0000", "3"), ("#00ff00", "4")]),
    "a total below": Case(
        "day;n\nMon;5\nTue;6\n\nTotal: 11\n", ("day", "n"), [("Mon", "5"), ("Tue", "6")], {"separator": ";"}, ("WB132",)
    ),
    "a note below numbers": Case("n,m\n1,5\n2,6\nas of May\n", ("n", "m"), [("1", "5"), ("2", "6")], {}, ("WB132",)),
    "units": Case("a,b\n[kg],[m]\n1,2\n3,4\n5,6\n", AB, [("1", "2"), ("3", "4"), ("5", "6")], {"below": 1}, ("WB132",)),
    "words that may be units": Case(
        "a,b\nlow,high\n1,2\n3,4\n5,6\n", AB, [("low", "high"), ("1", "2"), ("3", "4"), ("5", "6")], {}, ("WB132",)
    ),
    "a word among few numbers": Case(
        "n,age\nAda,unknown\nBob,5\nCy,7\n",
        ("n", "age"),
        [("Ada", "unknown"), ("Bob", "5"), ("Cy", "7")],
        codes=("WB132",),
    ),
    "a logger's units and processing": Case(
        '"TOA5","CR1000","x"\n"TIMESTAMP","Temp","Wind"\n"TS","Deg C","m/s"\n"","Avg","WVc"\n'
        '"2024-01-01 00:00:00",1.5,2\n',
        ("TIMESTAMP", "Temp", "Wind"),
        [("2024-01-01 00:00:00", "1.5", "2")],
        {"skip": 1, "below": 2},
        ("WB132", "WB132"),
    ),
    "names in two lines": Case(
        "Region,Price,,Volume,\n,min,max,min,max\nN,1,2,3,4\nS,5,6,7,8\n",
        ("Region", "Price_min", "Price_max", "Volume_min", "Volume_max"),
        [("N", "1", "2", "3", "4"), ("S", "5", "6", "7", "8")],
        {"below": 1, "joined": True},
        ("WB132",),
    ),
    "names of pandas in two levels, and of the index": Case(
        ",a,a,b\n,x,y,x\nid,,,\n1,2,3,4\n2,3,4,5\n",
        ("id", "a_x", "a_y", "b_x"),
        [("1", "2", "3", "4"), ("2", "3", "4", "5")],
        {"below": 2, "joined": True},
        ("WB132",),
    ),
    # columns
    "trailing separators of rows": Case("a,b\n1,x,\n2,y,\n", AB, [("1", "x"), ("2", "y")], {}, ("WB132",)),
    "trailing separators everywhere": Case("a,b,,\n1,x,,\n2,y,,\n", AB, [("1", "x"), ("2", "y")], {}, ("WB132",)),
    "a saved index": Case(
        ",a,b\n0,1,x\n1,2,y\n", ("index", "a", "b"), [("0", "1", "x"), ("1", "2", "y")], {}, ("WB132",)
    ),
    "R's row names": Case(
        '"a","b"\n"1",5,"x"\n"2",6,"y"\n',
        ("index", "a", "b"),
        [("1", "5", "x"), ("2", "6", "y")],
        {"row_names": True},
        ("WB132",),
    ),
    "R's table": Case(
        '"x" "y"\n"a" 1 2\n"b" 3 4\n',
        ("column_1", "x", "y"),
        [("a", "1", "2"), ("b", "3", "4")],
        {"separator": " ", "row_names": True},
        ("WB132",),
    ),
    "a short row": Case(
        "a,b,c\n1,2,3\n4,5\n6,7,8\n",
        ("a", "b", "c"),
        [("1", "2", "3"), ("4", "5", None), ("6", "7", "8")],
        {},
        ("WB131",),
    ),
    "no header": Case(
        "1.5,p\n2.5,q\n3.5,p\n",
        ("column_1", "column_2"),
        [("1.5", "p"), ("2.5", "q"), ("3.5", "p")],
        {"header": False},
        ("WB130",),
    ),
    "years as names": Case(
        "land,2019,2020\nChad,1.5,2\nMali,2.5,3\n",
        ("land", "2019", "2020"),
        [("Chad", "1.5", "2"), ("Mali", "2.5", "3")],
        {},
        ("WB130",),
    ),
    "numbered names": Case(
        "0,1,2\n4,5,6\n7,8,9\n", ("0", "1", "2"), [("4", "5", "6"), ("7", "8", "9")], {}, ("WB130",)
    ),
    "two columns without a name": Case(
        "a,,\n1,2,3\n4,5,6\n", ("a", "column_2", "column_3"), [("1", "2", "3"), ("4", "5", "6")]
    ),
    "no header, all texts": Case(
        "p,yes\nq,no\np,yes\nq,no\n", ("p", "yes"), [("q", "no"), ("p", "yes"), ("q", "no")], {}, ("WB130",)
    ),
    "a title above texts": Case(
        "Report\nname;city\nAnn;Rome\nBob;Oslo\n",
        ("name", "city"),
        [("Ann", "Rome"), ("Bob", "Oslo")],
        {"separator": ";", "skip": 1},
        ("WB132",),
    ),
    "titles above blanks": Case(
        "Data from station 5\nlat 45.2 lon 7\n\nyear month temp\n2001 1 -3.5\n2001 2 -1.0\n2001 3 4.0\n",
        ("year", "month", "temp"),
        [("2001", "1", "-3.5"), ("2001", "2", "-1.0"), ("2001", "3", "4.0")],
        {"separator": " ", "skip": 3},
        ("WB132",),
    ),
    "separators behind some rows": Case(
        "a,b,c\n1,2,3,\n4,5,6\n7,8,9,,\n",
        ("a", "b", "c"),
        [("1", "2", "3"), ("4", "5", "6"), ("7", "8", "9")],
        {},
        ("WB132",),
    ),
    "a name that begins with a hash": Case("#1,b\nx,2\ny,3\n", ("#1", "b"), [("x", "2"), ("y", "3")]),
    # encodings
    "UTF-8 with its mark": Case("ü,b\n1,ß\n".encode("utf-8-sig"), ("ü", "b"), [("1", "ß")], {"encoding": "utf-8-sig"}),
    "UTF-16": Case("ü,b\n1,ß\n".encode("utf-16"), ("ü", "b"), [("1", "ß")], {"encoding": "utf-16"}),
    "UTF-16 without its mark": Case(
        "ü,b\n1,ß\n".encode("utf-16-be"), ("ü", "b"), [("1", "ß")], {"encoding": "utf-16-be"}, ("WB132",)
    ),
    "UTF-32": Case("ü,b\n1,ß\n".encode("utf-32"), ("ü", "b"), [("1", "ß")], {"encoding": "utf-32"}),
    "Western": Case(
        "Größe,b\n1,José\n".encode("cp1252"), ("Größe", "b"), [("1", "José")], {"encoding": "cp1252"}, ("WB132",)
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_split_as_it_was_meant(name, tmp_path):
    case = CASES[name]
    content = case.content if isinstance(case.content, bytes) else case.content.encode()
    (tmp_path / "t.csv").write_bytes(content)

    source = source_of(tmp_path / "t.csv")

    assert source.names == case.names
    assert rows(source) == case.rows
    assert source.layout == sniff(content) == Layout(**case.layout)
    assert tuple(codes(source)) == case.codes


@pytest.mark.parametrize("most", [1, 2, 7])
@pytest.mark.parametrize("name", CASES)
def test_the_size_of_chunks_changes_nothing(name, most, tmp_path):
    case = CASES[name]
    (tmp_path / "t.csv").write_bytes(case.content if isinstance(case.content, bytes) else case.content.encode())
    source = source_of(tmp_path / "t.csv")

    assert rows(source, most) == case.rows
    assert max(chunk.height for chunk in source.chunks(most)) <= most


GIVEN = {
    "separator": ("a;b,c\n1;2,3\n", {"separator": ","}, ("a;b", "c"), [("1;2", "3")]),
    "no header": ("a,b\n1,2\n", {"header": False}, ("column_1", "column_2"), [("a", "b"), ("1", "2")]),
    "a header": ("1.5,p\n2.5,q\n3.5,p\n", {"header": True}, ("1.5", "p"), [("2.5", "q"), ("3.5", "p")]),
    "lines to skip": ("x,y\na,b\n1,2\n", {"skip": 1}, ("a", "b"), [("1", "2")]),
    "comments": ("!x\na,b\n!y,z\n1,2\n", {"comment": "!"}, ("a", "b"), [("1", "2")]),
    "no quotes": ('a,b\n"1",2\n', {"quote": ""}, ("a", "b"), [('"1"', "2")]),
    "encoding": ("a,b\n1,2\n", {"encoding": "latin1"}, ("a", "b"), [("1", "2")]),
    "one column": ("a,b\n1,2\n", {"separator": ""}, ("a,b",), [("1,2",)]),
}


@pytest.mark.parametrize("what", GIVEN)
def test_what_is_given_is_taken_as_given_and_not_told(what, tmp_path):
    content, options, names, expected = GIVEN[what]
    (tmp_path / "t.csv").write_text(content)

    source = source_of(tmp_path / "t.csv", **options)

    assert (source.names, rows(source), codes(source)) == (names, expected, [])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"separator": ";;"}, "one character"),
        ({"header": 2}, "skip="),
        ({"skip": -1}, "at least 0"),
        ({"encoding": "klingon"}, "no encoding 'klingon'"),
        ({"seperator": ";"}, "Did you mean 'separator'"),
        ({"quote": 3}, "a text"),
        ({"sheet": "x"}, "sheet= is not for files such as t.csv"),
    ],
)
def test_an_option_that_is_none_is_refused(options, told, tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")

    with pytest.raises(BadParameter, match=told):
        source_of(tmp_path / "t.csv", **options)


MANY = b"a,b\n" + b"1,2\n" * 90_000
REFUSED = {
    "too many values": (b"a,b\n1,2\n3,4,5\n6,7\n", "3 values on line 3, expected 2: '5'"),
    "too many values, far behind": (MANY + b"3,4,5\n", "3 values on line 90,002, expected 2: '5'"),
    "a quote that is never closed": (
        MANY + b'3,"x\n4,5\n6,7\n',
        "quote on line 90,002 that is never closed: the 3 lines",
    ),
    "a damaged byte among UTF-8": ("a,b\n1,ü\n2,é\n".encode() + b"3,\xfc\n", "line 4 has the byte 0xFC at position 16"),
    "a damaged byte among UTF-8, far behind": (
        MANY + "3,ü\n4,é\n".encode() + b"5,\xfc\n",
        r"line 90,004 has the byte 0xFC at position 360,016.*encoding=\"",
    ),
    "a zero byte": (b"a,b\n\0,1\n", "a zero byte at position 4"),
    "a zero byte, far behind": (MANY + b"3,\0\n", "a zero byte at position 360,006"),
    "a picture": (b"\x89PNG\r\n\x1a\n", "should be text, and is a picture"),
    "an archive by another name": (b"\x1f\x8bxx", r"is a gzip archive\. Let its name end in \.gz"),
    "nothing": (b"", "is empty"),
    "lines without anything": (b"\n \n\r\n", "is empty"),
    "a mark alone": (b"\xef\xbb\xbf", "is empty"),
    "two columns of one name": (b"a,a\n1,2\n", "Two columns are called 'a'"),
    "a value without an end": (
        b"a,b\n1," + b"x" * 17_000_000 + b"\n",
        "value on line 2 with more than 16,777,216 characters",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_can_not_be_split_is_refused_with_its_line(what, tmp_path):
    content, told = REFUSED[what]
    (tmp_path / "t.csv").write_bytes(content)

    with pytest.raises(BadTable, match=told):
        rows(source_of(tmp_path / "t.csv"))


def test_irregular_rows_far_behind_are_read_as_those_in_front(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "BLOCK", 1 << 12)
    lines = [f"{i},x{i}" for i in range(5000)]
    lines[3000], lines[4000], lines[4500] = "3000", "4000,y,", " "
    (tmp_path / "t.csv").write_text("a,b\n" + "\n".join(lines) + "\nTotal: 5000\n")
    source = source_of(tmp_path / "t.csv")

    read = rows(source, 700)

    assert [row[0] for row in read] == [str(i) for i in range(5000) if i != 4500]
    assert (read[3000], read[4000]) == (("3000", None), ("4000", "y"))
    told = [finding.message for finding in source.notes()]
    assert "1 row has fewer than 2 values (line 3002)" in told[0]
    assert "'Total: 5000'" in told[2]


def test_notes_are_of_the_latest_reading(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,c\n1,2,3\n4,5\n6,7,8\n")
    source = source_of(tmp_path / "t.csv")

    rows(source)
    rows(source)

    assert [finding.evidence["rows"] for finding in source.notes()] == [1]


def test_a_character_cut_by_the_end_of_the_sample_is_no_other_encoding():
    content = b"a\n" + b"x" * (SAMPLE - 3) + "ü".encode() + b"\n"

    assert encoding_of(content[:SAMPLE], whole=False) == ("utf-8", True)
    assert sniff(content).encoding == "utf-8"


def test_a_long_value_of_many_lines_does_not_hide_the_columns(tmp_path):
    (tmp_path / "t.csv").write_text('a,b\n1,"' + "x\n" * SAMPLE + '"\n2,y\n')

    assert [row[0] for row in rows(source_of(tmp_path / "t.csv"))] == ["1", "2"]


TEXTS = {
    "cp1252": "prénom,ville\nHélène,Orléans\nBjørn,Tromsø\n5 €,20 °C\n",
    "cp1250": "jméno,město\nJiří,Plzeň\nPaweł,Łódź\n",
    "cp1251": "имя,город\nИван,Москва\nПётр,Киев\n",
    "koi8_r": "имя,город\nИван,Москва\nПётр,Киев\n",
    "gb18030": "姓名,城市\n张伟,北京\n王芳,上海\n",
    "cp932": "名前,都市\n田中太郎,東京\n鈴木さくら,おおさか\n",
    "big5": "姓名,城市\n張偉,臺北\n王芳,高雄\n",
    "cp949": "이름,도시\n김철수,서울\n이영희,부산\n",
    "utf-16-le": "a,ü\n1,ß\n",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_an_encoding_that_the_file_does_not_say_is_found_and_told(encoding, tmp_path):
    text = TEXTS[encoding] * 5
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))

    source = source_of(tmp_path / "t.csv")

    assert [source.names, *rows(source)] == [tuple(row) for row in csv.reader(io.StringIO(text))]
    assert any("does not say its encoding" in finding.message for finding in source.notes())


@pytest.mark.slow
@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("encoding", [*(name for name in TEXTS if name != "utf-16-le"), "utf-8"])
def test_it_is_found_where_the_first_such_letter_stands_far_behind(encoding, packed, tmp_path):
    plain = "a,b\n" + "1,x\n" * (SAMPLE // 4 + 1)
    special = [tuple(line.split(",")) for line in TEXTS.get(encoding, TEXTS["cp1252"]).splitlines()] * 5
    content = (plain + "".join(f"{a},{b}\n" for a, b in special)).encode(encoding)
    path = tmp_path / f"t.csv{packed}"
    path.write_bytes(gzip.compress(content) if packed else content)

    source = source_of(path)

    assert rows(source)[-len(special) :] == special
    assert any("does not say its encoding" in f.message for f in source.notes()) == (encoding != "utf-8")


def test_a_later_file_may_have_its_own_encoding_far_behind(tmp_path):
    (tmp_path / "t.csv").write_bytes(("a,b\n" + "1,x\n" * SAMPLE + "2,Orléans\n").encode("cp1252"))

    source = source_of(tmp_path / "t.csv", like=Layout(), expected=("a", "b"))

    assert rows(source, 1 << 20)[-1] == ("2", "Orléans")


EARLIER = Layout(encoding="cp1252", separator=";", skip=1)


@pytest.mark.parametrize(
    ("content", "separator", "encoding"),
    [
        ("of May\na;b\n1;2,5\n".encode("cp1252"), ";", "cp1252"),
        ("of May\na;b\n1;ü\n".encode("cp1252"), ";", "cp1252"),
        ("of May\na;b\n1;ü\n".encode(), ";", "utf-8"),  # valid UTF-8 is no accident
        (b"a,b\n1,2\n3,4\n", ",", "utf-8"),  # laid out anew
    ],
)
def test_a_later_file_is_read_by_the_earlier_layout_where_that_gives_its_names(content, separator, encoding, tmp_path):
    (tmp_path / "t.csv").write_bytes(content)

    source = source_of(tmp_path / "t.csv", like=EARLIER, expected=("a", "b"))

    assert source.names == ("a", "b")
    assert (source.layout.separator, source.layout.encoding) == (separator, encoding)


@pytest.mark.parametrize(
    ("content", "decimal"),
    [
        ("a;b\n1;2\n3;4\n", ","),
        ("a;b\n1.5;2\n3.5;4\n", ","),  # each column decides; this is only the likelier where it can't
        ("a\tb\n1,5\t2\n3,5\t4\n", ","),
        ('a,b\n"1,5",2\n"3,5",4\n', ","),
        ("a,b\n1.5,2\n3.5,4\n", "."),
        ("a,b\nx,y\n", "."),
    ],
)
def test_the_likelier_mark_before_decimals_is_that_of_most_numbers_or_of_semicolons(content, decimal, tmp_path):
    (tmp_path / "t.csv").write_text(content)

    assert source_of(tmp_path / "t.csv").decimal == decimal


HOSTILE = st.text(
    st.sampled_from([*",;\t|\"'\\\n\r #%/ab1.- ", "ü", "ß", "漢", "😀", "\u2028", "\x0b", "\ufeff"]), max_size=8
)
WRITTEN = st.fixed_dictionaries(
    {
        "separator": st.sampled_from(",;\t|^"),
        "quoting": st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
        "end": st.sampled_from(["\n", "\r\n", "\r"]),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
        "titles": st.integers(0, 3),
        "comment": st.booleans(),
        "trailing": st.booleans(),
        "index": st.booleans(),
        "most": st.integers(1, 9),
    }
)

# A backslash at the end of a quoted value, where the next one is quoted too.
BACKSLASH = {
    "separator": ";",
    "quoting": csv.QUOTE_ALL,
    "end": "\n",
    "encoding": "utf-8",
    "titles": 0,
    "comment": False,
    "trailing": True,
    "index": False,
    "most": 9,
}


def write(path, table, how):
    """A table by the csv module; returns what it holds."""
    given = [[str(i), *row] if how["index"] else row for i, row in enumerate(table[1:])]
    names = ["", *table[0]] if how["index"] else table[0]
    text = io.StringIO(newline="")
    for i in range(how["titles"]):
        text.write(f"Title {i}{how['end']}")
    if how["comment"]:
        text.write(f"# a comment{how['end']}")
    breaks = any("\n" in value or "\r" in value for row in table for value in row)
    writer = csv.writer(
        text, delimiter=how["separator"], lineterminator=how["end"], quoting=csv.QUOTE_ALL if breaks else how["quoting"]
    )
    writer.writerows([*row, ""] if how["trailing"] else row for row in (names, *given))
    path.write_bytes(text.getvalue().encode(how["encoding"]))
    return ["index", *names[1:]] if how["index"] else names, [tuple(value or None for value in row) for row in given]


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(HOSTILE, min_size=n, max_size=n), min_size=1, max_size=6)),
    WRITTEN,
)
@example([["%", ";\\", ";"]], BACKSLASH | {"separator": ","})
@example([["%", ";\\", ";"]], BACKSLASH | {"trailing": False})
@example([["a", ";\\", ";"], ["b", "\\", "x;"]], BACKSLASH)
def test_a_table_of_hostile_texts_is_read_back_by_its_layout(tmp_path, table, how):
    assume(not any(row[0].startswith("#") or not "".join(row).strip() for row in table))
    names = [f"n{i}" for i in range(len(table[0]))]
    names, expected = write(tmp_path / "t.csv", [names, *table], how)
    options = {"separator": how["separator"], "quote": '"', "skip": how["titles"], "header": True}
    comment = {"comment": "#"} if how["comment"] else {}

    source = source_of(tmp_path / "t.csv", encoding=how["encoding"], **options, **comment)

    assert list(source.names) == names
    assert rows(source, how["most"]) == expected


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(HOSTILE, HOSTILE), min_size=8, max_size=14), WRITTEN)
@example(
    [("", "")] * 6 + [("", "; "), ("", ";\t")],
    {
        "separator": ";",
        "quoting": csv.QUOTE_ALL,
        "end": "\n",
        "encoding": "utf-8",
        "titles": 0,
        "comment": False,
        "trailing": False,
        "index": False,
        "most": 1,
    },
)
@example(
    [*[("", "")] * 6, ("", " "), ("", ", ")],
    {
        "separator": ",",
        "quoting": csv.QUOTE_ALL,
        "end": "\n",
        "encoding": "utf-8",
        "titles": 0,
        "comment": False,
        "trailing": False,
        "index": False,
        "most": 1,
    },
)
@example(
    [("x", "y")] * 8,
    {
        "separator": ",",
        "quoting": csv.QUOTE_ALL,
        "end": "\r",
        "encoding": "utf-16",
        "titles": 3,
        "comment": True,
        "trailing": True,
        "index": True,
        "most": 1,
    },
)
def test_its_layout_is_seen_too_where_numbers_stand_beside_the_texts(tmp_path, texts, how):
    table = [[f"{i}.25", *pair, str(10 * i)] for i, pair in enumerate(texts)]
    assume(how["encoding"] != "gb18030" or any(not text.isascii() for pair in texts for text in pair))
    names, expected = write(tmp_path / "t.csv", [["n", "first text", "t", "k"], *table], how)

    source = source_of(tmp_path / "t.csv", **({"encoding": "gb18030"} if how["encoding"] == "gb18030" else {}))

    assert list(source.names) == names
    assert rows(source, how["most"]) == expected


PLAIN_TEXT = st.text(st.sampled_from([*",;ab1.-", "ü", "漢"]), min_size=1, max_size=6)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(PLAIN_TEXT, PLAIN_TEXT), min_size=8, max_size=14),
    st.sampled_from(",;|"),
    st.sampled_from(["{} ", " {} ", "  {} "]),
)
def test_blanks_that_stand_around_all_separators_are_no_part_of_values(tmp_path, texts, separator, between):
    def cell(value):
        return f'"{value}"' if separator in value or '"' in value else value

    table = [("n", "first text", "t"), *((f"{i}.25", *pair) for i, pair in enumerate(texts))]
    lines = [between.format(separator).join(map(cell, row)) for row in table]
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")

    source = source_of(tmp_path / "t.csv", separator=separator)

    assert list(source.names) == list(table[0])
    assert rows(source) == list(table[1:])


def test_quoted_blanks_are_kept(tmp_path):
    (tmp_path / "t.csv").write_text('n,t\n1," x"\n2," y"\n3," z"\n')

    assert rows(source_of(tmp_path / "t.csv")) == [("1", " x"), ("2", " y"), ("3", " z")]


@pytest.fixture
def readings(shared_table):
    return shared_table("readings/expected.json").parent


@pytest.mark.slow
def test_both_verbs_read_every_file_alike(readings):
    files = sorted(readings.glob("*.csv"))
    for path in files:
        table, profile = wb.dataset(path).table, wb.profile(path)

        assert table.shape == (profile.rows, len(profile.columns)), path.name
    assert files


def test_every_file_has_its_rows_and_columns(readings):
    for name, expected in json.loads((readings / "expected.json").read_text()).items():
        table = pl.concat(source_of(readings / name).chunks(1000))

        assert table.height == 60, name
        if expected["column"] is not None:
            assert expected["column"] in table.columns, name


TITLED = {
    "two values in a title": (
        '"Account";"DE12500105170648489890"\n"Balance on 31.01.2024:";"1.234,56 €"\n""\n'
        '"Booked";"Valued";"Amount (€)"\n' + '"31.01.24";"31.01.24";"-12,34"\n"30.01.24";"30.01.24";"1.012,34"\n' * 5,
        ("Booked", "Valued", "Amount (€)"), 10,
    ),
    "padded titles and years for names": (
        "Table 1\nPopulation;;\nRegion;2019;2020\n" + "Berlin;3,6;3,7\nHamburg;1,8;1,9\n" * 5,
        ("Region", "2019", "2020"), 10,
    ),
    "a block of titles that is apart": (
        "Turnover;;;\nAccount;DE12;;\nPeriod;01.01.2024;to;31.01.2024\n\nDay;Kind;Partner;Amount\n"
        + "01.01.2024;debit;Rewe;-12,50\n02.01.2024;credit;work;1.200,00\n" * 5,
        ("Day", "Kind", "Partner", "Amount"), 10,
    ),
    "names of rows as R writes them": ('"a";"b"\n"1";1,5;"x"\n"2";2,5;"y"\n"3";2,5;"y"\n', ("index", "a", "b"), 3),
    "a table above another": ("a;b;c\n1;2;3\n4;5;6\n\nd;e;f\n7;8;9\n1;1;1\n", ("a", "b", "c"), 5),
    "a name for the first column alone": ("x;;\n1;2;3\n4;5;6\n7;8;9\n", ("x", "column_2", "column_3"), 3),
    "a name for texts alone": ("name;;\nx;1;2\ny;3;4\nz;5;6\n", ("name", "column_2", "column_3"), 3),
    "rules as Markdown draws them": (
        "| id | name |\n|----|------|\n| 1 | a |\n| 2 | b |\n", ("column_1", "id", "name"), 2,
    ),
    "rules with marks of their sides": (
        "id | name | x\n--- | :--- | ---:\n1 | a | 4.5\n2 | b | 5\n3 | c | 6\n", ("id", "name", "x"), 3,
    ),
    "rules around": (
        "+----+------+\n| id | name |\n+----+------+\n|  1 | a    |\n|  2 | b    |\n+----+------+\n",
        ("column_1", "id", "name"), 2,
    ),
    "rules and a count of rows": (" id | name \n----+------\n  1 | a\n  2 | b\n(2 rows)\n\n", ("id", "name"), 2),
}  # fmt: skip


@pytest.mark.parametrize("name", TITLED)
def test_titles_and_rules_are_no_rows(name, tmp_path):
    text, names, count = TITLED[name]
    (tmp_path / "t.txt").write_text(text, encoding="utf-8")

    source = source_of(tmp_path / "t.txt")

    assert source.names == names
    assert len(rows(source, 3)) == count


SAMPLES = {
    "de": "Name;Ort;Straße\nMüller;Köln;Größenstraße 5\nJäger;Tübingen;Äußere Straße\nSchröder;Überlingen;Öhrweg\n",
    "few": "id;Name\n1;Müller\n2;Schmidt\n3;Groß\n",
    "fr": "nom;ville;note\nLefèvre;Orléans;élevé\nFrançois;Besançon;très bien\nHélène;Nîmes;à revoir\n",
    "es": "nombre;ciudad\nMuñoz;Málaga\nGarcía;León\nPeña;Córdoba\n",
    "pt": "nome;cidade\nJoão;São Paulo\nConceição;Brasília\n",
    "is": "nafn;borg\nÞórður;Reykjavík\nGuðrún;Akureyri\nÆsa;Höfn\n",
    "tr": "isim;şehir\nAyşe;İstanbul\nÇağrı;Eskişehir\nGüneş;Muğla\n",
    "pl": "imię;miasto\nŁukasz;Łódź\nŻaneta;Kraków\nŚwiętosława;Gdańsk\n",
    "el": "όνομα;πόλη\nΓιώργος;Αθήνα\nΜαρία;Θεσσαλονίκη\nΔημήτρης;Πάτρα\n",
    "he": "שם;עיר\nדוד;ירושלים\nרחל;תל אביב\nמשה;חיפה\n",
    "ar": "الاسم;المدينة\nمحمد;القاهرة\nفاطمة;بيروت\nأحمد;الرياض\n",
    "ru": "имя;город\nИван;Москва\nМария;Казань\nПётр;Омск\n",
    "th": "ชื่อ;เมือง\nสมชาย;กรุงเทพ\nมาลี;เชียงใหม่\n",
    "zh": "姓名;城市\n王偉;台北\n李娜;高雄\n張敏;臺中\n",
    "ja": "名前;都市\n田中;東京\n鈴木;大阪\nサトウ;なごや\n",
    "ko": "이름;도시\n김철수;서울\n이영희;부산\n",
}
ENCODINGS = [
    *[(of, encoding) for of in ("de", "few", "fr", "es", "pt") for encoding in ("cp1252", "cp850", "mac_roman")],
    ("is", "cp1252"), ("tr", "cp1254"), ("pl", "cp1250"), ("el", "cp1253"), ("he", "cp1255"), ("ar", "cp1256"),
    ("ru", "cp1251"), ("ru", "koi8_r"), ("ru", "cp866"), ("th", "cp874"), ("zh", "big5"), ("ja", "cp932"),
    ("ja", "euc_jp"), ("ko", "cp949"),
]  # fmt: skip


@pytest.mark.parametrize("times", [1, 20])
@pytest.mark.parametrize(("of", "encoding"), ENCODINGS)
def test_an_encoding_is_found_by_its_letters(of, encoding, times):
    written = (SAMPLES[of] * times).encode(encoding)

    found, _ = encoding_of(written, True)

    assert written.decode(found) == SAMPLES[of] * times


SIGNS = st.text('ab\\\t\n\r"N, ', min_size=1, max_size=6)


@settings(max_examples=50)
@given(st.lists(st.tuples(SIGNS, SIGNS | st.none()), min_size=1, max_size=6))
def test_what_postgres_copies_comes_back(tmp_path_factory, values):
    def copied(value):
        signs = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
        return "\\N" if value is None else "".join(signs.get(sign, sign) for sign in value)

    written = [(str(i), *row) for i, row in enumerate([("x", None), ("y", None), *values])]
    path = tmp_path_factory.mktemp("copy") / "t.tsv"
    path.write_bytes("".join("\t".join(map(copied, row)) + "\n" for row in [("n", "a", "b"), *written]).encode())

    assert rows(source_of(str(path))) == written
