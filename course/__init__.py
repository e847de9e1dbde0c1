"""The course kit: problem sets that grade themselves.

``python -m course.build`` makes the student releases, and
``python -m course.grade`` grades a folder of submissions.  A module imports
only from those above it::

    answers      right and wrong answers, and what they deserve
    problems     a problem set as the grader sees it: given, asked, tested
    mend         puts the cells of a submission back in order
    files        the files that were handed in, loose or in zips
    collect      whose they are, and which is the last of each student
    export       one CSV for Canvas and Moodle
    release      the student's zip: notebook, wheel without answers, how-to

    expressions  SymPy expressions as text that is safe to read
    wire         values that cross from the student's process to the tests
    student      the process that runs a student's code, and nothing else
    linux        what Linux offers to confine a process
    nursery      forks a confined process for each notebook
    sandbox      starts the nursery; how well this machine confines
    candidate    the grader's end of the wire to one student's process
    referee      runs one notebook and its tests, in two processes

    plugins      the three nbgrader preprocessors: mend, run, show
    build        make course
    single       grades one submission, in a worker
    grade        make grade: all of them, in parallel
    hostile      submissions that are unlucky or hostile
    dryrun       thirty submissions whose grades are known beforehand
"""
