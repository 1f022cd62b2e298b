// The judge's worker: asks Python what to do, and the student's worker to answer.

"use strict";

const START = 120; // seconds for a student's worker to be there, with all that is fetched for it
const GRACE = 1; // seconds that a call has after its time, to say where it was
const QUIET = 2; // seconds after which a line that is not left is the last one
const PRINTED = "p".charCodeAt(0);
const WHERE = "w".charCodeAt(0);
const DUMP = "T".charCodeAt(0); // where it is when its time is over: it goes on there
const MOST = 1000; // frames of what is printed in a call

// The judge's end of the channel to the student's worker, which is replaced when it is lost.
class Student {
  #port;
  #ready;
  #began;
  #done;
  #library = "";
  #asked = 0;

  constructor() {
    this.renew();
  }

  renew() {
    this.#port?.close();
    this.#port = null;
    this.#ready = new Promise((resolve, reject) => (this.#began = { resolve, reject }));
    this.#ready.catch(() => {});
    self.postMessage({ want: "student", library: this.#library });
  }

  attach({ port, failed }) {
    if (failed) return this.#began.reject(new Error(failed));
    this.#port = port;
    port.onmessage = ({ data }) => this.#hear(data);
  }

  get ready() {
    return this.#ready;
  }

  #hear(data) {
    if (data?.ready) this.#began.resolve();
    else if (data?.failed) this.#began.reject(new Error(`Python does not start: ${data.failed}`));
    else if (data?.asked === this.#asked) this.#done?.(data); // and nothing that comes too late
  }

  // [frame, printed, state, told, seconds], as of the Reply in judge.py
  async ask(message, seconds, traces) {
    if (message.library && message.library !== this.#library) {
      this.#library = message.library;
      this.renew();
    }
    await within(START, this.#ready);
    const begun = performance.now();
    const printed = [];
    let where = new Uint8Array();
    let state = "";
    let told = "";
    const frame = await new Promise((resolve) => {
      const late = () => {
        state = "late";
        resolve(where);
      };
      const timers = [setTimeout(late, 1000 * (seconds + GRACE))];
      let quiet = traces && setTimeout(late, 1000 * QUIET);
      this.#done = (data) => {
        const its = data.frame instanceof Uint8Array ? data.frame : null;
        if (its?.[0] === PRINTED) {
          if (printed.length < MOST) printed.push(its);
        } else if (its?.[0] === WHERE) {
          where = its;
          clearTimeout(quiet);
          quiet = setTimeout(late, 1000 * QUIET);
        } else {
          timers.forEach(clearTimeout);
          clearTimeout(quiet);
          if (!its) {
            state = data.worn ? "worn" : "ended";
            told = String(data.ended ?? "no frame");
          }
          resolve(its ?? new Uint8Array());
        }
      };
      this.#port.postMessage({ ...message, number: ++this.#asked });
    });
    this.#done = null;
    if (state || frame[0] === DUMP) this.renew();
    if (state === "worn") return this.ask(message, seconds, traces);
    return [frame, printed, state, told, (performance.now() - begun) / 1000];
  }

  // What is asked is given up; a new worker comes.
  stop() {
    const waiting = this.#done;
    this.renew();
    waiting?.({ ended: "stopped" });
  }
}

function within(seconds, promise) {
  const late = new Promise((_, reject) =>
    setTimeout(() => reject(new Error("Python does not start in time.")), 1000 * seconds),
  );
  return Promise.race([promise, late]);
}

let python, judge, student;
let stopped = false;

async function converse(id, [wish, ...its]) {
  let told = plain(judge.begin(wish, ...its.map((each) => python.toPy(each))));
  while (told[0] !== "done" && !stopped) {
    if (told[0] === "found") {
      self.postMessage({ id, found: JSON.parse(told[1]) });
      told = plain(judge.go_on());
      continue;
    }
    const [what, request, ...others] = told;
    const [seconds, traces] = others.slice(-2);
    const [files, library] = what === "begin" ? others : [];
    const message = { what, request, files, library, seconds };
    const reply = await student.ask(message, seconds, traces);
    if (!stopped) told = plain(judge.go_on(...reply.map((each) => python.toPy(each))));
  }
  if (stopped) judge.give_up();
  return stopped ? null : JSON.parse(told[1]);
}

function plain(told) {
  const data = told.toJs({ dict_converter: Object.fromEntries });
  told.destroy();
  return data;
}

// Files that were dropped, below a folder of their own.
function lay(files) {
  const { FS } = python._module;
  const folder = `/dropped/${++lay.count}`;
  FS.mkdirTree(folder);
  for (const { path, bytes } of files) {
    const place = `${folder}/${path}`;
    FS.mkdirTree(place.slice(0, place.lastIndexOf("/")));
    FS.writeFile(place, bytes);
  }
  return folder;
}
lay.count = 0;

async function main(data) {
  student = new Student();
  python = await startPython(data, "judge.zip", { ASSIGNMENT_FILES: "/own" });
  python.runPython("from assignment.tab import judge");
  judge = python.globals.get("judge");
  await within(START, student.ready);
}

self.onmessage = async ({ data }) => {
  if (data.student) return student.attach(data.student);
  if (data.stop) {
    stopped = true;
    return student.stop();
  }
  const { id } = data;
  stopped = false;
  try {
    let { wish } = data;
    if (wish[0] === "start") return self.postMessage({ id, result: await main(wish[1]) });
    if (wish[0] === "hand_ins") wish = ["hand_ins", lay(wish[1])];
    const result = await converse(id, wish);
    self.postMessage({ id, result, stopped });
  } catch (error) {
    const last = String(error.message).trim().split("\n").pop();
    self.postMessage({ id, error: last.replace(/^\w+Error: /, "") });
  }
};
