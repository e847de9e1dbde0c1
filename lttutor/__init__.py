"""lttutor: the small package that *Learning in the Loop* builds up.

Plain functions on NumPy arrays, one module per idea::

    validation/   the one door for every argument
    tasks         prompts to learn from: X, y and the hidden theta
    attention     one layer of masked linear attention, and its weights
    loop          the looped Transformer, literally and fast
    steps         step-size schedules for the loop
    flattening    the machine whose examples move
    theory/       how fast the loop is: spectrum, rates, exact errors
    learning/     second moments, the loss of a trained loop, training
    nonlinear     the loop with ReLU and with softmax attention
    realdata/     tasks from English text and from a table
    sweep         one function on every cell of a grid, here or on a cluster
    symbolic      the same objects in SymPy, for the proofs
    figures       the book's one Matplotlib style

Array arguments may carry leading batch axes.  float64 is the default,
float32 is kept when given.
"""

__version__ = "0.2.0"
