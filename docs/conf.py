"""How the site is built from these pages: `sphinx-build -W -c docs . build/site`, in the project's folder.

The source is the whole project, so that a link from a page to README.md or CHANGELOG.md leads to a page of the site as
it leads to a file in a checkout. The navigation is what docs/index.md lists, part by part: there is no second list.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx

project = "calsync"
author = "the authors of calsync"
copyright = "the authors of calsync, Apache-2.0"  # noqa: A001 - Sphinx's name for it

extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md", "docs/*.md"]
nitpicky = True
highlight_language = "none"  # blocks without a language show what a command prints
myst_heading_anchors = 4

html_theme = "furo"
html_title = "calsync"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#2a6f5e", "color-brand-content": "#2a6f5e"},
    "dark_css_variables": {"color-brand-primary": "#7cc7b2", "color-brand-content": "#7cc7b2"},
}

_PART = re.compile(r"^## (?P<title>.+)\n(?P<text>(?:(?!^## ).*\n?)*)", re.MULTILINE)
_PAGE = re.compile(r"^- \[[^\]]*\]\((?P<target>[^)#]+)\.md\)", re.MULTILINE)


def navigation(index: str) -> str:
    """The table of contents that docs/index.md amounts to, in MyST's own form."""
    lines = ["```{toctree}", ":hidden:", "", "docs/index", "```"]
    for part in _PART.finditer(index):
        pages = [f"docs/{found['target']}" for found in _PAGE.finditer(part["text"])]
        pages = [page.replace("docs/../", "") for page in pages]
        if pages:
            lines += ["", "```{toctree}", ":hidden:", f":caption: {part['title']}", "", *pages, "```"]
    return "\n".join(lines) + "\n"


def _with_navigation(app: Sphinx, name: str, source: list[str]) -> None:
    if name == root_doc:
        source[0] += "\n" + navigation((Path(app.srcdir) / "docs" / "index.md").read_text("utf-8"))


def _finish(app: Sphinx, failure: Exception | None) -> None:
    if failure is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    # The picture stands in HTML of the README's own, which Sphinx does not look into.
    for picture in sorted((Path(app.srcdir) / "docs").glob("*.svg")):
        (out / "docs").mkdir(exist_ok=True)
        shutil.copyfile(picture, out / "docs" / picture.name)
    first = f"{root_doc}.html"
    head = f'<meta charset="utf-8"><title>calsync</title><meta http-equiv="refresh" content="0; url={first}">'
    (out / "index.html").write_text(f'<!doctype html>{head}<a href="{first}">calsync</a>\n', "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("source-read", _with_navigation)
    app.connect("build-finished", _finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
