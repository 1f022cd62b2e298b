// The check in a browser tab, for pages: `new Python()`, `check`, `handIns`, `line`, `stop`.
//
// The judge runs in a worker. Student code runs in another one, within a frame of no origin: it
// reaches neither network nor storage, and over one channel the judge, who believes nothing. The
// page hears from the judge alone.

const POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:";
const FRAME = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${POLICY}">
<script>
let parts, worker;
onmessage = async ({ source, data, ports: [port] }) => {
  if (source !== parent) return;
  if (data.scripts) {
    const module = await WebAssembly.compile(data.files["pyodide.asm.wasm"]);
    const script = URL.createObjectURL(new Blob(data.scripts));
    parts = { ...data, script, module };
    parent.postMessage("ready", "*");
  }
  if (port) {
    worker?.terminate();
    worker = new Worker(parts.script);
    const { scripts, script, ...rest } = parts;
    const files = { ...parts.files, ...data.files };
    worker.postMessage({ ...rest, files, library: data.library, port }, [port]);
  }
};
</script>`;

export class Python {
  #url;
  #tell;
  #started = null;
  #last = Promise.resolve();
  #calls = new Map();
  #count = 0;
  #manifest;
  #judge;
  #frame;
  #libraries = {};

  // url: the folder of this file; onProgress(fraction, what): while Python is fetched and started
  constructor({ url = new URL(".", import.meta.url).href, onProgress = () => {} } = {}) {
    this.#url = url;
    this.#tell = onProgress;
  }

  // Resolves when the first check can be made; rejects with a sentence.
  ready() {
    this.#started ??= this.#start().catch((error) => {
      this.#started = null;
      throw error;
    });
    return this.#started;
  }

  // The verdict on one exercise. files: name -> text
  check(exercise, files) {
    return this.#ask(["check", exercise, files]);
  }

  // The verdicts on what was dropped. files: [{ path, bytes }]
  handIns(files, { onResult = () => {} } = {}) {
    return this.#ask(["hand_ins", files], onResult);
  }

  // What numbers say of a line of a derivation.
  line(derivation, label, text) {
    return this.#ask(["line", derivation, label, text]);
  }

  // End what runs: its promise rejects with an AbortError.
  stop() {
    for (const [, { reject }] of this.#calls) {
      reject(new DOMException("It was stopped.", "AbortError"));
    }
    if (this.#calls.size) this.#judge.postMessage({ stop: true });
    this.#calls.clear();
  }

  // One at a time, in order.
  async #ask(wish, onFound) {
    const before = this.#last;
    let done;
    this.#last = new Promise((resolve) => (done = resolve));
    try {
      await this.ready();
      await before;
      const begun = performance.now();
      const result = await this.#call(wish, onFound);
      if (wish[0] === "check") result.seconds = (performance.now() - begun) / 1000;
      return result;
    } finally {
      done();
    }
  }

  #call(wish, onFound = () => {}) {
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject, onFound });
      this.#judge.postMessage({ id, wish });
    });
  }

  #hear(data) {
    if (data.want) return this.#bringStudent(data.library);
    const call = this.#calls.get(data.id);
    if (!call) return; // it was stopped
    if (data.found) return call.onFound(data.found);
    this.#calls.delete(data.id);
    if (data.error) call.reject(new Error(data.error));
    else call.resolve(data.result);
  }

  async #bringStudent(library) {
    try {
      const element = await this.#frame;
      this.#libraries[library] ??= library ? this.#fetchAll(library) : {};
      const files = await this.#libraries[library];
      const { port1, port2 } = new MessageChannel();
      this.#judge.postMessage({ student: { port: port1 } }, [port1]);
      element.contentWindow.postMessage({ files, library }, "*", [port2]);
    } catch (error) {
      delete this.#libraries[library];
      this.#judge.postMessage({ student: { failed: error.message } });
    }
  }

  async #start() {
    this.#manifest = await (await fetched(new URL("pyodide.json", this.#url))).json();
    const texts = {};
    for (const name of ["start.js", "judge.js", "student.js"]) {
      texts[name] = await (await fetched(new URL(name, this.#url))).text();
    }
    const { "judge.zip": judge, "student.zip": student, ...core } = await this.#fetchAll();
    this.#tell(0.7, "Starting Python");
    const engine = [core["pyodide.js"], "\n", core["pyodide.asm.js"], "\n", texts["start.js"]];
    const { info, packages } = this.#manifest;
    this.#frame = frame({
      scripts: [...engine, texts["student.js"]],
      files: { ...core, "student.zip": student },
      info,
      packages,
    });
    this.#judge = new Worker(URL.createObjectURL(new Blob([...engine, texts["judge.js"]])));
    this.#judge.onmessage = ({ data }) => this.#hear(data);
    const module = await WebAssembly.compile(core["pyodide.asm.wasm"]);
    const files = { ...core, "judge.zip": judge };
    await this.#call(["start", { files, module, info, packages }]);
    this.#tell(1, "ready");
  }

  // All files by name, each as it has to be: those that are always needed, or those for a library.
  async #fetchAll(library = "") {
    const { url, files, archives } = this.#manifest;
    const from = new URL(url, this.#url);
    const wanted = [
      ...Object.entries(files).map(([name, its]) => [name, new URL(name, from), its]),
      ...Object.entries(archives).map(([name, its]) => [name, new URL(name, this.#url), its]),
    ].filter(([, , its]) => (its.for ?? "") === library);
    const total = wanted.reduce((sum, [, , { bytes }]) => sum + bytes, 0);
    let done = 0;
    const got = await Promise.all(
      wanted.map(async ([name, place, { sha256 }]) => {
        const bytes = await read(await fetched(place), (more) => {
          done += more;
          this.#tell((0.7 * done) / total, `Fetching ${library || "Python"}`);
        });
        if (sha256 && (await digest(bytes)) !== sha256) {
          throw new Error(`${place} is not the file that it should be: reload the page.`);
        }
        return [name, bytes];
      }),
    );
    return Object.fromEntries(got);
  }
}

async function fetched(url) {
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) throw new Error(`${url} cannot be fetched: is there a network?`);
  return response;
}

async function read(response, tell) {
  const chunks = [];
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    chunks.push(value);
    tell(value.length);
  }
}

async function digest(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A frame of an origin of its own, which starts the student's worker when a port comes.
function frame(parts) {
  const element = document.createElement("iframe");
  element.hidden = true;
  element.title = "Python for your code";
  element.setAttribute("sandbox", "allow-scripts");
  element.srcdoc = FRAME;
  return new Promise((resolve) => {
    addEventListener("message", function heard({ source, data }) {
      if (source !== element.contentWindow || data !== "ready") return;
      removeEventListener("message", heard);
      resolve(element);
    });
    element.onload = () => element.contentWindow.postMessage(parts, "*");
    document.body.append(element);
  });
}
