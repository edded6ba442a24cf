"""Totals against the loaders and samplers that make them."""

import pytest
import torch.utils.data
from torch.utils.data import DataLoader, DistributedSampler

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ConfusionMatrix, lint_total


def seen(size, *, world_size=1, batch_size=1, drop_last=False, pad=True):
    """Examples that each rank sees, as torch's own sampler and loader hand them out."""
    examples = torch.utils.data.TensorDataset(torch.arange(size))
    counts = []
    for rank in range(world_size):
        sampler = DistributedSampler(examples, world_size, rank, shuffle=False, drop_last=not pad)
        loader = DataLoader(examples, batch_size, sampler=sampler, drop_last=drop_last)
        counts.append(sum(len(batch) for (batch,) in loader))
    return counts


def causes(*arguments, **options):
    return [finding.cause for finding in lint_total(*arguments, **options)]


@pytest.mark.parametrize(("size", "world_size"), [(101, 4), (1_000, 3), (10_001, 8)])
def test_padding_by_torchs_sampler_is_told_with_and_without_the_number_of_ranks(size, world_size):
    total = sum(seen(size, world_size=world_size, batch_size=16))
    assert total > size
    for options in ({"world_size": world_size}, {"world_size": world_size, "batch_size": 16}, {}):
        (found,) = lint_total(total, size, **options)
        assert (found.cause, found.expected, found.found) == ("padded", size, total)
        assert f"repeated {total - size} examples" in found.explanation


def test_ranks_that_divide_the_set_leave_nothing_to_say():
    assert sum(seen(100, world_size=4)) == 100
    assert lint_total(100, 100) == ()
    assert lint_total(100, 100, world_size=4, batch_size=32) == ()


def test_padding_to_whole_batches_is_told():
    # 1,003 examples, 4 ranks, batches of 32: 8 rounds of 128.
    (found,) = lint_total(1_024, 1_003, world_size=4, batch_size=32)
    assert found.cause == "padded"
    assert "whole batches of 32 on 4 ranks" in found.explanation


def test_a_metric_that_nobody_resets_is_told():
    matrix = ConfusionMatrix(3)
    for evaluation in range(1, 4):
        matrix.update([0, 1, 2, 0, 1], [0, 1, 1, 0, 1])
        expected = [] if evaluation == 1 else ["accumulated"]
        assert causes(matrix, 5) == expected
    assert "3 evaluations were counted into one" in lint_total(matrix, 5)[-1].explanation
    padded = sum(seen(101, world_size=4))
    assert causes(3 * padded, 101, world_size=4) == ["accumulated"]


def test_the_same_set_on_every_rank_is_told():
    assert causes(4_000, 1_000, world_size=4) == ["every_rank", "accumulated"]


@pytest.mark.parametrize(("size", "world_size"), [(101, 4), (1_000, 8)])
def test_the_counts_of_one_rank_alone_are_told(size, world_size):
    for total in (
        *seen(size, world_size=world_size),
        *seen(size, world_size=world_size, pad=False),
    ):
        assert "one_rank" in causes(total, size, world_size=world_size)
        assert "one_rank" in causes(total, size)


@pytest.mark.parametrize("batch_size", [32, 100])
def test_a_dropped_last_batch_is_told_with_and_without_its_size(batch_size):
    (total,) = seen(1_031, batch_size=batch_size, drop_last=True)
    assert causes(total, 1_031, batch_size=batch_size) == ["dropped"]
    (found,) = lint_total(total, 1_031)
    assert found.cause == "dropped"
    assert f"{1_031 - total} examples are missing" in found.explanation


def test_what_does_not_divide_by_the_ranks_is_told_when_it_is_dropped():
    total = sum(seen(1_003, world_size=4, pad=False))
    assert total == 1_000
    assert causes(total, 1_003, world_size=4) == ["dropped"]
    # Each rank drops its own incomplete batch: 251 examples, of which 224 are whole batches.
    total = sum(seen(1_003, world_size=4, batch_size=32, drop_last=True))
    assert causes(total, 1_003, world_size=4, batch_size=32) == ["dropped"]


def test_one_rank_is_tried_before_numbers_are_invented():
    (found,) = lint_total(416, 400, batch_size=32)
    assert found.cause == "padded"
    assert "whole batches of 32 on one rank" in found.explanation
    assert "would fit if" not in found.explanation


def test_what_needs_no_guess_comes_first_and_a_guess_is_called_one():
    assert causes(1_600, 800, batch_size=32)[0] == "accumulated"
    (found,) = lint_total(104, 101)
    assert found.explanation.startswith("would fit if")


def test_unusual_batches_and_ranks_are_not_invented():
    assert causes(399, 400) == ["unexplained"]  # batches of 3
    assert causes(425, 400) == ["unexplained"]  # 425 = 17 * 25: 25 or 17 ranks


def test_another_total_is_unexplained():
    assert causes(1_013, 1_000, world_size=4, batch_size=10) == ["unexplained"]
    (found,) = lint_total(997, 1_000, batch_size=64)
    assert found.cause == "unexplained"
    assert found.explanation == "997 examples were counted, 3 fewer than 1,000"
    assert causes(0, 10) == ["unexplained"]


def test_examples_that_were_left_out_on_purpose_count_as_seen():
    matrix = ConfusionMatrix(2)
    matrix.update([0, 1, 255, 255], [0, 1, 0, 0], ignore_index=255)
    assert lint_total(matrix, 4) == ()


def test_bad_arguments_are_refused():
    weighted = ConfusionMatrix(2)
    weighted.update([0], [1], [0.5])
    ratios = ConfusionMatrix.from_array([[0.5, 0.5], [0.0, 1.0]])
    for call, message in [
        (lambda: lint_total(-1, 5), "total must be a ConfusionMatrix or an integer >= 0, got -1"),
        (lambda: lint_total(2.5, 5), "total must be a ConfusionMatrix or an integer >= 0, got 2.5"),
        (lambda: lint_total(5, 0), "dataset_size must be an integer >= 1, got 0"),
        (lambda: lint_total(5, 5, batch_size=0), "batch_size must be an integer >= 1, got 0"),
        (lambda: lint_total(5, 5, world_size="4"), "world_size must be an integer >= 1, got '4'"),
        (lambda: lint_total(weighted, 5),
         "total must be a number of examples, got weighted counts; pass that number"),
        (lambda: lint_total(ratios, 5),
         "total must be a number of examples, got ratios; pass that number"),
    ]:  # fmt: skip
        with pytest.raises(InvalidInput) as caught:
            call()
        assert str(caught.value) == message
