"""What tests of pages in other languages share: the sentences of scripts and modules, and the texts of a shown page."""

import re

TEXT = r"(?:'((?:[^'\\]|\\.)*)')"
SAID = r'(?:"((?:[^"\\]|\\.)*)")'
PLACE = re.compile(r"[#%@]\d")
# Texts of a page and what names its parts, in the order of the page; its styles and code aside.
TEXTS = """() => {
  const walker = document.createTreeWalker(document.querySelector('.wb'), NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement.closest('style, pre, code, script, [lang=en]')) {
      texts.push(walker.currentNode.data.trim());
    }
  }
  for (const name of ['aria-label', 'aria-valuetext', 'aria-roledescription', 'placeholder', 'title']) {
    document.querySelectorAll(`.wb [${name}]`).forEach(one => texts.push(one.getAttribute(name)));
  }
  return texts;
}"""
# What a person sees or hears of is set by these names; each takes its text from `say`, a value or the page.
NAMES = r"(?:(?:textContent|placeholder|title|innerText)(?::| =) |'aria-(?:label|valuetext|roledescription)'[,:] )"
SEEN = rf"{NAMES}['`](?!data = )[A-Za-z]"


def in_script(functions):
    """The sentences that a script says."""
    return set(re.findall(rf"\bsay\((?:value \|\| )?{TEXT}", functions))


def in_modules(*sources):
    """The sentences that Python or a template says: of ``said``, also where it chooses between two."""
    calls = [
        call for source in sources for call in re.findall(r"\bsaid\(\s*((?:[^()\"]|\"(?:[^\"\\]|\\.)*\")*)", source)
    ]
    texts = {text for call in calls for text in re.findall(SAID, call)}
    return {text for text in texts if re.search(r"[A-Za-z]{2}", text) and "{" not in text}
