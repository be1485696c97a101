"""How Sphinx makes the pages; `medseg site` gathers what it reads, and calls it."""

import medseg

project = "U-Nets by hand"
author = "the U-Nets by hand authors"
copyright = "the U-Nets by hand authors. Code: MIT. Texts and figures: CC BY 4.0"
release = medseg.__version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "medseg_site.extension"]
exclude_patterns = ["_generated"]
templates_path = ["_templates"]

# Units come with the outputs of their solutions: nothing is executed here.
nb_execution_mode = "off"
nb_output_stderr = "remove"
# Only tests are folded.
nb_code_prompt_show = "Show the test"
nb_code_prompt_hide = "Hide the test"
# Widgets would need a kernel, and what draws them a network.
nb_ipywidgets_js = {}
nb_render_markdown_format = "myst"
myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
html_math_renderer = "mathml"

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = True
napoleon_numpy_docstring = False

html_theme = "sphinx_book_theme"
html_title = project
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["widgets.css", "site.css"]
html_js_files = [("figures.js", {"defer": "defer"})]
html_use_index = False
html_domain_indices = False
html_copy_source = False
html_show_sourcelink = False
html_permalinks_icon = "#"
html_context = {"default_mode": "auto"}
html_theme_options = {
    "max_navbar_depth": 1,
    "navbar_persistent": [],
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
