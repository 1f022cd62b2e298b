"""Whose a hand-in is, by the names that bulk downloads give, and when it was handed in."""

import os
import zipfile

import pytest

from assignment.grading.hand_ins import collect, own_name, students_in

NAMES = {
    # Canvas: with and without LATE, a name of several words, an anonymous one, a new upload.
    "onestudent_12345_678_softmax.zip": ("canvas", "onestudent", "12345", False),
    "onestudent_LATE_12345_678_softmax.zip": ("canvas", "onestudent", "12345", True),
    "two_parts_12345_678_my work.zip": ("canvas", "two_parts", "12345", False),
    "anon_Ab1cD_678_softmax-1.ipynb": ("canvas", "anon_Ab1cD", "anon_Ab1cD", False),
    "LATE_anon_Ab1cD_678_softmax.py": ("canvas", "anon_Ab1cD", "anon_Ab1cD", True),
    # Moodle: since 4.2, before, without folders, with names hidden.
    "Student One_123456_assignsubmission_file/": ("moodle", "Student One", "123456", False),
    "Student One_123456_assignsubmission_file_/": ("moodle", "Student One", "123456", False),
    "Student One_12_assignsubmission_file_a.zip": ("moodle", "Student One", "12", False),
    "Participant_12_assignsubmission_file/": ("moodle", "Participant", "12", False),
    "submission_12345678/": ("gradescope", "submission_12345678", "12345678", False),
    # No system's.
    "student-1/": ("", "student-1", "", False),
    "student-1.tar.gz": ("", "student-1", "", False),
    "student_2_b.zip": ("", "student_2_b", "", False),
    "student-1.ipynb": ("", "student-1", "", False),
}


def place(folder, *names):
    for name in names:
        if name.endswith("/"):
            (folder / name).mkdir(parents=True)
        else:
            (folder / name).write_bytes(b"")
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_a_name_tells_whose_it_is(name, tmp_path):
    (one,), passed = collect([place(tmp_path, name)], tmp_path / "out")
    assert (one.system, one.student, one.number, one.late) == NAMES[name] and not passed
    assert one.is_dated == (not one.system)  # others have packed them anew
    assert one.key.count(one.number or one.key) == 1


OWN_NAMES = {
    "onestudent_LATE_12345_678_softmax.py": "softmax.py",
    "Student One_12_assignsubmission_file_a b.zip": "a b.zip",
    "Student One_12_assignsubmission_file_/": "Student One_12_assignsubmission_file_",
    "Student One_12_assignsubmission_file_../": "Student One_12_assignsubmission_file_..",
    "student_2_b.zip": "student_2_b.zip",
}


@pytest.mark.parametrize("name", OWN_NAMES)
def test_a_file_has_a_name_of_its_own_before_a_course_system_adds_to_it(name, tmp_path):
    place(tmp_path, name)
    assert own_name(tmp_path / name.rstrip("/")) == OWN_NAMES[name]


def test_the_folder_above_all_hand_ins_is_known_by_the_names_in_it(tmp_path):
    place(tmp_path, "two_13_3_softmax.py", "one_12_1_softmax.py", "one_12_2_linear_svm.py")
    assert students_in(tmp_path) == ["one", "two"]
    assert students_in(tmp_path / "one_12_1_softmax.py") == []
    place(tmp_path, "own/", "own/softmax.py", "own/one_12_1_softmax.py")
    assert students_in(tmp_path / "own") == ["one"]
    (tmp_path / "link").symlink_to(tmp_path)
    assert students_in(tmp_path / "link") == []


def test_several_files_of_one_student_are_one_hand_in(tmp_path):
    names = ["onestudent_12_1_softmax.py", "onestudent_12_2_linear_svm.py", "x_13_3_softmax.py"]
    hand_ins, _ = collect([place(tmp_path, *names)], tmp_path / "out")
    assert [[path.name for path in one.paths] for one in hand_ins] == [names[:2], names[2:]]


def test_what_is_no_hand_in_is_told_and_results_are_none(tmp_path):
    place(tmp_path, "student-1/", "notes.pdf", ".git/", "__MACOSX/", "results/")
    place(tmp_path, "a_12_assignsubmission_onlinetext/")
    os.mkfifo(tmp_path / "pipe_12_3_softmax.py")
    hand_ins, passed = collect([tmp_path], tmp_path / "results" / "grades")
    assert [one.key for one in hand_ins] == ["student-1"]
    assert [name.rpartition("/")[2] for name in passed] == [
        "a_12_assignsubmission_onlinetext",
        "notes.pdf",
        "pipe_12_3_softmax.py",
    ]


def test_a_link_is_a_hand_in_for_whom_that_is_told(tmp_path):
    (tmp_path / "student-1").symlink_to("/nowhere")
    (one,), _ = collect([tmp_path], tmp_path / "out")
    assert one.student == "student-1"


def test_keys_differ_and_stay_when_others_come(tmp_path):
    first = place(tmp_path / "a", "Ä b/", "student-1/", "x" * 200 + "/")
    keys = [one.key for one in collect([first], tmp_path)[0]]
    assert all(key.isascii() and len(key) < 100 for key in keys) and len(set(keys)) == 3
    both = [first, place(tmp_path / "b", "STUDENT-1/", "student-2/")]
    again = [one.key for one in collect(both, tmp_path)[0]]
    assert len({key.casefold() for key in again}) == 5 and {"b", "x" * 80, "student-2"} < {*again}


@pytest.mark.parametrize("name, told", [("nowhere", "not a folder"), ("one", "a hand-in itself")])
def test_a_folder_that_holds_no_hand_ins_gets_a_sentence(name, told, tmp_path):
    place(tmp_path, "one/", "one/softmax.py")
    with pytest.raises(ValueError, match=told):
        collect([tmp_path / name], tmp_path / "out")


def test_its_time_is_that_of_its_newest_file_and_its_mark_sees_every_change(tmp_path):
    place(tmp_path, "student-1/", "student-1/sub/")
    for seconds, name in enumerate(["softmax.py", "sub/linear_svm.py"]):
        file = tmp_path / "student-1" / name
        file.write_text("x")
        os.utime(file, (1000 + seconds, 1000 + seconds))
    os.utime(tmp_path / "student-1", (2000, 2000))  # as what unpacks it leaves it
    (one,), _ = collect([tmp_path], tmp_path / "out")
    newest, mark = one.looked_at()
    assert newest == 1001 and one.looked_at() == (newest, mark)
    file.write_text("y")
    os.utime(file, (1002, 1002))
    assert one.looked_at()[0] == 1002 and one.looked_at()[1] != mark


def test_an_archive_has_its_own_time(tmp_path):
    path = tmp_path / "student-1.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("softmax.py", "")
    os.utime(path, (1000, 1000))
    (one,), _ = collect([tmp_path], tmp_path / "out")
    assert one.looked_at()[0] == 1000


# As Gradescope's exports of 2023 and 2026 are, with their oddities: "..." between documents, a
# quote that is closed in the first column, and what students made their programs print.
METADATA = """---
submission_11:
  :submitters:
  - :name: Student One
    :sid: '01234'
    :email: one@example.org
  - :name: "Student\\e[2J Two"
    :sid: '01235'
    :email: two@example.org
  :created_at: 2026-04-26 17:34:00.861687000 Z
  :score: 2.0
  :status: processed
  :results:
    score: 2.0
    tests:
    - name: 1
      output: 'Don''t worry.

'
    output: 2026-99-99
    extra_data: !ruby/object:Object {}
  :history:
  - :submitters: []
    :created_at: 2026-04-25 17:34:00.000000000 Z
    :id: 10
...
submission_12:
  :submitters:
  - :name: Student Three
    :email: three@example.org
  :created_at: 2026-04-26 10:34:00.861687000 -07:00
submission_13:
  :submitters: []
"""


def test_gradescope_tells_whose_and_of_when_a_hand_in_is(tmp_path):
    place(tmp_path, *(f"submission_{number}/" for number in (11, 12, 13, 14)))
    (tmp_path / "submission_metadata.yml").write_text(METADATA)
    hand_ins, passed = collect([tmp_path], tmp_path / "out")
    assert not passed and {one.system for one in hand_ins} == {"gradescope"}
    at = 1777224840  # 17:34 in London
    emails = "one@example.org, two@example.org"
    assert [(one.student, one.number, one.email, one.time) for one in hand_ins] == [
        ("Student One, Student Two", "01234, 01235", emails, at),
        ("Student Three", "12", "three@example.org", at),
        ("submission_13", "13", "", None),
        ("submission_14", "14", "", None),
    ]
    assert hand_ins[0].is_dated and hand_ins[0].looked_at()[0] == at
    assert not hand_ins[3].is_dated and hand_ins[0].key == "Student-One-Student-Two-11"


@pytest.mark.parametrize("text", ["a: [", "- a", "a:\n  :submitters: b", "\xff"])
def test_of_a_file_that_is_not_gradescopes_that_is_said(text, tmp_path):
    (tmp_path / "submission_metadata.yml").write_bytes(text.encode("latin"))
    with pytest.raises(ValueError, match="metadata.yml is not as Gradescope writes it: export"):
        collect([tmp_path], tmp_path / "out")
