"""How the bytes of a text are to be read: certain by its mark, tried as UTF-8, else found; nothing is replaced."""

from __future__ import annotations

import codecs
import io
import re
import string
from typing import IO

from workbench.errors import BadParameter, BadTable

UTF8 = ("utf-8", "utf-8-sig")
# Byte order marks; UTF-32's begins as UTF-16's does.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What tables without a mark are written in where it isn't UTF-8.
# Of several that read a text as well, the earlier one: these are letters that come in runs.
WESTERN = ("cp1252", "cp1250", "cp1254", "cp850", "mac_roman")
CANDIDATES = [
    "cp1251", "koi8_r", "cp866", "cp1253", "cp1255", "cp1256",
    "gb18030", "cp932", "big5", "cp949", "euc_jp", "cp874", *WESTERN,
]  # fmt: skip
# What the West's encoding reads Turkish letters as, which are Icelandic's, and what stands beside these there.
TURKISH_READ_AS_ICELANDIC = "ðþýÐÞÝ"
BESIDE_ICELANDIC = "áéíóúæÁÉÍÓÚÆ"
MISTAKEN_FOR_HEBREW = ("cp1251", "koi8_r", "cp1253")
HALF_WIDTH = re.compile("[\uff61-\uff9f]")
# Runs of letters beyond ASCII with the plain ones that they touch, which letters of another script hardly ever do.
_FOREIGN = re.compile("[a-zA-Z]?[^\\x00-\\x7f]+[a-zA-Z]?")
# Letters behind a small one, or between a letter and a small one.
_WITHIN_WORDS = re.compile(r"(?<=[a-zß-öø-ÿ])[^\W\d_]|(?<=[^\W\d_])[^\W\d_](?=[a-zß-öø-ÿ])")
# Letters of a language with several bytes each come in runs; an accented letter stands among plain ones.
ALONE = 0.7
# Share of UTF-8 from which on a text is that, with damaged bytes, which are refused where they stand.
DAMAGED = 0.5
# Of the measures of charset-normalizer, which are shares: two that differ by less are equal.
AS_GOOD = 0.02
# Letters from which on it says something that some others are not among them.
FEWEST_LETTERS = 12
# Bytes that are looked at to find an encoding: the lines that have any beyond ASCII.
LOOKED_AT = 1 << 16
BLOCK = 1 << 20


def known_encoding(name: str) -> str:
    """The name of an encoding of texts, as Python writes it.

    Raises
    ------
    BadParameter
        If there is no such encoding.

    Examples
    --------
    >>> known_encoding("UTF8"), known_encoding("Latin1"), known_encoding("windows-1252")
    ('utf-8', 'iso8859-1', 'cp1252')
    """
    try:
        found = codecs.lookup(name)
        "".encode(found.name)
    except (LookupError, ValueError):
        raise BadParameter(f"There is no encoding {name!r}. Give one such as 'utf-8', 'cp1252' or 'utf-16'.") from None
    return found.name


def encoding_of(sample: bytes, whole: bool) -> tuple[str, bool]:
    """The encoding of a text by its first bytes, and whether that is certain.

    Parameters
    ----------
    sample : bytes
    whole : bool
        Whether it is all there is; else a character may be cut at its end.

    Examples
    --------
    >>> encoding_of("a;ü".encode(), True), encoding_of("Straße, Müller".encode("cp1252"), True)
    (('utf-8', True), ('cp1252', False))
    """
    for mark, name in MARKS:
        if sample.startswith(mark):
            return name, True
    if (wide := _wide(sample)) is not None:
        return wide, False
    return _by_its_letters(sample, whole)


def encoding_further_on(file: IO[bytes], most: int) -> tuple[str, bool] | None:
    """The encoding of a text that began with plain letters, by the first others in it.

    Parameters
    ----------
    file : binary stream
        At its beginning; read as far as those letters.
    most : int
        Bytes to read at most.

    Returns
    -------
    tuple of (str, bool), or None
        As :func:`encoding_of`; None where all letters are plain.

    Examples
    --------
    >>> encoding_further_on(io.BytesIO(b"a,b" * 999_999 + "\\nStraße".encode("cp1252")), 1 << 30)
    ('cp1252', False)
    """
    start = b""
    for _ in range(0, most, BLOCK):
        block = file.read(BLOCK)
        if not block:
            return None
        if not block.isascii():
            return _by_its_letters(start + block, whole=False)
        start = block[block.rfind(b"\n") + 1 :]
    return None


def _by_its_letters(sample: bytes, whole: bool) -> tuple[str, bool]:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=whole)
    except UnicodeDecodeError:
        if _share_utf8(sample) < DAMAGED:
            return _found(_beyond_ascii(sample)), False
    return "utf-8", True


def said_encoding(name: str, sample: bytes) -> str:
    """An encoding that was said, with or without the mark at the beginning, as the file has it.

    >>> said_encoding("utf-8", "\\ufeffa".encode()), said_encoding("utf-8-sig", b"a"), said_encoding("cp1252", b"a")
    ('utf-8-sig', 'utf-8', 'cp1252')
    """
    marked = next((encoding for mark, encoding in MARKS if sample.startswith(mark)), None)
    if name in UTF8:
        return "utf-8-sig" if marked == "utf-8-sig" else "utf-8"
    return marked if marked and marked == name[:6] else name


def _wide(sample: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of plain letters is zero."""
    pairs = len(sample) // 2
    zeros = sample[0::2].count(0), sample[1::2].count(0)
    if pairs >= 2 and max(zeros) > 0.5 * pairs and min(zeros) < 0.05 * pairs:
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return None


def _beyond_ascii(sample: bytes) -> bytes:
    """The lines that say something of the encoding."""
    lines = [line for line in sample.splitlines(keepends=True) if not line.isascii()]
    return b"".join(lines)[:LOOKED_AT] or sample[:LOOKED_AT]


def _found(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    if _share_alone(sample) >= ALONE:
        return _western(sample)
    matches = list(from_bytes(sample, cp_isolation=CANDIDATES, preemptive_behaviour=False))
    best = min((match.chaos - match.coherence for match in matches), default=0.0)
    as_good = [match.encoding for match in matches if match.chaos - match.coherence <= best + AS_GOOD]
    chosen = min(as_good, key=lambda name: _rank(name, sample)) if as_good else "cp1252"
    if chosen in WESTERN:
        return _western(sample)
    same = (
        _reads(sample, "cp1252")
        and _reads(sample, chosen)
        and sample.decode(chosen, "ignore") == sample.decode("cp1252")
    )
    return "cp1252" if same else chosen


def _rank(encoding: str, sample: bytes) -> tuple[bool, int]:
    """Of encodings that read a text as well: its place, behind all others where its letters are hardly meant."""
    if encoding in WESTERN:
        return False, CANDIDATES.index(encoding)
    text = sample.decode(encoding, "replace")
    foreign = _FOREIGN.findall(text)
    hardly = (
        2 * sum(len(run) > len(run.strip(string.ascii_letters)) for run in foreign) > len(foreign)
        or (encoding == "cp932" and len(HALF_WIDTH.findall(text)) > 0.1 * sum(not c.isascii() for c in text))
        or (encoding in MISTAKEN_FOR_HEBREW and _is_hebrew(sample))
    )
    return hardly, CANDIDATES.index(encoding)


def _is_hebrew(sample: bytes) -> bool:
    """Small letters alone, and none of the last five: in Russian each third word has one of these."""
    letters = [byte for byte in sample if byte >= 0xC0]
    return len(letters) >= FEWEST_LETTERS and all(0xE0 <= byte <= 0xFA for byte in letters)


def _share_utf8(sample: bytes) -> float:
    """Of the runs of bytes beyond ASCII, those that are UTF-8, which is no accident."""
    runs = re.findall(rb"[\x80-\xff]+", sample)
    return sum(_is_utf8(run) for run in runs) / (len(runs) or 1)


def _is_utf8(run: bytes) -> bool:
    try:
        run.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _share_alone(sample: bytes) -> float:
    """Of the bytes beyond ASCII, those with none beside them."""
    runs = re.findall(rb"[\x80-\xff]+", sample)
    return sum(len(run) == 1 for run in runs) / (sum(map(len, runs)) or 1)


def _western(sample: bytes) -> str:
    """Of the West, or another of Latin letters where that has fewer signs within words; DOS and old Macs come last."""
    possible = [name for name in WESTERN if _reads(sample, name)]
    return min(possible, key=lambda name: _odd(sample.decode(name))) if possible else "latin-1"


def _reads(sample: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _odd(text: str) -> int:
    """Signs next to letters, capitals within words, and letters that no language has together."""
    signs = re.findall(r"[a-zA-Z][^\x00-\x7f\w\s’‘“”«»–—…°ºª€™®]|[²³¹¼½¾£¥¤¦§¯±](?=[^\W\d_])|[a-z][²³¹¼½¾µªº]", text)
    capitals = sum(not c.isascii() and c.isupper() for c in _WITHIN_WORDS.findall(text))
    return len(signs) + capitals + (text.count("ø") if "ì" in text else 0) + _of_other_languages(text)


def _of_other_languages(text: str) -> int:
    """Icelandic's letters without any that stand beside them there, and Turkish ones with those."""
    icelandic = sum(map(text.count, TURKISH_READ_AS_ICELANDIC))
    turkish = sum(map(text.count, "ğışĞİŞ"))
    return turkish if any(letter in text for letter in BESIDE_ICELANDIC) else icelandic


class Recoded(io.RawIOBase):
    """A stream of bytes in any encoding, as UTF-8.

    Parameters
    ----------
    file : binary stream
    encoding : str
    name : str
        Of the file, for the message.

    Raises
    ------
    BadTable
        While it is read: at the first byte that the encoding does not know, with its line and position.
    """

    def __init__(self, file: IO[bytes], encoding: str, name: str) -> None:
        self._file, self._name, self._encoding = file, name, encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._read = self._lines = 0
        self._rest, self._done = b"", False

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # as a raw stream is asked
        """The next bytes of UTF-8."""
        while not self._rest and not self._done:
            self._rest = self._block()
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _block(self) -> bytes:
        raw = self._file.read(BLOCK)
        self._done = not raw
        pending = self._decoder.getstate()[0]
        try:
            text = self._decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            raise self._undecodable(pending + raw, error, self._read - len(pending)) from None
        self._read += len(raw)
        self._lines += text.count("\n")
        return text.encode("utf-8", "surrogatepass")

    def _undecodable(self, raw: bytes, error: UnicodeDecodeError, start: int) -> BadTable:
        good = raw[: error.start].decode(self._encoding, "replace")
        return undecodable(
            self._name, self._encoding, raw[error.start], start + error.start, self._lines + good.count("\n") + 1,
            other_than(self._encoding, raw),
        )  # fmt: skip


def other_than(encoding: str, raw: bytes) -> str:
    """The encoding to try where another one failed."""
    other = _found(_beyond_ascii(raw))
    return other if other != encoding else "latin-1"


def undecodable(name: str, encoding: str, byte: int, at: int, line: int, other: str) -> BadTable:
    """The error of a byte that an encoding does not know."""
    return BadTable(
        f"{name} is read as {encoding}, and line {line:,} has the byte 0x{byte:02X} at position {at:,}, which is none "
        f'of its characters. Give its encoding, such as encoding="{other}".'
    )


def nul(name: str, at: int) -> BadTable:
    """The error of a zero byte."""
    return BadTable(
        f"{name} has a zero byte at position {at:,}, so it is no text, or is damaged. Save the table as text again."
    )
