// Where an exercise stands in the text of a file.

const indentOf = (line) => line.length - line.trimStart().length;

/**
 * The lines of a function or method, such as TwoLayerNet.loss.
 *
 * Returns [first, behind the last], or null where there is none. The last definition counts.
 */
export function linesOf(lines, called) {
  let [from, to] = [0, lines.length];
  for (const name of called.split(".")) {
    const head = new RegExp(`^\\s*(def|class)\\s+${name}\\b`);
    const first = lines.slice(from, to).findLastIndex((line) => head.test(line)) + from;
    if (first < from) return null;
    let behind = first + 1;
    const inside = (line) =>
      !line.trim() || indentOf(line) > indentOf(lines[first]) || /^\s*\)/.test(line);
    while (behind < to && inside(lines[behind])) behind++;
    while (!lines[behind - 1].trim()) behind--;
    [from, to] = [first, behind];
  }
  return [from, to];
}

/** The text of a function; of a file that has it not, the whole. */
export function partOf(text, called) {
  const lines = text.split("\n");
  return lines.slice(...(linesOf(lines, called) ?? [])).join("\n");
}

/** What is folded around a function, as ranges of editor.js: the rest of the file, the docstring. */
export function foldsAround(text, called) {
  const lines = text.split("\n");
  const part = linesOf(lines, called);
  if (!part) return [];
  const [first, behind] = part;
  const folds = first > 1 ? [[0, first - 1, 0]] : [];
  const opens = lines.findIndex((line, i) => i > first && i < behind && /^\s*"""/.test(line));
  if (opens > 0 && lines[opens].split('"""').length === 2) {
    const closes = lines.findIndex((line, i) => i > opens && line.includes('"""'));
    if (closes > 0 && closes < behind) folds.push([opens, closes, lines[opens].indexOf('"""') + 3]);
  }
  const more = lines.slice(behind).some((line) => line.trim());
  if (more) folds.push([behind + !lines[behind].trim(), lines.length - 1, 0]);
  return folds;
}

/** Where one goes on to write, as [from, to] of the text: a blank, or else the end of the function. */
export function placeIn(text, { name, called }) {
  const blank = `raise NotImplementedError("to do: ${name}")`;
  const from = text.indexOf(blank);
  if (from >= 0) return [from, from + blank.length];
  const lines = text.split("\n");
  const [, behind] = linesOf(lines, called) ?? [0, 0];
  const end = lines.slice(0, behind).join("\n").length;
  return [end, end];
}

/**
 * The text of a file with the blank of one exercise put back, as `python -m assignment reset`:
 * it replaces what stands between the nearest lines of the stub, above and below, that are left.
 */
export function blanked(text, stub, name) {
  const [mine, theirs] = [text.split("\n"), stub.split("\n")];
  const start = theirs.findIndex((line) => line.includes(`# TODO ${name}:`));
  const end = start + 1 + theirs[start + 1].includes("raise NotImplementedError");
  const kept = commonLines(theirs, mine);
  const above = kept.filter(([i]) => i < start).at(-1) ?? [-1, -1];
  const below = kept.find(([i]) => i >= end) ?? [theirs.length, mine.length];
  return [
    ...mine.slice(0, above[1] + 1),
    ...theirs.slice(above[0] + 1, below[0]),
    ...mine.slice(below[1]),
  ].join("\n");
}

/** The pairs of places of the longest series of lines that two files have in common. */
function commonLines(a, b) {
  const length = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i][j] =
        a[i] === b[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
  const pairs = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (length[i + 1][j] >= length[i][j + 1]) i++;
    else j++;
  }
  return pairs;
}
