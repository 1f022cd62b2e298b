"""`python -m assignment derivations`: every line of every derivation, with its verdict."""

import json
import math

from assignment.derivations import DERIVATIONS

SOUND = ("holds", "to do")


def report(as_json=False, derivations=DERIVATIONS):
    """Print all lines, as written and as mended.

    Returns
    -------
    bool : whether every mended line holds and every flagged one really fails as written
    """
    results = {
        name: [_result(derivation, line) for line in derivation.lines]
        for name, derivation in derivations.items()
    }
    lines = [result for group in results.values() for result in group]
    sound = all(result["sound"] for result in lines)
    if as_json:
        print(json.dumps({"sound": sound, "derivations": results}, indent=1, ensure_ascii=False))
        return sound
    for name, derivation in derivations.items():
        print(f"\n{derivation.title}\n{'=' * len(derivation.title)}")
        for result in results[name]:
            print(_text(result))
    flagged = [result["written"] for result in lines if result["written"]]
    held = sum(result["status"] == "holds" for result in lines)
    to_do = sum(result["status"] == "to do" for result in lines)
    loose = sum(bool(result["remark"]) for result in lines) - len(flagged)
    failing = sum(written["status"] != "holds" for written in flagged)
    print(
        f"\n{held} of {len(lines)} lines hold; {len(flagged)} are flagged as written, of which "
        f"{failing} fail as written; {loose} more are loose notation"
        + (f"; {to_do} are yours to find" if to_do else "")
    )
    return sound


def _result(derivation, line):
    """One line as plain data."""
    verdict = _data(derivation, line.claim)
    written = None
    if line.written:
        written = {"kind": line.kind, "remark": line.remark, **_data(derivation, line.written)}
    return {
        "line": line.number,
        "rule": line.rule,
        "shapes": dict(derivation.shapes_in(line.claim)),
        **verdict,
        "original": line.original,
        "kind": line.kind,
        "remark": line.remark,
        "written": written,
        "sound": verdict["status"] in SOUND and (not written or _fails_as_said(written)),
    }


def _fails_as_said(written):
    """Loose notation fails if it is read literally; the rest fails in the way it is said to."""
    if written["kind"] == "loose":
        return written["status"] != "holds"
    return written["status"] == written["kind"]


def _data(derivation, claim):
    verdict = derivation.verdict(claim)
    return {
        "claim": claim,
        "status": verdict.status,
        "error": verdict.error if math.isfinite(verdict.error) else None,
        "reason": verdict.reason,
        "verdict": str(verdict),
    }


def _text(result):
    lines = []
    if written := result["written"]:
        lines += [
            f"     as written: {written['claim'].replace('==', '=')}",
            f"     {written['kind']}: {written['remark']}",
            f"     {written['verdict']}",
        ]
    elif result["remark"]:
        lines += [f"     as written: {result['original']}", f"     loose: {result['remark']}"]
    lines += [
        f"     {result['claim'].replace('==', '=')}",
        f"     {result['rule']}",
        f"     {result['verdict']}",
    ]
    return f"\n{result['line']:>3}  " + "\n".join(lines).lstrip()
