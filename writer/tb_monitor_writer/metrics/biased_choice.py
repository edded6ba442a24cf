"""Bias or ambiguity: does a class swallow others, or are two classes alike?

Luce's choice model splits the confusions into both. A bias is one number per class, and can be
taken away from its logit; a similarity is one number per pair, and only better inputs, labels or
features take it away.

The model is what statistics calls quasi-symmetry: of the errors between two classes the share
that goes from i to j is w_j / (w_i + w_j), which is the model of Bradley and Terry for a
tournament in which prediction j beats truth i. Its likelihood is concave, so that Newton's method
finds its only maximum from anywhere.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.metrics.cell_counts import Floats, Indices, cell_counts
from tb_monitor_writer.metrics.confused_pairs import confused_pairs
from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix

_PRIOR = 0.5
"""Errors that each class is taken to have exchanged, each way, with a class without bias: a
class with few errors, or with errors one way only, stays finite and near 0."""

_TOLERANCE = 1e-8  # of a class's expected errors, relative to its errors
_MOST_STEPS = 50
_LONGEST = 4.0  # change of a log odds in one step: a quadratic is no picture of more
_SHORTEST = 1e-6  # part of a step
_ROUNDED = 1e-13  # of the log likelihood
_SOLVED = 1e-6  # of the energy of the residual: the next step mends the rest
_DENSE_CLASSES = 2_048


class BiasOrAmbiguity(NamedTuple):
    """The biased-choice split of one confusion matrix.

    Attributes:
      bias: log beta of each class, `[C]`, natural logarithm; their mean is 0. Above 0: the class
        swallows others, e^bias times as readily as the average class. NaN for a class without
        true examples, without right predictions, or without confusions.
      bias_se: Its standard error, the other classes being taken as known, `[C]`.
      first: Lower class index of each confused pair, `[n_pairs]`; the most similar first.
      second: Higher class index.
      similarity: eta, `[n_pairs]`, >= 0; a class is 1 to itself. NaN where one of the two has no
        right predictions or no true examples.
      errors: Errors of the pair, both ways.
      logit_offsets: To add to the logits, `[C]`: -bias, and 0 where it is unknown.
      pearson: Pearson's X^2 of the errors against the model; close to `degrees_of_freedom` where
        the model holds, and far above where confusions run in circles.
      degrees_of_freedom: Pairs less free biases.
      iterations: Newton steps taken.
      converged: Whether they reached the maximum.
    """

    bias: Floats
    bias_se: Floats
    first: Indices
    second: Indices
    similarity: Floats
    errors: Floats
    logit_offsets: Floats
    pearson: float
    degrees_of_freedom: int
    iterations: int
    converged: bool


def bias_or_ambiguity(matrix: ConfusionMatrix | object) -> BiasOrAmbiguity:
    """Splits confusions into a bias of each class and a similarity of each pair.

    p(j | i) = beta_j eta_ij / sum over k of beta_k eta_ik, eta symmetric, eta_ii = 1. With
    fitted counts m, m_ij / m_ji = w_j / w_i:

    * beta_j^2 = w_j M[j, j] up to a common factor,
    * eta_ij^2 = m_ij m_ji / (M[i, i] M[j, j]).

    beta maximises the likelihood of the errors given the errors of each pair, with a weak prior
    (half an error each way, with a class of no bias) which keeps it finite. The class mix does
    not matter: it is in the rows' totals, which neither beta nor eta depends on.

    The offsets make confusions symmetric if logits behave as the model does. They are to be
    tried on data that did not give this matrix, for they trade errors of one class against
    those of others, and the best trade depends on what errors cost (`expected_cost`).

    Args:
      matrix: A `ConfusionMatrix` or an array `[C, C]` of counts; row = true class, column =
        predicted class. Weighted counts are scaled to effective examples.

    Raises:
      InvalidInput: no matrix of counts, or weighted counts without `sum_squared_weights`.

    Source: Luce, in Handbook of Mathematical Psychology 1 (1963) 103-189; Caussinus, Ann. Fac.
    Sci. Toulouse 29 (1965) 77-182 (quasi-symmetry); Fienberg, Larntz, Biometrika 63 (1976)
    245-254 (its tie to Bradley-Terry); Saerens, Latinne, Decaestecker, Neural Computation 14
    (2002) 21-41 (offsets for another class mix).
    """
    counts = cell_counts("matrix", matrix, needs_examples=True)
    i, j, a, b = confused_pairs(counts)
    a, b = a * counts.scale, b * counts.scale
    right = counts.right * counts.scale
    log_right = np.log(np.where(right > 0, right, 0.5))
    tournament = _Tournament(counts.num_classes, i, j, a, b, log_right)
    strength, iterations, converged = tournament.solve()

    confused = tournament.games > 0
    known = (right > 0) & confused
    bias = np.where(known, strength / 2, np.nan)
    if known.any():
        bias -= bias[known].mean()
    # log beta^2 = log w + log M[j, j]: errors give the one, right predictions the other, of
    # which a share of the row is left to chance.
    row = counts.support * counts.scale
    wrong_share = np.divide(row - right, row, out=np.ones_like(row), where=row > 0)
    of_right = wrong_share / np.where(right > 0, right, 1)
    of_w = 1 / tournament.information(strength)
    bias_se = np.where(known, np.sqrt(of_w + of_right) / 2, np.nan)

    to_second, to_first = tournament.shares(strength)
    fitted = (a + b) * np.sqrt(to_second * to_first)
    both = right[i] * right[j]
    similarity = np.divide(fitted, np.sqrt(both), out=np.full(len(i), np.nan), where=both > 0)
    order = np.argsort(-similarity, kind="stable")  # NaN last
    expected = (a + b) * to_second
    spread = expected * to_first
    pearson = float((np.square(a - expected) / spread).sum())
    free = int(confused.sum()) - _groups(counts.num_classes, i, j, confused)
    return BiasOrAmbiguity(
        bias,
        bias_se,
        i[order],
        j[order],
        similarity[order],
        (a + b)[order] / counts.scale,
        np.where(known, -bias, 0),
        pearson,
        len(i) - free,
        iterations,
        converged,
    )


class _Tournament:
    """The model of Bradley and Terry: in a game of truth i against prediction j, j wins the error.

    The strength of a class is log beta^2 = log w + log M[j, j], so that 0 is no bias whatever
    the class mix.
    """

    def __init__(
        self, size: int, i: Indices, j: Indices, a: Floats, b: Floats, log_right: Floats
    ) -> None:
        self._size, self._i, self._j, self._played = size, i, j, a + b
        self._log_right = log_right
        self.games = self._at_classes(self._played, self._played)
        self._wins = self._at_classes(b, a) + _PRIOR

    def solve(self) -> tuple[Floats, int, bool]:
        """Newton's method with halved steps: strengths, steps taken, whether it converged."""
        strength = np.zeros(self._size)
        value, gradient = self._climb(strength)
        small = _TOLERANCE * (self.games + 2 * _PRIOR)
        for step in range(_MOST_STEPS):
            if (np.abs(gradient) <= small).all():
                return strength, step, True
            direction = self._newton_direction(strength, gradient)
            slope = float(gradient @ direction)
            length = min(1.0, _LONGEST / float(np.abs(direction).max()))
            while True:
                moved = strength + length * direction
                new_value, new_gradient = self._climb(moved)
                enough = 1e-4 * length * slope - _ROUNDED * abs(value)
                if new_value >= value + enough or length < _SHORTEST:
                    break
                length /= 2
            strength, value, gradient = moved, new_value, new_gradient
        return strength, _MOST_STEPS, bool((np.abs(gradient) <= small).all())

    def shares(self, strength: Floats) -> tuple[Floats, Floats]:
        """Expected share of each pair's errors that is read as its second, and its first class."""
        w = np.exp(strength - self._log_right)
        of_first, of_second = w[self._i], w[self._j]
        both = of_first + of_second
        return of_second / both, of_first / both

    def information(self, strength: Floats) -> Floats:
        """Fisher's information on each strength, the others being known, `[C]`."""
        spread = self._spread(strength)
        return self._at_classes(spread, spread) + self._prior_information(strength)

    def _climb(self, strength: Floats) -> tuple[float, Floats]:
        """The log posterior, up to a constant, and its gradient."""
        log_w = strength - self._log_right
        w = np.exp(log_w)
        of_first, of_second = w[self._i], w[self._j]
        both = of_first + of_second
        each = self._played / both
        expected = self._at_classes(each * of_first, each * of_second)
        expected += 2 * _PRIOR * _share(strength)
        value = float(self._wins @ log_w) - float(self._played @ np.log(both))
        value -= 2 * _PRIOR * float(np.logaddexp(0, strength).sum())
        return value, self._wins - expected

    def _newton_direction(self, strength: Floats, gradient: Floats) -> Floats:
        """Solves H d = gradient by conjugate gradients, preconditioned with H's diagonal."""
        times, diagonal = self._curvature(strength)
        direction = np.zeros(self._size)
        residual = gradient.copy()
        scaled = residual / diagonal
        search = scaled.copy()
        energy = float(residual @ scaled)
        enough = _SOLVED * energy
        for _ in range(2 * self._size):
            image = times(search)
            length = energy / float(search @ image)
            direction += length * search
            residual -= length * image
            scaled = residual / diagonal
            last, energy = energy, float(residual @ scaled)
            if energy <= enough:
                break
            search = scaled + energy / last * search
        return direction

    def _curvature(self, strength: Floats) -> tuple[Callable[[Floats], Floats], Floats]:
        """The negative Hessian, as a product with it, and its diagonal."""
        spread = self._spread(strength)
        diagonal = self._at_classes(spread, spread) + self._prior_information(strength)
        i, j = self._i, self._j
        if self._size <= _DENSE_CLASSES:
            hessian = np.zeros((self._size, self._size))
            hessian[i, j] = hessian[j, i] = -spread
            np.fill_diagonal(hessian, diagonal)
            return hessian.__matmul__, diagonal
        return (
            lambda x: diagonal * x - self._at_classes(spread * x[j], spread * x[i]),
            diagonal,
        )

    def _spread(self, strength: Floats) -> Floats:
        to_second, to_first = self.shares(strength)
        spread: Floats = self._played * to_second * to_first
        return spread

    def _prior_information(self, strength: Floats) -> Floats:
        information: Floats = 2 * _PRIOR * _share(strength) * _share(-strength)
        return information

    def _at_classes(self, of_first: Floats, of_second: Floats) -> Floats:
        """Sums of what the pairs say of their first and of their second class, `[C]`."""
        result: Floats = np.zeros(self._size)
        result += np.bincount(self._i, of_first, self._size)
        result += np.bincount(self._j, of_second, self._size)
        return result


def _share(log_odds: Floats) -> Floats:
    result: Floats = 1 / (1 + np.exp(-log_odds))
    return result


def _groups(size: int, i: Indices, j: Indices, confused: npt.NDArray[np.bool_]) -> int:
    """How many groups of classes there are that are confused among each other only."""
    group = np.arange(size)
    while True:
        lowest = np.minimum(group[i], group[j])
        new = group.copy()
        np.minimum.at(new, group[i], lowest)
        np.minimum.at(new, group[j], lowest)
        new = new[new]
        if (new == group).all():
            return int(np.count_nonzero((group == np.arange(size)) & confused))
        group = new
