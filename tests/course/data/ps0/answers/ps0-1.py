from tests.course.answers import Answer

WRONG = [
    Answer("transposed", "def gram(X):\n    return X @ X.T\n", "X Xᵀ"),
    Answer("typed in",
           "def gram(X):\n    return np.array([[20.0, 26.0], [26.0, 35.0]])\n",
           "typed in"),
    Answer("in place",
           "def gram(X):\n    G = X.T @ X\n    X *= 0\n    return G\n",
           "changes its argument"),
    Answer("calls the package",
           "from lttutor.theory import spectrum as gram\n",
           "is not part of"),
]
RIGHT = [
    Answer("sum of outer products",
           "def gram(X):\n    return sum(np.outer(x, x) for x in X)\n"),
    Answer("einsum", "gram = lambda X: np.einsum('ni,nj', X, X)\n"),
]
