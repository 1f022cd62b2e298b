"""The site as a browser shows it: every link, picture, formula and page, in light and in dark.

The checks are functions of a page, so that each can be shown a page on which it must complain.
"""

import functools
import http.server
import re
import threading
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import pytest

from assignment.checking.exercises import EXERCISES
from assignment.derivations import DERIVATIONS
from assignment.notebook.clean import LESSONS

Axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="needs requirements-site.txt"
).Axe

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "results" / "site"
SCREENSHOTS = ROOT / "results" / "screenshots" / "site"
# Front, exercises, hand-ins, course, checkers, two of the root.
PAGES = 7 + len(EXERCISES) + len(LESSONS) + len(DERIVATIONS)
SCHEMES = ("light", "dark")
WIDTHS = (1280, 390)
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
}

FACTS = """() => {
  const all = selector => [...document.querySelectorAll(selector)];
  const prose = node => !node.parentElement.closest("pre, code, script, style, mjx-container");
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) if (prose(walker.currentNode)) texts.push(walker.currentNode.data);
  return {
    language: document.documentElement.lang,
    headings: all("main h1, main h2, main h3, main h4, article :is(h1, h2, h3, h4)")
      .map(heading => Number(heading.tagName[1])),
    links: all("a[href]").map(link => link.href),
    anchors: all("[id]").map(element => element.id),
    pictures: all("img").map(picture => [picture.alt, picture.naturalWidth]),
    loaded: all("script[src], link[rel=stylesheet], link[rel~=icon], img, source, iframe")
      .map(element => element.src || element.href),
    headless: all("table").filter(table => !table.querySelector("th")).length,
    raw: texts.filter(text => /\\$|\\\\[([]|\\\\begin/.test(text)),
    untypeset: all(".math").filter(box => !box.querySelector("mjx-container svg, math")).length,
    errors: all("mjx-merror, [data-mml-node=merror], merror").length,
  };
}"""


def serve(folder):
    """A server of a folder on this machine; its base is `.url`."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def shut_off(page, url):
    """The lists of what a page says in its console, and of requests to other hosts, all refused."""
    said, foreign = [], []

    def decide(route):
        if route.request.url.startswith((url, "data:", "file:")):
            route.continue_()
        else:
            foreign.append(route.request.url)
            route.abort()

    page.route("**/*", decide)

    def hear(message):
        # The pages' service worker is held back where requests are looked at: that is no fault.
        if message.type in ("error", "warning") and "blocked by Playwright" not in message.text:
            said.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said, foreign


def open_page(page, url):
    """Open a page and wait until its formulae are typeset."""
    page.goto(url)
    page.evaluate("window.MathJax?.startup?.promise.then(() => null)")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")


def walk(page, url):
    """dict from the address of each page that can be reached to what is on it."""
    said, foreign = shut_off(page, url)
    pages, waiting = {}, [url + "index.html"]
    while waiting:
        address = waiting.pop()
        if address in pages or not address.endswith(".html"):
            continue
        open_page(page, address)
        pages[address] = {**page.evaluate(FACTS), "said": said[:], "foreign": foreign[:]}
        said.clear()
        foreign.clear()
        waiting += [urldefrag(link)[0] for link in pages[address]["links"] if link.startswith(url)]
    return pages


def broken_links(page, pages, url):
    """The links to something that is not there, be it a page, a file or a place on a page."""
    targets = {(at, link) for at, facts in pages.items() for link in facts["links"]}
    broken = []
    for at, link in sorted(targets):
        address, place = urldefrag(link)
        if not link.startswith(url):
            if urlsplit(link).scheme not in ("http", "https"):
                broken.append(f"{at}: {link}")
        elif not page.request.get(address).ok:
            broken.append(f"{at}: {link}")
        elif place and address in pages and place not in pages[address]["anchors"]:
            broken.append(f"{at}: {link}")
    return broken


def complaints(facts, url):
    """What is wrong on one page, as far as it can be said without its neighbours."""
    told = [f"console: {text}" for text in facts["said"]]
    told += [f"another host: {address}" for address in facts["foreign"]]
    told += [f"loads {a}" for a in facts["loaded"] if not a.startswith((url, "data:"))]
    told += [f"not drawn: {alt}" for alt, width in facts["pictures"] if width == 0]
    told += [f"says nothing: {alt!r}" for alt, _ in facts["pictures"] if len(alt.split()) < 3]
    told += [f"not typeset: {text.strip()[:60]}" for text in facts["raw"]]
    told += [f"{facts[kind]} {kind}" for kind in ("untypeset", "errors", "headless") if facts[kind]]
    if facts["language"] != "en":
        told.append(f"language {facts['language']!r}")
    levels = facts["headings"]
    if levels and (levels.count(1) != 1 or levels[0] != 1):
        told.append(f"headings {levels}: not one h1 in front")
    told += [
        f"h{below} after h{above}"
        for above, below in zip(levels, levels[1:], strict=False)
        if below > above + 1
    ]
    return told


def barriers(page, contrast=True):
    """What axe finds against WCAG 2.1, levels A and AA."""
    options = {**RULES, "rules": {"color-contrast": {"enabled": contrast}}}
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in Axe().run(page, options=options).response["violations"]
        for node in violation["nodes"]
    ]


def excess(page):
    """By how many pixels a page is wider than the window."""
    return page.evaluate("document.scrollingElement.scrollWidth - innerWidth")


def cut_off(page):
    """The lines of derivations that one would have to scroll, by how many pixels."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".lines td")]
            .map(cell => cell.scrollWidth - cell.clientWidth).filter(pixels => pixels > 1)"""
    )


@pytest.fixture(scope="session")
def url():
    """Where the site is served that `make site` has built."""
    assert (SITE / "index.html").exists(), "there is no site: run `make site` first"
    server = serve(SITE)
    yield server.url
    server.shutdown()


@pytest.fixture(scope="session")
def pages(browser, url):
    """All pages and what is on them, found by following links from the front page."""
    # What a service worker fetches, no test would see.
    with browser.new_context(service_workers="block") as context:
        yield walk(context.new_page(), url)


# The site.


def test_every_page_can_be_reached(pages, url):
    built = {url + path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html")}
    assert set(pages) == built - {url + "search.html"} and len(pages) == PAGES


def test_every_link_leads_somewhere(page, pages, url):
    assert broken_links(page, pages, url) == []
    assert sum(len(facts["links"]) for facts in pages.values()) > 500


def test_every_page_is_sound(pages, url):
    told = {address: complaints(facts, url) for address, facts in pages.items()}
    assert {address: found for address, found in told.items() if found} == {}
    assert sum(len(facts["pictures"]) for facts in pages.values()) > 50


def test_no_style_is_fetched_from_elsewhere(url):
    styles = {path.name: path.read_text(encoding="utf-8") for path in SITE.rglob("*.css")}
    assert styles
    assert [
        name for name, text in styles.items() if re.search(r"(url\(|@import)[^;]*//", text)
    ] == []


@pytest.mark.parametrize("kind", ["server", "folder"])
def test_search_finds_a_lesson(kind, page, url):
    base = url if kind == "server" else SITE.as_uri() + "/"
    said, foreign = shut_off(page, base)
    open_page(page, base + "index.html")
    page.get_by_role("textbox", name="Search").fill("hinge")
    page.keyboard.press("Enter")
    page.locator("#search-results a[href*='notebooks/svm.html']").first.click()
    page.wait_for_url("**/notebooks/svm.html*")
    assert (said, foreign) == ([], [])


def test_the_keyboard_skips_the_menu_and_opens_it(page, url):
    page.set_viewport_size({"width": 1400, "height": 800})
    open_page(page, url + "notebooks/svm.html")
    page.keyboard.press("Tab")
    skip = page.locator("a.skip-to-content")
    assert skip.evaluate("link => link === document.activeElement")
    skip.evaluate("link => Promise.all(link.getAnimations().map(each => each.finished))")
    assert skip.bounding_box()["y"] >= 0
    page.set_viewport_size({"width": 390, "height": 800})
    lessons = page.get_by_role("navigation", name="Pages")
    page.locator("#__navigation").focus()
    page.keyboard.press("Space")
    lessons.get_by_text("Softmax: ").click()
    page.wait_for_url("**/notebooks/softmax.html")


def test_the_contents_are_in_sight_and_rules_stand_beside_their_lines_at_1280(page, url):
    page.set_viewport_size({"width": 1280, "height": 850})
    open_page(page, url + "notebooks/softmax.html")
    contents = page.locator(".toc-drawer").bounding_box()
    assert page.locator(".content").bounding_box()["width"] > 700
    assert 0 < contents["x"] and contents["x"] + contents["width"] <= 1280
    open_page(page, url + "derivations/backprop.html")
    line = page.locator(".lines mjx-container").first.bounding_box()
    rule = page.locator(".lines .rule").first.bounding_box()
    assert rule["x"] >= line["x"] + line["width"]


def test_icons_do_not_touch_on_a_telephone(page, url):
    page.set_viewport_size({"width": 390, "height": 850})
    open_page(page, url + "notebooks/softmax.html")
    icons = page.locator(".mobile-header .header-right svg:visible")
    left, right = sorted((icon.bounding_box() for icon in icons.all()), key=lambda box: box["x"])
    assert right["x"] - (left["x"] + left["width"]) >= 8


def test_a_dark_page_has_pictures_of_its_own(page, url):
    sources = {}
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        open_page(page, url + "notebooks/softmax.html")
        shown = page.locator(".cell_output img:visible")
        sources[scheme] = [Path(each.get_attribute("src")).stem for each in shown.all()]
    assert len(sources["light"]) == len(sources["dark"]) > 5
    for scheme in SCHEMES:
        assert all(source.endswith(f"-{scheme}") for source in sources[scheme])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_page_is_accessible_and_fits(scheme, browser, pages, url):
    told = {}
    for width in WIDTHS:
        size = {"width": width, "height": 1600}
        with browser.new_context(viewport=size, color_scheme=scheme) as context:
            page = context.new_page()
            for address in [*pages, url + "search.html?q=hinge"]:
                open_page(page, address)
                # Contrast takes most of the time, and does not change with the width.
                found = barriers(page, contrast=width == WIDTHS[0])
                if excess(page) > 0:
                    found.append(f"{excess(page)} px too wide")
                found += [f"a line is {pixels} px too wide" for pixels in cut_off(page)]
                name = urlsplit(address).path.strip("/").replace("/", "-").removesuffix(".html")
                if found:
                    told[f"{name}, {width} px"] = found
                picture = SCREENSHOTS / f"{name}-{scheme}-{width}.jpg"
                page.screenshot(path=picture, full_page=True, type="jpeg", quality=80)
    assert told == {}


# Each check has a page on which it complains.

TINY = "<!doctype html><html lang=en><title>t</title><main><h1>t</h1>{}</main></html>"
DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
SPOILT = {
    "a picture that is not there": (
        "<img src=gone.png alt='a picture of four words'>",
        "not drawn",
    ),
    "a picture that says nothing": (f"<img src={DOT} alt=picture>", "says nothing"),
    "another host": ("<script src=https://example.org/a.js></script>", "another host"),
    "a script that throws": ("<script>throw Error('oh')</script>", "console: oh"),
    "a formula left raw": ("<p>Let $x$ be</p>", "not typeset: Let $x$ be"),
    "a formula in brackets": (r"<p>Let \(x\) be</p>", "not typeset"),
    "a formula not drawn": ("<span class=math>x</span>", "1 untypeset"),
    "a formula in error": ("<mjx-merror>x</mjx-merror>", "1 errors"),
    "a table without header": ("<table><tr><td>1</table>", "1 headless"),
    "a heading left out": ("<h3>t</h3>", "h3 after h1"),
    "two main headings": ("<h1>t</h1>", "not one h1"),
}


@pytest.fixture
def tiny(tmp_path):
    """A function that serves a page of the given content; it returns the base address."""
    servers = []

    def make(content):
        (tmp_path / "index.html").write_text(TINY.format(content), encoding="utf-8")
        servers.append(serve(tmp_path))
        return servers[-1].url

    yield make
    for server in servers:
        server.shutdown()


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_page_is_noticed(name, page, tiny):
    content, complaint = SPOILT[name]
    base = tiny(f"<link rel=icon href='{DOT}'>{content}")
    told = complaints(walk(page, base)[base + "index.html"], base)
    assert complaint in "\n".join(told)


@pytest.mark.parametrize("link", ["gone.html", "#gone", "gone.txt", "file:///etc/hosts"])
def test_a_broken_link_is_noticed(link, page, tiny):
    base = tiny(f"<a href='{link}'>there</a> <a href='#here' id=here>here</a>")
    told = broken_links(page, walk(page, base), base)
    assert len([at for at in told if link in at]) == len(told) == 1


def test_a_page_with_nothing_wrong_is_let_through(page, tiny):
    base = tiny(f"<link rel=icon href='{DOT}'><img src={DOT} alt='a dot that is black'>")
    pages = walk(page, base)
    assert complaints(pages[base + "index.html"], base) == broken_links(page, pages, base) == []
    assert barriers(page) == [] and excess(page) <= 0


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (f"<img src={DOT}>", "image-alt"),
        ("<p style='color: #aaa'>pale</p>", "color-contrast"),
        ("<pre style='width: 9em; overflow: auto'>" + "wide " * 40 + "</pre>", "scrollable-region"),
    ],
)
def test_a_barrier_is_noticed(content, rule, page, tiny):
    open_page(page, tiny(content) + "index.html")
    assert rule in "\n".join(barriers(page))


def test_a_page_that_is_too_wide_is_noticed(page, tiny):
    open_page(page, tiny("<p style='width: 5000px'>wide</p>") + "index.html")
    assert excess(page) > 0


def test_a_line_of_a_derivation_that_is_too_wide_is_noticed(page, tiny):
    cell = "<td style='max-width: 9em; overflow: auto hidden; display: block'>{}</td>"
    rows = (f"<tr>{cell.format(text)}</tr>" for text in ("short", "<pre>" + "wide " * 40))
    open_page(page, tiny(f"<table class=lines>{''.join(rows)}</table>") + "index.html")
    assert len(cut_off(page)) == 1
