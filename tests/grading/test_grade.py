"""A class is graded: nobody lost, nobody twice, whatever happens meanwhile."""

import json
import os
import signal
import subprocess
import sys
import types
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assignment.checking.stubs import make_stub
from assignment.given.files import alone
from assignment.grading import grade as grading
from assignment.grading import sandbox as sandboxes
from assignment.grading.grade import CannotGrade, grade
from assignment.grading.hand_ins import newest
from conftest import ROOT, unmarked
from mutants import WRONG, solution, spoilt


@pytest.fixture
def students(tmp_path):
    """A function that makes so many hand-ins, of no known file."""

    def make(*names):
        for name in names or ("student-1", "student-2", "student-3"):
            (tmp_path / "class" / name).mkdir(parents=True)
            (tmp_path / "class" / name / "notes.py").write_text(name)
        return [tmp_path / "class"]

    return make


@pytest.fixture
def seen(monkeypatch):
    """Hand-ins are graded here, one after the other, by nobody: the keys of all that were."""
    keys = []

    def told(key, paths, seed, trust):
        looked = grading.Looked(files={"softmax.py": "softmax.py"}, notes=(seed,))
        return key, grading._record(looked, ())

    def workers(jobs):
        def run(tasks):
            for function, arguments, options in tasks:
                keys.append(arguments[0])
                yield function(*arguments, **options)

        return run

    monkeypatch.setattr(grading, "graded", told)
    monkeypatch.setattr(grading, "_workers", workers)
    return keys


def records(out):
    return {path.stem: json.loads(path.read_bytes()) for path in (out / "hand-ins").glob("*.json")}


def lines(out):
    return (out / "grades.csv").read_text(encoding="utf-8").splitlines()


# Nothing lost.


def test_what_was_interrupted_goes_on_and_nobody_is_graded_twice(
    students, seen, tmp_path, monkeypatch, capsys
):
    folders, out = students(), tmp_path / "out"
    add = grading.Results.add

    def interrupted(self, one, record):
        if one.key == "student-2":
            raise KeyboardInterrupt
        add(self, one, record)

    monkeypatch.setattr(grading.Results, "add", interrupted)
    with pytest.raises(SystemExit) as ended:
        grade(folders, out, trust=True)
    assert ended.value.code == 130
    assert "1 of 3 hand-ins are graded; --resume" in capsys.readouterr().err
    monkeypatch.setattr(grading.Results, "add", add)
    grade(folders, out, trust=True, resume=True)
    assert sorted(seen) == ["student-1", "student-2", "student-2", "student-3"]
    kept = records(out)
    assert len(kept) == 3 and len(lines(out)) == 4
    assert len({record["notes"][0] for record in kept.values()}) == 1  # one seed for all
    grade(folders, out, trust=True, resume=True)
    assert len(seen) == 4  # nothing was left to do


def test_who_hands_in_again_is_graded_again_and_nobody_else(students, seen, tmp_path, monkeypatch):
    folders, out = students(), tmp_path / "out"
    grade(folders, out, trust=True)
    students("student-4")
    (folders[0] / "student-1" / "notes.py").write_text("another text")
    (out / "hand-ins" / "student-2.json").write_text('{"half')  # as no run of ours leaves it
    seen.clear()
    monkeypatch.chdir(tmp_path)  # the same folder by another name
    grade([Path("class")], out, trust=True, resume=True)
    assert sorted(seen) == ["student-1", "student-2", "student-4"] and len(lines(out)) == 5


def test_how_late_each_is_may_be_asked_afterwards(students, seen, tmp_path):
    folders, out = students("student-1", "x_LATE_12_3_softmax.py"), tmp_path / "out"
    os.utime(folders[0] / "student-1" / "notes.py", (100_000, 100_000))
    grade(folders, out, trust=True)
    assert {key: one["late"] for key, one in records(out).items()} == {
        **{"student-1": False, "x-12": True}  # by its name
    }
    grade(folders, out, trust=True, resume=True, due="1970-01-01T00:00:00+00:00")
    assert records(out)["student-1"]["late_seconds"] == 100_000 and len(seen) == 2
    assert "1 d 3 h 47 min" in lines(out)[1] + lines(out)[2]
    grade(folders, out, trust=True, resume=True, due="2100-01-01")
    assert records(out)["student-1"]["late_seconds"] == 0 and not records(out)["student-1"]["late"]


def test_how_late_it_is_does_not_go_by_the_time_of_a_download(students, seen, tmp_path, capsys):
    folders = students("x_LATE_12_3_softmax.py", "y_13_4_softmax.py", "Z_5_assignsubmission_file")
    grade(folders, tmp_path / "out", trust=True, due="1970-01-01T00:00:00+00:00")
    kept = records(tmp_path / "out").values()
    assert {(one["handed_in"], one["late_seconds"]) for one in kept} == {(None, None)}
    assert sorted(one["late"] for one in kept) == [False, False, True]
    assert "How late is not told of 3: a course system" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="there a name is text")
def test_a_name_that_is_no_text_and_a_time_that_is_none_are_told(students, seen, tmp_path):
    (folder,), out = students("student-1"), tmp_path / "out"
    (folder / "student-1" / "notes.py").rename(folder / os.fsdecode(b"\xff\x1b.py"))
    os.utime(folder / os.fsdecode(b"\xff\x1b.py"), (-(10**9), -(10**9)))
    grade([folder], out, trust=True, also=["junit", "gradescope"])
    assert {key: one["student"] for key, one in records(out).items()} == {
        **{"hand-in": "hand-in", "student-1": "student-1"}
    }
    years = [datetime.fromtimestamp(newest([("x", t * 10**9, 1)]), UTC).year for t in (-5, 2**62)]
    assert years == [1970, 9999]


def test_a_second_grader_gets_a_sentence_and_harms_nothing(students, seen, tmp_path):
    folders, out = students(), tmp_path / "out"
    out.mkdir()
    with alone(out / ".lock"), pytest.raises(SystemExit, match="grading into .* already: wait"):
        grading.command(folders=folders, out=out, trust=True)
    assert not seen and os.listdir(out) == ["hand-ins"]


@pytest.mark.parametrize(
    "options, told",
    [
        ({}, "holds grades already: --resume"),
        ({"resume": True, "trust": False}, "was begun with trust True"),
        ({"resume": True, "seed": "other"}, "was begun with seed one"),
        ({"resume": True, "due": "tomorrow"}, "--due takes a time such as"),
    ],
)
def test_what_does_not_go_on_gets_a_sentence(options, told, students, seen, tmp_path):
    folders, out = students(), tmp_path / "out"
    grade(folders, out, trust=True, seed="one")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(CannotGrade, match=told):
        grade(folders, out, **{"trust": True, **options})
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_without_a_sandbox_nothing_has_begun(students, seen, tmp_path, monkeypatch):
    folders, out = students(), tmp_path / "out"
    monkeypatch.setattr(sandboxes.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="--trust"):
        grading.command(folders=folders, out=out)
    grade(folders, out, trust=True)
    assert len(seen) == 3


def test_a_fault_of_ours_is_nobodys_zero(students, tmp_path, monkeypatch):
    as_data = grading.as_data
    monkeypatch.setattr(
        grading, "as_data", lambda pairs, year: 1 / 0 if pairs else as_data(pairs, year)
    )
    (folder,) = students()
    (folder / "student-1" / "softmax.py").write_text(make_stub(solution("softmax.py")))
    key, record = grading.graded("student-1", [str(folder / "student-1")], seed="one", trust=True)
    assert record["points"] is None and "(ZeroDivisionError)" in record["refused"]
    json.dumps(record)


def test_where_nothing_of_the_assignment_is_nobody_gets_zero_unseen(students, tmp_path):
    (folder,) = students()
    _, record = grading.graded("one", [str(folder / "student-1")], seed="one", trust=True)
    assert record["points"] is None and record["notes"] == [grading.NOTHING] == [record["refused"]]
    assert {one["status"] for one in record["exercises"]} == {"missing"}


def test_a_folder_of_several_hand_ins_is_nobodys(students, tmp_path):
    (folder,) = students("all/one_12_1_softmax", "all/two_13_2_softmax.py", "all/mine")
    _, record = grading.graded("all", [str(folder / "all")], seed="one", trust=True)
    assert record["points"] is None and "hand-ins of several: two" not in record["refused"]
    (folder / "all" / "one_12_1_softmax.py").touch()
    _, record = grading.graded("all", [str(folder / "all")], seed="one", trust=True)
    assert record["points"] is None and "hand-ins of several: one, two." in record["refused"]


def test_what_this_machine_lacks_is_told(students, monkeypatch):
    def lacking(self, path):
        raise sandboxes.NoSandbox("Is there memory left?")

    monkeypatch.setattr(sandboxes.Sandbox, "verdicts", lacking)
    (folder,) = students()
    _, record = grading.graded("one", [str(folder / "student-1")], seed="one", trust=True)
    assert record["refused"] == "It could not be graded: Is there memory left?"


def test_files_of_a_course_system_are_looked_at_under_their_own_names(students, tmp_path):
    (folder,) = students("student-1")
    copies = tmp_path / "copies"
    copies.mkdir()
    plain, renamed, again = (folder / f"{name}softmax.py" for name in ("", "x_12_3_", "x_12_4_"))
    for path in (plain, renamed, again):
        path.write_text(path.name)
    assert grading._together([str(plain)], copies) == plain
    assert grading._together([str(renamed)], copies) == copies / "softmax.py"
    assert grading._together([str(again), str(renamed)], copies) == copies
    assert {path.name: path.read_text() for path in copies.iterdir()} == {
        "softmax.py": "x_12_3_softmax.py",
        "x_12_3_softmax.py": "x_12_3_softmax.py",
        "x_12_4_softmax.py": "x_12_4_softmax.py",
    }
    (folder / "x_12_5_softmax.py").symlink_to(plain)
    assert grading._together([str(folder / "x_12_5_softmax.py")], tmp_path).is_symlink()


def test_where_there_are_no_hand_ins_that_is_said(tmp_path, seen):
    with pytest.raises(CannotGrade, match="no hand-ins in"):
        grade([tmp_path], tmp_path / "out", trust=True)


# Workers that die.


def dying(key, paths, seed, trust):
    """Two die with their workers: one each time, one only the first time. All others go on."""
    noted = os.path.join(os.path.dirname(os.path.dirname(paths[0])), "tries")
    with open(noted, "a") as tries:
        tries.write(f"{key}\n")
    with open(noted) as tries:
        first = tries.read().split().count(key) == 1
    if key == "killer" or key == "once" and first:
        os.kill(os.getpid(), signal.SIGKILL)
    record = {"points": 7.0, "of": 100.0, "year": "this suite", "exercises": [], "notes": []}
    return key, {**record, "files": {}, "left_out": [], "refused": "", "fingerprints": []}


@pytest.fixture
def with_deaths(students, tmp_path, monkeypatch):
    """A function that grades a class in which some die, and returns the records and all tries."""

    def run(**options):
        names = [f"student-{i}" for i in range(2)]
        folders, out = students("killer", "once", *names), tmp_path / "out"
        by_value = types.FunctionType(dying.__code__, {"os": os, "signal": signal})
        monkeypatch.setattr(grading, "graded", by_value)  # workers have no tests to import
        monkeypatch.setattr(grading, "_ends_with_the_grader", int)  # which imports nothing
        grade(folders, out, jobs=2, trust=True, **options)
        assert len(lines(out)) == 5 and "killer" in (out / "summary.html").read_text("utf-8")
        kept = records(out)
        assert {key: one["points"] for key, one in kept.items()} == {
            **dict.fromkeys(["once", *names], 7.0),
            "killer": None,
        }
        assert "look at it by hand" in kept["killer"]["refused"]
        return (tmp_path / "tries").read_text().split()

    return run


def test_what_a_worker_dies_of_is_tried_once_more_and_then_told(with_deaths):
    tries = with_deaths()
    assert tries.count("killer") in (2, 3) and tries.count("once") == 2


def test_on_a_dask_cluster_nobody_is_lost_either(with_deaths):
    distributed = pytest.importorskip(
        "distributed", reason="optional: pip install -r requirements-bench.txt"
    )
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster:
        assert with_deaths(cluster=cluster.scheduler_address).count("once") >= 2


def test_where_there_is_no_cluster_that_is_said(students, tmp_path):
    told = "needs Dask: pip install|no Dask scheduler at"
    with pytest.raises(CannotGrade, match=told):
        grade(students(), tmp_path / "out", trust=True, cluster="tcp://127.0.0.1:9")


WORKER = """
import os, sys, time
from assignment.grading.grade import _ends_with_the_grader
_ends_with_the_grader(int((sys.argv[1:] or [os.getppid()])[0]))
print(os.getpid(), flush=True)
time.sleep(0.5)
print("goes on", flush=True)
time.sleep(60)
"""
GRADER = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1]])
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there a child does not learn of its parent")
def test_a_worker_ends_with_its_grader():
    command = [sys.executable, "-c", GRADER, WORKER]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as grader:
        worker = int(grader.stdout.readline())
        os.kill(worker, signal.SIGINT)  # Ctrl-C is for the grader to hear
        assert grader.stdout.readline() == b"goes on\n"
        grader.kill()
        assert grader.stdout.read() == b""  # that is, when nobody has it open any more


@pytest.mark.skipif(sys.platform == "win32", reason="there a child does not learn of its parent")
def test_a_worker_that_starts_when_its_grader_is_gone_ends_too():
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    command = [sys.executable, "-c", WORKER, str(gone.pid)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run(command, env=environment, stdout=subprocess.DEVNULL).returncode == 1


# In earnest.


@pytest.fixture(scope="module")
def graded_class(tmp_path_factory):
    """A class of six, graded by two workers."""
    place, out = (tmp_path_factory.mktemp(name) for name in ("class", "out"))
    softmax = unmarked(solution("softmax.py"))
    (place / "student-1").mkdir()
    (place / "student-1" / "softmax.py").write_text(softmax)
    name, mistake = "softmax_loss_naive", next(iter(WRONG["softmax_loss_naive"]))
    old, new, _ = WRONG[name][mistake]
    with zipfile.ZipFile(place / "student-2.zip", "w") as archive:
        archive.writestr("softmax.py", unmarked(spoilt(name, old, new)))
    (place / "student-3.tar.gz").write_bytes(b"no archive")
    (place / "student-4.zip").symlink_to(place / "student-2.zip")
    for number, file in enumerate(["softmax.py", "linear_svm.py"]):
        text = softmax if number == 0 else make_stub(solution(file))
        (place / f"five_LATE_55_{number}_{file}").write_text(text)
    before = {
        path: (path.lstat(), path.is_file() and path.read_bytes()) for path in place.rglob("*")
    }
    grade([place], out, jobs=2, seed="one", trust=True, also=["canvas", "gradescope"])
    after = {
        path: (path.lstat(), path.is_file() and path.read_bytes()) for path in place.rglob("*")
    }
    same = [
        (b[0].st_mtime_ns, b[0].st_mode, b[1]) == (a[0].st_mtime_ns, a[0].st_mode, a[1])
        for b, a in zip(before.values(), after.values(), strict=True)
    ]
    return records(out), out, before.keys() == after.keys() and all(same)


def points(record, *names):
    return sum(one["points"] for one in record["exercises"] if one["name"] in names)


BOTH = "softmax_loss_naive", "softmax_loss_vectorized"


def test_each_kind_of_hand_in_gets_its_grade(graded_class):
    kept, _, _ = graded_class
    assert {key: one["points"] for key, one in kept.items()} == {
        "student-1": points(kept["student-1"], *BOTH),
        "student-2": points(kept["student-2"], BOTH[1]),
        "student-3": None,
        "student-4": None,
        "five-55": points(kept["student-1"], *BOTH),
    }
    assert points(kept["student-1"], *BOTH) == 16 and kept["student-2"]["points"] == 8
    assert kept["five-55"]["late"] and kept["five-55"]["number"] == "55"


def test_what_cannot_be_looked_at_says_why(graded_class):
    kept, out, _ = graded_class
    results = json.loads((out / "gradescope" / "student-3.json").read_bytes())
    assert results["score"] == 0 and "student-3" in results["output"]
    assert "student-3" in kept["student-3"]["refused"] and "link" in kept["student-4"]["refused"]
    told = (out / "summary.html").read_text(encoding="utf-8").partition("by hand")[2]
    assert (
        "student-3" in told
        and "student-4" in told
        and "student-1.html" not in told.split("<h2>")[0]
    )


def test_hand_ins_stay_as_they_are(graded_class):
    assert graded_class[2]


def test_all_that_is_promised_is_there_and_no_half_file(graded_class):
    kept, out, _ = graded_class
    assert {path.stem for path in (out / "feedback").iterdir()} == set(kept)
    assert len(lines(out)) == 6 and ",55," in (out / "canvas.csv").read_text(encoding="utf-8")
    names = [path.name for path in out.rglob("*")]
    assert not [name for name in names if "partial" in name or name == ".lock"]


def test_the_command_has_each_format(command):
    from assignment.grading.formats import FORMATS

    told = command("grade", "--help").stdout
    assert f"{{{','.join(FORMATS)}}}" in "".join(told.split())
