"""``make grade SUBMISSIONS=dir OUT=dir``: grade a folder of submissions.

    OUT/feedback/<student>/psN/psN.html   what the student gets
    OUT/grades.csv                        for Canvas or Moodle
    OUT/report.json                       points and reasons, cell by cell
    OUT/                                  an nbgrader course, for formgrader

Run it again after a late submission, or after the written answers have
been graded by hand: only what is new or changed runs again.
"""

import argparse
import hashlib
import multiprocessing
import os
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

import nbformat
from tqdm import tqdm

from course import COURSE, ROOT, obstacle, resume
from course.inbox.collect import collect
from course.report.export import read_roster, write_csv
from course.report.summary import summarise
from course.run import sandbox
from course.sets.problems import problem_set

LONGEST = 60  # letters; the name of a socket holds hardly more than 100


def main(argv=None):
    parser = argparse.ArgumentParser(prog="make grade")
    parser.add_argument("submissions", type=_folder)
    parser.add_argument("out", type=_folder)
    parser.add_argument("--course", type=Path, default=COURSE)
    parser.add_argument("--set", help="problem set of files without a name")
    parser.add_argument("--roster", type=Path, help="CSV of the students")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--unconfined", action="store_true",
                        help="grade although students' code can read files")
    options = parser.parse_args(argv)
    if len(tempfile.gettempdir()) > LONGEST:
        tempfile.tempdir = "/tmp"
    if not (options.course / "nbgrader").is_dir():
        raise SystemExit(f"{options.course}: no course here; make course")
    if not options.submissions.is_dir() and (
            options.submissions.suffix.lower() != ".zip"
            or not options.submissions.is_file()):
        raise SystemExit(f"{options.submissions}: no such folder or zip")
    if (options.submissions / "state.json").exists():
        raise SystemExit(f"{options.submissions} is a folder that make grade "
                         "wrote, not one of submissions")
    sets = [p.name for p in (options.course / "nbgrader/source").iterdir()]
    if options.set and options.set not in sets:
        raise SystemExit(f"SET={options.set}: expected one of "
                         f"{', '.join(sorted(sets))}")
    if options.out.resolve().is_relative_to(options.submissions.resolve()):
        raise SystemExit("OUT must not lie inside SUBMISSIONS")
    if reason := obstacle(options.out):
        raise SystemExit(reason)
    try:
        roster = read_roster(options.roster)
        options.out.mkdir(parents=True, exist_ok=True)
        resume.alone(options.out)
    except ValueError as error:
        raise SystemExit(str(error)) from None
    except BlockingIOError:
        raise SystemExit(f"{options.out}: another make grade is at work "
                         "here: wait for it, or stop it") from None
    except OSError as error:
        raise SystemExit(f"{options.out}: {error.strerror}") from None
    resume.end_on_signals()
    try:
        batch = grade(options.submissions, options.out, options.course,
                      default=options.set, workers=options.workers,
                      roster=roster, trusting=options.unconfined)
    except sandbox.Unprotected as error:
        raise SystemExit(str(error)) from None
    print(*summarise(*batch, options.out), sep="\n")


def _folder(text):
    if not text:
        raise SystemExit("say: make grade SUBMISSIONS=folder OUT=folder")
    return Path(text)


def grade(submissions, out, course=COURSE, *, default=None, workers=2,
          roster=(), quiet=False, limits=None, work=None, trusting=False):
    """Grade what is new in a folder.

    Returns the results, the files left out and why, and remarks on the
    roster.
    """
    out = Path(out).resolve()
    prints = prepare(Path(course) / "nbgrader", out)
    found, stray = collect(submissions, sorted(prints), default,
                           *_known(Path(course) / "nbgrader"))
    state = resume.read(out / "state.json")
    fresh = [s for s in found if not _done(state, s, prints, out)]
    if fresh:
        from course import single  # it imports nbgrader: a second or two
        from course.report import gradebook

        level = sandbox.confinement(trusting)
        if not quiet:
            print(f"Students' code is confined by: {level}")
        gradebook.enroll(out, {s.student for s in fresh})
        for submission in fresh:  # until it is graded, nothing is known
            state.pop(_name(submission), None)
        resume.write(out / "state.json", state)
        work = work or partial(single.grade_one,
                               limits=limits or sandbox.Limits())
        for submission, result in tqdm(
                _spread(work, out, fresh, workers, level), "Grading",
                len(fresh), unit="notebook", disable=quiet):
            state[_name(submission)] = {
                **result, "print": _print(submission, prints)}
            resume.write(out / "state.json", state)
    wanted = {_name(s) for s in found}
    results = [state[name] for name in sorted(state) if name in wanted]
    book = _stamp(out / "gradebook.db")
    if fresh or any(result.get("book") != book for result in results):
        from course.report import gradebook

        gradebook.refresh(out, results)
        book = _stamp(out / "gradebook.db")
        for result in results:
            result["book"] = book
        resume.write(out / "state.json", state)
    remarks = write_csv(out / "grades.csv", results, sorted(prints), roster)
    resume.write(out / "report.json", {"results": results, "left out": stray})
    return results, stray, remarks


def _stamp(path):
    """Changes when a file does."""
    about = path.stat()
    return f"{about.st_mtime_ns} {about.st_size}"


def prepare(course, out):
    """Bring the course into the output folder; a fingerprint of each set."""
    out.mkdir(parents=True, exist_ok=True)
    known = resume.read(out / "course.json")
    prints = {}
    for source in sorted(course.glob("source/*/*.ipynb")):
        name = source.stem
        digest = hashlib.sha256(source.read_bytes())
        for path in sorted((course / "kit" / name / "lttutor").rglob("*.py")):
            digest.update(path.read_bytes())
        prints[name] = digest.hexdigest()
        if known.get(name) == prints[name]:
            continue
        shutil.rmtree(out / "kit" / name, ignore_errors=True)
        shutil.copytree(course / "kit" / name, out / "kit" / name)
        from course.report import gradebook

        gradebook.set_up(out, name, nbformat.read(source, as_version=4))
    config = out / "nbgrader_config.py"
    if not config.exists() or str(ROOT) not in config.read_text():
        from course.report import gradebook

        gradebook.write_config(out)
    resume.write(out / "course.json", prints)
    return prints


def _spread(work, out, submissions, workers, level):
    """Grade in parallel.  Should a worker die, one worker takes the rest
    in order, so that the submission that kills it is known and left out."""
    from course.single import blank, start_worker

    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["course.single"])
    left, alone = list(submissions), False
    while left:
        count = 1 if alone else min(workers, len(left))
        with ProcessPoolExecutor(count, server, start_worker,
                                 (level,)) as pool:
            jobs = {pool.submit(work, str(out), s): s for s in left}
            try:
                for job in as_completed(jobs):
                    result = job.result()
                    left.remove(jobs[job])
                    yield jobs[job], result
            except BrokenProcessPool:
                if alone:
                    killer = left.pop(0)
                    yield killer, blank(killer, "its worker died")
                alone = not alone


def _name(submission):
    return f"{submission.problem_set}/{submission.student}"


def _print(submission, prints):
    """Changes when the file, its notes or the problem set change."""
    digest = hashlib.sha256(submission.file.data)
    digest.update(repr((submission.notes, submission.file.why,
                        submission.file.path.suffix)).encode())
    digest.update(prints[submission.problem_set].encode())
    return digest.hexdigest()


def _done(state, submission, prints, out):
    known = state.get(_name(submission), {})
    feedback = (out / "feedback" / submission.student
                / submission.problem_set / f"{submission.problem_set}.html")
    return (known.get("print") == _print(submission, prints)
            and "failure" not in known and feedback.exists())


def _known(course):
    """The names that the problems of a course ask for, and the cells that
    were handed out."""
    asked, handed_out = set(), set()
    for path in course.glob("source/*/*.ipynb"):
        source = nbformat.read(path, 4)
        release = nbformat.read(course / "release" / path.parent.name
                                / path.name, 4)
        handed_out |= {cell.source for cell in release.cells}
        asked |= {name for problem in problem_set(source).problems.values()
                  for name in problem.asks}
    return asked, handed_out


if __name__ == "__main__":
    sys.exit(main())
