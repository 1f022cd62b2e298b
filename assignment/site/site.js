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

// The pages on which one works have a script of their own. From a folder, a browser starts no modules.
const worked = document.querySelector("[data-page]");
if (worked && location.protocol === "file:") {
  const told = document.createElement("p");
  told.textContent =
    "This page was opened from a folder, where a browser runs no Python: serve the folder, with " +
    "python -m http.server, and open http://localhost:8000.";
  worked.before(told);
} else if (worked) {
  import(new URL(`pages/${worked.dataset.page}.js`, document.currentScript.src));
}
