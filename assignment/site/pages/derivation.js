// On the page of a derivation each line can be changed and tried.
import * as kept from "./kept.js";
import { button, element, keepPages, pythonWith, sentence, Status } from "./start.js";

keepPages();
const { derivation, claims } = JSON.parse(document.querySelector("[data-page=derivation]").textContent);
const python = pythonWith({
  // The bar stands at the line that was tried.
  say: (...told) => current?.say(...told),
});
let current = null;

for (const row of document.querySelectorAll(".lines tbody tr")) {
  const line = row.cells[0].textContent.trim();
  if (!(line in claims)) continue;
  const opener = button("try it", () => toggle(), {
    class: "link",
    "aria-expanded": "false",
    "aria-label": `Try line ${line} with a change`,
  });
  row.cells[2].append(" ", opener);
  let form = null;
  if (kept.lineText(derivation, line) !== null) toggle(false);

  function toggle(focus = true) {
    if (!form) row.after((form = formOf(line)));
    else form.hidden = !form.hidden;
    opener.setAttribute("aria-expanded", String(!form.hidden));
    if (focus && !form.hidden) form.querySelector("textarea").focus();
  }
}

/** A field with the line in it, and what numbers say of it. */
function formOf(line) {
  const text = element("textarea", {
    "aria-label": `Line ${line}, in Python`,
    spellcheck: "false",
    autocapitalize: "off",
    rows: 2,
  });
  text.value = kept.lineText(derivation, line) ?? claims[line];
  const box = element("td", { colspan: 3 });
  const verdict = element("div", { class: "tried", "aria-live": "polite" });
  const bar = element("div", { class: "bar" });
  bar.append(button("Try", tryIt, { class: "first" }), button("As it was", asItWas));
  box.append(text, bar);
  const status = new Status(box);
  box.append(verdict);
  text.addEventListener("input", () => {
    kept.keepLine(derivation, line, text.value === claims[line] ? null : text.value);
    verdict.replaceChildren();
  });
  text.addEventListener("focus", () => {
    current ??= status;
    python().catch((error) => status.say(sentence(error)));
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    tryIt();
  });
  return element("tr", { class: "trying" }, box);

  async function tryIt() {
    current = status;
    try {
      const ready = await python();
      status.say("Trying it on random numbers …");
      const found = await ready.line(derivation, line, text.value);
      status.say("");
      await show(found);
    } catch (error) {
      status.say(sentence(error));
    }
  }

  async function show(found) {
    const formula = element("div", { class: "formula" });
    verdict.replaceChildren(element("p", {}, found.text), formula);
    verdict.dataset.status = found.status;
    if (!found.latex || !window.MathJax?.tex2svgPromise) return;
    formula.replaceChildren(await MathJax.tex2svgPromise(found.latex, { display: false }));
  }

  function asItWas() {
    text.value = claims[line];
    kept.keepLine(derivation, line, null);
    verdict.replaceChildren();
    status.say("");
    text.focus();
  }
}
