// The page of an exercise: its function in an editor, a check, and a card that names the bug.
import { fold, makeEditor, replaceText, unfold } from "./editor.js";
import * as kept from "./kept.js";
import { blanked, foldsAround, placeIn } from "./parts.js";
import { button, download, element, keepPages, pythonWith, sentence, Status } from "./start.js";

const box = document.querySelector("[data-exercise]");
const exercise = kept.EXERCISES.find(({ name }) => name === box.dataset.exercise);
const { name, file, called } = exercise;
const KEYS = "Tab indents; Escape, then Tab leaves the editor. Ctrl-Enter (⌘-Enter) checks.";
const ENOUGH = 300; // milliseconds without a key: then what was typed is kept

keepPages();
const frame = element("div", { class: "editor highlight" });
const answer = element("div", { class: "answer", "aria-live": "polite" });
const checkButton = button("Check", check, { class: "first" });
const stopButton = button("Stop", stop, { hidden: true });
const backButton = button("", bringBack, { hidden: true });
const wholeButton = button("Whole file", showWhole, { "aria-pressed": "false" });
const opener = element("input", { type: "file", accept: ".py,text/x-python", hidden: true });
const bar = element("div", { class: "bar" });
bar.append(
  ...[checkButton, stopButton, button("Reset", reset), backButton, wholeButton],
  button("Open a file", () => opener.click()),
  opener,
  button(`Download ${file}`, () => download(file, text(), "text/x-python")),
);
const lines = element("div");
const status = new Status(lines);
const notKept = element("p", { class: "status", role: "alert" });
kept.onNotKept((told) => notKept.replaceChildren(told));
box.replaceChildren(frame, element("p", { id: "keys" }, KEYS), bar, lines, notKept, answer);

const python = pythonWith(status);
let running = false;
let waiting = null;
const view = makeEditor(frame, {
  text: kept.fileText(file),
  label: `${file}, with the function ${called}`,
  describedBy: "keys",
  onCheck: check,
  onUse: () => python().catch((error) => status.say(sentence(error))),
  onChange: () => {
    clearTimeout(waiting);
    waiting = setTimeout(keep, ENOUGH);
    if (answer.firstChild) answer.classList.add("old");
  },
});
const text = () => view.state.doc.toString();

// What was typed a moment ago, too, is there when the page comes back.
addEventListener("pagehide", keep);
document.addEventListener("visibilitychange", keep);
kept.onOtherTab(file, (changed) => document.hidden && replaceText(view, changed));
opener.addEventListener("change", () => open(opener.files[0]));
// Sphinx takes a / that is typed for a wish to search, but for one in a field of a form.
frame.addEventListener("keydown", (event) => event.stopPropagation());
frame.addEventListener("dragover", (event) => event.preventDefault());
frame.addEventListener("drop", (event) => {
  const [dropped] = event.dataTransfer.files;
  if (!dropped) return;
  event.preventDefault();
  event.stopPropagation();
  open(dropped);
}, true);
look();
offerBack();
showLast();

function keep() {
  if (waiting === null) return;
  clearTimeout(waiting);
  waiting = null;
  kept.keepFile(file, text());
}

/** Show the function alone, with what is to be replaced selected. */
function look() {
  unfold(view);
  fold(view, foldsAround(text(), called));
  const [anchor, head] = placeIn(text(), exercise);
  view.dispatch({ selection: { anchor, head } });
  wholeButton.setAttribute("aria-pressed", "false");
}

function showWhole() {
  if (wholeButton.getAttribute("aria-pressed") === "true") return look();
  unfold(view);
  wholeButton.setAttribute("aria-pressed", "true");
}

async function check() {
  if (running) return;
  keep();
  setRunning(true);
  try {
    const ready = await python();
    status.say("Checking …");
    const checked = text();
    const verdict = await ready.check(name, { ...kept.allFiles(), [file]: checked });
    kept.keepVerdict(exercise, verdict, checked);
    show(verdict);
    status.say("");
  } catch (error) {
    status.say(sentence(error));
  } finally {
    setRunning(false);
  }
}

function stop() {
  python.stop();
}

function setRunning(now) {
  running = now;
  checkButton.setAttribute("aria-disabled", now);
  stopButton.hidden = !now;
}

/** The card, what was printed, and the way on. */
function show(verdict) {
  answer.classList.remove("old");
  const card = element("div");
  card.innerHTML = verdict.html; // made by the judge, which escapes what is not its own
  answer.replaceChildren(card);
  if (verdict.said?.length && !verdict.printed.length) {
    answer.append(element("p", {}, "It printed:"), element("pre", {}, verdict.said.join("\n")));
  }
  if (["right", "convention"].includes(verdict.status)) answer.append(wayOn());
}

/** The next exercise that is not right yet. */
function wayOn() {
  const at = kept.EXERCISES.indexOf(exercise);
  const others = [...kept.EXERCISES.slice(at + 1), ...kept.EXERCISES.slice(0, at)];
  const open = others.find((other) => !kept.isRight(kept.lastVerdict(other)));
  const [to, words] = open
    ? [`${open.name}.html`, element("code", {}, open.name)]
    : ["../exercises.html", "all are right"];
  return element("p", {}, "Next: ", element("a", { href: to }, words));
}

/** What the last visit has found, in a line. */
function showLast() {
  const verdict = kept.lastVerdict(exercise);
  if (verdict && !verdict.edited) status.say(`When it was last checked: ${kept.label(verdict)}.`);
}

function reset() {
  const now = text();
  if (!kept.FILES[file]) return;
  const blank = blanked(now, kept.FILES[file], name);
  if (blank === now) return status.say("It is blank.");
  put(blank);
  status.say("The blank is back.");
}

/** Put a text into the editor, and offer the one that stood there. */
function put(now) {
  kept.keepBefore(file, text());
  replaceText(view, now);
  keep();
  look();
  answer.replaceChildren();
  offerBack();
  view.focus();
}

function offerBack() {
  const before = kept.textBefore(file);
  backButton.hidden = before === null || before === text();
  backButton.textContent = "Back to what was there";
}

function bringBack() {
  put(kept.textBefore(file));
  status.say("What was there before is back.");
}

async function open(chosen) {
  if (!chosen) return;
  opener.value = "";
  const there = (await chosen.text()).replaceAll("\r\n", "\n");
  put(there);
  status.say(`${chosen.name} is open as ${file}.`);
}
