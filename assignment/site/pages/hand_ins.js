// "What is wrong with my old solution?": files of any year, dropped or chosen, and their verdicts.
import { button, download, element, keepPages, pythonWith, sentence, Status } from "./start.js";

keepPages();
const box = document.querySelector("[data-hand-ins]");
const chooser = (attributes) =>
  element("input", {
    type: "file",
    multiple: true,
    hidden: true,
    onchange: ({ target }) =>
      take([...target.files].map((file) => [file.webkitRelativePath || file.name, file])),
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
  element("p", {}, "Drop it here: files, a folder, a zip, a notebook; or several hand-ins at once."),
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
    status.say("Checking …");
    const onResult = (one) => {
      all.push(one);
      show(all);
      status.say(`Checked so far: ${all.length}`);
    };
    show(await ready.handIns(sent, { onResult }));
    status.say(all.length === 1 ? "Checked." : `${all.length} hand-ins are checked.`);
  } catch (error) {
    status.say(sentence(error));
  } finally {
    stopButton.hidden = true;
    files.value = folder.value = "";
  }
}

function show(all) {
  const data = all.map(({ json }) => json).filter(Boolean);
  const text = `${JSON.stringify(data.length === 1 ? data[0] : data, null, 2)}\n`;
  const bar = element("div", { class: "bar" });
  if (data.length) bar.append(button("Download the verdicts (JSON)", () => download("verdicts.json", text, "application/json")));
  results.replaceChildren(...(all.length > 1 ? [summary(all)] : []), bar, ...all.map(one));
}

/** A row for each hand-in: an instructor's first look. */
function summary(all) {
  const head = ["hand-in", "files of", "points", "right", "wrong", "to do"];
  const rows = all.map(({ name, json, error }, i) => {
    const link = element("a", { href: `#hand-in-${i}` }, name);
    if (!json) return [link, error];
    const [right, open] = [number(json, "right", "convention"), number(json, "unsolved", "missing")];
    const wrong = json.exercises.filter(({ of }) => of > 0).length - right - open;
    return [link, json.year, `${json.points} of ${json.of}`, right, wrong, open];
  });
  const cells = rows.map(([link, ...told]) => [
    element("th", { scope: "row" }, link),
    ...told.map((text) => element("td", told.length === 1 ? { colspan: head.length - 1 } : {}, String(text))),
  ]);
  return table(
    element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, ...cells.map((row) => element("tr", {}, ...row))),
  );
}

const number = (json, ...some) =>
  json.exercises.filter(({ of, status }) => of > 0 && some.includes(status)).length;
const table = (...parts) =>
  element("div", { class: "table-wrapper container" }, element("table", { class: "docutils" }, ...parts));

function one({ name, json, html, error }, i) {
  const heading = element("h2", { id: `hand-in-${i}` }, name);
  if (!json) return element("section", {}, heading, element("p", {}, error));
  const verdicts = element("div", { class: "table-wrapper container" });
  verdicts.innerHTML = html; // made by the judge, which escapes what is not its own
  verdicts.firstElementChild.classList.add("docutils");
  verdicts.querySelector("caption").textContent = `Files of ${json.year}: ${json.points} of ${json.of} points.`;
  for (const wrong of verdicts.querySelectorAll("tr:is(.wrong, .crash, .timeout) > td > details"))
    wrong.open = true;
  const notes = element("ul", {}, ...json.notes.map((note) => element("li", {}, note)));
  const left = json.exercises.filter(({ status }) => status === "not asked").map((each) => each.name);
  const parts = [heading, ...(json.notes.length ? [notes] : []), verdicts];
  if (left.length) parts.push(element("p", { class: "small" }, `Not asked for in ${json.year}: ${left.join(", ")}.`));
  return element("section", {}, ...parts);
}
