"""Python imports this at its start where it finds it: processes that tests start are another processor as well."""

from moved import install

install()
