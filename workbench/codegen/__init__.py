"""The glass box: a step and its values become a cell, and a cell becomes a step and its values again."""

from workbench.codegen.parse import Reading as Reading
from workbench.codegen.parse import parse as parse
from workbench.codegen.parse import read as read
from workbench.codegen.render import render as render
from workbench.codegen.update import update as update
