"""The card of a check: a verdict as HTML.

Written here and not in a template, since to import what fills one takes as long as a check.
"""

from html import escape

RIGHT = "#2a8c4a"
COLOURS = {"right": RIGHT, "convention": RIGHT, "unsolved": "#767676", "unstable": "#b35900"}
WRONG = "#c0392b"
SECTION = """<section class="assignment-card" aria-label="{label}"
  style="border: 1px solid var(--jp-border-color1, #767676); border-left: 6px solid {colour};
  border-radius: 4px; padding: 0.6em 1em; margin: 0.3em 0; max-width: 46em;
  color: var(--jp-ui-font-color0, inherit); font-family: var(--jp-ui-font-family, sans-serif);
  line-height: 1.45;">
{content}
</section>"""
PRINTED = """<pre style="margin: 0.2em 0 0 1em; padding: 0; font-size: 0.9em; background: none;
  color: inherit; white-space: pre-wrap;">{}</pre>"""
PICTURE = """<img alt="{}" src="data:image/png;base64,{}"
  style="max-width: 100%; margin-top: 0.6em;">"""
HINT = """<details style="margin: 0.4em 0 0;"><summary>Hint {} of {}</summary>
<p style="margin: 0.2em 0 0;">{}</p>"""


def card(verdict, mark, label, trying="", link="", hints=(), picture="", alt=""):
    """A verdict as HTML.

    mark, label : str, its status as a sign and as a word
    trying : str, the line of a cell that gives the call
    link : str, the address of what settles it
    hints : each opens inside the one before
    picture, alt : PNG in base64, and a sentence for those who do not see it
    """
    told = f"{verdict.name}: {label}"
    parts = [_paragraph(f"<strong>{escape(f'{mark} {told}')}</strong>", above="0")]
    if verdict.message:
        parts.append(_paragraph(escape(verdict.message)))
    if verdict.printed:
        printed = escape("\n".join(verdict.printed))
        parts += [_paragraph("Printed in that call:"), PRINTED.format(printed)]
    if trying:
        parts.append(_paragraph(f"To try that call: <code>{escape(trying)}</code>"))
    if verdict.see:
        see = escape(verdict.see)
        see = f'<a href="{escape(link)}">{see}</a>' if link else see
        parts.append(_paragraph(f"See {see}."))
    parts += [_paragraph(f"Remark: {escape(remark)}.") for remark in verdict.remarks]
    if picture:
        parts.append(PICTURE.format(escape(alt), picture))
    parts += [HINT.format(i, len(hints), escape(hint)) for i, hint in enumerate(hints, start=1)]
    parts += ["</details>"] * len(hints)
    colour = COLOURS.get(verdict.status, WRONG)
    label = escape(f"Check of {told}")
    return SECTION.format(label=label, colour=colour, content="\n".join(parts))


def _paragraph(content, above="0.4em"):
    return f'<p style="margin: {above} 0 0;">{content}</p>'
