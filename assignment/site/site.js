// What is wider than the page scrolls in a box of its own. The keyboard has to reach that box, but
// none that has nothing to scroll.
const BOXES = {
  pre: "Code or output",
  ".table-wrapper": "Table",
  ".math-wrapper": "Formula",
  td: "Cell of a table",
};

function markScrolling() {
  for (const [selector, name] of Object.entries(BOXES)) {
    for (const box of document.querySelectorAll(selector)) {
      if (box.scrollWidth > box.clientWidth) {
        box.tabIndex = 0;
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", `${name}, scrolls sideways`);
      } else {
        for (const attribute of ["tabindex", "role", "aria-label"]) box.removeAttribute(attribute);
      }
    }
  }
}

// Typeset formulae, opened answers and a narrower window all change the size of the page.
new ResizeObserver(markScrolling).observe(document.querySelector(".content"));

// From a folder, a browser lets no page read another one: results come without excerpts.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
