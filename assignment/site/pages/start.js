// Python, as the pages use it: fetched when it is first needed, with a bar that says how far it is.

const SITE = new URL("../../", import.meta.url);
const A_WHILE = 5_000; // milliseconds

/** An element with attributes, and with what stands in it. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made[key] = value;
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

export const button = (text, onclick, attributes = {}) =>
  element("button", { type: "button", onclick, ...attributes }, text);

/** A line that says what is going on, to eyes and to screen readers. */
export class Status {
  constructor(box) {
    this.words = element("span", { role: "status" });
    this.bar = element("progress", { max: 1, hidden: true, "aria-label": "Python is being started" });
    box.append(element("p", { class: "status" }, this.words, this.bar));
  }

  say(text, fraction = null, ...more) {
    // The same words again would be read out again.
    if (this.words.textContent !== text || more.length) this.words.replaceChildren(text, ...more);
    this.bar.hidden = fraction === null;
    this.bar.value = fraction ?? 0;
  }
}

/**
 * What makes a page's Python: a function that starts it once, and gives it.
 *
 * It throws an Error with a sentence; the next call tries again.
 */
export function pythonWith(status) {
  let started = null;
  let python = null;

  async function start() {
    if (typeof WebAssembly !== "object" || typeof Worker !== "function")
      throw new Error("This browser cannot run Python: it has no WebAssembly. A newer one can.");
    status.say("Fetching Python", 0);
    await cached();
    const { Python } = await import(new URL("tab/python.js", SITE)).catch(() => {
      throw new Error("Python cannot be fetched: is there a network? What you typed is kept.");
    });
    const onProgress = (fraction, what) => started && status.say(what, fraction);
    python = new Python({ onProgress });
    await python.ready();
    status.say("Python is ready.");
    return python;
  }

  const get = () =>
    (started ??= start().catch((error) => {
      started = python = null;
      throw error;
    }));
  get.stop = () => python?.stop();
  return get;
}

/** What is said of an error: its message, or that somebody has stopped it. */
export const sentence = (error) => (error.name === "AbortError" ? "Stopped." : error.message);

/** Wait until what is fetched is kept for a day without a network, but not for long. */
async function cached() {
  const workers = navigator.serviceWorker;
  if (!workers || workers.controller) return;
  const controlled = new Promise((done) =>
    workers.addEventListener("controllerchange", done, { once: true }),
  );
  await Promise.race([controlled, new Promise((done) => setTimeout(done, A_WHILE))]);
}

/** Keep these pages for a day without a network; a browser that forbids it has them with one. */
export function keepPages() {
  const address = new URL("service_worker.js", SITE);
  navigator.serviceWorker?.register(address).catch(() => {});
}

/** Give somebody a file. */
export function download(name, text, type = "text/plain") {
  const url = URL.createObjectURL(new Blob([text], { type }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), A_WHILE);
}
