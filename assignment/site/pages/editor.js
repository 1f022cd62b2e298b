// An editor for Python: CodeMirror, with the colours that the other code of the site has.
import {
  bracketMatching,
  codeFolding,
  defaultKeymap,
  drawSelection,
  EditorState,
  EditorView,
  foldedRanges,
  foldEffect,
  highlightActiveLine,
  history,
  historyKeymap,
  indentOnInput,
  indentUnit,
  indentWithTab,
  keymap,
  lineNumbers,
  pythonLanguage,
  syntaxHighlighting,
  tagHighlighter,
  tags,
  unfoldEffect,
} from "./codemirror.js";

// The classes of Pygments: its style sheet colours them, in light and in dark.
const COLOURS = tagHighlighter([
  { tag: tags.keyword, class: "k" },
  { tag: [tags.definitionKeyword, tags.moduleKeyword], class: "k" },
  { tag: [tags.controlKeyword, tags.operatorKeyword], class: "k" },
  { tag: [tags.bool, tags.null], class: "kc" },
  { tag: tags.comment, class: "c1" },
  { tag: tags.string, class: "s2" },
  { tag: tags.special(tags.string), class: "sa" },
  { tag: tags.number, class: "mi" },
  { tag: [tags.operator, tags.compareOperator, tags.arithmeticOperator], class: "o" },
  { tag: tags.function(tags.definition(tags.variableName)), class: "nf" },
  { tag: tags.definition(tags.className), class: "nc" },
  { tag: tags.meta, class: "nd" },
]);
const A_MINUTE = 60_000;

/**
 * An editor inside an element.
 *
 * text : what stands in it
 * label : what a screen reader says it is; describedBy : the id of what it says of the keys
 * onChange(text), onCheck(), onUse() : called at each change, at Ctrl-Enter, when it is first used
 */
export function makeEditor(parent, { text, label, describedBy, onChange, onCheck, onUse }) {
  const keys = [
    { key: "Mod-Enter", run: () => (onCheck(), true) },
    // Tab indents, until Escape says that it shall leave; any other key takes that back.
    { key: "Escape", run: (view) => (view.setTabFocusMode(A_MINUTE), true) },
    indentWithTab,
    ...defaultKeymap,
    ...historyKeymap,
  ];
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        keymap.of(keys),
        history(),
        drawSelection(),
        lineNumbers(),
        EditorView.lineWrapping,
        highlightActiveLine(),
        bracketMatching(),
        indentOnInput(),
        indentUnit.of("    "),
        pythonLanguage,
        syntaxHighlighting(COLOURS),
        codeFolding({ preparePlaceholder: hiddenLines, placeholderDOM: placeholder }),
        // What can be edited is reached by Tab anyway; that it is, a tabindex says to tools too.
        EditorView.contentAttributes.of({
          "aria-label": label,
          "aria-describedby": describedBy,
          tabindex: "0",
        }),
        EditorView.updateListener.of((update) => {
          if (update.focusChanged && update.view.hasFocus) onUse();
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return view;
}

function hiddenLines(state, { from, to }) {
  const count = state.doc.lineAt(to).number - state.doc.lineAt(from).number;
  return from === state.doc.lineAt(from).from ? count + 1 : count;
}

function placeholder(view, unfold, count) {
  const element = document.createElement("span");
  element.className = "folded";
  element.textContent = `… ${count} lines`;
  element.title = "Show these lines";
  element.onclick = unfold;
  return element;
}

/** Fold the lines of each range [first, last, column], counted from 0: behind that column. */
export function fold(view, ranges) {
  const { doc } = view.state;
  const effects = ranges.map(([first, last, column]) =>
    foldEffect.of({ from: doc.line(first + 1).from + column, to: doc.line(last + 1).to }),
  );
  view.dispatch({ effects });
}

/** Show all lines. */
export function unfold(view) {
  const effects = [];
  foldedRanges(view.state).between(0, view.state.doc.length, (from, to) => {
    effects.push(unfoldEffect.of({ from, to }));
  });
  view.dispatch({ effects });
}

/** Put another text into an editor: only the lines that differ change, and Ctrl-Z brings them back. */
export function replaceText(view, text) {
  const old = view.state.doc.toString();
  if (old === text) return;
  let from = 0;
  while (from < old.length && old[from] === text[from]) from++;
  let same = 0;
  const most = Math.min(old.length, text.length) - from;
  while (same < most && old.at(-1 - same) === text.at(-1 - same)) same++;
  view.dispatch({
    changes: { from, to: old.length - same, insert: text.slice(from, text.length - same) },
    userEvent: "input.replace",
  });
}
