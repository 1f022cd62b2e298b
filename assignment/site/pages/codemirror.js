// What the editor takes from CodeMirror: the one file that esbuild bundles.
export { defaultKeymap, history, historyKeymap, indentWithTab, undo } from "@codemirror/commands";
export { pythonLanguage } from "@codemirror/lang-python";
export {
  bracketMatching,
  codeFolding,
  foldEffect,
  foldedRanges,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
  unfoldEffect,
} from "@codemirror/language";
export { EditorState } from "@codemirror/state";
export { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
export { tagHighlighter, tags } from "@lezer/highlight";
