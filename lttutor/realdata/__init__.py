"""Tasks from real data: the next character of a text, a column of a table.

Text is English that ships with every Python, or a file of your own.  A task
is a stretch of it: features of the last few characters are the examples,
and the questions come later in the text.  The table is scikit-learn's, or
one of your own.  Nothing of a task's questions enters its examples.
"""

from lttutor.realdata.tables import diabetes_table, table_tasks
from lttutor.realdata.task import RealTask
from lttutor.realdata.texts import encode, english_text, read_text
from lttutor.realdata.windows import character_features, text_tasks

__all__ = ["RealTask", "character_features", "diabetes_table", "encode",
           "english_text", "read_text", "table_tasks", "text_tasks"]
