"""Sphinx: the pages of docs/, the notebooks as they are stored, and a reference that is made from docstrings."""

import re
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import api_page  # noqa: E402

from featurecols._core.version import __version__  # noqa: E402

project, author, version, release = "featurecols", "The featurecols developers", __version__, __version__
html_title = f"featurecols {__version__}"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_theme_options = {"navigation_with_keys": True}
html_static_path, html_css_files = ["_static"], ["site.css"]
html_copy_source = html_show_sourcelink = html_show_copyright = False
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # tools/notebooks.py runs them, and compares what is stored
autodoc_typehints = "none"  # docstrings say shapes and dtypes
autodoc_class_signature = "mixed"
autodoc_member_order = "bysource"
napoleon_google_docstring, napoleon_numpy_docstring, napoleon_use_rtype = True, False, False
napoleon_use_ivar = True
suppress_warnings = [
    "myst.strikethrough",
    "myst.header",
    "ref.python",
]  # pages that go from title to entries; attributes of one name
GENERATED = ROOT / "docs" / "reference"
NOTEBOOKS = ROOT / "docs" / "notebooks"


def write_reference() -> None:
    """Write a page of the reference for each section of docs/api.md."""
    shutil.rmtree(GENERATED, ignore_errors=True)
    GENERATED.mkdir()
    pages, seen = [], set()
    for title, _, module, mine in api_page.SECTIONS:
        others = [prefix for _, _, other, prefixes in api_page.SECTIONS if other == module for prefix in prefixes]
        lines = [title, "=" * len(title), "", f".. currentmodule:: {module}", ""]
        for name in api_page.public_names(module):
            best = max((p for p in others if name.defined.startswith(p)), key=len, default="")
            if best not in mine or id(name.value) in seen:
                continue
            seen.add(id(name.value))
            lines += entry(module, name)
        if module in api_page.MISSING:
            lines += ["Its libraries were not installed where this site was made. :doc:`../api` has its names.", ""]
        if len(lines) > 5:
            page = api_page.anchor(title)
            (GENERATED / f"{page}.rst").write_text("\n".join([*lines, ""]), "utf-8")
            pages.append(page)
    index = ["Reference", "=========", "", ".. toctree::", "   :maxdepth: 1", "", *(f"   {page}" for page in pages), ""]
    (GENERATED / "index.rst").write_text("\n".join(index), "utf-8")


def entry(module: str, name: api_page.Name) -> list[str]:
    """Return the directives of one public name: a class with its public members, a function, or a value."""
    whole = f"{module}.{name.name}"
    if isinstance(name.value, type) and name.value.__module__.startswith("featurecols"):
        members = [member.name for member in api_page.members(name.value) if hasattr(name.value, member.name)]
        fields = getattr(name.value, "_fields", ()) if issubclass(name.value, tuple) else ()  # which the docstring describes
        members = [member for member in members if member not in fields]
        return [f".. autoclass:: {whole}", *([f"   :members: {', '.join(members)}"] if members else []), ""]
    if callable(name.value) and str(getattr(name.value, "__module__", "")).startswith("featurecols"):
        return [f".. autofunction:: {whole}", ""]
    return [f".. py:data:: {whole}", "", f"   ``{api_page.annotation(name.value)}``", ""]


def as_rst(app: object, what: str, name: str, value: object, options: object, lines: list[str]) -> None:
    """Make reStructuredText of a docstring: code stands between single backticks, lists and fields follow their sentence."""
    out: list[str] = []
    in_fields = False
    for line in lines:
        field = re.match(r"(Missing|Unseen|Learns): ", line)
        listed = re.match(r"\s*(- |\d+\. )", line)
        ends_fields = in_fields and line and not line.startswith(" ") and not field
        begins_list = listed and out and out[-1].strip() and not re.match(r"\s*(- |\d+\. )", out[-1])
        if ends_fields or begins_list:
            out.append("")
        in_fields = bool(field) or (in_fields and bool(line) and line.startswith(" "))
        if field:
            line = f":{line}"
        if not line.lstrip().startswith((">>>", "...")):
            line = "".join(literal(part) if k % 2 else escaped(part) for k, part in enumerate(re.split(r"(`+[^`]+`+)", line)))
        out.append(line)
    lines[:] = out


def as_called(
    app: object, what: str, name: str, value: object, options: object, found: str | None, returned: str | None
) -> tuple[str, str | None] | None:
    """Show the arguments of classes that users make; autodoc would show what a metaclass takes, and private ones."""
    return (api_page.signature(value, types=False), returned) if what == "class" and found else None


def literal(code: str) -> str:
    """Return code between single backticks as a literal."""
    return code if code.startswith("``") else f"`{code}`"


def escaped(text: str) -> str:
    """Return text without what reStructuredText would read as markup."""
    return re.sub(r"\*{1,2}(?=\w)|(?<=\w)_(?=[\s,.:)]|$)|\|", lambda m: re.sub(".", r"\\\g<0>", m[0]), text)


def with_notebooks_inside(app: object, page: str, source: list[str]) -> None:
    """Let links to notebooks lead to the copies that the site has."""
    source[0] = source[0].replace("](../notebooks/", "](notebooks/")


def setup(app: Any) -> None:
    """Write what is made from the package and the notebooks, then let Sphinx read it."""
    write_reference()
    shutil.rmtree(NOTEBOOKS, ignore_errors=True)
    NOTEBOOKS.mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        (NOTEBOOKS / path.name).write_text(path.read_text("utf-8").replace("](../docs/", "](../"), "utf-8")
    app.connect("autodoc-process-docstring", as_rst)
    app.connect("autodoc-process-signature", as_called)
    app.connect("source-read", with_notebooks_inside)
