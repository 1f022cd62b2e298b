// "What is wrong with my old solution?": files of any year, dropped or chosen, and their verdicts.
import { button, download, element, keepPages, pythonWith, sentence, Status } from "./start.js";

const RIGHT = ["right", "convention"];
const MARKS = { right: "✓", convention: "✓", unstable: "!", unsolved: "…" };
const LABELS = { unsolved: "to do", convention: "right, by another convention" };

keepPages();
const box = document.querySelector("[data-hand-ins]");
const chooser = (attributes) =>
  element("input", {
    type: "file",
    multiple: true,
    hidden: true,
    onchange: (event) => take([...event.target.files].map((file) => [file.webkitRelativePath || file.name, file])),
    ...attributes,
  });
const files = chooser({});
const folder = chooser({ webkitdirectory: true });
const stopButton = button("Stop", () => python.stop(), { hidden: true });
const bar = element("div", { class: "bar" });
bar.append(
  button("Choose files", () => files.click(), { class: "first" }),
  button("Choose a folder", () => folder.click()),
  stopButton,
);
const dropped = element(
  "div",
  { class: "drop" },
  element("p", {}, "Drop it here: files, a folder, a .zip or .tar.gz, a notebook; or several hand-ins at once."),
  bar,
  files,
  folder,
);
box.append(dropped);
const status = new Status(box);
const results = element("div", { class: "results" });
box.append(results);
const python = pythonWith(status);

// A file that misses the box shall not take the page away.
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", async (event) => {
  event.preventDefault();
  // What was dropped is gone after the first pause.
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.());
  const plain = [...event.dataTransfer.files].map((file) => [file.name, file]);
  const found = entries.every(Boolean) ? (await Promise.all(entries.map(filesIn))).flat() : plain;
  take(found);
});
for (const kind of ["dragover", "dragleave", "drop"])
  dropped.addEventListener(kind, () => dropped.classList.toggle("over", kind === "dragover"));

/** The files of a dropped folder, with their paths. */
async function filesIn(entry) {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    return [[entry.fullPath.replace(/^\//, ""), file]];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return (await Promise.all(found.map(filesIn))).flat();
    found.push(...some);
  }
}

async function take(pairs) {
  if (!pairs.length || !stopButton.hidden) return;
  stopButton.hidden = false;
  results.replaceChildren();
  const all = [];
  try {
    const ready = await python();
    status.say("Reading the files");
    const sent = await Promise.all(
      pairs.map(async ([path, file]) => ({ path, bytes: new Uint8Array(await file.arrayBuffer()) })),
    );
    status.say("Checking …", 0);
    const onResult = (one, index, count) => {
      all.push(one);
      show(all);
      status.say(count > 1 ? `Checked ${index + 1} of ${count}` : "Checked", (index + 1) / count);
    };
    const found = await ready.handIns(sent, { onResult });
    show(found);
    status.say(found.length === 1 ? "Checked." : `${found.length} hand-ins are checked.`);
  } catch (error) {
    status.say(sentence(error));
  } finally {
    stopButton.hidden = true;
    files.value = folder.value = "";
  }
}

function show(all) {
  const parts = all.map(one);
  if (all.length > 1) parts.unshift(summary(all));
  const data = all.map(({ json }) => json).filter(Boolean);
  const text = JSON.stringify(data.length === 1 ? data[0] : data, null, 2) + "\n";
  if (data.length) parts.push(button("Download the verdicts (JSON)", () => download("verdicts.json", text, "application/json")));
  results.replaceChildren(...parts);
}

const row = (kind, ...texts) => element("tr", {}, ...texts.map((text) => element(kind, {}, text)));
const asked = (json) => json.exercises.filter(({ of }) => of > 0);
const number = (json, ...some) => asked(json).filter(({ status: s }) => some.includes(s)).length;

function summary(all) {
  const rows = all.map(({ name, json, error }, i) => {
    const link = element("a", { href: `#hand-in-${i}` }, name);
    if (!json) return element("tr", {}, element("td", {}, link), element("td", { colspan: 5 }, error));
    const [right, open] = [number(json, ...RIGHT), number(json, "unsolved", "missing")];
    const told = [json.year, `${json.points} of ${json.of}`, right, asked(json).length - right - open, open];
    return row("td", link, ...told.map(String));
  });
  const head = row("th", "hand-in", "files of", "points", "right", "wrong", "to do");
  return scrolling(element("table", { class: "docutils" }, element("thead", {}, head), element("tbody", {}, ...rows)));
}

function one({ name, json, error }, i) {
  const heading = element("h2", { id: `hand-in-${i}` }, name);
  if (!json) return element("section", {}, heading, element("p", {}, error));
  const told = `Files of ${json.year}: ${json.points} of ${json.of} points.`;
  const left = json.exercises.filter(({ status: s }) => s === "not asked").map((each) => each.name);
  return element(
    "section",
    {},
    heading,
    element("p", {}, told),
    ...(json.notes.length ? [element("ul", {}, ...json.notes.map((note) => element("li", {}, note)))] : []),
    verdicts(json.exercises.filter(({ status: s }) => s !== "not asked")),
    ...(left.length ? [element("p", { class: "small" }, `Not asked for in ${json.year}: ${left.join(", ")}.`)] : []),
  );
}

function verdicts(rows) {
  const body = rows.map((verdict) => {
    const { status: s, message, remarks, see, printed } = verdict;
    const told = [message, ...remarks.map((remark) => `Remark: ${remark}.`), see && `See ${see}.`];
    const paragraphs = told.filter(Boolean).map((text) => element("p", {}, text));
    if (printed.length) paragraphs.push(element("pre", {}, printed.join("\n")));
    return element(
      "tr",
      { "data-status": s },
      element("td", {}, element("code", {}, verdict.name), " ", element("strong", {}, `${MARKS[s] ?? "✗"} ${LABELS[s] ?? s}`), ...paragraphs),
      element("td", {}, verdict.of ? `${verdict.points} of ${verdict.of}` : ""),
    );
  });
  const head = row("th", "exercise", "points");
  return scrolling(element("table", { class: "docutils verdicts" }, element("thead", {}, head), element("tbody", {}, ...body)));
}

const scrolling = (table) => element("div", { class: "table-wrapper docutils container" }, table);
