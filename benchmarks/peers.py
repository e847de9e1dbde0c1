"""The same computation, written the way others write it.

``*_literal`` builds the whole attention layer in every loop, as the public
repositories on looped linear attention do; ``*_gram`` is the fastest simple
form that we know in each library.  All take NumPy arrays that are already
where the library wants them (``prepare``), and return v(0), …, v(T).
"""

import os
from functools import partial

# Every library on one thread: how threads wait for each other is the
# machine's affair, and on a virtual one no two runs agree.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["NPROC"] = "1"

import jax
import jax.numpy as jnp
import numpy as np
import torch

jax.config.update("jax_enable_x64", True)
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def prompt(X, y, alpha):
    """Z = [[X, y], [0, α]], the layer's weights and its mask."""
    B, n, d = X.shape
    Z = np.zeros((B, n + 1, d + 1))
    Z[:, :n, :d], Z[:, :n, d], Z[:, n, d] = X, y, alpha
    P = np.eye(d + 1)
    P[d, d] = 0
    mask = np.zeros((n + 1, n + 1))
    mask[n, :n] = 1
    return Z, np.eye(d + 1), P, mask


def numpy_literal(X, y, alpha, steps):
    Z, Q, P, mask = prompt(X, y, alpha)
    rows = [Z[:, -1, :-1]]
    for eta in steps:
        Z = Z - eta * (mask * (Z @ Q @ Z.swapaxes(1, 2))) @ Z @ P
        rows.append(Z[:, -1, :-1])
    return -np.stack(rows)


def torch_literal(X, y, alpha, steps):
    Z, Q, P, mask = map(torch.from_numpy, prompt(X, y, alpha))
    rows = [Z[:, -1, :-1]]
    for eta in steps:
        scores = torch.einsum("bij,jk,blk->bil", Z, Q, Z)
        Z = Z - eta * torch.einsum("bil,blj,jk->bik", mask * scores, Z, P)
        rows.append(Z[:, -1, :-1])
    return -torch.stack(rows)


@jax.jit
def _jax_literal(Z, Q, P, mask, steps):
    def loop(Z, eta):
        scores = jnp.einsum("bij,jk,blk->bil", Z, Q, Z)
        Z = Z - eta * jnp.einsum("bil,blj,jk->bik", mask * scores, Z, P)
        return Z, Z[:, -1, :-1]

    rows = jax.lax.scan(loop, Z, steps)[1]
    return -jnp.concatenate([Z[None, :, -1, :-1], rows])


def jax_literal(X, y, alpha, steps):
    return _jax_literal(*prompt(X, y, alpha), steps).block_until_ready()


def numpy_gram(X, y, alpha, steps):
    across = X.swapaxes(1, 2)
    G, moment = across @ X, alpha * (across @ y[..., None])
    v = np.zeros((len(steps) + 1, *moment.shape))
    for t, eta in enumerate(steps):
        v[t + 1] = v[t] - eta * (G @ v[t] - moment)
    return v[..., 0]


def numpy_last(X, y, alpha, steps):
    G = np.einsum("bni,bnj->ijb", X, X, optimize=True)
    G = np.ascontiguousarray(G)
    moment = alpha * np.ascontiguousarray(np.einsum("bni,bn->ib", X, y))
    v = np.zeros((len(steps) + 1, *moment.shape))
    for t, eta in enumerate(steps):
        v[t + 1] = v[t] - eta * (np.einsum("ijb,jb->ib", G, v[t]) - moment)
    return v.swapaxes(1, 2)


def numpy_dual(X, y, alpha, steps):
    K, target = X @ X.swapaxes(1, 2), alpha * y[..., None]
    u = np.zeros((len(steps) + 1, *target.shape))
    for t, eta in enumerate(steps):
        u[t + 1] = u[t] - eta * (K @ u[t] - target)
    return (u[..., 0].swapaxes(0, 1) @ X).swapaxes(0, 1)


def numpy_rows(X, y, alpha, steps):
    across, target = X.swapaxes(1, 2), alpha * y[..., None]
    v = np.zeros((len(steps) + 1, len(X), X.shape[2], 1))
    for t, eta in enumerate(steps):
        v[t + 1] = v[t] - eta * (across @ (X @ v[t] - target))
    return v[..., 0]


def torch_gram(X, y, alpha, steps):
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    across = X.transpose(1, 2)
    G, moment = across @ X, alpha * (across @ y[..., None])
    v = [torch.zeros_like(moment)]
    for eta in steps:
        v.append(v[-1] - eta * (G @ v[-1] - moment))
    return torch.stack(v)[..., 0]


@jax.jit
def _jax_gram(X, y, alpha, steps):
    G = jnp.einsum("bni,bnj->bij", X, X)
    moment = alpha * jnp.einsum("bni,bn->bi", X, y)

    def loop(v, eta):
        v = v - eta * (jnp.einsum("bij,bj->bi", G, v) - moment)
        return v, v

    start = jnp.zeros_like(moment)
    return jnp.concatenate([start[None], jax.lax.scan(loop, start, steps)[1]])


def jax_gram(X, y, alpha, steps):
    return _jax_gram(X, y, alpha, steps).block_until_ready()


@jax.jit
def _jax_dual(X, y, alpha, steps):
    K = jnp.einsum("bni,bmi->bnm", X, X)

    def loop(u, eta):
        u = u - eta * (jnp.einsum("bij,bj->bi", K, u) - alpha * y)
        return u, u

    start = jnp.zeros_like(y)
    u = jnp.concatenate([start[None], jax.lax.scan(loop, start, steps)[1]])
    return jnp.einsum("tbn,bnd->tbd", u, X)


def jax_dual(X, y, alpha, steps):
    return _jax_dual(X, y, alpha, steps).block_until_ready()


LITERAL = (numpy_literal, torch_literal, jax_literal)
SIMPLE = (numpy_gram, numpy_last, numpy_dual, numpy_rows, torch_gram,
          jax_gram, jax_dual)


# One training step: the loss of T loops with weights A, and its gradient.

def _torch_attention_loss(A, X, w, x, loops):
    """Squared error through the attention layer, (d + 1) × (n + 1) tokens."""
    B, n, d = X.shape
    y = torch.einsum("bni,bi->bn", X, w)
    Z = torch.zeros(B, n + 1, d + 1)
    Z[:, :n, :d], Z[:, :n, d], Z[:, n, :d] = X, y, x
    Q, P = torch.zeros(d + 1, d + 1), torch.zeros(d + 1, d + 1)
    Q = torch.block_diag(A, torch.zeros(1, 1))
    P[d, d] = 1
    mask = torch.zeros(n + 1, n + 1)
    mask[:, :n] = 1
    for _ in range(loops):
        scores = torch.einsum("bij,jk,blk->bil", Z, Q, Z)
        Z = Z - torch.einsum("bil,blj,jk->bik", mask * scores, Z, P) / n
    return ((Z[:, n, d] + torch.einsum("bi,bi->b", w, x)) ** 2).mean()


def torch_attention_step(A, X, w, x, loops):
    A = torch.from_numpy(A).requires_grad_(True)
    loss = _torch_attention_loss(A, *map(torch.from_numpy, (X, w, x)), loops)
    loss.backward()
    return loss.item(), A.grad


@partial(jax.jit, static_argnums=4)
def _jax_attention_step(A, X, w, x, loops):
    B, n, d = X.shape
    y = jnp.einsum("bni,bi->bn", X, w)
    top = jnp.concatenate([X, y[..., None]], axis=2)
    last = jnp.concatenate([x, jnp.zeros((B, 1))], axis=1)[:, None]
    start = jnp.concatenate([top, last], axis=1)
    P = jnp.zeros((d + 1, d + 1)).at[d, d].set(1)
    mask = jnp.zeros((n + 1, n + 1)).at[:, :n].set(1)

    def loss(A):
        Q = jnp.zeros((d + 1, d + 1)).at[:d, :d].set(A)
        Z = start
        for _ in range(loops):
            scores = jnp.einsum("bij,jk,blk->bil", Z, Q, Z)
            Z = Z - jnp.einsum("bil,blj,jk->bik", mask * scores, Z, P) / n
        return ((Z[:, n, d] + jnp.einsum("bi,bi->b", w, x)) ** 2).mean()

    return jax.value_and_grad(loss)(A)


def jax_attention_step(A, X, w, x, loops):
    return jax.block_until_ready(_jax_attention_step(A, X, w, x, loops))


def torch_gram_step(A, W, loops):
    """Autograd through the powers of N = I - Σ̂A."""
    A = torch.from_numpy(A).requires_grad_(True)
    N = torch.eye(len(A)) - torch.from_numpy(W) @ A
    power = N
    for _ in range(loops - 1):
        power = power @ N
    loss = (power**2).sum(dim=(1, 2)).mean()
    loss.backward()
    return loss.item(), A.grad


@partial(jax.jit, static_argnums=2)
def _jax_gram_step(A, W, loops):
    def loss(A):
        N = jnp.eye(len(A)) - W @ A
        power = N
        for _ in range(loops - 1):
            power = power @ N
        return (power**2).sum(axis=(1, 2)).mean()

    return jax.value_and_grad(loss)(A)


def jax_gram_step(A, W, loops):
    return jax.block_until_ready(_jax_gram_step(A, W, loops))
