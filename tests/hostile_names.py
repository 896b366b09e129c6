"""Names that columns, classes and files may have, and that try to leave the place they are put in."""

from hypothesis import strategies as st

HOSTILE = (
    't"); __import__("os").system("touch X"); ("',
    "t'); __import__('os').system('touch X'); ('",
    '"""',
    "'''\"\"\"",
    "\\",
    '\\"',
    "\\'",
    "a\nimport os",
    "a\r\nimport os",
    "# a comment",
    "{x}",
    "{{x}}",
    "$column",
    "%s",
    "@@{name}",
    "$(touch X)",
    "`touch X`",
    "a; touch X",
    "a\u2028b\u2029c\x85d",
    "\u202egnp.exe",
    "\ufeff",
    "\0",
    "\x1b[31m",
    "</script><script>",
    "é\u0301😀",
    "",
    " ",
    "class",
    "*",
    "^x$",
    "^.*$",
    "x" * 5000,
)
TEXTS = st.text(max_size=40) | st.sampled_from(HOSTILE)
# With lone surrogates, which no table of Arrow can hold and a pandas index can.
ANY = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from((*HOSTILE, "\ud800", "a\udfffb"))
