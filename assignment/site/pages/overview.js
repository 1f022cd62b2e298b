// The page of all exercises: what is right, wrong and still to do, as `make progress` shows it.
import * as kept from "./kept.js";
import { button, download, element, keepPages, pythonWith, sentence, Status } from "./start.js";

const MARKS = { right: "✓", convention: "✓", unsolved: "…", unstable: "!" };
const WRONG = ["wrong", "crash", "timeout", "unstable", "missing", "refused"];

keepPages();
const box = document.querySelector("[data-overview]");
const table = box.parentElement.querySelector("table");
const counts = element("p", { class: "counts" });
const meter = element("div", { class: "meter" });
const checkButton = button("Check all", checkAll, { class: "first" });
const stopButton = button("Stop", () => python.stop(), { hidden: true });
const files = element("p");
const bar = element("div", { class: "bar" });
bar.append(checkButton, stopButton);
box.append(counts, meter, bar);
const status = new Status(box);
box.append(files);
kept.onNotKept((told) => status.say(told));
const python = pythonWith(status);

table.tHead.rows[0].append(element("th", { class: "state" }, "yours"));
const cells = new Map();
for (const row of table.tBodies[0].rows) {
  const exercise = kept.EXERCISES.find(({ name }) => name === row.querySelector("code").textContent);
  cells.set(exercise, row.appendChild(element("td", { class: "state" })));
}
showAll();
// A page that comes back from the browser's memory has seen nothing of what was done meanwhile.
addEventListener("pageshow", (event) => event.persisted && showAll());
addEventListener("storage", showAll);

function showAll() {
  const verdicts = kept.EXERCISES.map((exercise) => [exercise, kept.lastVerdict(exercise)]);
  for (const [exercise, verdict] of verdicts) showState(cells.get(exercise), exercise, verdict);
  const right = verdicts.filter(([, verdict]) => kept.isRight(verdict));
  const wrong = verdicts.filter(([, v]) => v && !v.edited && WRONG.includes(v.status));
  const sum = (some) => some.reduce((total, [{ points }]) => total + points, 0);
  const [points, of] = [sum(right), sum(verdicts)];
  const open = verdicts.length - right.length - wrong.length;
  counts.textContent = `${right.length} right, ${wrong.length} wrong, ${open} to do; ${points} of ${of} points`;
  meter.style.setProperty("--right", `${(100 * points) / of}%`);
  const touched = Object.keys(kept.FILES).filter(kept.isTouched);
  files.replaceChildren(
    ...(touched.length
      ? ["Your files, as they go into ", element("code", {}, "assignment/"), ": ", ...links(touched)]
      : []),
  );
}

function links(touched) {
  return touched.flatMap((file, i) => [
    i ? " " : "",
    button(file, () => download(file, kept.fileText(file), "text/x-python"), { class: "link" }),
  ]);
}

function showState(cell, { name, file, called }, verdict) {
  const untouched = !kept.isTouched(file) || verdict === null;
  const state = untouched && (!verdict || verdict.status === "unsolved") ? null : verdict;
  cell.dataset.status = state?.status ?? "unsolved";
  if (!state) return cell.replaceChildren("… to do");
  const said = `${MARKS[state.status] ?? "✗"} ${kept.label(state)}`;
  cell.replaceChildren(said, ...(state.edited ? [element("small", {}, " edited since")] : []));
}

async function checkAll() {
  if (!stopButton.hidden) return;
  stopButton.hidden = false;
  checkButton.setAttribute("aria-disabled", "true");
  try {
    const ready = await python();
    for (const [i, exercise] of kept.EXERCISES.entries()) {
      status.say(`Checking ${exercise.name}`, i / kept.EXERCISES.length);
      kept.keepVerdict(exercise, await ready.check(exercise.name, kept.allFiles()));
      showAll();
    }
    status.say("All are checked.");
  } catch (error) {
    status.say(sentence(error));
  } finally {
    stopButton.hidden = true;
    checkButton.setAttribute("aria-disabled", "false");
  }
}
