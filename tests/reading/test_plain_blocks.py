"""Text that polars reads is what Arrow, and where that gives up the careful way, make of it."""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.reading import Layout
from workbench.errors import BadTable
from workbench.reading import delimited
from workbench.reading.plain_blocks import PlainBlocks
from workbench.reading.sources import source_of


class Never(PlainBlocks):
    """No block is plain."""

    def __iter__(self):
        return iter(())


def rows(path: Path, read: type) -> list[tuple] | str:
    """All rows, or what is said of the file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "PlainBlocks", read)
        try:
            source = source_of(str(path))
            found = [row for chunk in source.chunks(1000) for row in chunk.rows()]
        except BadTable as error:
            return str(error)
        return [source.names, *found, *(note.message for note in source.notes())]


LINES = st.lists(st.text("a1é\ufeff ,,,\r\"'\\#", max_size=7), max_size=8)


@settings(max_examples=50)
@given(LINES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_quick_and_careful_ways_read_alike(lines, end, ended):
    regular = [f"{i},x,2024-01-0{i + 1}" for i in range(4)]
    text = end.join(["number,word,day", *regular, *lines, *regular]) + (end if ended else "")

    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(text.encode())

        assert rows(path, PlainBlocks) == rows(path, Never)


@pytest.mark.parametrize(
    "content",
    [
        b"a,1\nb\n",  # short
        b"a,1\n\nb,2\n",  # an empty line, which a file may end with
        b"a,1\n\r\nb,2\r\n",
        b'a,1\n\'b,2\n"c",3\n',
        b"a,1\rb,2\n",
        b"\xef\xbb\xbfa,1\n",  # the mark is a part of the value here
        b"a,1\nb,\xff\n",
        b"a,1\nb,2,3\n",
        b"a,1\nb,2,3\nc\n",
        b"a,\x001\n",
    ],
    ids=repr,
)
def test_what_polars_would_change_is_left_to_others(content):
    blocks = PlainBlocks(BytesIO(content), Layout(), 2, size=1 << 20)

    assert not list(blocks)
    assert blocks.left == content


def test_blocks_end_with_lines_and_go_on_up_to_what_is_not_plain():
    blocks = PlainBlocks(BytesIO(b'a,1\nb,2\nc,3\n"d",4\n'), Layout(), 2, size=6)

    assert [block.rows() for block in blocks] == [[("a", "1")], [("b", "2"), ("c", "3")]]
    assert (blocks.left, blocks.passed) == (b'"d",4\n', 12)
