"""How Sphinx shows the site; build.py writes the pages and calls it."""

from importlib.util import find_spec
from pathlib import Path

project = "How classifiers learn"
html_title = project
language = "en"
extensions = ["myst_nb", "sphinx.ext.mathjax"]

nb_execution_mode = "off"  # build.py has executed them, with the reference
nb_render_markdown_format = "myst"  # formulae in outputs, too
nb_merge_streams = True
myst_enable_extensions = ["amsmath", "attrs_block", "attrs_inline", "dollarmath"]
myst_heading_anchors = 4

# One script that holds its glyphs: fonts beside it would not load from a folder in every browser.
mathjax = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
mathjax_path = "tex-svg-full.js"
mathjax3_config = {
    "options": {"enableMenu": False},  # each formula would be a stop of the tab key
    "svg": {"fontCache": "global"},
}

html_theme = "furo"
html_static_path = ["site.css", "site.js", str(mathjax / mathjax_path)]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_favicon = "icon.svg"
templates_path = ["templates"]
html_copy_source = False
html_use_index = False
html_show_copyright = False
highlight_language = "none"  # of a block of text that names no language
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
