from tests.course.answers import Answer

WRONG = [
    Answer("1/L", "def optimal_step(L, mu):\n    return 1 / L\n",
           "not 1/6"),
    Answer("no 2", "def optimal_step(L, mu):\n    return 1 / (L + mu)\n",
           "forget the 2"),
    Answer("integers", "def optimal_step(L, mu):\n    return 2 // (L + mu)\n",
           "not 1/6"),
    Answer("nothing", "def optimal_step(L, mu):\n    pass\n",
           "forget the 2"),
]
RIGHT = [
    Answer("mean", "optimal_step = lambda L, mu: 1 / np.mean([L, mu])\n"),
]
