// What was typed, and what was said of it: kept in this browser, and nowhere else.
import { EXERCISES, FILES } from "./exercises.js";
import { partOf } from "./parts.js";

const OURS = "how-classifiers-learn/";
const here = new Map(); // of this page, where the browser keeps nothing
let failed = () => {};

/** Have a function called, once, with a sentence, when the browser does not keep what it is given. */
export function onNotKept(tell) {
  failed = (error) => {
    failed = () => {};
    const why = error.name === "QuotaExceededError" ? "Its storage is full" : "It forbids storage";
    tell(`This browser does not keep what you type. ${why}: download your file before you leave.`);
  };
}

function get(key) {
  try {
    return here.get(key) ?? localStorage.getItem(OURS + key);
  } catch (error) {
    failed(error);
    return null;
  }
}

function set(key, value) {
  here.delete(key);
  try {
    if (value === null) localStorage.removeItem(OURS + key);
    else localStorage.setItem(OURS + key, value);
  } catch (error) {
    here.set(key, value);
    failed(error);
  }
}

/** The text of one of the five files, as it was left, or else its stub. */
export const fileText = (file) => get(file) ?? FILES[file];
/** Keep the text of a file. */
export const keepFile = (file, text) => set(file, text === FILES[file] ? null : text);
/** All five files, by name. */
export const allFiles = () =>
  Object.fromEntries(Object.keys(FILES).map((file) => [file, fileText(file)]));
/** Whether anything has been typed into a file. */
export const isTouched = (file) => get(file) !== null;

/** The text of a file as it was before the last Reset or Open, or null. */
export const textBefore = (file) => get(`before/${file}`);
export const keepBefore = (file, text) => set(`before/${file}`, text);

/** What was typed instead of a line of a derivation, or null. */
export const lineText = (derivation, line) => get(`line/${derivation}/${line}`);
export const keepLine = (derivation, line, text) => set(`line/${derivation}/${line}`, text);

/** The verdict of the last check of an exercise, with `edited`: whether it was written to since. */
export function lastVerdict({ name, file, called }) {
  const kept = get(`verdict/${name}`);
  if (!kept) return null;
  const { part, ...verdict } = JSON.parse(kept);
  return { ...verdict, edited: part !== partOf(fileText(file), called) };
}

/** Keep the status of a verdict, with the text that it is about: null where there is none. */
export function keepVerdict({ name, file, called }, { status, message }, text = fileText(file)) {
  set(`verdict/${name}`, JSON.stringify({ status, message, part: partOf(text, called) }));
}

/** Call a function when another tab of this browser has changed a file. */
export function onOtherTab(file, changed) {
  addEventListener("storage", (event) => {
    if (event.key === OURS + file) changed(fileText(file));
  });
}

export { EXERCISES, FILES };

const LABELS = { unsolved: "to do", convention: "right, by another convention" };
export const label = ({ status }) => LABELS[status] ?? status;
export const isRight = (verdict) =>
  verdict !== null && !verdict.edited && ["right", "convention"].includes(verdict.status);
